package scheduler

import (
	"context"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/outpace/outpace/campaign"
	"github.com/outpace/outpace/dialer"
	"github.com/outpace/outpace/dlma"
	"github.com/outpace/outpace/results"
)

// orphan puts a call on a gateway that the engine does not have, claimed now.
func (w *world) orphan(change func(*results.Dialing)) {
	e := &w.store.entries[0]
	e.Status, e.Dialing, e.Tries[0] = dlma.Dialing, "orphan", 1
	d := results.Dialing{Attempt: results.Attempt{
		UUID: "orphan", Gateway: "gone", Campaign: "c", Plan: "p", List: "l", Entry: e.UUID, DialAddr: e.Number[0], DialIndex: 1, DialTry: 1,
		DialTimeout: 30 * time.Second, TmCreate: time.Now(),
	}, Owner: "somebody", Status: results.StatusSent, TmDial: time.Now()}
	if change != nil {
		change(&d)
	}
	w.store.open[d.UUID] = d
}

// TestCallsOfAGoneGatewayEnd: when a gateway was taken out of the settings, its
// calls are ended when they are due, and the campaign comes to rest.
func TestCallsOfAGoneGatewayEnd(t *testing.T) {
	for name, tt := range map[string]struct {
		row         func(*results.Dialing)
		notBefore   time.Duration
		disposition results.Disposition
	}{
		"not answered": {nil, 100 * time.Second, results.Unknown},
		"answered": {func(d *results.Dialing) {
			d.TmAnswer, d.ResDial = d.TmCreate.Add(10*time.Second), results.DialAnswered
		}, time.Hour + 10*time.Second, results.Answered},
		"answered, to be hung up": {func(d *results.Dialing) {
			d.TmAnswer, d.ResDial, d.HangupAsked = d.TmCreate.Add(10*time.Second), results.DialAnswered, true
		}, 100 * time.Second, results.Answered},
		"its end was seen": {func(d *results.Dialing) {
			d.Status, d.ResDial, d.ResHangup, d.TmUpdate = results.StatusHangup, results.DialBusy, 17, d.TmCreate.Add(time.Second)
		}, 100 * time.Second, results.Busy},
	} {
		for _, engine := range []string{"other gateway", "no gateway"} {
			t.Run(name+", "+engine, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					w := newWorld(t, 1, func(w *world) {
						c := w.store.campaigns["c"]
						c.Status = campaign.Stopping
						w.store.campaigns["c"] = c
						w.orphan(tt.row)
						w.bare = engine == "no gateway"
					})
					pass(tt.notBefore - time.Second)
					if got := w.dispositions(); len(got) > 0 {
						t.Errorf("the call was ended too early, as %v", got)
					}
					if c := w.status("c"); c.Status != campaign.Stopping {
						t.Errorf("the campaign is at %d while its call is open", c.Status)
					}
					pass(orphanPeriod + 12*time.Second)
					w.end()
					if got := w.dispositions(); !slices.Equal(got, []results.Disposition{tt.disposition}) {
						t.Fatalf("the results are %v, want %s", got, tt.disposition)
					}
					if c := w.status("c"); c.Status != campaign.Stopped {
						t.Errorf("the campaign is at %d", c.Status)
					}
					if e := w.store.entries[0]; e.Status != dlma.Idle || e.Tries[0] != 1 {
						t.Errorf("the entry has status %d and %d tries", e.Status, e.Tries[0])
					}
					if len(w.log.lines) != 1 {
						t.Errorf("%d lines in the log", len(w.log.lines))
					}
					if l, held := w.store.leases["gateway:gone"]; held {
						t.Errorf("the lease of the gateway was not given back: %+v", l)
					}
				})
			})
		}
	}
}

// TestCallsOfAnothersGatewayAreLeftAlone: as long as an engine has the
// gateway's lease, the call is its own, however old it is; when that engine has
// died the lease runs out and the call is ended.
func TestCallsOfAnothersGatewayAreLeftAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1, func(w *world) {
			w.orphan(nil)
			w.store.leases["gateway:gone"] = lease{holder: "another", token: "somebody", until: time.Now().Add(10 * time.Minute)}
		})
		pass(9 * time.Minute)
		if got := w.dispositions(); len(got) > 0 {
			t.Errorf("another engine's call was ended as %v", got)
		}
		w.store.mu.Lock()
		owner := w.store.open["orphan"].Owner
		w.store.mu.Unlock()
		if owner != "somebody" {
			t.Errorf("the call was taken over by %q", owner)
		}
		pass(2 * time.Minute)
		w.end()
		if got := w.dispositions(); !slices.Equal(got, []results.Disposition{results.Unknown}) {
			t.Errorf("the results are %v, want one of unknown", got)
		}
	})
}

// TestOrphansSurviveADatabaseThatFails: what could not be done is done later.
func TestOrphansSurviveADatabaseThatFails(t *testing.T) {
	for _, method := range []string{"Overdue", "TakeOver", "Record"} {
		t.Run(method, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, 1, func(w *world) { w.orphan(nil) })
				pass(time.Minute)
				w.store.setFail(method, errDatabase)
				pass(5 * time.Minute)
				w.store.setFail(method, nil)
				pass(time.Minute)
				w.end()
				if got := w.dispositions(); !slices.Equal(got, []results.Disposition{results.Unknown}) {
					t.Errorf("the results are %v, want one of unknown", got)
				}
			})
		})
	}
}

// TestAStopIsEndedWhenAllHaveHeardOfIt: an engine without a gateway leaves it to
// the one that dials, which may not know of a stop yet, and claim.
func TestAStopIsEndedWhenAllHaveHeardOfIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 10, (*world).queue)
		pass(350 * time.Millisecond)
		bare, err := New(Config{Store: w.store, Log: &memLog{}, Host: "h2", Holder: "bare"})
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		var done sync.WaitGroup
		done.Go(func() { _ = bare.Run(ctx) })
		pass(orphanPeriod - 50*time.Millisecond) // its next look is in 50 ms, that of the other one in 700
		w.store.userMoves("c", campaign.Move{From: []campaign.Status{campaign.Started}, To: campaign.ForceStopping})
		pass(100 * time.Millisecond)
		w.agent("A", dialer.AgentFree)
		pass(10 * time.Second)
		if n := len(w.gw.calls()); n == 0 {
			t.Error("no call was placed before the stop was heard of: the test shows nothing")
		}
		w.store.mu.Lock()
		open := len(w.store.open)
		w.store.mu.Unlock()
		if open > 0 && w.gw.hungUp() == 0 {
			t.Errorf("10 s after a stop by force the campaign is at %d, and a call is up that nobody has hung up", w.status("c").Status)
		}
		stop()
		done.Wait()
		w.end()
	})
}
