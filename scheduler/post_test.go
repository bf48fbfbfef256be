package scheduler

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/outpace/outpace/plan"
	"github.com/outpace/outpace/scheduler/sim"
)

// trusted is how long a lease is relied on, from the start of the attempt that
// took or renewed it: 10 s, less a margin of 2 s.
const trusted = 8 * time.Second

func TestTrust(t *testing.T) {
	attempt := time.Now()
	granted, renewed := []time.Duration{0}, []time.Duration{0, leasePeriod}
	for name, tt := range map[string]struct {
		exclusive bool
		attempts  []time.Duration // those that were granted, from the first one
		ended     bool
		at        time.Time
		holds     bool
	}{
		"never granted":            {false, nil, false, attempt, false},
		"never granted, exclusive": {true, nil, false, attempt, false},
		"at once":                  {false, granted, false, attempt, true},
		"just before its end":      {false, granted, false, attempt.Add(trusted - 1), true},
		"at its end":               {false, granted, false, attempt.Add(trusted), false},
		"at its end, exclusive":    {true, granted, false, attempt.Add(trusted), true},
		"a day later, exclusive":   {true, granted, false, attempt.Add(24 * time.Hour), true},
		"the machine slept":        {false, granted, false, sim.Shift(attempt, int64(trusted/time.Second)), false},
		"the clock was put back":   {false, granted, false, sim.Shift(attempt.Add(trusted), -3600), false},
		"renewed":                  {false, renewed, false, attempt.Add(leasePeriod + trusted - 1), true},
		"at the end of the second": {false, renewed, false, attempt.Add(leasePeriod + trusted), false},
		"ended":                    {false, granted, true, attempt, false},
		"ended, exclusive":         {true, granted, true, attempt, false},
	} {
		now := attempt.Add(time.Hour) // the answers came late
		tr := trust{exclusive: tt.exclusive, now: func() time.Time { return now }}
		for _, d := range tt.attempts {
			tr.extend(attempt.Add(d))
		}
		if tt.ended {
			tr.end()
		}
		now = tt.at
		if holds := tr.holds(); holds != tt.holds {
			t.Errorf("%s: holds: %t", name, holds)
		}
	}
}

// slowLeases answers one request for the lease of the gateway late, and later
// ones not at all.
type slowLeases struct {
	*memStore
	slow  int         // which one
	asked []time.Time // when
}

const slowAnswer = 7 * time.Second

func (s *slowLeases) Acquire(ctx context.Context, name, holder string, ttl time.Duration) (string, bool, error) {
	if name == ledgerLease {
		return s.memStore.Acquire(ctx, name, holder, ttl)
	}
	s.asked = append(s.asked, time.Now())
	if len(s.asked) > s.slow {
		return "", false, errDatabase
	}
	token, ok, err := s.memStore.Acquire(ctx, name, holder, ttl)
	if len(s.asked) == s.slow {
		pause(ctx, slowAnswer)
	}
	return token, ok, err
}

// TestASlowAnswerDoesNotStretchTrust: of a lease that was granted when the
// database was asked, not when it answered, no more is left than that.
func TestASlowAnswerDoesNotStretchTrust(t *testing.T) {
	for name, slow := range map[string]int{"taken": 1, "renewed": 2} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				store := &slowLeases{slow: slow}
				w := newWorld(t, 1000, func(w *world) {
					w.plan(func(p *plan.Plan) { two := 2; p.MaxCPS = &two })
					store.memStore, w.via = w.store, store
				})
				w.gw.setScript(answers)
				pass(time.Minute)
				w.end()
				attempt, placed := store.asked[slow-1], w.gw.times()
				if len(placed) == 0 {
					t.Fatal("nothing was placed")
				}
				last := placed[len(placed)-1].Sub(attempt)
				if last < slowAnswer || last >= trusted {
					t.Errorf("the last call was placed %s after the attempt, want between %s and %s", last, slowAnswer, trusted)
				}
			})
		})
	}
}
