package scheduler

import (
	"testing"
	"time"

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
