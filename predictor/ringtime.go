package predictor

import "math"

const (
	ringBins  = 128 // of a second; ring times beyond fall in the last
	ringFine  = 4   // steps of the cumulated table in each bin
	ringDecay = 0.999
	ringPrior = 4.0 // weight of the first guess, in calls
)

// ringTime learns how long calls of one fate ring: those that end answered, or
// those that do not.
type ringTime struct {
	bins  [ringBins]float64
	total float64
	below [ringBins*ringFine + 1]float64 // share that has ended before, in steps of 1/ringFine s
}

// newRingTime starts from an exponential guess with a mean in seconds.
func newRingTime(mean float64) *ringTime {
	r := &ringTime{}
	for i := range r.bins {
		r.bins[i] = ringPrior * (math.Exp(-float64(i)/mean) - math.Exp(-float64(i+1)/mean))
		r.total += r.bins[i]
	}
	r.rebuild()
	return r
}

func (r *ringTime) learn(after float64) {
	r.total = r.total*ringDecay + 1
	for i := range r.bins {
		r.bins[i] *= ringDecay
	}
	r.bins[min(max(int(after), 0), ringBins-1)]++
}

// rebuild makes the cumulated table from the bins.
func (r *ringTime) rebuild() {
	sum, k := 0.0, 0
	for _, b := range r.bins {
		for range ringFine {
			r.below[k] = sum / r.total
			sum += b / ringFine
			k++
		}
	}
	r.below[k] = 1
}

// before is the share of calls that end within t seconds.
func (r *ringTime) before(t float64) float64 {
	x := max(t, 0) * ringFine
	i := int(x)
	if i >= len(r.below)-1 {
		return 1
	}
	return r.below[i] + (x-float64(i))*(r.below[i+1]-r.below[i])
}

// quantile is the time within which a share of the calls end, in seconds.
func (r *ringTime) quantile(share float64) float64 {
	low, high := 0, len(r.below)-1
	for high-low > 1 {
		if mid := (low + high) / 2; r.below[mid] <= share {
			low = mid
		} else {
			high = mid
		}
	}
	return float64(high) / ringFine
}
