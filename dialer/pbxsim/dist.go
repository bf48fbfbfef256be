package pbxsim

import (
	"math"
	"math/rand/v2"
	"time"
)

type distKind int

const (
	distNone distKind = iota
	distUniform
	distExponential
	distLognormal
)

// Dist is a distribution of durations, in seconds of the simulated world. The
// zero Dist is no duration at all: what it stands for does not happen.
type Dist struct {
	kind  distKind
	a, b  time.Duration
	sigma float64
}

// Fixed always gives d, also if it is zero.
func Fixed(d time.Duration) Dist { return Uniform(d, d) }

// Uniform gives durations from low to high, all equally likely.
func Uniform(low, high time.Duration) Dist {
	return Dist{kind: distUniform, a: min(low, high), b: max(low, high)}
}

// Exponential gives durations with the given mean and no memory.
func Exponential(mean time.Duration) Dist { return Dist{kind: distExponential, a: mean} }

// Lognormal gives durations with the given median whose logarithm has the
// standard deviation sigma, as ring and talk times of people have: sigma 0.5
// puts two thirds of them between 0.6 and 1.6 medians.
func Lognormal(median time.Duration, sigma float64) Dist {
	return Dist{kind: distLognormal, a: median, sigma: sigma}
}

// IsZero tells whether the distribution is the zero Dist.
func (d Dist) IsZero() bool { return d.kind == distNone }

// tail bounds the two distributions that know no largest value, so that no
// single draw outlasts a run.
const tail = 20

// sample draws a duration, never negative; 0 for the zero Dist.
func (d Dist) sample(r *rand.Rand) time.Duration {
	switch d.kind {
	case distUniform:
		if d.b <= d.a {
			return max(d.a, 0)
		}
		return max(d.a+time.Duration(r.Int64N(int64(d.b-d.a)+1)), 0)
	case distExponential:
		return bounded(float64(d.a)*r.ExpFloat64(), d.a)
	case distLognormal:
		return bounded(float64(d.a)*math.Exp(d.sigma*r.NormFloat64()), d.a)
	}
	return 0
}

func bounded(drawn float64, around time.Duration) time.Duration {
	return time.Duration(min(max(drawn, 0), tail*float64(around)))
}
