package scheduler

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/outpace/outpace/campaign"
	"github.com/outpace/outpace/dlma"
	"github.com/outpace/outpace/plan"
)

// TestCampaignsTakeTurns: three campaigns that share one call at a time share
// it evenly.
func TestCampaignsTakeTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 10, func(w *world) {
			w.plan(func(p *plan.Plan) { one := 1; p.MaxCalls = &one })
			for c := range 2 {
				list, id := fmt.Sprint("list", c), fmt.Sprint("more", c)
				w.store.lists[list] = dlma.List{UUID: list, InUse: true}
				for i := range 10 {
					e := dlma.Entry{UUID: fmt.Sprint(list, "-", i), List: list, InUse: true}
					e.Number[0] = fmt.Sprintf("2%d0%d", c, i)
					w.store.entries = append(w.store.entries, e)
				}
				w.store.campaigns[id] = campaign.Campaign{
					UUID: id, Status: campaign.Started, Plan: "p", Destination: "d", List: list, InUse: true,
				}
			}
		})
		w.gw.setScript(answers)
		pass(3 * time.Minute)
		w.end()
		count := map[string]int{}
		for _, r := range w.store.results {
			count[r.Campaign]++
		}
		for _, id := range []string{"c", "more0", "more1"} {
			if n := count[id]; n < 3 || n > 5 {
				t.Errorf("results by campaign %v, want a third each", count)
				break
			}
		}
	})
}

// TestMissingTechnologyIsToldAndCostsNothing: the PBX is asked before anything
// is claimed, and again while the answer is no.
func TestMissingTechnologyIsToldAndCostsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1, func(w *world) { w.gw.lacks = "PJSIP" })
		pass(10 * time.Second)
		if !strings.Contains(w.why(), "no channel technology PJSIP") {
			t.Errorf("why = %q", w.why())
		}
		if n := len(w.dispositions()); n != 0 || w.store.claims != 0 {
			t.Errorf("%d results, %d claims", n, w.store.claims)
		}
		pass(2 * techAgain) // asked again, and still not there
		w.gw.setLacks("")
		pass(2 * techAgain)
		if n := len(w.gw.calls()); n != 1 {
			t.Errorf("%d calls after the module was loaded, want 1", n)
		}
		w.end()
	})
}
