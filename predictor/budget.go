package predictor

import "math"

// The budget's shape; see docs/pacing.md for how it was chosen.
var (
	budgetShare   = 0.97 // of the target, in the long run
	budgetReserve = 1.0  // calls never spent
	budgetWidth   = 3.0  // calls over which the price falls to nothing
	budgetMost    = 2.0  // of the target: the highest chance of a loss
)

// allowance is the highest chance of a loss at which one more call is placed,
// worked out for the tightest window. atRisk is how many of the calls already
// on their way are expected to find nobody.
func allowance(windows []Window, atRisk float64) (lambda float64, tight Window, slack float64) {
	lambda = math.Inf(1)
	for _, w := range windows {
		left := w.Target*float64(w.Live) - float64(w.Abandoned) - atRisk
		kept := budgetReserve + (1-budgetShare)*w.Target*float64(w.Live)
		width := budgetWidth + 0.004*float64(w.Live)*w.Target/0.03
		l := w.Target * min(max((left-kept)/width, 0), budgetMost)
		if l < lambda {
			lambda, tight, slack = l, w, left
		}
	}
	return lambda, tight, slack
}
