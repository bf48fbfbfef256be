package sim_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/outpace/outpace/scheduler/sim"
)

// wholeSeeds is how many seeds the whole process is put through in a plain
// test run, where the race detector is on: `make prove` runs many more.
const wholeSeeds = 10

// TestWholeProcess puts the whole process through the ordeals of many seeds.
func TestWholeProcess(t *testing.T) {
	run, err := sim.Seeds(wholeSeeds)
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var failed []uint64
	faults := map[sim.Kind]int{}
	t.Run("seeds", func(t *testing.T) {
		for _, seed := range run.Seeds {
			t.Run(fmt.Sprint(seed), func(t *testing.T) {
				t.Parallel()
				o := sim.Draw(seed)
				wrong, trace := ordeal(t, o)
				if run.One {
					t.Logf("%s\n%s", o, trace)
				}
				again := 0
				for i := 0; len(wrong) > 0 && i < sim.Again; i++ {
					if more, _ := ordeal(t, o); len(more) > 0 {
						again++
					}
				}
				mu.Lock()
				defer mu.Unlock()
				for _, f := range o.Faults {
					faults[f.Kind]++
				}
				if len(wrong) > 0 {
					failed = append(failed, seed)
					t.Errorf("%s\n%s\nfailed again in %d of %d; play it again: make sim SEED=%d", o, strings.Join(wrong, "\n"), again, sim.Again, seed)
				}
			})
		}
	})
	fmt.Printf("whole process: %d seeds, up to %d, %d of them fresh; %d faults of %d kinds; %d seeds failed\n",
		len(run.Seeds), slices.Max(run.Seeds), run.Fresh, total(faults), len(faults), len(failed))
}

func total(faults map[sim.Kind]int) int {
	n := 0
	for k := range maps.Values(faults) {
		n += k
	}
	return n
}

// TestWholeProcessFindsABug: an engine that asks again when it does not know
// what has become of a request is found. The goroutines are real, so a seed
// that has found it need not find it each time; how often it does is told.
func TestWholeProcessFindsABug(t *testing.T) {
	bug := func(w *world) { w.askAgain = true }
	for seed := uint64(1); seed <= 200; seed++ {
		o := sim.Draw(seed)
		if !o.Has(sim.DropAfter, sim.ReplyLost) {
			continue // it would not show
		}
		if wrong, _ := ordeal(t, o, bug); len(wrong) == 0 {
			continue
		}
		found := 0
		for range sim.Again {
			if wrong, _ := ordeal(t, o, bug); len(wrong) > 0 {
				found++
			}
		}
		if found == 0 {
			t.Errorf("seed %d has found it once, and then in none of %d runs", seed, sim.Again)
		}
		fmt.Printf("whole process: seed %d, the first that finds an engine that asks again, finds it in %d of %d runs more\n", seed, found, sim.Again)
		return
	}
	t.Error("no seed finds it")
}
