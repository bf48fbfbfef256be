package dialer

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/outpace/outpace/results"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const testCall = "3f2b8c1e-5a64-4d0f-9b1a-7c2d9e0f1a2b"

var claimTime = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// at is a moment after the claim.
func at(seconds float64) time.Time {
	return claimTime.Add(time.Duration(seconds * float64(time.Second)))
}

func claimed(queue string) results.Dialing {
	return results.Dialing{Attempt: results.Attempt{
		UUID: testCall, Queue: queue, Patience: 2 * time.Second, DialTimeout: 30 * time.Second, TmCreate: claimTime,
	}}
}

// placed returns a call whose request was sent half a second after the claim
// and taken.
func placed(queue string) *Call {
	c := NewCall(claimed(queue))
	c.Sent(at(0.5))
	c.Placed(at(0.6), nil)
	return c
}

func ev(kind Kind, seconds float64) Event { return Event{Kind: kind, Call: testCall, At: at(seconds)} }

func responded(seconds float64, ok bool, reason int) Event {
	e := ev(CallResponded, seconds)
	e.OK, e.Reason = ok, reason
	return e
}

func hungUp(seconds float64, cause int) Event {
	e := ev(CallHangup, seconds)
	e.Cause = cause
	return e
}

func dialEnd(seconds float64, status string) Event {
	e := ev(CallDialEnd, seconds)
	e.Text = status
	return e
}

func agent(seconds float64, name string) Event {
	e := ev(CallAgent, seconds)
	e.Agent = name
	return e
}

func census(seconds float64, living map[string]Sighting) Event {
	return Event{Kind: Census, At: at(seconds), Living: living}
}

func apply(c *Call, events ...Event) (all Change) {
	for _, e := range events {
		all |= c.Apply(e)
	}
	return all
}

// outcome runs the call's ticks to their end and says what came of it.
func outcome(c *Call) string {
	for range 10 {
		if wake := c.Wake(); !wake.IsZero() && c.Phase() != Ended {
			c.Tick(wake)
		}
	}
	if c.Phase() != Ended {
		return fmt.Sprintf("phase %d", c.Phase())
	}
	r := c.Result()
	text := fmt.Sprintf("%s %d", r.Disposition, r.ResDial)
	if r.Abandoned != nil {
		text += fmt.Sprintf(" %t", *r.Abandoned)
	}
	return text
}

// TestAnyOrder gives all the events of a call in every order, and with some of
// them twice: the outcome is the same.
func TestAnyOrder(t *testing.T) {
	sets := map[string][]Event{
		"busy 5":        {ev(CallChannel, 1), ev(CallRinging, 2), dialEnd(3, "BUSY"), hungUp(3, 17), responded(3, false, 0)},
		"no_answer 3":   {ev(CallChannel, 1), ev(CallDialing, 1), ev(CallRinging, 2), hungUp(31, 0), responded(31, false, 3)},
		"unallocated 0": {ev(CallChannel, 1), dialEnd(2, "NOANSWER"), hungUp(2, 1), responded(2, false, 0)},
		"answered 4":    {ev(CallChannel, 1), ev(CallAnswered, 2), dialEnd(2, "ANSWER"), responded(2, true, 4), hungUp(9, 0)},
	}
	for want, events := range sets {
		permute(events, func(order []Event) {
			c := placed("")
			for i, e := range order {
				apply(c, e)
				if i%2 == 0 {
					apply(c, e, order[0])
				}
			}
			if got := outcome(c); got != want {
				t.Fatalf("%s, want %s, in the order %v", got, want, kinds(order))
			}
			if change := apply(c, order...); change != 0 {
				t.Fatalf("strays after the end changed %b", change)
			}
		})
	}
}

func kinds(events []Event) (list []Kind) {
	for _, e := range events {
		list = append(list, e.Kind)
	}
	return list
}

func permute(events []Event, visit func([]Event)) {
	var step func(int)
	step = func(n int) {
		if n == len(events) {
			visit(events)
			return
		}
		for i := n; i < len(events); i++ {
			events[n], events[i] = events[i], events[n]
			step(n + 1)
			events[n], events[i] = events[i], events[n]
		}
	}
	step(0)
}

