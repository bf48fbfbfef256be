package predictor

import "math"

const (
	hazardStep   = 8.0  // bins for each doubling of 1 + age/hazardScale
	hazardScale  = 10.0 // seconds
	hazardBins   = 80   // up to more than two hours
	hazardDecay  = 0.9993
	hazardPrior  = 0.5 // endings of the first guess in each bin
	longestPhase = 2 * 3600
)

// hazard learns how long agents stay in one phase: in each bin of ages, how
// many of them left it and how long they were seen in it. One who is still in
// it counts with the time so far.
type hazard struct {
	mean     float64 // seconds, of the first guess
	left     [hazardBins]float64
	seen     [hazardBins]float64
	censored [hazardBins]float64
	sum      [hazardBins + 1]float64 // cumulated hazard at the bins' edges
}

func newHazard(mean float64) *hazard {
	h := &hazard{mean: mean}
	h.rebuild()
	return h
}

// edge is the age at which a bin begins, in seconds.
func edge(bin int) float64 { return hazardScale * (math.Exp2(float64(bin)/hazardStep) - 1) }

// edges are the ages at which the bins begin.
var edges = func() (e [hazardBins + 1]float64) {
	for i := range e {
		e[i] = edge(i)
	}
	return e
}()

// place is where an age lies among the bins; the whole part is the bin.
func place(age float64) float64 {
	age = min(max(age, 0), longestPhase)
	i := int(age)
	return min(places[i]+(age-float64(i))*(places[i+1]-places[i]), hazardBins-0.001)
}

// places are where the whole seconds lie; between them it is as good as a line.
var places = func() (p [longestPhase + 2]float64) {
	for i := range p {
		p[i] = hazardStep * math.Log2(1+float64(i)/hazardScale)
	}
	return p
}()

// expose adds the time of one agent from age 0 to age.
func expose(to *[hazardBins]float64, age float64) {
	age = min(age, longestPhase)
	for i := 0; i < hazardBins && edges[i] < age; i++ {
		to[i] += min(age, edges[i+1]) - edges[i]
	}
}

// learn takes in that an agent left the phase at an age.
func (h *hazard) learn(age float64) {
	for i := range h.left {
		h.left[i] *= hazardDecay
		h.seen[i] *= hazardDecay
	}
	expose(&h.seen, age)
	h.left[int(place(age))]++
}

// rebuild cumulates the hazard, counting those who are still in the phase.
func (h *hazard) rebuild() {
	for i := range hazardBins {
		rate := (h.left[i] + hazardPrior) / (h.seen[i] + h.censored[i] + hazardPrior*h.mean)
		h.sum[i+1] = h.sum[i] + rate*(edges[i+1]-edges[i])
	}
}

// cumulated is the cumulated hazard up to an age.
func (h *hazard) cumulated(age float64) float64 {
	i := int(place(age))
	share := min((max(age, 0)-edges[i])/(edges[i+1]-edges[i]), 1)
	return h.sum[i] + share*(h.sum[i+1]-h.sum[i])
}

// leaves is the chance that one who is in the phase at an age leaves it within
// t seconds.
func (h *hazard) leaves(age, t float64) float64 {
	if t <= 0 {
		return 0
	}
	return 1 - math.Exp(h.cumulated(age)-h.cumulated(age+t))
}
