package scheduler

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/outpace/outpace/dialer"
	"github.com/outpace/outpace/plan"
)

// TestNoSecondHasMoreCallsThanAllowed: neither at the start, when the limiter
// has something saved up, nor after a claim that took long.
func TestNoSecondHasMoreCallsThanAllowed(t *testing.T) {
	for name, c := range map[string]struct {
		plan *int // max_cps of the plan
		most int
	}{"gateway": {nil, 30}, "plan": {new(20), 20}, "one": {new(1), 1}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				gate := make(chan struct{})
				w := newWorld(t, 400, func(w *world) {
					w.plan(func(p *plan.Plan) { p.MaxCPS = c.plan })
					w.maxCPS = 30
					w.via = &slowStore{memStore: w.store, claim: gate}
				})
				w.gw.setScript(func(g *fakeGateway, r dialer.Request) { g.fate(r.Call, time.Second/10, 0, 17) })
				pass(2 * time.Second) // the first claim takes so long
				close(gate)
				pass(6 * time.Second)
				w.end()
				times := w.gw.times()
				if n := len(times); n < 5*c.most || n > 7*c.most {
					t.Errorf("%d calls in 6 s, at %d a second", n, c.most)
				}
				for i := range times {
					if i >= c.most && times[i].Sub(times[i-c.most]) < time.Second {
						t.Fatalf("%d calls within %s", c.most+1, times[i].Sub(times[i-c.most]))
					}
				}
			})
		})
	}
}
