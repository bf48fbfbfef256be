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
const wholeSeeds = 60

// TestWholeProcess puts the whole process through the ordeals of many seeds.
func TestWholeProcess(t *testing.T) {
	seeds, one, err := sim.Seeds(wholeSeeds)
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var failed []uint64
	faults := map[sim.Kind]int{}
	t.Run("seeds", func(t *testing.T) {
		for _, seed := range seeds {
			t.Run(fmt.Sprint(seed), func(t *testing.T) {
				t.Parallel()
				o := sim.Draw(seed)
				wrong, trace := ordeal(t, o)
				if one {
					t.Logf("%s\n%s", o, trace)
				}
				mu.Lock()
				defer mu.Unlock()
				for _, f := range o.Faults {
					faults[f.Kind]++
				}
				if len(wrong) > 0 {
					failed = append(failed, seed)
					t.Errorf("%s\n%s\nplay it again: make sim SEED=%d", o, strings.Join(wrong, "\n"), seed)
				}
			})
		}
	})
	fmt.Printf("whole process: %d seeds, up to %d, %d of them fresh; %d faults of %d kinds; %d seeds failed\n",
		len(seeds), slices.Max(seeds), len(seeds)/10, total(faults), len(faults), len(failed))
}

func total(faults map[sim.Kind]int) int {
	n := 0
	for k := range maps.Values(faults) {
		n += k
	}
	return n
}
