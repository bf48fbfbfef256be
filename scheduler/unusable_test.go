package scheduler

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/outpace/outpace/campaign"
	"github.com/outpace/outpace/dialer"
	"github.com/outpace/outpace/plan"
	"github.com/outpace/outpace/results"
)

// manyVariables are n variables of one object.
func manyVariables(n int, prefix string) map[string]string {
	vars := map[string]string{}
	for i := range n {
		vars[fmt.Sprint(prefix, i)] = "x"
	}
	return vars
}

// TestWhatCanNeverBeDialedUsesUpItsTries: an entry whose own data cannot be
// dialed is told as failed, counts its tries and lets its list end; what can
// be mended without touching the entry gives the try back.
func TestWhatCanNeverBeDialedUsesUpItsTries(t *testing.T) {
	for name, tt := range map[string]struct {
		change func(*world)
		detail string
		placed int // requests that the PBX saw
	}{
		"too many variables together": {func(w *world) {
			c := w.store.campaigns["c"]
			c.Variables = manyVariables(60, "C")
			w.store.campaigns["c"] = c
			w.store.entries[0].Variables = manyVariables(60, "E")
		}, "not be more than 100, but are 120", 0},
		"a number that is none": {func(w *world) {
			w.store.entries[0].Number[0] = "12 34"
		}, "must be 1 to 64 of the characters", 0},
		"the PBX calls it unusable": {func(w *world) {
			w.gw.refuse = func(dialer.Request) error {
				return fmt.Errorf("%w: %w: no such number", dialer.ErrRefused, dialer.ErrUnusable)
			}
		}, "no such number", 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, 1, func(w *world) {
					w.plan(func(p *plan.Plan) { p.MaxRetry[0], p.RetryDelay = 2, time.Second })
					tt.change(w)
				})
				pass(time.Minute)
				w.end()
				if got := w.dispositions(); !slices.Equal(got, []results.Disposition{results.Failed, results.Failed}) {
					t.Fatalf("the results are %v, want two of failed", got)
				}
				if d := w.store.results[0].ResDialDetail; !strings.Contains(d, tt.detail) {
					t.Errorf("the detail is %q", d)
				}
				if n := len(w.gw.calls()); n != tt.placed {
					t.Errorf("the PBX was asked %d times, want %d", n, tt.placed)
				}
				if c := w.status("c"); c.Status != campaign.Stopped {
					t.Errorf("the campaign is at %d: the list did not end", c.Status)
				}
			})
		})
	}
}

// TestBadEntriesSayNothingOfTheWay: entries that cannot be dialed neither
// pause a way out nor call it open again.
func TestBadEntriesSayNothingOfTheWay(t *testing.T) {
	b := &breaker{}
	now := time.Now()
	bad := results.Result{Status: results.StatusQueueFailed, Disposition: results.Failed}
	for range breakerTrips {
		if b.note(bad, now) {
			t.Fatal("entries that cannot be dialed paused the way")
		}
	}
	for range breakerTrips {
		b.note(results.Result{Status: results.StatusSendFailed, Disposition: results.NotPlaced}, now)
	}
	b.note(bad, now)
	if n, _ := b.allows(now, 0); n != 0 {
		t.Error("an entry that cannot be dialed opened the way again")
	}
}

// TestAPlanThatCannotDialStopsItsCampaign: it does not cost the entries tries.
func TestAPlanThatCannotDialStopsItsCampaign(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1, func(w *world) { w.plan(func(p *plan.Plan) { p.Trunk = "a b" }) })
		pass(5 * time.Second)
		w.end()
		if c := w.status("c"); c.Status != campaign.Stopped || !strings.Contains(c.Reason, "trunk_name") {
			t.Errorf("the campaign is at %d: %q", c.Status, c.Reason)
		}
		if got := w.dispositions(); len(got) != 0 {
			t.Errorf("results %v", got)
		}
	})
}
