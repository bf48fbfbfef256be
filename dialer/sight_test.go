package dialer

import (
	"testing"
	"time"

	"github.com/outpace/outpace/results"
)

func TestPatience(t *testing.T) {
	answer, ended := ev(CallAnswered, 10), ev(CallCustomerEnded, 0)
	customer := func(seconds float64) Event { e := ended; e.At = at(seconds); return e }
	ok := responded(10, true, 4)
	for _, test := range []struct {
		name   string
		queue  string
		events []Event
		want   string
	}{
		{"an agent in time", "q", []Event{agent(12, "a"), hungUp(60, 16)}, "answered 4 false"},
		{"an agent too late", "q", []Event{agent(12.1, "a"), hungUp(60, 16)}, "abandoned 4 true"},
		{"the customer inside the patience", "q", []Event{customer(11.9), hungUp(12.1, 16)}, "hung_up_early 4 false"},
		{"the customer after it", "q", []Event{customer(12.5), hungUp(12.5, 16)}, "abandoned 4 true"},
		{"the PBX inside the patience", "q", []Event{hungUp(11, 16)}, "abandoned 4 true"},
		{"no queue", "", []Event{hungUp(11, 16)}, "answered 4"},
		{"no queue, yet an agent", "", []Event{agent(15, "a"), hungUp(20, 16)}, "answered 4"},
		{"link lost between answer and agent", "q", []Event{{Kind: LinkDown, At: at(11)}, {Kind: LinkUp, At: at(11.5)}, agent(11.7, "a"), hungUp(20, 16)}, "answered 4"},
		{"link lost after the agent came", "q", []Event{agent(11, "a"), {Kind: LinkDown, At: at(12)}, {Kind: LinkUp, At: at(13)}, hungUp(20, 16)}, "answered 4 false"},
		{"link lost after the patience", "q", []Event{{Kind: LinkDown, At: at(13)}, {Kind: LinkUp, At: at(14)}, agent(15, "a"), hungUp(20, 16)}, "abandoned 4 true"},
	} {
		c := placed(test.queue)
		apply(c, answer, ok)
		apply(c, test.events...)
		if got := outcome(c); got != test.want {
			t.Errorf("%s: %s, want %s", test.name, got, test.want)
		}
	}
	ours := placed("q")
	apply(ours, answer, ok)
	ours.HangupSent(at(11))
	apply(ours, customer(11.2), hungUp(11.3, 16))
	if got := outcome(ours); got != "abandoned 4 true" {
		t.Errorf("ended by us first: %s", got)
	}
}

// TestAnswerInTheGap: an answer that comes to light after a gap has no
// abandonment figure, one that came surely after the gap has.
func TestAnswerInTheGap(t *testing.T) {
	gap := []Event{ev(CallRinging, 5), {Kind: LinkDown, At: at(6)}, {Kind: LinkUp, At: at(9)}}
	last := []Event{responded(10, true, 4), agent(10.5, "a"), hungUp(30, 16)}
	for name, test := range map[string]struct {
		found Sighting
		want  string
	}{
		"answered": {Sighting{Answered: true}, "answered 4"},
		"waiting":  {Sighting{Queue: "q"}, "answered 4"},
		"ringing":  {Sighting{Ringing: true}, "answered 4 false"},
	} {
		c := placed("q")
		apply(c, gap...)
		change := apply(c, census(9.1, map[string]Sighting{testCall: test.found}))
		if answered := change&ChangeAnswer != 0; answered != (name != "ringing") {
			t.Errorf("%s: change %b", name, change)
		}
		apply(c, ev(CallAnswered, 10))
		apply(c, last...)
		if got := outcome(c); got != test.want {
			t.Errorf("%s: %s, want %s", name, got, test.want)
		}
	}
}

