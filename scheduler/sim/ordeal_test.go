package sim_test

import (
	"testing"

	"github.com/outpace/outpace/scheduler/sim"
)

// TestFaultsComeInAllWays: what a fault does in one way or another, and whom it
// hits, is drawn: each way comes in some seeds.
func TestFaultsComeInAllWays(t *testing.T) {
	type way struct {
		either, first, second bool
	}
	for _, kind := range []sim.Kind{sim.StoreDown, sim.LinkCut, sim.KilledAt} {
		seen := map[way]int{}
		for seed := range uint64(5000) {
			o := sim.Draw(seed)
			for _, f := range o.Faults {
				if f.Kind == kind && o.Engines > 1 {
					seen[way{f.Either(), f.Hits(0, 2), f.Hits(1, 2)}]++
				}
			}
		}
		if len(seen) != 6 || seen[way{true, false, false}]+seen[way{false, false, false}] > 0 {
			t.Errorf("%s: the ways are %v, want each of both with the first, the second and both engines", kind, seen)
		}
	}
}
