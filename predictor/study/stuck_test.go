//go:build !race

package study

import "testing"

// Agents who are shown as free and take no calls must not cost customer after
// customer. A shift in which they come to their senses ends within its limit; one
// in which each tenth customer is never taken cannot, and loses no more than it
// must to find that out.
func TestAStuckQueueLosesFew(t *testing.T) {
	base := scenario(t, "base-20")
	base.Shifts, base.ShiftSeconds = 1, 3*3600
	for name, c := range map[string]struct {
		stuck Stuck
		most  float64 // abandoned, of the live answers
		lost  int
	}{
		"nobody takes calls":        {Stuck{At: 3600, Until: 5400, Share: 1}, 0.03, 40},
		"a third is not taken":      {Stuck{At: 3600, Until: 5400, Share: 0.3}, 0.03, 40},
		"a tenth all day not taken": {Stuck{At: 0, Until: 3 * 3600, Share: 0.1}, 0.15, 50},
	} {
		for _, pacer := range []string{"predictive", "formula", "ratio"} {
			t.Run(pacer+"/"+name, func(t *testing.T) {
				t.Parallel()
				s := base
				s.Stuck = []Stuck{c.stuck}
				r := run(t, s, pacer, 1)
				lost := int(r.WorstShift*float64(r.Answers) + 0.5)
				t.Logf("%d of %d answers are lost, utilisation %.1f %%", lost, r.Answers, 100*r.Utilisation)
				if r.WorstShift > c.most || lost > c.lost {
					t.Errorf("%d of %d answers are lost, want %.0f %% and %d at most", lost, r.Answers, 100*c.most, c.lost)
				}
			})
		}
	}
}
