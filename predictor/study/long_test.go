//go:build !race

// These runs take minutes under the race detector, and there is one goroutine
// in each.

package study

import (
	"math"
	"slices"
	"testing"
)

func TestPredictiveInMoreWorlds(t *testing.T) {
	predictiveInShort(t, map[string]float64{"base-20": 88.5, "memoryless-20-30-125": 88.3, "jumps-20": 88})
}

// With some hundred answers a shift one loss is one per cent.
func TestShortShiftsStayBelowTheTarget(t *testing.T) {
	s := scenario(t, "base-5")
	s.Shifts, s.ShiftSeconds = 20, 3600
	formula, r := run(t, s, "formula", 1), run(t, s, "predictive", 1)
	if r.WorstShift > s.Target {
		t.Errorf("shifts ended at %.3f", r.Abandonment)
	}
	if r.Utilisation < formula.Utilisation+0.05 {
		t.Errorf("utilisation %.3f, the slot formula's %.3f", r.Utilisation, formula.Utilisation)
	}
}

// What is known of a call is worth something.
func TestKnowingTheClassGains(t *testing.T) {
	known, hidden := scenario(t, "classes-20"), scenario(t, "classes-hidden-20")
	known.Shifts, hidden.Shifts = 2, 2
	a, b := run(t, known, "predictive", 1), run(t, hidden, "predictive", 1)
	t.Logf("knowing the class %.2f %%, not knowing it %.2f %%", 100*a.Utilisation, 100*b.Utilisation)
	if a.Utilisation <= b.Utilisation {
		t.Errorf("knowing the class %.2f %%, not knowing it %.2f %%", 100*a.Utilisation, 100*b.Utilisation)
	}
}

// The slot formula calls nobody ahead, so that what it reaches tells whether the
// world is the one that the marks were measured in.
func TestTheWorldGivesTheFormulaItsMarks(t *testing.T) {
	for name, mark := range map[string]float64{
		"base-5": 67.1, "base-20": 67.1, "low-answer-20": 41.5, "high-answer-20": 84.9,
		"short-talk-20": 48.9, "long-talk-20": 82.3, "slow-ring-20": 56.3, "shift-change-30": 67.4,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := run(t, scenario(t, name), "formula", 1)
			if got := 100 * r.Utilisation; math.Abs(got-mark) > 0.35 || r.WorstShift > 0.001 {
				t.Errorf("utilisation %.2f %%, want %.1f; worst shift %.3f %%", got, mark, 100*r.WorstShift)
			}
		})
	}
}

func TestTheSameSeedGivesTheSameFigures(t *testing.T) {
	s := scenario(t, "shift-change-30")
	s.Shifts = 1
	for _, pacer := range Pacers() {
		a, b, c := run(t, s, pacer, 1), run(t, s, pacer, 1), run(t, s, pacer, 2)
		if a.Utilisation != b.Utilisation || a.Dials != b.Dials || !slices.Equal(a.Abandonment, b.Abandonment) {
			t.Errorf("%s: seed 1 gives %+v and %+v", pacer, a, b)
		}
		if a.Dials == c.Dials && a.Utilisation == c.Utilisation {
			t.Errorf("%s: seeds 1 and 2 give the same", pacer)
		}
		if !(a.Utilisation > 0.2 && a.Utilisation < 1) || a.Answers == 0 || a.Answers >= a.Dials || len(a.Abandonment) != 1 || len(a.Minutes) != 480 {
			t.Errorf("%s: %+v", pacer, a)
		}
	}
}
