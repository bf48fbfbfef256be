package predictor

import (
	"math"
	"slices"
)

// The budget's shape. The figures in calls are calls that may still be lost;
// docs/pacing.md tells what each does.
const (
	budgetReserve = 1.0  // never spent: the next loss must not break the limit
	budgetShare   = 0.01 // of the losses allowed so far, never spent either
	budgetWidth   = 3.0  // over which the allowance falls
	budgetTeam    = 0.2  // more of it for each agent
	budgetGrow    = 0.02 // more of it for each loss allowed so far
	budgetStart   = 0.3  // the width of a window without a past: 2 and this for each loss allowed
	budgetFloor   = 0.25 // of the target: the least allowance above the reserve
	budgetMost    = 1.5  // of the target: the highest allowance
	creditShare   = 0.1  // of a past window's losses, that a young window may count on
	creditEnds    = 3.0  // the credit has gone when this many times it is allowed
	historyMost   = 8    // past windows that are remembered
	biasDecay     = 0.9995
	biasPrior     = 40.0 // losses by which the bias is drawn to 1
)

// budget turns the compliance windows into an allowance: the highest chance
// that its answer finds nobody at which one more call is placed.
type budget struct {
	windows map[string]*history
	priced  float64 // losses that the allowances foretold, of the latest answers
	lost    float64 // losses that came
	last    float64 // the latest allowance, before calls at risk have cut it
}

// history is what is known of the windows of one name.
type history struct {
	live  int
	ended []int // live answers at the end of the latest ones
}

// verdict is what the tightest window says.
type verdict struct {
	lambda float64 // the allowance; 0 = the budget is spent
	window Window
	left   float64 // losses that the window still allows
}

// see takes in how the windows stand. A count that has fallen to less than a
// tenth means that a new window has begun.
func (b *budget) see(windows []Window) {
	for _, w := range windows {
		h := b.windows[w.Name]
		if h == nil {
			h = &history{}
			b.windows[w.Name] = h
		}
		if w.Live < h.live/10 || w.Live == 0 && h.live > 0 {
			if len(h.ended) == historyMost {
				h.ended = slices.Delete(h.ended, 0, 1)
			}
			h.ended = append(h.ended, h.live)
		}
		h.live = w.Live
	}
}

// credit is how many losses a young window may count on that its answers do not
// allow yet; most bounds it. Windows that have ended before say that this one
// will earn them; without any there is no credit.
func (h *history) credit(w Window, most float64) float64 {
	if h == nil || len(h.ended) == 0 {
		return 0
	}
	full := min(creditShare*w.Target*float64(slices.Min(h.ended)), most)
	return max(0, full-w.Target*float64(w.Live)/creditEnds)
}

// allowance asks the windows; the tightest decides. atRisk is how many of the
// calls on their way are expected to find nobody: they can still be lost after
// the last call was placed. Without a window nothing is allowed.
func (b *budget) allowance(windows []Window, team int, atRisk float64) verdict {
	v, price := verdict{lambda: math.Inf(1)}, 1.0
	for _, w := range windows {
		allowed := w.Target * float64(w.Live)
		kept := budgetReserve + budgetShare*allowed
		width := budgetWidth + budgetTeam*float64(team) + budgetGrow*allowed
		credit := b.windows[w.Name].credit(w, kept+width)
		if credit == 0 {
			width = min(width, 2+budgetStart*allowed)
		}
		left := allowed + credit - float64(w.Abandoned)
		lambda := 0.0
		if left > kept {
			lambda = w.Target / b.bias() * min(max((left-kept)/width, budgetFloor), budgetMost)
		}
		price = min(price, lambda)
		if left-atRisk <= kept {
			lambda = 0
		}
		if lambda < v.lambda {
			v = verdict{lambda: lambda, window: w, left: allowed - float64(w.Abandoned)}
		}
	}
	if len(windows) == 0 {
		v.lambda, price = 0, 0
	}
	b.last = price // calls that are out already count at the price that they were placed at
	return v
}

// answered takes in that a call was answered under the latest allowance.
func (b *budget) answered() {
	b.lost *= biasDecay
	b.priced = b.priced*biasDecay + b.last
}

// abandoned takes in that one was lost.
func (b *budget) abandoned() { b.lost++ }

// bias is how many calls are lost for each that the allowances foretold: the
// answer chance is never known exactly, and calls placed later take agents from
// those placed before.
func (b *budget) bias() float64 {
	return min(max((b.lost+biasPrior)/(b.priced+biasPrior), 0.5), 2)
}
