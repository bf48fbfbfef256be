package scheduler

import (
	"context"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/outpace/outpace/campaign"
	"github.com/outpace/outpace/dialer"
	"github.com/outpace/outpace/dlma"
	"github.com/outpace/outpace/plan"
	"github.com/outpace/outpace/results"
)

// slowStore is a store whose answers come late or never.
type slowStore struct {
	*memStore
	claim chan struct{} // claims are answered when it is closed; nil: at once
	deaf  atomic.Int32  // so many records are never answered
}

// Claim has committed when it waits.
func (s *slowStore) Claim(ctx context.Context, gateway, lease string, p dlma.Pick,
	build func(dlma.Entry, int, int) results.Dialing,
) ([]results.Dialing, error) {
	rows, err := s.memStore.Claim(ctx, gateway, lease, p, build)
	if s.claim != nil {
		<-s.claim
	}
	return rows, err
}

func (s *slowStore) Record(ctx context.Context, lease string, rows []results.Dialing, ended []results.Result) error {
	if s.deaf.Add(-1) >= 0 {
		<-ctx.Done()
		return ctx.Err()
	}
	return s.memStore.Record(ctx, lease, rows, ended)
}

// TestNothingIsPlacedAfterAStop: what was claimed before a stop and comes back
// after it calls nobody, and the try is given back.
func TestNothingIsPlacedAfterAStop(t *testing.T) {
	for name, stop := range map[string]func(*world){
		"campaign": func(w *world) { w.setStatus(campaign.Stopping) },
		"forced":   func(w *world) { w.setStatus(campaign.ForceStopping) },
		"draining": func(w *world) { w.eng.draining.Store(true) },
		"engine":   func(w *world) { w.stop() },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				gate := make(chan struct{})
				w := newWorld(t, 3, func(w *world) { w.via = &slowStore{memStore: w.store, claim: gate} })
				pass(time.Second) // the claim waits now
				stop(w)
				pass(2 * time.Second)
				close(gate)
				pass(2 * time.Second)
				w.end()
				if n := len(w.gw.calls()); n != 0 {
					t.Errorf("%d calls were placed after the stop", n)
				}
				got := w.dispositions()
				if len(got) != 3 || slices.ContainsFunc(got, func(d results.Disposition) bool { return d != results.NotPlaced }) {
					t.Errorf("the results are %v, want three of not_placed", got)
				}
				for _, e := range w.store.entries {
					if e.Status != dlma.Idle || total(e) != 0 {
						t.Errorf("entry %s: status %d, %d tries", e.UUID, e.Status, total(e))
					}
				}
			})
		})
	}
}

// TestDeafDatabaseIsLeft: a write that is never answered is cut off and made
// again.
func TestDeafDatabaseIsLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1, func(w *world) {
			deaf := &slowStore{memStore: w.store}
			deaf.deaf.Store(2)
			w.via = deaf
		})
		w.gw.setScript(answers)
		pass(time.Minute)
		w.end()
		if got := w.dispositions(); !slices.Equal(got, []results.Disposition{results.Answered}) {
			t.Errorf("results %v, want the one answered call", got)
		}
		if c := w.status("c"); c.Status != campaign.Stopped {
			t.Errorf("the campaign is at %d", c.Status)
		}
	})
}

// TestNextCampaignIsNotForgotten: that the database was away when the list
// ended does not part a campaign from the one that follows it.
func TestNextCampaignIsNotForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1, func(w *world) {
			w.store.lists["l2"] = dlma.List{UUID: "l2", InUse: true}
			e := dlma.Entry{UUID: "f0", List: "l2", InUse: true}
			e.Number[0] = "2000"
			w.store.entries = append(w.store.entries, e)
			w.store.campaigns["c2"] = campaign.Campaign{UUID: "c2", Plan: "p", Destination: "d", List: "l2", InUse: true}
			c := w.store.campaigns["c"]
			c.Next = "c2"
			w.store.campaigns["c"] = c
			w.store.fail["Campaign"] = errDatabase
		})
		w.gw.setScript(answers)
		pass(30 * time.Second)
		if c := w.status("c"); c.Status != campaign.Started {
			t.Errorf("the first campaign is at %d before the next one could be started", c.Status)
		}
		w.store.setFail("Campaign", nil)
		pass(time.Minute)
		w.end()
		if n := len(w.gw.calls()); n != 2 {
			t.Errorf("%d calls, want one of each campaign", n)
		}
		if c := w.status("c"); c.Status != campaign.Stopped || c.Reason != "The dial list has ended." {
			t.Errorf("the first campaign is at %d: %q", c.Status, c.Reason)
		}
	})
}

// TestOneBadEntryHoldsUpNobody: an entry that the PBX never takes, whose tries
// are given back so that it always is the first in the order, neither keeps
// the others from being called nor fills the log.
func TestOneBadEntryHoldsUpNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 5, func(w *world) {
			w.plan(func(p *plan.Plan) { p.RetryDelay, p.MaxRetry[0] = 0, 5 })
			w.gw.refuse = func(r dialer.Request) error {
				if r.Number == "1000" {
					return dialer.ErrRefused
				}
				return nil
			}
		})
		w.gw.setScript(func(g *fakeGateway, r dialer.Request) { g.fate(r.Call, 20*time.Second, 0, 17) })
		pass(5 * time.Minute)
		w.end()
		count := map[results.Disposition]int{}
		for _, d := range w.dispositions() {
			count[d]++
		}
		if count[results.Busy] != 20 {
			t.Errorf("the four good entries were called %d times in 5 min, want 5 each", count[results.Busy])
		}
		if n := count[results.NotPlaced]; n < 10 || n > 40 {
			t.Errorf("the bad entry was tried %d times in 5 min", n)
		}
	})
}
