//go:build !race

// These runs take minutes under the race detector, and there is one goroutine
// in each.

package study

import "testing"

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