func TestProgress(t *testing.T) {
	c := NewCall(claimed("sales"))
	steps := []struct {
		name   string
		do     func() Change
		want   Change
		status int
		phase  Phase
	}{
		{"sent", func() Change { return c.Sent(at(1)) }, ChangeRow, 1, Placing},
		{"placed", func() Change { return c.Placed(at(1), nil) }, ChangeRow, 2, Placing},
		{"channel", func() Change { return apply(c, ev(CallChannel, 1)) }, ChangeRow, 4, Placing},
		{"dialing after it", func() Change { return apply(c, ev(CallDialing, 1)) }, 0, 4, Placing},
		{"ringing", func() Change { return apply(c, ev(CallRinging, 2)) }, ChangeRow | ChangePhase, 4, Ringing},
		{"ringing again", func() Change { return apply(c, ev(CallRinging, 3)) }, 0, 4, Ringing},
		{"answered", func() Change { return apply(c, ev(CallAnswered, 4)) }, ChangeRow | ChangeAnswer | ChangePhase, 4, Waiting},
		{"answered again", func() Change { return apply(c, ev(CallAnswered, 5)) }, 0, 4, Waiting},
		{"dial end", func() Change { return apply(c, dialEnd(5, "ANSWER")) }, ChangeRow, 5, Waiting},
		{"response", func() Change { return apply(c, responded(5, true, 4)) }, ChangeRow, 6, Waiting},
		{"agent", func() Change { return apply(c, agent(5.5, "PJSIP/1")) }, ChangeRow | ChangePhase, 6, Talking},
		{"agent left", func() Change { return apply(c, ev(CallAgentLeft, 60)) }, ChangePhase, 6, Waiting},
		{"another agent", func() Change { return apply(c, agent(61, "PJSIP/2")) }, ChangePhase, 6, Talking},
		{"another call", func() Change { return c.Apply(Event{Kind: CallHangup, Call: "x", At: at(62)}) }, 0, 6, Talking},
		{"hang-up", func() Change { return apply(c, hungUp(64, 16)) }, ChangeRow | ChangePhase | ChangeEnded, 7, Ended},
		{"after the end", func() Change { return c.Placed(at(65), ErrRefused) | c.HangupSent(at(65)) | c.Tick(at(99)) }, 0, 7, Ended},
	}
	for _, s := range steps {
		if got := s.do(); got != s.want || c.Row().Status != s.status || c.Phase() != s.phase {
			t.Errorf("%s: change %b, status %d, phase %d; want %b, %d, %d", s.name, got, c.Row().Status, c.Phase(), s.want, s.status, s.phase)
		}
	}
	r := c.Result()
	if r.Agent != "PJSIP/1" || r.Ring != 3*time.Second || r.Wait != 1500*time.Millisecond ||
		r.Talk != 58500*time.Millisecond || r.Billsec != 60 || r.Abandoned == nil || *r.Abandoned {
		t.Errorf("result %+v", r)
	}
	if !c.Wake().IsZero() || c.NeedsSurvey(at(999)) || c.ID() != testCall {
		t.Error("an ended call wants something")
	}
}

func TestPlaced(t *testing.T) {
	for _, test := range []struct {
		err    error
		want   string
		status int
	}{
		{fmt.Errorf("x: %w", ErrNotSent), "not_placed 0", results.StatusSendFailed},
		{fmt.Errorf("x: %w", ErrRefused), "not_placed 0", results.StatusQueueFailed},
		{fmt.Errorf("x: %w", ErrOutcomeUnknown), "phase 0", results.StatusSent},
		{errors.New("what is this?"), "phase 0", results.StatusSent},
	} {
		c := NewCall(claimed(""))
		c.Sent(at(1))
		c.Placed(at(2), test.err)
		if got := outcome(c); got != test.want || c.Row().Status != test.status {
			t.Errorf("%v: %s, status %d; want %s, %d", test.err, got, c.Row().Status, test.want, test.status)
		}
		if unknown := test.want == "phase 0"; c.NeedsSurvey(at(2)) != unknown {
			t.Errorf("%v: needs a survey: %t", test.err, !unknown)
		}
		if c.Phase() == Ended && (c.Result().ResDialDetail == "" || c.Result().TmUpdate.IsZero()) {
			t.Errorf("%v: no detail, or no time", test.err)
		}
	}
	// A call that was seen to exist can't have been refused.
	c := NewCall(claimed(""))
	c.Sent(at(1))
	apply(c, ev(CallChannel, 1))
	c.Placed(at(2), ErrNotSent)
	if c.Phase() == Ended {
		t.Error("ended though it has a channel")
	}
	long := NewCall(claimed(""))
	long.Placed(at(1), fmt.Errorf("%w: %s", ErrRefused, strings.Repeat("é", 300)))
	if d := long.Result().ResDialDetail; len(d) > maxDetail || strings.ToValidUTF8(d, "") != d {
		t.Errorf("detail has %d bytes", len(d))
	}
}

