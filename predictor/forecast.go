package predictor

import "math"

const (
	horizons  = 8 // moments at which a call placed now would be answered
	timeSteps = 16
)

// forecast holds what follows from what was learned, in tables that are filled
// as they are needed, until all is made anew.
type forecast struct {
	at         [horizons]float64 // seconds from now, each as likely as the others
	patience   float64
	step       float64                      // seconds between the moments of ends
	ends       [timeSteps]float64           // moments, in seconds from now
	afterwards [timeSteps][horizons]float64 // chance that a wrap-up that begins in a step is over by each horizon
	talk, wrap [hazardBins + 1]row
}

// row is the chance to be free at each horizon, for one age.
type row struct {
	known bool
	free  [horizons]float64
}

// rebuild chooses the horizons by the ring time of answered calls and forgets
// the rows. wraps is the share of talks that a wrap-up follows; patience is in
// seconds.
func (f *forecast) rebuild(ring *ringTime, wrap *hazard, wraps, patience float64) {
	for i := range f.at {
		f.at[i] = ring.quantile((float64(i) + 0.5) / horizons)
	}
	f.patience = patience
	f.step = (f.at[horizons-1] + patience) / timeSteps
	for k := range f.ends {
		f.ends[k] = f.step * float64(k+1)
		for h, t := range f.at {
			f.afterwards[k][h] = 0
			if left := t + patience - f.ends[k] + f.step/2; left > 0 {
				f.afterwards[k][h] = 1 - wraps*(1-wrap.leaves(0, left))
			}
		}
	}
	for bin := range f.talk {
		f.talk[bin].known, f.wrap[bin].known = false, false
	}
}

// wrapping is the chance that a wrap-up that is as old as a bin's edge is over
// at each horizon, or while the customer still waits.
func (f *forecast) wrapping(wrap *hazard, bin int) *row {
	r := &f.wrap[bin]
	if !r.known {
		r.known = true
		for h, t := range f.at {
			r.free[h] = wrap.leaves(edges[bin], t+f.patience)
		}
	}
	return r
}

// talking is the same for a talk and the wrap-up after it.
func (f *forecast) talking(talk *hazard, bin int) *row {
	r := &f.talk[bin]
	if r.known {
		return r
	}
	*r = row{known: true}
	start, before := talk.cumulated(edges[bin]), 0.0
	for k, t := range f.ends {
		ended := 1 - math.Exp(start-talk.cumulated(edges[bin]+t))
		for h, p := range f.afterwards[k] {
			r.free[h] += (ended - before) * p
		}
		before = ended
	}
	return r
}

// free is the chance that a busy agent is free at each horizon.
func (f *forecast) free(talk, wrap *hazard, b Busy) (q [horizons]float64) {
	if b.Leaving {
		return q
	}
	age := b.For.Seconds()
	if b.Phase == AgentRinging {
		age = 0
	}
	x := place(age)
	i := int(x)
	share := x - float64(i)
	var young, old *row
	if b.Phase == AgentWrapUp {
		young, old = f.wrapping(wrap, i), f.wrapping(wrap, i+1)
	} else {
		young, old = f.talking(talk, i), f.talking(talk, i+1)
	}
	for h := range q {
		q[h] = young.free[h] + share*(old.free[h]-young.free[h])
	}
	return q
}

// answered is the chance that a call of an age, with a chance p when it was
// placed, has been answered at each horizon, and that it will be at all.
func (f *forecast) answered(answers, fails *ringTime, age, p float64) (by [horizons]float64, ever float64) {
	g := answers.before(age)
	alive := p*(1-g) + (1-p)*(1-fails.before(age))
	if alive < 1e-6 {
		return by, 0
	}
	for h, t := range f.at {
		by[h] = p * (answers.before(age+t) - g) / alive
	}
	return by, p * (1 - g) / alive
}
