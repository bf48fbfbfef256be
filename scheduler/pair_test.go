package scheduler

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/outpace/outpace/campaign"
	"github.com/outpace/outpace/dialer"
	"github.com/outpace/outpace/plan"
	"github.com/outpace/outpace/results"
)

// second is another engine on the same store, and its way to the PBX.
func (w *world) second() (gw *fakeGateway, eng *Engine, stop func()) {
	w.t.Helper()
	gw = newFakeGateway("pbx")
	eng, err := New(Config{
		Store: w.store, Gateways: []Gateway{{Gateway: gw, MaxCalls: 50, MaxCPS: 1000}},
		Log: &memLog{}, Host: "h2", Holder: "you",
	})
	if err != nil {
		w.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(w.t.Context())
	var done sync.WaitGroup
	done.Go(func() { _ = eng.Run(ctx) })
	return gw, eng, func() {
		cancel()
		done.Wait()
	}
}

func TestTwoEnginesOneGateway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1, nil)
		pass(2 * time.Second)
		other, _, stop := w.second()
		pass(10 * time.Second)
		if n := len(other.calls()); n != 0 {
			t.Fatalf("the standby placed %d calls", n)
		}
		w.end()
		for id := range w.gw.living {
			other.living[id] = dialer.Sighting{Answered: true}
		}
		pass(5 * time.Second)
		id := w.gw.calls()[0].Call
		other.fate(id, 0, time.Second, 0)
		pass(5 * time.Second)
		stop()
		if got := w.dispositions(); !slices.Equal(got, []results.Disposition{results.Answered}) {
			t.Errorf("dispositions %v, want answered once, by the engine that took over", got)
		}
		if n := len(other.calls()); n != 0 {
			t.Errorf("the call was placed %d times again", n)
		}
	})
}

// cutOff is a store that does not answer about leases while it is cut off.
type cutOff struct {
	*memStore
	cut atomic.Bool
}

func (s *cutOff) Acquire(ctx context.Context, name, holder string, ttl time.Duration) (string, bool, error) {
	if s.cut.Load() {
		return "", false, errDatabase
	}
	return s.memStore.Acquire(ctx, name, holder, ttl)
}

// TestBeginsAnewAfterALostLease: an engine whose gateway was taken from it
// waits for it again, and dials on when the other one has gone.
func TestBeginsAnewAfterALostLease(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &cutOff{}
		w := newWorld(t, 1000, func(w *world) {
			one := 1
			w.plan(func(p *plan.Plan) { p.MaxCPS = &one })
			c.memStore, w.via = w.store, c
		})
		w.gw.setScript(answers)
		pass(2 * time.Second)
		c.cut.Store(true)
		other, _, stop := w.second()
		other.setScript(answers)
		pass(leaseTTL + 10*time.Second)
		if len(other.calls()) == 0 {
			t.Fatal("the other engine did not take over")
		}
		c.cut.Store(false)
		pass(5 * time.Second)
		before := len(w.gw.calls())
		stop()
		pass(30 * time.Second)
		w.end()
		if len(w.gw.calls()) == before {
			t.Error("nobody dials after the other one has gone")
		}
	})
}

// TestCommandsToAnotherEngineAreObeyedSoon: what is asked for through the API of
// an engine that does not have the gateway is done within a second by the one
// that has, in whatever part of its own second it comes.
func TestCommandsToAnotherEngineAreObeyedSoon(t *testing.T) {
	const soon = time.Second + callPeriod
	placed := func(w *world) int { return len(w.gw.calls()) }
	to := func(s campaign.Status) func(*world) {
		from := []campaign.Status{campaign.Stopped, campaign.Started}
		return func(w *world) { w.store.userMoves("c", campaign.Move{From: from, To: s}) }
	}
	for name, tt := range map[string]struct {
		at      campaign.Status
		command func(*world)
		obeyed  func(*world) bool
	}{
		"start": {
			campaign.Stopped, to(campaign.Started),
			func(w *world) bool { return placed(w) > 0 },
		},
		"stop": {
			campaign.Started, to(campaign.Stopping),
			func(w *world) bool {
				n := placed(w)
				pass(time.Minute)
				return n > 0 && placed(w) == n
			},
		},
		"stop by force": {
			campaign.Started, to(campaign.ForceStopping),
			func(w *world) bool { return w.gw.hungUp() > 0 },
		},
		"hang up": {
			campaign.Started, func(w *world) { w.askHangup(w.gw.calls()[0].Call) },
			func(w *world) bool { return w.gw.hungUp() > 0 },
		},
	} {
		for _, phase := range []time.Duration{0, time.Millisecond, 500 * time.Millisecond, 999 * time.Millisecond} {
			t.Run(fmt.Sprint(name, " ", phase), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					w := newWorld(t, 100, func(w *world) {
						ten := 10
						w.plan(func(p *plan.Plan) { p.MaxCPS = &ten })
						c := w.store.campaigns["c"]
						c.Status = tt.at
						w.store.campaigns["c"] = c
					})
					pass(time.Second)
					_, asked, stop := w.second()
					pass(time.Second + phase)
					tt.command(w)
					asked.Changed()
					pass(soon)
					if !tt.obeyed(w) {
						t.Errorf("nothing has come of it %s later", soon)
					}
					w.end()
					stop()
				})
			})
		}
	}
}

func (w *world) askHangup(id string) {
	w.store.mu.Lock()
	defer w.store.mu.Unlock()
	w.store.asked = append(w.store.asked, id)
}

// TestAGatewayOfAnotherEngine: where settings are being changed, an engine that
// does not have a plan's gateway neither stops its campaign nor takes its
// opening from the one that has; but somebody must have it.
func TestAGatewayOfAnotherEngine(t *testing.T) {
	for name, tt := range map[string]struct {
		calendar campaign.Calendar
		another  bool
		want     campaign.Status
	}{
		"started":                {campaign.Calendar{}, true, campaign.Started},
		"opened":                 {campaign.Calendar{Mode: 1, TimeStart: "00:05:00", TimeEnd: "20:00:00"}, true, campaign.Started},
		"started, nobody has it": {campaign.Calendar{}, false, campaign.Stopped},
		"opened, nobody has it":  {campaign.Calendar{Mode: 1, TimeStart: "00:05:00", TimeEnd: "20:00:00"}, false, campaign.Stopped},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, 50, func(w *world) {
					w.plan(func(p *plan.Plan) { p.Gateway = "new" })
					c := w.store.campaigns["c"]
					c.Status, c.Calendar = campaign.Stopped, tt.calendar
					w.store.campaigns["c"] = c
				})
				pass(2 * time.Second)
				var other *mate
				if tt.another {
					other = newMate(t, w.store, "restarted", "pbx", "new")
					pass(20 * time.Second)
				}
				if tt.calendar.Mode == 0 {
					w.store.userMoves("c", campaign.Move{From: []campaign.Status{campaign.Stopped}, To: campaign.Started})
				}
				pass(6 * time.Minute)
				if tt.another { // it is restarted: nobody has the gateway meanwhile
					other.end()
					pass(leaseTTL)
					other = newMate(t, w.store, "restarted again", "pbx", "new")
					pass(20 * time.Second)
				}
				if c := w.status("c"); c.Status != tt.want {
					t.Errorf("status %d, want %d; reason %q", c.Status, tt.want, c.Reason)
				}
				if n := len(w.gw.calls()); n != 0 {
					t.Errorf("%d calls through another gateway than the plan's", n)
				}
				if other != nil {
					other.end()
				}
				w.end()
			})
		})
	}
}
