package asterisk

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/outpace/outpace/dialer"
	"github.com/outpace/outpace/dialer/ami"
	"github.com/outpace/outpace/plan"
	"github.com/outpace/outpace/results"
)

// The facts are those at the top of the recordings' README, by number; each
// recording is of Asterisk 22 and, in a folder of its own, of 16. Those about
// the connection (17, 18) are in fact_link_test.go.

func bothVersions(t *testing.T, scenario string, check func(t *testing.T, p *playback)) {
	t.Helper()
	for _, name := range []string{scenario, "asterisk-16/" + scenario} {
		t.Run(name, func(t *testing.T) { check(t, play(t, name)) })
	}
}

// first returns the first event of a kind.
func (p *playback) first(kind dialer.Kind) dialer.Event {
	p.t.Helper()
	i := slices.IndexFunc(p.events, func(e dialer.Event) bool { return e.Kind == kind })
	if i < 0 {
		p.t.Fatalf("no event of kind %d", kind)
	}
	return p.events[i]
}

func TestFact1ReasonSaysLittle(t *testing.T) {
	bothVersions(t, "fail-trunk-busy", func(t *testing.T, p *playback) {
		if e := p.first(dialer.CallResponded); e.OK || e.Reason != 0 {
			t.Errorf("response %t, reason %d", e.OK, e.Reason)
		}
		if got := fate(p.calls["26-call-1"]); got != "busy 5 17" {
			t.Error(got)
		}
	})
}

func TestFact2OrderIsNotFixed(t *testing.T) {
	last := map[string]dialer.Kind{"fail-trunk-busy": dialer.CallResponded, "asterisk-16/fail-trunk-busy": dialer.CallHangup}
	for name, want := range last {
		p := play(t, name)
		if kinds := p.kinds("26-call-1"); kinds[len(kinds)-1] != want {
			t.Errorf("%s: kinds %v", name, kinds)
		}
		// Whichever comes last, the call is over with it, and not before.
		c := dialer.NewCall(fresh(p.calls["26-call-1"].Row()))
		c.Sent(traceStart)
		for _, e := range p.events {
			ended := c.Apply(e)&dialer.ChangeEnded != 0
			if last := e.Call == "26-call-1" && e.Kind == want; ended != last {
				t.Errorf("%s: ended %t with an event of kind %d", name, ended, e.Kind)
			}
		}
		if got := fate(c); got != "busy 5 17" {
			t.Errorf("%s: %s", name, got)
		}
	}
}

// Fact 3: the agent's leg has Dial events too, and a Hangup; they are not the
// call's.
func TestFact3AgentsLegsAreNotTheCall(t *testing.T) {
	bothVersions(t, "queue-rrmemory-caller-ends", func(t *testing.T, p *playback) {
		count := map[dialer.Kind]int{}
		for _, k := range p.kinds("51-call-1") {
			count[k]++
		}
		for _, k := range []dialer.Kind{dialer.CallChannel, dialer.CallDialing, dialer.CallDialEnd, dialer.CallHangup, dialer.CallAgent, dialer.CallResponded} {
			if count[k] != 1 {
				t.Errorf("kind %d came %d times", k, count[k])
			}
		}
		for _, e := range p.events {
			if e.Call != "" && e.Call != "51-call-1" {
				t.Errorf("an event about %q", e.Call)
			}
		}
	})
}

func TestFact4FailureWithoutChannel(t *testing.T) {
	for _, scenario := range []string{"fail-no-endpoint", "fail-no-contact", "fail-no-technology"} {
		bothVersions(t, scenario, func(t *testing.T, p *playback) {
			id := p.order[0]
			if kinds := p.kinds(id); !slices.Equal(kinds, []dialer.Kind{dialer.CallResponded}) {
				t.Errorf("kinds %v", kinds)
			}
			r := p.calls[id].Result()
			if r.Disposition != results.NotPlaced || r.TmUpdate.Sub(p.first(dialer.CallResponded).At) != time.Second {
				t.Errorf("%s, %v after the response", r.Disposition, r.TmUpdate.Sub(p.first(dialer.CallResponded).At))
			}
		})
	}
}

