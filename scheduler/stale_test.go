package scheduler

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/outpace/outpace/campaign"
	"github.com/outpace/outpace/plan"
)

// deafStore does not answer those who read campaigns, as a connection does not
// whose other end is gone.
type deafStore struct {
	*memStore
	deaf atomic.Bool
}

func (s *deafStore) Working(ctx context.Context) ([]campaign.Campaign, error) {
	if s.deaf.Load() {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	return s.memStore.Working(ctx)
}

// TestStopIsObeyedThoughItCannotBeRead: while nobody knows what the campaigns
// are to do, no calls are placed, though entries could be claimed.
func TestStopIsObeyedThoughItCannotBeRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &deafStore{}
		w := newWorld(t, 1000, func(w *world) {
			w.plan(func(p *plan.Plan) { one := 2; p.MaxCPS = &one })
			store.memStore = w.store
			w.via = store
		})
		w.gw.setScript(answers)
		pass(5 * time.Second)
		store.deaf.Store(true)
		pass(time.Second)
		before := len(w.gw.calls())
		w.setStatus(campaign.Stopping)
		pass(staleAfter)
		then := len(w.gw.calls())
		pass(time.Minute)
		if n := len(w.gw.calls()); before == 0 || n != then {
			t.Errorf("%d calls were placed before the stop, %d soon after it, and %d later on", before, then-before, n-then)
		}
		store.deaf.Store(false)
		pass(20 * time.Second)
		if c := w.status("c"); c.Status != campaign.Stopped {
			t.Errorf("the campaign is at %d", c.Status)
		}
		w.setStatus(campaign.Started)
		pass(5 * time.Second)
		if n := len(w.gw.calls()); n == then {
			t.Error("it does not dial again when the campaigns can be read")
		}
		w.end()
	})
}
