package predictor

import "math"

const (
	fewLosses   = 8    // left, below which it is looked at how many may come at once
	waitingMost = 1000 // customers of whom it is looked at whether somebody comes free
)

// look is what one look ahead found.
type look struct {
	verdict
	place  int
	chance float64 // the campaign's own answer chance
	loss   float64 // chance that the answer of one call more finds nobody
	atRisk float64 // how many of the calls on their way are expected to find nobody
	broke  bool    // one call more would put too many at risk
}

// ahead adds calls one by one as long as the budget allows the next.
func (p *Predictive) ahead(s Snapshot) look {
	own := p.chance.own()
	ever := p.now(s, own)
	waiting := p.lostWaiting(len(s.Waiting) + s.Strangers - s.Idle)
	loss, ringing := p.losses(ever)
	l := look{chance: own, loss: loss, atRisk: waiting + ringing}
	l.verdict = p.budget.allowance(s.Windows, l.atRisk, p.toCome(s, own))
	most := min(max(0, s.Ready), aheadMost)
	for _, b := range s.Limits {
		most = min(most, b.Free)
	}
	for l.lambda > 0 && l.loss <= l.lambda && l.place < most {
		var c Class
		if l.place < len(s.Next) {
			c = s.Next[l.place]
		}
		by, will := p.forecast.answered(p.answers, p.fails, 0, p.chance.of(c, own))
		p.add(by)
		ever += will
		loss, ringing := p.losses(ever)
		if waiting+ringing > l.risk || p.breaks(l.losses) {
			l.broke = true
			break
		}
		l.place++
		l.loss, l.atRisk = loss, waiting+ringing
	}
	return l
}

// toCome is how many answers the list can still give: no end is in sight while
// as many entries are ready as ever, since they are counted up to a bound.
func (p *Predictive) toCome(s Snapshot, own float64) float64 {
	if s.Ready >= p.readyMost {
		p.readyMost = s.Ready
		return math.Inf(1)
	}
	return own * float64(max(s.Ready, 0))
}

// now counts the agents and the calls on their way in; it returns how many of
// the calls are expected to be answered ever.
func (p *Predictive) now(s Snapshot, own float64) (ever float64) {
	exact := len(s.Busy)+len(s.Ringing) <= exactMost
	for h := range p.short {
		p.short[h].reset(s.Idle-len(s.Waiting)-s.Strangers, exact, p.chance.unsure)
	}
	p.frees = 0
	for _, b := range s.Busy {
		qs := p.forecast.free(p.talk, p.wrap, b)
		p.frees += qs[0]
		for h, q := range qs {
			p.short[h].addAgent(q)
		}
	}
	p.frees /= p.forecast.at[0] + p.forecast.patience
	for _, r := range s.Ringing {
		by, will := p.forecast.answered(p.answers, p.fails, r.For.Seconds(), p.chanceOf(r, own))
		ever += will
		p.add(by)
	}
	return ever
}

// chanceOf is the answer chance of a call that rings.
func (p *Predictive) chanceOf(r Ringing, own float64) float64 {
	if r.Chance > 0 {
		return min(max(r.Chance, chanceLeast), chanceMost)
	}
	return p.chance.of(r.Class, own)
}

// add counts one more call in at each horizon.
func (p *Predictive) add(by [horizons]float64) {
	for h := range p.short {
		p.short[h].addCall(by[h])
	}
}

// losses is the chance that the answer of a call placed now finds nobody free:
// its answer comes at each horizon with the same chance; and how many of the
// calls that ring are expected to find nobody, when ever of them are answered.
func (p *Predictive) losses(ever float64) (loss, atRisk float64) {
	before, chance := 0.0, 0.0
	for h := range p.short {
		s := &p.short[h]
		chance = s.chance()
		loss += chance / horizons
		atRisk += (s.expected - before) * chance
		before = s.expected
	}
	return loss, atRisk + max(0, ever-before)*chance
}

// breaks reports whether the calls on their way may well take more losses than
// are left. Losses come together, when all are busy, so that few at risk can
// still be many at once; where many are left the bound on those at risk is
// enough.
func (p *Predictive) breaks(left int) bool {
	if left >= fewLosses {
		return false
	}
	for h := range p.short {
		if p.short[h].lost(left+1) > breakChance {
			return true
		}
	}
	return false
}

// lostWaiting is how many of the customers for whom nobody is free are expected
// to stay without an agent: agents come free like a Poisson stream, and half of
// the patience is left on average.
func (p *Predictive) lostWaiting(waiting int) float64 {
	mean := p.frees * p.patience / 2
	term := math.Exp(-mean)
	fewer, lost := 0.0, 0.0
	for i := range waiting {
		if i >= waitingMost {
			return lost + float64(waiting-i) // nobody comes free for these
		}
		fewer += term // chance of i free agents at most
		lost += fewer
		term *= mean / float64(i+1)
	}
	return lost
}
