//go:build marks

package study

import "testing"

// marks are the least utilisation, in per cent, as the mean of seeds 1 to 3.
var marks = map[string]float64{
	"base-5": 80.7, "base-10": 85.2, "base-20": 89.5, "base-50": 94.2, "base-100": 96.5,
	"low-answer-20": 88.0, "high-answer-20": 91.8, "short-talk-20": 86.4, "long-talk-20": 92.7,
	"slow-ring-20": 87.2, "jumps-20": 89.4, "shift-change-30": 90.8,
	"memoryless-5-30-125": 82.47, "memoryless-10-30-125": 85.46, "memoryless-20-30-125": 88.89,
	"memoryless-20-12-125": 87.65, "memoryless-20-60-125": 90.02, "memoryless-20-30-50": 84.61,
	"memoryless-20-30-300": 92.44, "memoryless-50-30-125": 92.93,
}

// TestMarks plays every scenario at full length with three seeds.
func TestMarks(t *testing.T) {
	for name, mark := range marks {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := scenario(t, name)
			sum := 0.0
			for seed := range uint64(3) {
				r := run(t, s, "predictive", seed+1)
				t.Logf("seed %d: %.2f %%, worst shift %.2f %%", seed+1, 100*r.Utilisation, 100*r.WorstShift)
				sum += 100 * r.Utilisation
				if r.WorstShift > s.Target {
					t.Errorf("seed %d: a shift ended at %.3f %%", seed+1, 100*r.WorstShift)
				}
			}
			if mean := sum / 3; mean < mark {
				t.Errorf("utilisation %.2f %%, the mark is %.2f", mean, mark)
			}
		})
	}
}