// Fact 5: a second Originate with the id of a living call fails under that
// call's Uniqueid, and only its ActionID tells it from the first.
func TestFact5FailureOfAnotherRequest(t *testing.T) {
	const id = "12-call-1"
	for _, name := range []string{"duplicate-channel-id", "asterisk-16/duplicate-channel-id"} {
		sent, received := messages(t, name+".sent"), messages(t, name+".ami")
		outcome := func(action string) ami.Message {
			return pick(t, received, "Event", "OriginateResponse", "ActionID", action, "Uniqueid", id)
		}
		p := newPlayback(t)
		p.send(pick(t, sent, "Action", "Originate", "ActionID", "act-2"))
		p.receive(pick(t, received, "Response", "Success", "ActionID", "act-2"))
		p.receive(pick(t, received, "Event", "Newchannel", "Uniqueid", id))
		// The second request's failure comes while the first one's phone rings.
		p.send(pick(t, sent, "Action", "Originate", "ActionID", "act-3", "ChannelId", id))
		p.receive(outcome("act-3"))
		p.pass(p.now.Add(20 * time.Second))
		if c := p.calls[id]; c.Phase() == dialer.Ended {
			t.Errorf("%s: %s by the failure of another request", name, fate(c))
		}
		p.receive(outcome("act-2"))
		p.receive(outcome("act-5"))
		p.pass(p.now.Add(20 * time.Second))
		if c := p.calls[id]; c.Phase() != dialer.Talking {
			t.Errorf("%s: %s, but the customer talks", name, fate(c))
		}
		p.receive(pick(t, received, "Event", "Hangup", "Uniqueid", id))
		p.pass(p.now.Add(20 * time.Second))
		if got := fate(p.calls[id]); got != "answered 4 0" {
			t.Errorf("%s: %s", name, got)
		}
	}
}

// Fact 5 once more, as it was recorded: the living call goes on to its own end.
func TestFact5LivingCallGoesOn(t *testing.T) {
	bothVersions(t, "duplicate-channel-id", func(t *testing.T, p *playback) {
		failures := 0
		for _, e := range p.events {
			if e.Kind == dialer.CallResponded && e.Call == "12-call-1" && !e.OK {
				failures++
			}
		}
		r := p.calls["12-call-1"].Result()
		if up := r.TmHangup.Sub(r.TmAnswer); failures != 2 || r.Disposition != results.Answered || up < 2900*time.Millisecond {
			t.Errorf("%d failures of others, %s after %v", failures, r.Disposition, up)
		}
		// The second half of a Local channel is not the call.
		for _, e := range p.events {
			if e.Call == "12-call-1b" {
				t.Errorf("an event of kind %d about the other half", e.Kind)
			}
		}
	})
}