// TestLookUp: what a census means for a call that was lost sight of. The claim
// is at 0, the time-out 30 s; a request may become a call until 40 s.
func TestLookUp(t *testing.T) {
	down, up := Event{Kind: LinkDown, At: at(5)}, Event{Kind: LinkUp, At: at(8)}
	alive := map[string]Sighting{testCall: {Channel: "PJSIP/trunk-1", Ringing: true}}
	restarted := census(9, nil)
	restarted.Started = at(6)
	older := census(9, nil)
	older.Started = at(-100)
	answered := ev(CallAnswered, 4)
	for _, test := range []struct {
		name   string
		events []Event
		want   string
	}{
		{"never lost, not in the census", []Event{census(50, nil), census(60, nil)}, "phase 0"},
		{"the hang-up was missed", []Event{ev(CallRinging, 1), census(20, nil), census(50, nil)}, "unknown 0"},
		{"the hang-up was missed, after the answer", []Event{answered, census(50, nil), census(60, nil)}, "answered 4"},
		{"the hang-up is late", []Event{ev(CallRinging, 1), census(50, nil), hungUp(50, 17), responded(50, false, 0)}, "busy 5"},
		{"a census from before it was seen", []Event{ev(CallRinging, 49), census(48, nil), census(48.5, nil), census(60, nil)}, "phase 1"},
		{"not found once", []Event{down, up, census(9, nil)}, "phase 0"},
		{"not found twice, too early", []Event{down, up, census(9, nil), census(39, nil)}, "phase 0"},
		{"not found once, late", []Event{down, up, census(50, nil)}, "phase 0"},
		{"not found on a second look-up", []Event{down, up, census(9, nil), census(40, nil)}, "unknown 0"},
		{"the same look-up twice", []Event{down, up, census(50, nil), census(50, nil)}, "phase 0"},
		{"found, then missed once", []Event{down, up, census(9, alive), census(50, nil)}, "phase 1"},
		{"found late", []Event{down, up, census(9, nil), census(39, alive), census(50, nil)}, "phase 1"},
		{"shows by an event", []Event{down, up, census(9, nil), ev(CallChannel, 30), census(50, nil), ev(CallRinging, 51), census(60, nil)}, "phase 1"},
		{"lost, found, lost, dead", []Event{down, up, census(9, alive), {Kind: LinkDown, At: at(50)}, {Kind: LinkUp, At: at(51)}, census(52, nil), census(53, nil)}, "unknown 0"},
		{"the PBX started since", []Event{down, up, restarted}, "unknown 0"},
		{"the PBX is older", []Event{down, up, older}, "phase 0"},
		{"answered before", []Event{answered, down, up, census(9, nil), census(41, nil)}, "answered 4"},
		{"answered before, the PBX started since", []Event{answered, down, up, restarted}, "answered 4"},
		{"its end was seen", []Event{ev(CallChannel, 1), hungUp(4, 17), down, up, census(9, nil)}, "busy 5"},
		{"its failure was seen after the gap", []Event{ev(CallRinging, 1), down, up, responded(31, false, 3)}, "no_answer 3"},
		{"failure after a gap in which there may have been a channel", []Event{down, up, responded(9, false, 0)}, "failed 0"},
		{"its end was asked for, with a cause", []Event{{Kind: CallCustomerEnded, Call: testCall, At: at(4), Cause: 1}, down, up, restarted}, "unallocated 0"},
		{"a busy signal was seen", []Event{dialEnd(4, "BUSY"), down, up, restarted}, "busy 5"},
	} {
		c := placed("")
		apply(c, test.events...)
		if got := outcome(c); got != test.want {
			t.Errorf("%s: %s, want %s", test.name, got, test.want)
		}
	}
}

// TestNotYetPlaced: a lost link means nothing to a call that was not sent, and
// neither does a census that was asked for before it was.
func TestNotYetPlaced(t *testing.T) {
	c := NewCall(claimed(""))
	apply(c, Event{Kind: LinkDown, At: at(1)}, Event{Kind: LinkUp, At: at(2)}, census(3, nil), census(60, nil))
	if c.NeedsSurvey(at(70)) || c.Phase() != Placing {
		t.Error("judged before it was sent")
	}
	c.Sent(at(50))
	apply(c, Event{Kind: LinkDown, At: at(51)}, Event{Kind: LinkUp, At: at(52)}, census(49, nil), census(49.5, nil))
	if c.Phase() == Ended {
		t.Error("killed by a census from before its request")
	}
}

func TestNeedsSurvey(t *testing.T) {
	c := placed("")
	check := func(seconds float64, want bool) {
		t.Helper()
		if got := c.NeedsSurvey(at(seconds)); got != want {
			t.Errorf("at %v s: %t, want %t", seconds, got, want)
		}
	}
	check(1, false)
	apply(c, Event{Kind: LinkDown, At: at(5)})
	check(20, false) // nobody to ask
	apply(c, Event{Kind: LinkUp, At: at(21)})
	check(22, false) // a census follows by itself
	check(23, true)
	apply(c, census(23, nil))
	check(39, false)
	check(40, true)
	apply(c, census(40, nil))
	check(99, false)
}

