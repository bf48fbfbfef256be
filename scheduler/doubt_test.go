package scheduler

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/outpace/outpace/dlma"
	"github.com/outpace/outpace/results"
)

// lateStore answers the look-up after a claim in doubt late, and claims later.
type lateStore struct {
	*memStore
	looks int
}

func (s *lateStore) TakeOver(ctx context.Context, gateway, lease string) ([]results.Dialing, error) {
	if s.looks++; s.looks > 1 { // the first one is that of the start
		pause(ctx, 2*time.Second)
	}
	return s.memStore.TakeOver(ctx, gateway, lease)
}

func (s *lateStore) Claim(ctx context.Context, gateway, lease string, p dlma.Pick,
	build func(dlma.Entry, int, int) results.Dialing,
) ([]results.Dialing, error) {
	rows, err := s.memStore.Claim(ctx, gateway, lease, p, build)
	pause(ctx, 3*time.Second)
	return rows, err
}

// TestNoClaimWhileOneIsInDoubt: what is claimed while another claim is being
// looked up would be taken for what that one has left, ended as never placed,
// and then placed.
func TestNoClaimWhileOneIsInDoubt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 200, func(w *world) {
			w.store.fail["Claim"] = errors.New("in doubt")
			w.via = &lateStore{memStore: w.store}
		})
		w.gw.setScript(answers)
		pass(4 * time.Second)
		w.store.setFail("Claim", nil)
		pass(5 * time.Minute)
		w.end()
		ended := map[string]results.Result{}
		for _, r := range w.store.results {
			ended[r.UUID] = r
		}
		calls := w.gw.calls()
		if len(calls) != 200 {
			t.Errorf("%d calls were placed, want 200", len(calls))
		}
		for _, c := range calls {
			if r := ended[c.Call]; r.Disposition != results.Answered {
				t.Fatalf("a call that was placed is %q", r.Disposition)
			}
		}
	})
}
