package asterisk

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/outpace/outpace/dialer"
	"github.com/outpace/outpace/dialer/ami"
)

const ourCall = "3f2b8c1e-5a64-4d0f-9b1a-7c2d9e0f1a2b"

// bench feeds a tracker with messages written as "Key: value" lines.
type bench struct {
	*tracker
	events []dialer.Event
	now    time.Time
}

func newBench() *bench {
	b := &bench{now: traceStart}
	b.tracker = newTracker(func(e dialer.Event) { b.events = append(b.events, e) }, func(id string) time.Time {
		if strings.HasPrefix(id, "look-") {
			return traceStart
		}
		return time.Time{}
	}, &moves{})
	return b
}

func (b *bench) feed(lines ...string) {
	for _, line := range lines {
		var m ami.Message
		for part := range strings.SplitSeq("Event: "+line, "|") {
			key, value, _ := strings.Cut(part, ":")
			m.Add(key, strings.TrimPrefix(value, " "))
		}
		b.now = b.now.Add(time.Second)
		b.event(ami.Event{Message: m, Received: b.now})
	}
}

// took returns the events since the last time.
func (b *bench) took() []dialer.Event {
	events := b.events
	b.events = nil
	return events
}

func (b *bench) expect(t *testing.T, what string, want ...dialer.Kind) []dialer.Event {
	t.Helper()
	events := b.took()
	var kinds []dialer.Kind
	for _, e := range events {
		kinds = append(kinds, e.Kind)
	}
	if !slices.Equal(kinds, want) {
		t.Errorf("%s: kinds %v, want %v", what, kinds, want)
	}
	return events
}

const (
	member1 = "QueueMember|Queue: sales|Name: One|Location: PJSIP/one|Status: 1|Paused: 0|Wrapuptime: 7|LastCall: 0|InCall: 0|ActionID: look-1"
	member2 = "QueueMember|Queue: sales|Name: Two|Location: PJSIP/two|Status: 5|Paused: 1|Wrapuptime: 0|LastCall: 1700000000|InCall: 0|ActionID: look-1"
	both2   = "QueueMember|Queue: help|Name: Two|Location: PJSIP/two|Status: 5|Paused: 0|Wrapuptime: 0|LastCall: 0|InCall: 0|ActionID: look-1"
	entry   = "QueueEntry|Queue: sales|Uniqueid: 17.1|Channel: PJSIP/x-00000001|ActionID: look-1"
	params  = "QueueParams|Queue: sales|ActionID: look-1"
	all     = "QueueStatusComplete|EventList: Complete|ActionID: look-1"
)

// TestQueueLookUp: the first reading is told as a whole, later ones by what
// has changed.
func TestQueueLookUp(t *testing.T) {
	b := newBench()
	b.feed(params, member1, member2, both2, entry)
	b.expect(t, "before the end")
	b.feed(all)
	events := b.expect(t, "first", dialer.QueuesReset, dialer.AgentChanged, dialer.AgentChanged, dialer.CallerJoined)
	for _, e := range events[1:3] {
		switch m := e.Member; m.Interface {
		case "PJSIP/one":
			if m.Phase != dialer.AgentFree || !m.TalkEnded.IsZero() || m.Queues[0].Wrapup != 7*time.Second || m.Name != "One" {
				t.Errorf("one: %+v", m)
			}
		case "PJSIP/two":
			if m.Phase != dialer.AgentAway || m.TalkEnded.Unix() != 1700000000 || m.TalkQueue != "sales" ||
				len(m.Queues) != 2 || m.Queues[0].Queue != "help" || !m.Queues[1].Paused {
				t.Errorf("two: %+v", m)
			}
		}
	}
	b.feed(params, member1, member2, both2, entry, all)
	b.expect(t, "the same again")
	b.feed(params, both2, all)
	events = b.expect(t, "some are gone", dialer.AgentGone, dialer.AgentChanged, dialer.CallerLeft)
	if t.Failed() {
		return
	}
	if events[0].Agent != "PJSIP/one" || len(events[1].Member.Queues) != 1 || events[2].Caller != "17.1" {
		t.Errorf("events %+v", events)
	}
	b.feed(params, both2, "QueueMemberAdded|Queue: sales|Interface: PJSIP/new|MemberName: New|Status: 1|Paused: 0",
		"QueueCallerJoin|Queue: sales|Uniqueid: 17.9", all)
	b.expect(t, "who comes during a reading stays", dialer.AgentChanged, dialer.CallerJoined)
}