func TestRecovered(t *testing.T) {
	row := func(change func(*results.Dialing)) results.Dialing {
		d := claimed("q")
		d.Status, d.TmDial, d.TmUpdate = results.StatusSent, at(1), at(2)
		change(&d)
		return d
	}
	answer := func(d *results.Dialing) { d.ResDial, d.TmAnswer = results.DialAnswered, at(5) }
	dead := []Event{census(50, nil), census(51, nil)}
	for _, test := range []struct {
		name   string
		row    results.Dialing
		phase  Phase
		events []Event
		want   string
	}{
		{"claimed, perhaps sent", row(func(d *results.Dialing) { d.Status, d.TmDial = 0, time.Time{} }), Placing, dead, "unknown 0"},
		{"sent", row(func(*results.Dialing) {}), Placing, dead, "unknown 0"},
		{"sent, alive", row(func(*results.Dialing) {}), Placing, []Event{census(50, map[string]Sighting{testCall: {Ringing: true}})}, "phase 1"},
		{"ringing", row(func(d *results.Dialing) { d.TmRing = at(2) }), Ringing, dead, "unknown 0"},
		{"answered", row(answer), Waiting, dead, "answered 4"},
		{"answered, with an agent in time", row(func(d *results.Dialing) { answer(d); d.TmAgent, d.Agent = at(6), "a" }), Talking, dead, "answered 4 false"},
		{"answered, with an agent too late", row(func(d *results.Dialing) { answer(d); d.TmAgent, d.Agent = at(8), "a" }), Talking, dead, "abandoned 4 true"},
		{"answered without a time", row(func(d *results.Dialing) { d.ResDial = results.DialAnswered }), Waiting, dead, "answered 4"},
		{"hung up, the result was not stored", row(func(d *results.Dialing) { d.Status, d.ResHangup = results.StatusHangup, 17 }), Placing, nil, "busy 5"},
		{"hung up after the answer", row(func(d *results.Dialing) { answer(d); d.Status = results.StatusHangup }), Waiting, nil, "answered 4"},
		{"failed", row(func(d *results.Dialing) { d.Status, d.ResDial = results.StatusResponded, results.DialNoAnswer }), Placing, nil, "no_answer 3"},
		{"failed without a channel", row(func(d *results.Dialing) { d.Status = results.StatusOriginFailed }), Placing, nil, "not_placed 0"},
		{"refused", row(func(d *results.Dialing) { d.Status = results.StatusQueueFailed }), Placing, nil, "not_placed 0"},
		{"its hang-up is seen", row(answer), Waiting, []Event{agent(50, "a"), hungUp(60, 16)}, "answered 4"},
	} {
		c := Recovered(test.row)
		if c.Phase() != test.phase {
			t.Errorf("%s: begins in phase %d", test.name, c.Phase())
		}
		if wants := len(test.events) > 0; c.NeedsSurvey(at(50)) != wants {
			t.Errorf("%s: needs a survey: %t", test.name, !wants)
		}
		apply(c, test.events...)
		if got := outcome(c); got != test.want {
			t.Errorf("%s: %s, want %s", test.name, got, test.want)
		}
	}
	waiting := placed("q")
	apply(waiting, ev(CallAnswered, 1), responded(1, true, 4), agent(1.5, "a"), census(50, nil), census(51, nil))
	if got := outcome(waiting); got != "answered 4 false" {
		t.Errorf("the agent was seen, the end not: %s", got)
	}
	asked := claimed("")
	asked.Status, asked.TmDial, asked.TmUpdate, asked.HangupAsked = results.StatusChannel, at(1), at(2), true
	c := Recovered(asked)
	apply(c, hungUp(5, 0), responded(5, false, 0))
	if got := outcome(c); got != "cancelled 0" {
		t.Errorf("a user wanted it ended: %s", got)
	}
}

// TestHangUpAfterAGap: a call that rang when sight of it was lost, and whose
// hang-up is the next that is heard, may have been answered in between: only a
// cause that no answered call has says that it was not.
func TestHangUpAfterAGap(t *testing.T) {
	for _, tt := range []struct {
		cause int
		want  results.Disposition
	}{
		{16, results.Unknown}, {0, results.Unknown}, {31, results.Unknown},
		{17, results.Busy}, {1, results.Unallocated}, {19, results.NoAnswer}, {34, results.Congestion}, {21, results.Rejected},
	} {
		c := placed("")
		c.Apply(ev(CallRinging, 2))
		c.Apply(ev(LinkDown, 3))
		c.Apply(ev(LinkUp, 8))
		c.Apply(hungUp(9, tt.cause))
		c.Tick(at(60))
		if got := c.Result().Disposition; got != tt.want {
			t.Errorf("cause %d after a gap: %q, want %q", tt.cause, got, tt.want)
		}

		// The same without a gap, but the response never came: an event was lost.
		c = placed("")
		c.Apply(ev(CallRinging, 2))
		c.Apply(hungUp(9, tt.cause))
		c.Tick(at(60))
		if got := c.Result().Disposition; got != tt.want {
			t.Errorf("cause %d without a response: %q, want %q", tt.cause, got, tt.want)
		}

		// A failure is a failure: the PBX says that nobody answered.
		c = placed("")
		c.Apply(ev(CallRinging, 2))
		c.Apply(ev(LinkDown, 3))
		c.Apply(ev(LinkUp, 8))
		c.Apply(responded(9, false, 0))
		c.Apply(hungUp(9, 16))
		if got := c.Result().Disposition; got != results.Rejected {
			t.Errorf("a failure after a gap: %q", got)
		}
	}
}
