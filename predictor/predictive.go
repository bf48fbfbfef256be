package predictor

import "time"

// The further codes of a Decision.
const (
	CodeBudget    = "budget"     // the abandonment budget allows no more
	CodeColdStart = "cold_start" // too little is known to call ahead
)

const (
	coldCalls    = 30              // ended calls before it calls ahead
	rebuildEvery = 5 * time.Second // of the tables
	staleAge     = 2 * time.Second // of the view of the agents
)

// Predictive calls ahead of free agents by what it has learned.
type Predictive struct {
	chance   chance
	answers  *ringTime
	fails    *ringTime
	talk     *hazard
	wrap     *hazard
	patience float64 // seconds, as seen in abandoned calls

	forecast forecast
	built    time.Time
	short    [horizons]shortage
}

// NewPredictive returns a pacer that knows nothing yet.
func NewPredictive() *Predictive {
	p := &Predictive{
		answers: newRingTime(12), fails: newRingTime(20), talk: newHazard(150), wrap: newHazard(30), patience: 1,
	}
	return p
}

// Observe learns from an outcome.
func (p *Predictive) Observe(o Outcome) {
	s := o.After.Seconds()
	switch o.Kind {
	case CallAnswered:
		p.answers.learn(s)
		p.chance.learn(o.Class, true)
	case CallFailed:
		p.fails.learn(s)
		p.chance.learn(o.Class, false)
	case CallAbandoned:
		p.patience += 0.2 * (min(s, 30) - p.patience)
	case TalkEnded:
		p.talk.learn(s)
	case WrapUpEnded:
		p.wrap.learn(s)
	}
}

// Decide places calls while the chance that one more customer finds nobody is
// within the budget, and never fewer than the slot formula without a service
// level.
func (p *Predictive) Decide(s Snapshot) Decision {
	if s.Unlimited {
		return decide(s, s.Ready)
	}
	least := s.Idle - s.taken()
	if p.chance.ended < coldCalls || s.Age > staleAge {
		return decide(s, least)
	}
	if s.Now.Sub(p.built) >= rebuildEvery || s.Now.Before(p.built) {
		p.rebuild(s)
	}
	want := max(least, p.ahead(s))
	return decide(s, want)
}

func (p *Predictive) rebuild(s Snapshot) {
	p.built = s.Now
	p.answers.rebuild()
	p.fails.rebuild()
	clear(p.talk.censored[:])
	clear(p.wrap.censored[:])
	for _, b := range s.Busy {
		switch b.Phase {
		case AgentTalking:
			expose(&p.talk.censored, b.For.Seconds())
		case AgentWrapUp:
			expose(&p.wrap.censored, b.For.Seconds())
		case AgentRinging:
		}
	}
	p.talk.rebuild()
	p.wrap.rebuild()
	p.forecast.rebuild(p.answers, p.talk, p.wrap, p.patience)
}

// ahead is how many calls the budget allows.
func (p *Predictive) ahead(s Snapshot) int {
	own := p.chance.own()
	exact := len(s.Busy)+len(s.Ringing) <= exactMost
	for h := range p.short {
		p.short[h].reset(s.Idle-len(s.Waiting)-s.Strangers, exact)
	}
	for _, b := range s.Busy {
		q := p.forecast.free(b)
		for h := range p.short {
			p.short[h].addAgent(q[h])
		}
	}
	expected := 0.0
	for _, r := range s.Ringing {
		by, ever := p.forecast.answered(p.answers, p.fails, r.For.Seconds(), p.chance.of(r.Class, own))
		expected += ever
		for h := range p.short {
			p.short[h].addCall(by[h])
		}
	}
	loss := p.loss()
	atRisk := expected*loss + 0.5*float64(max(0, len(s.Waiting)-s.Idle))
	lambda, _, _ := allowance(s.Windows, atRisk)
	n := 0
	most := max(0, s.Ready)
	for _, l := range s.Limits {
		most = min(most, l.Free)
	}
	for n < most && loss <= lambda && lambda > 0 {
		c := Class{}
		if n < len(s.Next) {
			c = s.Next[n]
		}
		by, _ := p.forecast.answered(p.answers, p.fails, 0, p.chance.of(c, own))
		for h := range p.short {
			p.short[h].addCall(by[h])
		}
		n++
		loss = p.loss()
	}
	return n
}

func (p *Predictive) loss() float64 {
	sum := 0.0
	for h := range p.short {
		sum += p.short[h].chance()
	}
	return sum / horizons
}