// Fact 5: an id that could come twice, or that Asterisk refuses, is not sent.
func TestFact5IDs(t *testing.T) {
	r := dialer.Request{
		Call: uuid.NewString(), ActionID: uuid.NewString(), Channel: "PJSIP/300@trunk", Number: "300",
		Timeout: time.Second, Application: "Wait",
	}
	action, err := originate(r)
	if err != nil {
		t.Fatal(err)
	}
	if got := action.Headers.Values("ChannelId"); !slices.Equal(got, []string{r.Call}) {
		t.Errorf("ids %q, want the dialing's", got)
	}
	if other, given := action.Headers.Lookup("OtherChannelId"); given {
		t.Errorf("an id %q for the other half; Asterisk makes a better one", other)
	}
	for _, id := range []string{"", "12-call-1", r.Call + ";2", strings.Repeat("x", 150), "00000000-0000-0000-0000-000000000000"} {
		spoiled := r
		spoiled.Call = id
		if _, err := originate(spoiled); err == nil {
			t.Errorf("the id %q was accepted", id)
		}
	}
	for name, o := range map[string]ami.Originate{
		"149 bytes": {ChannelID: strings.Repeat("x", 149)},
		"150 bytes": {ChannelID: strings.Repeat("x", 150)},
		"the same":  {ChannelID: "twice", OtherChannelID: "twice"},
	} {
		o.Channel, o.Application = "Local/100@customers/n", "Wait"
		if _, err := o.Action(); (err == nil) != (name == "149 bytes") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Fact 6: there is no AgentComplete; the agent's talk has an end all the same.
func TestFact6TalkEndsWithoutAgentComplete(t *testing.T) {
	for scenario, name := range map[string]string{"queue-agent-hung-up-by-ami": "PJSIP/agent-10", "queue-caller-hung-up-by-ami": "PJSIP/agent-11"} {
		bothVersions(t, scenario, func(t *testing.T, p *playback) {
			want := []dialer.AgentPhase{dialer.AgentRinging, dialer.AgentTalking, dialer.AgentFree}
			phases := p.phases(name)
			if i := slices.Index(phases, dialer.AgentRinging); i < 0 || !slices.Equal(phases[i:], want) {
				t.Errorf("phases %v", phases)
			}
			if a := p.tracker.agents[name]; a.talkEnded.IsZero() || a.talkQueue != "sales_2" || len(a.legs) != 0 {
				t.Errorf("talk ended %v in %q, %d legs", a.talkEnded, a.talkQueue, len(a.legs))
			}
		})
	}
}

// Fact 7: without /n the channel that we know is gone as soon as audio flows.
// What was seen by then is kept, and the agent is busy until he hangs up.
func TestFact7OptimizedAway(t *testing.T) {
	bothVersions(t, "originate-local-optimized", func(t *testing.T, p *playback) {
		const id, name = "23-call-1", "PJSIP/agent-07"
		if got := fate(p.calls[id]); got != "answered 4 16 abandoned=false "+name {
			t.Error(got)
		}
		r := p.calls[id].Result()
		if r.TmHangup.IsZero() || r.TmAgent.IsZero() {
			t.Errorf("agent at %v, hang-up at %v", r.TmAgent, r.TmHangup)
		}
		want := []dialer.AgentPhase{dialer.AgentRinging, dialer.AgentTalking, dialer.AgentFree}
		if phases := p.phases(name); !slices.Equal(phases, want) {
			t.Errorf("phases %v", phases)
		}
		i := slices.IndexFunc(p.events, func(e dialer.Event) bool {
			return e.Kind == dialer.AgentChanged && e.Agent == name && !e.Member.TalkEnded.IsZero()
		})
		if i < 0 || p.events[i].At.Sub(r.TmHangup) < 3*time.Second {
			t.Errorf("the agent's talk ended with event %d of %d", i, len(p.events))
		}
	})
}

// Fact 7: with /n, which is how we dial, it stays to the end of the talk.
func TestFact7NotOptimized(t *testing.T) {
	bothVersions(t, "originate-local-not-optimized", func(t *testing.T, p *playback) {
		const id, name = "24-call-1", "PJSIP/agent-08"
		channel, err := plan.Channel("Local", "710", "outbound")
		if dialed := p.calls[id].Row().DialChannel; err != nil || channel != dialed {
			t.Errorf("we dial %q (%v), the recording %q", channel, err, dialed)
		}
		if s, found := p.first(dialer.Census).Living[id]; !found || s.Agent != name {
			t.Errorf("seen in the list: %t, with agent %q", found, s.Agent)
		}
		r := p.calls[id].Result()
		if got := fate(p.calls[id]); got != "answered 4 16 abandoned=false "+name || r.TmHangup.Sub(r.TmAgent) < 2900*time.Millisecond {
			t.Errorf("%s, %v with the agent", got, r.TmHangup.Sub(r.TmAgent))
		}
	})
}

// Fact 7: a Local channel without /n goes no further than here.
func TestFact7LocalNeedsN(t *testing.T) {
	r := dialer.Request{
		Call: uuid.NewString(), ActionID: uuid.NewString(), Number: "710", Timeout: time.Second, Application: "Queue", Data: "sales_2",
	}
	for _, trunk := range []string{"outbound", ""} {
		channel, err := plan.Channel("LOCAL", "710", trunk)
		if err != nil {
			t.Fatal(err)
		}
		r.Channel = channel
		action, err := originate(r)
		if err != nil || action.Headers.Get("Channel") != channel || !strings.HasSuffix(channel, "/n") {
			t.Errorf("%q: %v", channel, err)
		}
		for _, tech := range []string{"Local", "local"} {
			r.Channel = tech + strings.TrimSuffix(channel[len(tech):], "/n")
			if _, err := originate(r); err == nil {
				t.Errorf("%q was accepted", r.Channel)
			}
		}
	}
}

// Fact 8: a wait that times out is abandoned in the PBX's words, but the
// customer is still there.
func TestFact8TimeoutIsNoHangup(t *testing.T) {
	bothVersions(t, "queue-timeout", func(t *testing.T, p *playback) {
		kinds := p.kinds("58-call-1")
		left, gone := slices.Index(kinds, dialer.CallUnqueued), slices.Index(kinds, dialer.CallHangup)
		if left < 0 || gone < left || slices.Contains(kinds, dialer.CallCustomerEnded) {
			t.Errorf("kinds %v", kinds)
		}
	})
}

// Fact 9: an agent's leg that is given up has two DialEnds, with or without an
// AgentRingNoAnswer before them, and the call has none when its time is over.
func TestFact9TwoDialEndsOrNone(t *testing.T) {
	for _, scenario := range []string{"queue-ring-no-answer", "queue-abandon-while-agent-rings"} {
		bothVersions(t, scenario, func(t *testing.T, p *playback) {
			want := []dialer.AgentPhase{dialer.AgentRinging, dialer.AgentFree}
			phases := p.phases("PJSIP/agent-18")
			if i := slices.Index(phases, dialer.AgentRinging); i < 0 || !slices.Equal(phases[i:], want) {
				t.Errorf("phases %v", phases)
			}
			if a := p.tracker.agents["PJSIP/agent-18"]; !a.talkEnded.IsZero() || len(p.tracker.legs) != 0 {
				t.Errorf("talk ended %v, %d legs are left", a.talkEnded, len(p.tracker.legs))
			}
		})
	}
	bothVersions(t, "fail-trunk-no-answer", func(t *testing.T, p *playback) {
		// Nothing waits for one: the call is over with what there is.
		kinds, r := p.kinds("29-call-1"), p.calls["29-call-1"].Result()
		if slices.Contains(kinds, dialer.CallDialEnd) || r.TmHangup.IsZero() || r.TmUpdate.Sub(r.TmHangup) > time.Second {
			t.Errorf("hang-up at %v, over at %v, kinds %v", r.TmHangup, r.TmUpdate, kinds)
		}
	})
}

func TestFact10NoAnswerMayHaveNoCause(t *testing.T) {
	for name, cause := range map[string]int{"fail-trunk-no-answer": 19, "asterisk-16/fail-trunk-no-answer": 0} {
		r := play(t, name).calls["29-call-1"].Result()
		if r.ResHangup != cause || r.Disposition != results.NoAnswer || r.TmRing.IsZero() {
			t.Errorf("%s: cause %d, %s, rang %v", name, r.ResHangup, r.Disposition, r.TmRing)
		}
	}
	// Reason 3 is enough, even where the clock has nothing to say.
	p := play(t, "asterisk-16/fail-trunk-no-answer")
	row := fresh(p.calls["29-call-1"].Row())
	row.DialTimeout = 0
	c := dialer.NewCall(row)
	c.Sent(traceStart)
	for _, e := range p.events {
		c.Apply(e)
	}
	if got := fate(c); got != "no_answer 3 0" {
		t.Errorf("without the clock: %s", got)
	}
	if r := play(t, "fail-trunk-silent").calls["38-call-1"].Result(); !r.TmRing.IsZero() {
		t.Error("a silent far end never rang")
	}
}

// Facts 11, 12, 13: what an Originate must have, and must not.
func TestFact11To13TheOriginate(t *testing.T) {
	r := dialer.Request{
		Call: uuid.NewString(), ActionID: uuid.NewString(), Channel: "PJSIP/300@trunk", Number: "300",
		Timeout: 900 * time.Millisecond, Application: "Queue", Data: "sales_1,,,,60", EarlyMedia: true,
		Variables: map[string]string{"B": "Anne, Bob", "A": "1"},
	}
	action, err := originate(r)
	if err != nil {
		t.Fatal(err)
	}
	h := action.Headers
	if h.Get("Async") != "true" || h.Get("Timeout") != "900" || h.Get("ChannelId") != r.Call || h.Get("ActionID") != r.ActionID {
		t.Errorf("headers %v", h)
	}
	if _, early := h.Lookup("EarlyMedia"); early {
		t.Error("EarlyMedia is for extensions only")
	}
	if v := h.Values("Variable"); len(v) != 2 || v[0] != "A=1" || v[1] != `B=Anne\, Bob` {
		t.Errorf("variables %q", v)
	}
	bad := map[string]func(*dialer.Request){
		"no time-out":          func(r *dialer.Request) { r.Timeout = 0 },
		"a short time-out":     func(r *dialer.Request) { r.Timeout = time.Microsecond },
		"no uuid":              func(r *dialer.Request) { r.Call = "call-1" },
		"an upper-case uuid":   func(r *dialer.Request) { r.Call = strings.ToUpper(r.Call) },
		"no number":            func(r *dialer.Request) { r.Number = "" },
		"a long number":        func(r *dialer.Request) { r.Number = strings.Repeat("1", 65) },
		"another number":       func(r *dialer.Request) { r.Number = "301" },
		"a line end":           func(r *dialer.Request) { r.CallerID = "a\r\nAction: x" },
		"a NUL":                func(r *dialer.Request) { r.Data = "a\x00" },
		"no destination":       func(r *dialer.Request) { r.Application, r.Data = "", "" },
		"a variable's name":    func(r *dialer.Request) { r.Variables = map[string]string{"CALLERID(name)": "x"} },
		"three underscores":    func(r *dialer.Request) { r.Variables = map[string]string{"___A": "x"} },
		"a variable's line":    func(r *dialer.Request) { r.Variables = map[string]string{"A": "x\nB=1"} },
		"a variable too long":  func(r *dialer.Request) { r.Variables = map[string]string{"A": strings.Repeat("x", 2000)} },
		"too many variables":   func(r *dialer.Request) { r.Variables = many(101) },
		"a channel without it": func(r *dialer.Request) { r.Channel = "300" },
	}
	for name, spoil := range bad {
		spoiled := r
		spoil(&spoiled)
		if _, err := originate(spoiled); err == nil {
			t.Errorf("%s was accepted", name)
		}
	}
	header := r
	header.Variables = map[string]string{"PJSIP_HEADER(add,X-Id)": "7", "__A b": "x"}
	if _, err := originate(header); err != nil {
		t.Errorf("good names: %v", err)
	}
}

func many(n int) map[string]string {
	m := map[string]string{}
	for i := range n {
		m["V"+strings.Repeat("a", i%80)+string(rune('A'+i/80))] = "x"
	}
	return m
}

// Fact 14: a waiting caller who is redirected changes the queue without
// leaving the first; one that is ours and one that is not.
func TestFact14RedirectedWithoutLeave(t *testing.T) {
	bothVersions(t, "queue-redirect-out", func(t *testing.T, p *playback) {
		var queues []string
		for _, e := range p.events {
			if e.Call == "60-call-1" && e.Kind == dialer.CallQueued {
				queues = append(queues, e.Queue)
			}
		}
		if !slices.Equal(queues, []string{"empty", "sales_2", "sales_2"}) {
			t.Errorf("queued in %v", queues)
		}
	})
}

// Fact 15: a member in wrap-up looks free; the end of his talk tells.
func TestFact15WrapUpLooksFree(t *testing.T) {
	bothVersions(t, "queue-wrapup", func(t *testing.T, p *playback) {
		free := 0
		for _, e := range p.events {
			if e.Kind != dialer.AgentChanged || e.Agent != "PJSIP/agent-16" || e.Member.Phase != dialer.AgentFree {
				continue
			}
			if e.At.Sub(traceStart) < 5*time.Second {
				continue
			}
			free++
			if e.Member.TalkEnded.IsZero() {
				t.Errorf("free at %v, and the end of his talk is not known", e.At.Sub(traceStart))
			}
		}
		if free == 0 {
			t.Error("he was never free after a talk")
		}
	})
}

// Fact 16: a member of two queues is one agent.
func TestFact16OneAgentInTwoQueues(t *testing.T) {
	bothVersions(t, "queue-rrmemory-caller-ends", func(t *testing.T, p *playback) {
		name := p.calls["51-call-1"].Result().Agent
		phases := p.phases(name)
		want := []dialer.AgentPhase{dialer.AgentRinging, dialer.AgentTalking, dialer.AgentFree}
		if i := slices.Index(phases, dialer.AgentRinging); i < 0 || !slices.Equal(phases[i:], want) {
			t.Errorf("phases %v", phases)
		}
		if a := p.tracker.agents[name]; len(a.members) != 2 || a.talkQueue != "sales_2" {
			t.Errorf("in %d queues, talked in %q", len(a.members), a.talkQueue)
		}
	})
}

// Fact 19: a PBX that stops ends its calls with words, one that is killed says
// nothing.
func TestFact19StoppedAndKilled(t *testing.T) {
	bothVersions(t, "server-stops", func(t *testing.T, p *playback) {
		for _, id := range p.order {
			if p.calls[id].Phase() != dialer.Ended || slices.Contains(p.kinds(id), dialer.CallCustomerEnded) {
				t.Errorf("%s: %s, kinds %v", id, fate(p.calls[id]), p.kinds(id))
			}
		}
	})
	bothVersions(t, "server-killed", func(t *testing.T, p *playback) {
		p.take(dialer.Event{Kind: dialer.LinkDown, At: p.now})
		p.take(dialer.Event{Kind: dialer.LinkUp, At: p.now})
		p.take(dialer.Event{Kind: dialer.Census, At: p.now, Started: p.now})
		want := []string{"answered 4 0 abandoned=false PJSIP", "unknown 0 0"}
		for i, id := range p.order {
			if got := fate(p.calls[id]); !strings.HasPrefix(got, want[i]) {
				t.Errorf("%s: %s, want %s", id, got, want[i])
			}
		}
	})
}

// Fact 20: the reply says that the request was queued, and nothing else.
func TestFact20QueuedIsNotDialed(t *testing.T) {
	c := dialer.NewCall(results.Dialing{Attempt: results.Attempt{UUID: "x", TmCreate: traceStart}})
	c.Sent(traceStart)
	c.Placed(traceStart, nil)
	if c.Row().Status != results.StatusQueued || c.Phase() != dialer.Placing {
		t.Errorf("status %d, phase %d", c.Row().Status, c.Phase())
	}
}
