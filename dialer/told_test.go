package dialer

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/outpace/outpace/results"
)

func agentFirst(queue string) (*Call, time.Time) {
	t0 := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	c := NewCall(results.Dialing{Attempt: results.Attempt{
		UUID: "u", DialChannel: "PJSIP/1", DialAddr: "1", DialTimeout: 30 * time.Second, Queue: queue, Patience: 2 * time.Second, TmCreate: t0,
	}})
	c.Sent(t0)
	return c, t0
}

// TestToldOutcome: a PBX that tells a call's fate in one piece.
func TestToldOutcome(t *testing.T) {
	for _, queue := range []string{"", "sales"} {
		c, t0 := agentFirst(queue)
		at := func(s int) time.Time { return t0.Add(time.Duration(s) * time.Second) }
		c.Apply(Event{Kind: CallAgentRung, At: at(0), Call: "u", Agent: "101", Channel: "kind/101/1"})
		if c.Phase() != Placing || c.Agent() != "101" || !c.Row().TmAgent.IsZero() {
			t.Fatalf("an agent who is rung has not taken the call: phase %d", c.Phase())
		}
		c.Placed(at(1), nil)
		ch := c.Apply(Event{Kind: CallEnded, At: at(40), Call: "u", Agent: "101", Outcome: &Outcome{
			Disposition: results.Answered, ResDial: 4, Cause: 16, CauseText: "NORMAL", Answer: at(10), End: at(35),
			Talk: 25 * time.Second, Billsec: 25, Recording: "r.wav",
		}})
		r := c.Result()
		switch {
		case ch&ChangeEnded == 0 || r.Disposition != results.Answered || r.ResDial != results.DialAnswered:
			t.Errorf("change %b, %s, res_dial %d", ch, r.Disposition, r.ResDial)
		case r.DialChannel != "kind/101/1" || r.Agent != "101" || r.Recording != "r.wav" || r.Status != results.StatusHangup:
			t.Errorf("%+v", r)
		case !r.TmAnswer.Equal(at(10)) || !r.TmAgent.Equal(at(10)) || !r.TmHangup.Equal(at(35)) || !r.TmUpdate.Equal(at(40)):
			t.Errorf("answer %v, agent %v, hang-up %v", r.TmAnswer, r.TmAgent, r.TmHangup)
		case r.Ring != 10*time.Second || r.Talk != 25*time.Second || r.Billsec != 25 || r.ResHangup != 16 || r.ResHangupDetail != "NORMAL":
			t.Errorf("rang %v, talked %v, billsec %d, hang-up %d %q", r.Ring, r.Talk, r.Billsec, r.ResHangup, r.ResHangupDetail)
		case queue == "" && r.Abandoned != nil, queue != "" && (r.Abandoned == nil || *r.Abandoned):
			t.Errorf("queue %q: abandoned %v", queue, r.Abandoned)
		}
		if c.Apply(Event{Kind: CallEnded, At: at(50), Call: "u", Outcome: &Outcome{Disposition: results.Busy}}) != 0 {
			t.Error("a call has ended twice")
		}
	}
}

func TestToldFailures(t *testing.T) {
	for _, c := range []struct {
		outcome  Outcome
		asked    bool // we asked the PBX to hang up
		want     results.Disposition
		resDial  int
		status   int
		tryBack  bool
		hangupAt bool
	}{
		{Outcome{Disposition: results.Busy, ResDial: 5, End: time.Unix(9e9, 0)}, false, results.Busy, 5, results.StatusHangup, false, true},
		{Outcome{Disposition: results.NotPlaced, Detail: "no"}, false, results.NotPlaced, 0, results.StatusQueueFailed, true, false},
		{Outcome{Disposition: results.AgentNoAnswer, End: time.Unix(9e9, 0)}, false, results.AgentNoAnswer, 0, results.StatusHangup, true, true},
		{Outcome{Disposition: results.Unknown}, false, results.Unknown, 0, results.StatusQueued, false, false},
		{Outcome{Disposition: results.NoAnswer, ResDial: 3}, true, results.Cancelled, 0, results.StatusQueued, false, false},
		{Outcome{Disposition: results.Unknown}, true, results.Unknown, 0, results.StatusQueued, false, false},
	} {
		call, t0 := agentFirst("sales")
		call.Placed(t0, nil)
		if c.asked {
			call.HangupSent(t0)
		}
		call.Apply(Event{Kind: CallEnded, At: t0.Add(time.Minute), Call: "u", Outcome: &c.outcome})
		r := call.Result()
		if r.Disposition != c.want || r.ResDial != c.resDial || r.Status != c.status || r.Disposition.TryGivenBack() != c.tryBack || r.TmHangup.IsZero() == c.hangupAt {
			t.Errorf("%s: %s, res_dial %d, status %d, hang-up %v", c.outcome.Disposition, r.Disposition, r.ResDial, r.Status, r.TmHangup)
		}
		if r.Abandoned != nil || r.Talk != 0 || r.Billsec != 0 {
			t.Errorf("%s has signs of an answer", r.Disposition)
		}
	}
}

// TestRefusedWithAnAgent: the result of a request that was refused names the
// agent that it was for.
func TestRefusedWithAnAgent(t *testing.T) {
	c, t0 := agentFirst("")
	err := &AgentError{Agent: "101", Channel: "kind/101/1", Err: fmt.Errorf("%w: USER_BUSY", ErrRefused)}
	if !errors.Is(err, ErrRefused) {
		t.Error("an AgentError hides what failed")
	}
	c.Placed(t0, err)
	if r := c.Result(); r.Disposition != results.NotPlaced || r.Agent != "101" || r.DialChannel != "kind/101/1" {
		t.Errorf("%s, agent %q, %q", r.Disposition, r.Agent, r.DialChannel)
	}
}

// TestRecoveredAndTold: a call of an earlier process whose agent was not
// written down is no abandoned one.
func TestRecoveredAndTold(t *testing.T) {
	c, t0 := agentFirst("sales")
	c = Recovered(c.Row())
	c.Apply(Event{Kind: CallEnded, At: t0.Add(time.Minute), Call: "u", Agent: "102", Outcome: &Outcome{
		Disposition: results.Answered, ResDial: 4, End: t0.Add(time.Minute), Talk: time.Second, Billsec: 1,
	}})
	if r := c.Result(); r.Disposition != results.Answered || r.Agent != "102" || r.Abandoned != nil && *r.Abandoned {
		t.Errorf("%s, agent %q, abandoned %v", r.Disposition, r.Agent, r.Abandoned)
	}
}
