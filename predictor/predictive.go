package predictor

import (
	"fmt"
	"time"
)

// The further codes of a Decision.
const (
	CodeBudget    = "budget"     // the abandonment budget allows no more
	CodeColdStart = "cold_start" // too little is known to call ahead
)

const (
	coldCalls    = 30               // known calls before it calls ahead,
	coldTeam     = 3                // and so many for each agent: the first wave is as large as the team
	rebuildEvery = 10 * time.Second // of the tables
	staleAge     = 2 * time.Second  // of the view of the agents
	aheadMost    = 1000             // calls placed by one decision
	wrapDecay    = 0.99
	wrapPrior    = 2.0 // wrap-ups that are taken as seen
	patienceRate = 0.2 // of what one abandoned call teaches
	patienceMost = 30.0
)

// Predictive calls ahead of free agents. It learns from outcomes how likely a
// call is answered, how long calls ring and how long agents are busy, and places
// calls one by one as long as the chance that one more answer finds nobody free
// is within what the abandonment budget allows. docs/pacing.md holds the method.
//
// Until 30 calls, and three for each agent, are known, while the view of the agents is older than 2 s, in
// a snapshot without windows and with a target of 0 it does not call ahead: it
// places as many calls as there are free agents without one.
type Predictive struct {
	cohort       cohort
	wait         time.Duration // of the cohort
	chance       chance
	answers      *ringTime // until a live answer
	fails        *ringTime // until any other end
	talk, wrap   *hazard
	talks, wraps float64 // the latest ones, by which is known how often a wrap-up follows
	patience     float64 // seconds, as seen in abandoned calls
	budget       budget

	forecast forecast
	built    time.Time
	// readyMost is how many entries were ready at most.
	readyMost int
	short     [horizons]shortage
	frees     float64 // agents who come free in a second, now
}

// NewPredictive returns a pacer that knows nothing yet.
func NewPredictive() *Predictive {
	return &Predictive{
		wait:    cohortMost,
		answers: newRingTime(12), fails: newRingTime(20), talk: newHazard(150), wrap: newHazard(30),
		patience: 1, budget: budget{windows: map[string]*history{}},
	}
}

// Observe learns from an outcome. A call that is answered and then abandoned is
// two outcomes.
func (p *Predictive) Observe(o Outcome) {
	s := max(o.After.Seconds(), 0)
	switch o.Kind {
	case CallAnswered:
		p.cohort.add(heldCall{placed: o.At.Add(-o.After), after: s, class: o.Class, answered: true})
		p.budget.answered()
	case CallFailed:
		p.cohort.add(heldCall{placed: o.At.Add(-o.After), after: s, class: o.Class})
	case CallAbandoned:
		p.patience += patienceRate * (min(s, patienceMost) - p.patience)
		p.budget.abandoned()
	case TalkEnded:
		p.talk.learn(s)
		p.talks = p.talks*wrapDecay + 1
		p.wraps *= wrapDecay
	case WrapUpEnded:
		p.wrap.learn(s)
		p.wraps++
	}
	p.cohort.release(o.At, p.wait, p.learn)
}

// learn takes in a call whose cohort has ended.
func (p *Predictive) learn(c heldCall) {
	p.chance.learn(c.class, c.answered)
	if c.answered {
		p.answers.learn(c.after)
	} else {
		p.fails.learn(c.after)
	}
}

// Decide places calls while the chance that one more customer finds nobody is
// within the budget, and never fewer than the slot formula without a service
// level. The service level is added only while the budget is not spent.
func (p *Predictive) Decide(s Snapshot) Decision {
	if s.Unlimited {
		return decide(s, s.Ready)
	}
	p.budget.see(s.Windows)
	p.cohort.release(s.Now, p.wait, p.learn)
	cold := max(coldCalls, coldTeam*s.LoggedIn)
	least := s.Idle - s.taken()
	switch {
	case s.Age > staleAge:
		return p.explain(s, least, CodeAgents, "The view of the agents is too old to call ahead.", look{})
	case len(s.Windows) == 0:
		return p.explain(s, least, CodeBudget, "No abandonment target is known, so no call is placed ahead.", look{})
	case noTarget(s.Windows):
		return p.explain(s, least, CodeBudget, "The abandonment target is 0, so no call is placed ahead of a free agent.", look{})
	case p.chance.ended < cold:
		why := fmt.Sprintf("Too little is known to call ahead: %d of %d calls have ended.", p.chance.ended, cold)
		return p.explain(s, least, CodeColdStart, why, look{})
	}
	if s.Now.Sub(p.built) >= rebuildEvery || s.Now.Before(p.built) {
		p.rebuild(s)
	}
	l := p.ahead(s)
	want := max(least, l.place)
	if !l.spent {
		want += max(0, s.ServiceLevel)
	}
	return p.explain(s, want, CodeBudget, l.reason(), l)
}

// noTarget reports whether a window allows no loss at all.
func noTarget(windows []Window) bool {
	for _, w := range windows {
		if w.Target <= 0 {
			return true
		}
	}
	return false
}

// rebuild makes the tables from what was learned. Agents who are still busy
// count with the time they have been so.
func (p *Predictive) rebuild(s Snapshot) {
	p.built = s.Now
	p.answers.rebuild()
	p.fails.rebuild()
	p.wait = min(time.Duration(p.fails.quantile(cohortShare)*float64(time.Second)), cohortMost)
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
	wraps := min(1, (p.wraps+wrapPrior)/(p.talks+wrapPrior))
	p.forecast.rebuild(p.answers, p.wrap, wraps, p.patience)
}
