package study

import (
	"math"
	"math/rand/v2"
)

// draws are the random numbers of one run. Each purpose has a stream of its
// own, so that two pacers meet customers as alike as can be.
type draws struct {
	answer, ring, fail, talk, wrap, class, stuck *rand.Rand
}

func newDraws(seed uint64) draws {
	stream := func(n uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, n)) } //nolint:gosec // not for secrets
	return draws{answer: stream(1), ring: stream(2), fail: stream(3), talk: stream(4), wrap: stream(5), class: stream(6), stuck: stream(7)}
}

// draw takes one time from the distribution, in seconds.
func (t Times) draw(r *rand.Rand) float64 {
	switch t.Dist {
	case "lognormal":
		variance := math.Log(1 + t.CV*t.CV)
		return math.Exp(math.Log(t.Mean) - variance/2 + math.Sqrt(variance)*r.NormFloat64())
	case "exponential":
		return t.Mean * r.ExpFloat64()
	case "uniform":
		return t.Min + (t.Max-t.Min)*r.Float64()
	case "quantiles":
		at := r.Float64() * float64(len(t.Values)-1)
		i := int(at)
		if i+1 == len(t.Values) {
			return t.Values[i]
		}
		return t.Values[i] + (at-float64(i))*(t.Values[i+1]-t.Values[i])
	}
	return t.Mean
}

// pick draws a class; 0 if there are none.
func (a Answer) pick(r *rand.Rand) int {
	if len(a.Classes) == 0 {
		return 0
	}
	total := 0.0
	for _, c := range a.Classes {
		total += c.Share
	}
	u := r.Float64() * total
	for i, c := range a.Classes {
		if u -= c.Share; u < 0 {
			return i
		}
	}
	return len(a.Classes) - 1
}