func TestCensus(t *testing.T) {
	const channel = "CoreShowChannel|ActionID: look-2|Channel: PJSIP/trunk-00000001|ChannelState: 6|Uniqueid: " + ourCall +
		"|Linkedid: " + ourCall + "|Application: Queue|ApplicationData: sales,,,,60|Duration: 00:01:05|BridgeId: b1"
	const agentLeg = "CoreShowChannel|ActionID: look-2|Channel: PJSIP/one-00000002|ChannelState: 6|Uniqueid: 17.2|Linkedid: " + ourCall +
		"|Application: AppQueue|Duration: 00:00:05|BridgeId: b1"
	const end = "CoreShowChannelsComplete|EventList: Complete|ActionID: look-2"
	b := newBench()
	b.feed(params, member1, all)
	b.took()
	b.feed(channel, agentLeg, end)
	events := b.expect(t, "census", dialer.AgentChanged, dialer.Census)
	want := dialer.Sighting{Channel: "PJSIP/trunk-00000001", Answered: true, Agent: "PJSIP/one", Age: 65 * time.Second}
	if got := events[1].Living[ourCall]; got != want || !events[1].At.Equal(traceStart) {
		t.Errorf("sighting %+v, asked at %v", got, events[1].At)
	}
	if m := events[0].Member; m.Phase != dialer.AgentTalking || m.TalkQueue != "sales" {
		t.Errorf("agent %+v", m)
	}
	b.feed("BridgeLeave|Uniqueid: 17.2", "BridgeEnter|Uniqueid: 17.2")
	b.expect(t, "left and back", dialer.CallAgentLeft, dialer.AgentChanged, dialer.CallAgent, dialer.AgentChanged)
	// The agent's and the customer's ends are missed: the next list tells.
	b.feed(end)
	events = b.expect(t, "nobody is left", dialer.CallAgentLeft, dialer.AgentChanged, dialer.Census)
	if m := events[1].Member; m.Phase != dialer.AgentFree || m.TalkEnded.IsZero() {
		t.Errorf("agent %+v", m)
	}
	// A hang-up while the list is read wins over its line, and who is born then is not missing.
	b.feed(channel, "Hangup|ChannelState: 6|Cause: 16|Uniqueid: "+ourCall,
		"AgentConnect|Queue: sales|Interface: PJSIP/one|Uniqueid: 17.5|DestUniqueid: 17.6", end)
	events = b.expect(t, "meanwhile", dialer.CallAnswered, dialer.CallHangup, dialer.AgentChanged, dialer.Census)
	if len(events[3].Living) != 0 {
		t.Errorf("living %v", events[3].Living)
	}
	b.feed("CoreShowChannelsComplete|EventList: Complete|ActionID: other")
	b.expect(t, "a list that nobody asked for")
}

func TestAgentPhases(t *testing.T) {
	b := newBench()
	b.feed(params, member1, all)
	b.took()
	status := func(code string) string {
		return "QueueMemberStatus|Queue: sales|Interface: PJSIP/one|MemberName: One|Paused: 0|Wrapuptime: 7|Status: " + code
	}
	for _, step := range []struct {
		line string
		want dialer.AgentPhase
	}{
		{status("0"), dialer.AgentFree},
		{status("2"), dialer.AgentTalking}, // a call of his own
		{status("1"), dialer.AgentFree},
		{status("4"), dialer.AgentAway},
		{status("5"), dialer.AgentAway},
		{status("6"), dialer.AgentRinging},
		{status("8"), dialer.AgentTalking},
		{status("1"), dialer.AgentFree},
		{"AgentCalled|Queue: sales|Interface: PJSIP/one|Uniqueid: 17.5|DestUniqueid: 17.6", dialer.AgentRinging},
		{status("3"), dialer.AgentRinging}, // device_state_busy_at = 1
		{"DialEnd|Uniqueid: 17.5|DestUniqueid: 17.6|DialStatus: ANSWER", dialer.AgentRinging},
		{"AgentConnect|Queue: sales|Interface: PJSIP/one|Uniqueid: 17.5|DestUniqueid: 17.6", dialer.AgentTalking},
		{status("1"), dialer.AgentTalking}, // the device lags or lies
		{"Hangup|Uniqueid: 17.6|ChannelState: 6", dialer.AgentFree},
		{"AgentCalled|Queue: sales|Interface: PJSIP/one|Uniqueid: 17.7|DestUniqueid: 17.8", dialer.AgentRinging},
		{"AgentRingNoAnswer|Queue: sales|Interface: PJSIP/one|DestUniqueid: 17.8", dialer.AgentFree},
	} {
		b.feed(step.line)
		if got := b.agents["PJSIP/one"].phase; got != step.want {
			t.Errorf("after %q: phase %d, want %d", step.line, got, step.want)
		}
	}
	for _, e := range b.took() {
		if e.Call != "" {
			t.Errorf("a stranger's call was reported as ours: %+v", e)
		}
	}
}

