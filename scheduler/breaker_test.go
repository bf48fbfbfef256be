package scheduler

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/outpace/outpace/campaign"
	"github.com/outpace/outpace/dialer"
	"github.com/outpace/outpace/dlma"
	"github.com/outpace/outpace/plan"
	"github.com/outpace/outpace/results"
)

// TestBreakerPausesLongerEachTime: from 30 s to 5 min, and anew from the
// beginning once a call has reached a phone.
func TestBreakerPausesLongerEachTime(t *testing.T) {
	now, b := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC), breaker{}
	for _, reached := range []results.Disposition{results.Busy, results.Unknown} {
		for i := range 19 {
			if b.note(results.Result{Disposition: results.NotPlaced}, now) {
				t.Fatalf("a pause begins with call %d", i+1)
			}
		}
		for _, want := range []time.Duration{
			30 * time.Second, time.Minute, 2 * time.Minute, 4 * time.Minute, 5 * time.Minute, 5 * time.Minute,
		} {
			if n, _ := b.allows(now, 0); n == 0 || !b.note(results.Result{Disposition: results.NotPlaced}, now) {
				t.Fatalf("no pause of %s begins; %d calls are allowed", want, n)
			}
			if b.note(results.Result{Disposition: results.AgentNoAnswer}, now.Add(want-1)) {
				t.Errorf("a call that was on its way began another pause in that of %s", want)
			}
			if n, why := b.allows(now.Add(want-1), 0); n != 0 || why == "" {
				t.Errorf("%d calls are allowed just before %s are over: %q", n, want, why)
			}
			now = now.Add(want)
			if n, _ := b.allows(now, 0); n != 1 {
				t.Errorf("%d calls are allowed after %s, want one", n, want)
			}
			if n, _ := b.allows(now, 1); n != 0 {
				t.Errorf("%d calls are allowed while one is tried", n)
			}
		}
		if b.note(results.Result{Disposition: reached}, now) {
			t.Errorf("%s began a pause", reached)
		}
		if n, why := b.allows(now, 0); n != unlimited || why != "" {
			t.Errorf("%d calls are allowed after %s: %q", n, reached, why)
		}
	}
}

// TestAnotherTrunkGoesOn: only the way that reaches no phone pauses.
func TestAnotherTrunkGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const people, few = 60, breakerTrips + 1
		w := newWorld(t, people, func(w *world) {
			two := 2
			w.plan(func(p *plan.Plan) { p.Trunk, p.MaxCPS = "dead", &two })
			p := w.store.plans["p"]
			p.UUID, p.Trunk = "p2", "good"
			w.store.plans["p2"] = p
			w.store.lists["l2"] = dlma.List{UUID: "l2", InUse: true}
			for i := range people {
				e := dlma.Entry{UUID: fmt.Sprint("f", i), List: "l2", InUse: true}
				e.Number[0] = fmt.Sprint(5000 + i)
				w.store.entries = append(w.store.entries, e)
			}
			c := w.store.campaigns["c"]
			c.UUID, c.Plan, c.List, c.Status = "c2", "p2", "l2", campaign.Started
			w.store.campaigns["c2"] = c
			w.gw.refuse = func(r dialer.Request) error {
				if strings.Contains(r.Channel, "dead") {
					return dialer.ErrRefused
				}
				return nil
			}
		})
		w.gw.setScript(answers)
		pass(50 * time.Second)
		w.end()
		dead, good := 0, 0
		for _, r := range w.store.results {
			switch {
			case strings.Contains(r.DialChannel, "dead"):
				dead++
			case r.Disposition == results.Answered:
				good++
			}
		}
		// What was on its way when the pause began may come on top.
		if dead < few || dead > few+5 || good != people {
			t.Errorf("%d calls were tried through the dead trunk, want %d, and %d answered through the good one, want %d", dead, few, good, people)
		}
	})
}
