package predictor

import (
	"math"
	"slices"
)

// The budget's shape; docs/pacing.md tells where each comes from.
const (
	reserve     = 0.5  // of a loss, never planned with: half of the next one
	horizonGain = 0.9  // times the square root of answers over target: the planning horizon
	horizonEnd  = 0.25 // of the horizon: what is left of it where windows usually end
	sureShare   = 0.5  // of the shortest past window, that a young one is sure to get
	rateMost    = 2.0  // of the target: the highest rate of loss
	rateLeast   = 0.01 // of the target: the rate when nothing is left to plan with
	breakChance = 5e-4 // that calls on their way take more than is left
	pastMost    = 8    // past windows that are looked at, the latest
	biasDecay   = 0.9995
	biasPrior   = 30.0 // losses by which the bias is drawn to where it starts
	biasStart   = 1.4
	biasLeast   = 0.5
	biasMost    = 4.0
)

// budget turns the compliance windows into an allowance: the highest chance
// that its answer finds nobody at which one more call is placed. It keeps
// nothing of the windows themselves.
type budget struct {
	priced float64 // losses that the allowances foretold, of the latest answers
	lost   float64 // losses that came
	last   float64 // the latest allowance
}

// verdict is what the tightest window says.
type verdict struct {
	lambda float64 // the allowance
	risk   float64 // how many of the calls on their way may be expected to be lost
	losses int     // whole losses that are left, those of sure answers included
	spent  bool    // one more loss would break a limit
	window Window
	left   float64 // losses that the window allows so far
}

// past is what earlier windows of a name got, in live answers.
type past struct {
	known   bool
	least   float64 // the fewest
	typical float64 // the middle one
}

// past looks at the latest windows of this name.
func (w Window) past() past {
	latest := w.Past[max(0, len(w.Past)-pastMost):]
	if len(latest) == 0 {
		return past{}
	}
	var buffer [pastMost]int
	sorted := buffer[:copy(buffer[:], latest)]
	slices.Sort(sorted)
	return past{known: true, least: float64(sorted[0]), typical: float64(sorted[len(sorted)/2])}
}

// sure is how many answers a window will get for certain, as far as the past
// can tell: up to half of the shortest past one. A first window has none. No
// more count than the list can still give: it may end before the day does.
func (p past) sure(live, ready float64) float64 {
	return min(max(0, sureShare*p.least-live), ready)
}

// horizon is over how many answers what is left is spread. Where past windows
// ended it is short, since what is left at the end is wasted.
func (p past) horizon(target, live, sure float64) float64 {
	full := horizonGain * math.Sqrt(max(live+sure, 1/target)/target)
	if !p.known {
		return full
	}
	return min(full, max(math.Abs(p.typical-live), horizonEnd*full))
}

// allowance asks the windows; the tightest decides. atRisk is how many of the
// calls on their way are expected to find nobody, ready how many answers the
// list can still give. Without a window nothing is allowed.
func (b *budget) allowance(windows []Window, atRisk, ready float64) verdict {
	v := verdict{lambda: math.Inf(1), risk: math.Inf(1), losses: math.MaxInt}
	for _, w := range windows {
		past, live, target := w.past(), float64(max(0, w.Live)), min(w.Target, 1)
		sure := past.sure(live, ready)
		left := target*live - float64(max(0, w.Abandoned))
		wealth := left + target*sure
		rate := (wealth - atRisk - reserve) / (sure + past.horizon(target, live, sure))
		rate = min(max(rate, rateLeast*target), rateMost*target)
		if wealth < 0 { // over the limit
			rate = 0
		}
		v.risk = min(v.risk, mostRisk(wealth))
		v.losses = min(v.losses, int(math.Floor(min(max(wealth, -1), countMost))))
		v.spent = v.spent || wealth < 1
		if lambda := rate / b.bias(); lambda < v.lambda {
			v.lambda, v.window, v.left = lambda, w, left
		}
	}
	if len(windows) == 0 {
		v = verdict{spent: true}
	}
	b.last = v.lambda
	return v
}

// answered takes in that a call was answered under the latest allowance.
func (b *budget) answered() {
	b.lost *= biasDecay
	b.priced = b.priced*biasDecay + b.last
}

// abandoned takes in that one was lost.
func (b *budget) abandoned() { b.lost++ }

// bias is how many calls are lost for each that the allowances foretold: calls
// placed later take agents from those placed before, and the answer chance is
// never known exactly.
func (b *budget) bias() float64 {
	return min(max((b.lost+biasStart*biasPrior)/(b.priced+biasPrior), biasLeast), biasMost)
}

// risks are, by whole losses left, how many may be expected of the calls on
// their way so that more than are left come with breakChance at most. Losses
// are as good as Poisson.
var risks = func() (r [64]float64) {
	for left := range r {
		low, high := 0.0, float64(left+1)
		for range 50 {
			mid := (low + high) / 2
			if poissonAbove(left, mid) > breakChance {
				high = mid
			} else {
				low = mid
			}
		}
		r[left] = low
	}
	return r
}()

// mostRisk is how many of the calls on their way may be expected to be lost
// when so much is left.
func mostRisk(left float64) float64 {
	if left < 0 {
		return 0
	}
	return risks[int(min(left, float64(len(risks)-1)))]
}

// poissonAbove is the chance that a Poisson number is above k.
func poissonAbove(k int, mean float64) float64 {
	term := math.Exp(-mean)
	sum := term
	for i := 1; i <= k; i++ {
		term *= mean / float64(i)
		sum += term
	}
	return 1 - sum
}