// TestUnseenAnswer: a channel that was up when it hung up had been answered.
func TestUnseenAnswer(t *testing.T) {
	b := newBench()
	hangup := "Hangup|Cause: 16|Cause-txt: Normal Clearing|TechCause: 200|Uniqueid: " + ourCall
	b.feed(hangup + "|ChannelState: 6")
	events := b.expect(t, "up", dialer.CallAnswered, dialer.CallHangup)
	if e := events[1]; e.Cause != 16 || e.TechCause != 200 || e.Text != "Normal Clearing" || e.Call != ourCall {
		t.Errorf("%+v", e)
	}
	b.feed(hangup + "|ChannelState: 5")
	b.expect(t, "ringing", dialer.CallHangup)
	b.feed("Newstate|ChannelState: 6|Uniqueid: "+ourCall, hangup+"|ChannelState: 6")
	b.expect(t, "answer seen", dialer.CallAnswered, dialer.CallHangup)
}

func TestSmallThings(t *testing.T) {
	for id, want := range map[string]bool{
		ourCall: true, "": false, "17.5": false, ourCall + ";2": false, strings.ToUpper(ourCall): false,
		"3f2b8c1e-5a64-1d0f-9b1a-7c2d9e0f1a2b": false, "3f2b8c1e-5a64-4d0f-7b1a-7c2d9e0f1a2b": false,
		"3f2b8c1e_5a64-4d0f-9b1a-7c2d9e0f1a2b": false, "3f2b8c1e-5a64-4d0f-9b1a-7c2d9e0f1a2g": false,
	} {
		if isUUID(id) != want {
			t.Errorf("isUUID(%q) is %t", id, !want)
		}
	}
	for text, want := range map[string]time.Duration{"00:00:00": 0, "01:02:03": 3723 * time.Second, "": 0, "x": 0, "100:00:01": 360001 * time.Second} {
		if got := clock(text); got != want {
			t.Errorf("clock(%q) is %v", text, got)
		}
	}
	b := newBench()
	b.feed("QueueMemberAdded|Queue: q|Interface: Local/a-1@agents/n|Status: 1", "QueueMemberAdded|Queue: q|Interface: PJSIP/a-1|Status: 1")
	for channel, want := range map[string]string{
		"PJSIP/a-1-0000001f": "PJSIP/a-1", "Local/a-1@agents-0000001f;1": "Local/a-1@agents/n", "PJSIP/a-2-0000001f": "", "PJSIP/a-00000001": "",
	} {
		if got := b.interfaceOf(channel); got != want {
			t.Errorf("interfaceOf(%q) is %q, want %q", channel, got, want)
		}
	}
	b.reset()
	b.feed("FullyBooted|Uptime: 0|Status: Fully Booted")
	if want := b.now.Add(-time.Second); !b.started.Equal(want) {
		t.Errorf("started %v, want %v", b.started, want)
	}
}

// TestAnswerSeenAtTheEndOnly: after a gap the first that is heard of an
// answered call may be that its customer hangs up, and maybe nothing after it.
func TestAnswerSeenAtTheEndOnly(t *testing.T) {
	const channel = "|Uniqueid: " + ourCall + "|Channel: PJSIP/trunk-00000001|Cause: 16|ChannelState: "
	b := newBench()
	b.feed("HangupRequest" + channel + "6")
	b.expect(t, "request of a channel that is up", dialer.CallAnswered, dialer.CallCustomerEnded)
	b.feed("Hangup" + channel + "6")
	b.expect(t, "its end", dialer.CallHangup)
	b = newBench()
	b.feed("HangupRequest" + channel + "5")
	b.expect(t, "request of a channel that rings", dialer.CallCustomerEnded)
	b.feed("Hangup" + channel + "6")
	b.expect(t, "the end of one that was up", dialer.CallAnswered, dialer.CallHangup)
}
