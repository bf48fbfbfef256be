package scheduler

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/outpace/outpace/dialer"
	"github.com/outpace/outpace/dlma"
	"github.com/outpace/outpace/plan"
	"github.com/outpace/outpace/results"
	"github.com/outpace/outpace/scheduler/sim"
)

// TestAnOldClaimIsNotPlaced: a claim that comes back too late for the look-up
// of a lost call to wait for its request calls nobody, and its try is given
// back.
func TestAnOldClaimIsNotPlaced(t *testing.T) {
	for _, tt := range []struct {
		age    time.Duration
		placed int
	}{
		{claimLife - time.Millisecond, 1},
		{claimLife, 0},
		{claimTimeout - time.Millisecond, 0},
	} {
		t.Run(fmt.Sprint(tt.age), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				gate := make(chan struct{})
				w := newWorld(t, 1, func(w *world) { w.via = &slowStore{memStore: w.store, claim: gate} })
				pass(time.Second)
				pass(tt.age - time.Since(w.claimed()))
				close(gate)
				pass(callPeriod)
				if n := len(w.gw.calls()); n != tt.placed {
					t.Errorf("%d calls were placed, want %d", n, tt.placed)
				}
				if tt.placed == 0 {
					if got := w.dispositions(); !slices.Equal(got, []results.Disposition{results.NotPlaced}) {
						t.Errorf("the results are %v, want one of not_placed", got)
					}
					w.store.mu.Lock()
					e := w.store.entries[0]
					w.store.mu.Unlock()
					if e.Status != dlma.Idle || total(e) != 0 {
						t.Errorf("the entry has status %d and %d tries", e.Status, total(e))
					}
				}
				pass(plan.Default().RetryDelay + faultHold)
				if n := len(w.gw.calls()); n != 1 {
					t.Errorf("%d calls in the end, want 1", n)
				}
				w.end()
			})
		})
	}
}

// claimed is when the oldest open call was claimed.
func (w *world) claimed() (at time.Time) {
	w.store.mu.Lock()
	defer w.store.mu.Unlock()
	for _, d := range w.store.open {
		if at.IsZero() || d.TmCreate.Before(at) {
			at = d.TmCreate
		}
	}
	return at
}

// atTheWire is a PBX right before whose request is written something happens.
type atTheWire struct {
	*fakeGateway
	meanwhile func()
	refusal   error
}

func (g *atTheWire) Place(ctx context.Context, r dialer.Request) error {
	g.meanwhile()
	g.refusal = r.Before()
	return g.fakeGateway.Place(ctx, r)
}

// TestTheLastCheckBeforeARequest: nothing is asked of the PBX if in the last
// moment it may not be any more.
func TestTheLastCheckBeforeARequest(t *testing.T) {
	start := time.Now()
	now := start
	for name, tt := range map[string]struct {
		meanwhile func(*post)
		refusal   error
	}{
		"nothing happened":          {func(*post) {}, nil},
		"just in time":              {func(*post) { now = start.Add(claimLife - 1) }, nil},
		"claim too old":             {func(*post) { now = start.Add(claimLife) }, errClaimOld},
		"the machine slept":         {func(*post) { now = sim.Shift(start, int64(claimLife/time.Second)) }, errClaimOld},
		"the clock was put back":    {func(*post) { now = sim.Shift(start.Add(claimLife), -3600) }, errClaimOld},
		"trust ran out":             {func(p *post) { p.trust.extend(start.Add(-leaseTTL)) }, errNotOwner},
		"lease lost":                {func(p *post) { p.trust.end() }, errNotOwner},
		"log broken":                {func(p *post) { p.ledger.setHealth(errors.New("disk full")) }, errLogBroken},
		"log broken and mended":     {func(p *post) { p.ledger.setHealth(errors.New("disk full")); p.ledger.setHealth(nil) }, nil},
		"claim too old, lease lost": {func(p *post) { now = start.Add(time.Hour); p.trust.end() }, errClaimOld},
	} {
		t.Run(name, func(t *testing.T) {
			now = start
			cfg := Config{Store: newMemStore(), Clock: func() time.Time { return now }, Logger: slog.New(slog.DiscardHandler)}
			gw := &atTheWire{fakeGateway: newFakeGateway("pbx")}
			p := newPost(cfg, Gateway{Gateway: gw, MaxCalls: 1, MaxCPS: 1}, newLedger(cfg), newCrew(cfg, new(atomic.Bool)), new(atomic.Bool))
			gw.meanwhile = func() { tt.meanwhile(p) }
			p.trust.extend(start)
			f, tasks := newFloor(p, "lease"), &held{}
			f.ctx, f.beside = t.Context(), tasks
			d := results.Dialing{Attempt: results.Attempt{UUID: "u", Campaign: "c", DialChannel: "PJSIP/100", TmCreate: start}}
			c := f.add(d, dialer.NewCall(d), "pbx")
			f.place(c, d, start.Add(claimLife), nil)
			tasks.next()
			if !errors.Is(gw.refusal, tt.refusal) {
				t.Errorf("refused with %v, want %v", gw.refusal, tt.refusal)
			}
			if placed := len(gw.calls()) == 1; placed != (tt.refusal == nil) {
				t.Errorf("placed: %t", placed)
			}
			if c.ended != (tt.refusal != nil) || c.ended && c.Result().Disposition != results.NotPlaced {
				t.Errorf("ended: %t", c.ended)
			}
		})
	}
}