// TestLastWords: how long a call waits for the second of its two last words.
func TestLastWords(t *testing.T) {
	for _, test := range []struct {
		name   string
		events []Event
		wake   float64
		want   string
	}{
		{"failure without a channel", []Event{responded(1, false, 0)}, 2, "not_placed 0"},
		{"failure, the hang-up never comes", []Event{ev(CallChannel, 1), responded(3, false, 5)}, 8, "busy 5"},
		{"hang-up, the response never comes", []Event{ev(CallChannel, 1), hungUp(3, 17)}, 8, "busy 5"},
		{"answered, the response never comes", []Event{ev(CallAnswered, 1), hungUp(3, 16)}, 4, "answered 4"},
		{"nothing at all", nil, 40.5, "phase 0"},
		{"ringing for ever", []Event{ev(CallRinging, 5)}, 45, "phase 1"},
		{"answered", []Event{ev(CallAnswered, 5)}, 0, "phase 3"},
	} {
		c := placed("")
		apply(c, test.events...)
		want := at(test.wake)
		if test.wake == 0 {
			want = time.Time{}
		}
		if got := c.Wake(); !got.Equal(want) {
			t.Errorf("%s: wake %v, want %v", test.name, got, want)
		}
		if change := c.Tick(want.Add(-time.Millisecond)); change != 0 {
			t.Errorf("%s: a tick before its time changed %b", test.name, change)
		}
		if got := outcome(c); got != test.want {
			t.Errorf("%s: %s, want %s", test.name, got, test.want)
		}
	}
	silent := placed("")
	silent.Tick(silent.Wake())
	if !silent.NeedsSurvey(at(41)) {
		t.Error("a call that the PBX says nothing of must be looked up")
	}
}

// TestAnswerToAnotherRequest: the answer to a request that is not this call's
// says nothing about it, and does not stand in the way of its own.
func TestAnswerToAnotherRequest(t *testing.T) {
	row := claimed("")
	row.ActionID = "ours"
	for name, want := range map[string]string{"ours": "rejected 1", "": "rejected 1", "theirs": "answered 4"} {
		c := NewCall(row)
		c.Sent(at(0.5))
		c.Apply(ev(CallChannel, 0.7))
		failure := responded(1, false, 0)
		failure.ActionID = name
		changed := c.Apply(failure) != 0
		own := responded(2, true, 4)
		own.ActionID = "ours"
		apply(c, own, hungUp(3, 16))
		if got := outcome(c); !strings.HasPrefix(got, want) || changed == (name == "theirs") {
			t.Errorf("answer to %q: %s, changed %t", name, got, changed)
		}
	}
}

// TestChaos gives random events in random order: nothing panics, statuses and
// answers stay, so does an abandonment and it is said once, the end is final.
func TestChaos(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	texts := []string{"", "ANSWER", "BUSY", "CANCEL", "NOANSWER"}
	for range 3000 {
		c := NewCall(claimed([]string{"", "sales"}[rng.IntN(2)]))
		if rng.IntN(4) == 0 {
			row := claimed("sales")
			row.Status = []int{0, 1, 2, 3, 4, 5, 6, 7, 10, 11, 12, 13}[rng.IntN(12)]
			row.Abandoned = rng.IntN(4) == 0
			c = Recovered(row)
		}
		now, answered, ended, abandoned := 0.0, false, false, c.Row().Abandoned
		for range 60 {
			now += rng.Float64() * 3
			status := c.Row().Status
			var change Change
			switch rng.IntN(13) {
			case 12:
				change = c.Redirected(at(now))
			case 0:
				change = c.Sent(at(now))
			case 1:
				change = c.Placed(at(now), []error{nil, nil, nil, ErrOutcomeUnknown}[rng.IntN(4)])
			case 2:
				change = c.Tick(at(now))
			case 3:
				change = c.HangupSent(at(now))
			default:
				e := ev(Kind(1+rng.IntN(int(CallerLeft))), now)
				e.OK, e.Reason, e.Cause, e.Text = rng.IntN(2) == 0, rng.IntN(9), rng.IntN(40), texts[rng.IntN(len(texts))]
				if rng.IntN(2) == 0 {
					e.Living = map[string]Sighting{testCall: {Answered: rng.IntN(2) == 0, Ringing: true}}
				}
				change = c.Apply(e)
			}
			switch {
			case ended && change != 0:
				t.Fatalf("changed %b after the end", change)
			case c.Row().Status < status && status < 10:
				t.Fatalf("status went from %d to %d", status, c.Row().Status)
			case answered && c.Row().ResDial != results.DialAnswered:
				t.Fatal("an answer was forgotten")
			}
			if change&ChangeAnswer != 0 {
				if answered {
					t.Fatal("answered twice")
				}
				answered = true
			}
			if change&ChangeAbandoned != 0 {
				if abandoned {
					t.Fatal("abandoned twice")
				}
				abandoned = true
			}
			if c.Row().Abandoned != abandoned {
				t.Fatalf("abandoned: the row says %t", !abandoned)
			}
			if change&ChangeEnded != 0 {
				ended = true
				r := c.Result()
				if r.UUID != testCall || r.Disposition == "" || r.TmUpdate.IsZero() {
					t.Fatalf("result %+v", r)
				}
				if says := r.Abandoned != nil && *r.Abandoned; says != (abandoned && c.answered) {
					t.Fatalf("abandoned %t, its result says %t", abandoned, says)
				}
			}
			if ended != (c.Phase() == Ended) {
				t.Fatalf("ended %t, phase %d", ended, c.Phase())
			}
		}
	}
}
