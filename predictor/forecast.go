package predictor

import "math"

const (
	horizons  = 8 // moments at which a call placed now would be answered
	talkSteps = 10
)

// forecast holds what follows from what was learned, in tables, until they are
// made anew.
type forecast struct {
	at   [horizons]float64 // seconds from now, each as likely as the others
	talk [hazardBins + 1][horizons]float64
	wrap [hazardBins + 1][horizons]float64
}

// rebuild chooses the horizons by the ring time of answered calls, and works out
// for each age of a talk and of a wrap-up the chance that the agent is free by
// then or while the customer still waits.
func (f *forecast) rebuild(ring *ringTime, talk, wrap *hazard, patience float64) {
	for i := range f.at {
		f.at[i] = ring.quantile((float64(i) + 0.5) / horizons)
	}
	for bin := range f.talk {
		age := edges[bin]
		for i, t := range f.at {
			f.wrap[bin][i] = wrap.leaves(age, t+patience)
			f.talk[bin][i] = talkThenWrap(talk, wrap, age, t+patience)
		}
	}
}

// talkThenWrap is the chance that a talk of an age ends, and its wrap-up after
// it, within t seconds.
func talkThenWrap(talk, wrap *hazard, age, t float64) float64 {
	start := talk.cumulated(age)
	sum, before := 0.0, 0.0
	for k := 1; k <= talkSteps; k++ {
		to := t * float64(k) / talkSteps
		ended := 1 - math.Exp(start-talk.cumulated(age+to))
		sum += (ended - before) * wrap.leaves(0, t-to+t/(2*talkSteps))
		before = ended
	}
	return sum
}

// free is the chance that a busy agent is free at each horizon.
func (f *forecast) free(b Busy) [horizons]float64 {
	var q [horizons]float64
	if b.Leaving {
		return q
	}
	table, age := &f.talk, b.For.Seconds()
	switch b.Phase {
	case AgentWrapUp:
		table = &f.wrap
	case AgentRinging:
		age = 0
	case AgentTalking:
	}
	x := place(age)
	i := int(x)
	share := x - float64(i)
	for h := range q {
		q[h] = table[i][h] + share*(table[i+1][h]-table[i][h])
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
