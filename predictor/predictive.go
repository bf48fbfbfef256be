package predictor

import (
	"cmp"
	"fmt"
	"slices"
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
// Until 30 calls, and three for each agent, are known, while the view of the
// agents is older than 2 s, in a snapshot without windows and with a target of 0
// it does not call ahead: it places as many calls as there are free agents
// without one. While customers find nobody though agents are shown as free it
// places single calls for free agents.
//
// The service level comes on top, in the cold start too, while every window is
// under its limit: as many of the ringing calls, the youngest, are taken as not
// there. It is not added without a window, with a target of 0 and on an old view.
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
	breaker      breaker

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
		patience: 1,
	}
}

// Observe learns from an outcome. A call that is answered and then abandoned is
// two outcomes.
func (p *Predictive) Observe(o Outcome) {
	p.breaker.observe(o)
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
	case CallTaken: // the breaker's
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

// Chance is the chance, as it is believed now, that a call of a class is
// answered live.
func (p *Predictive) Chance(c Class) float64 { return p.chance.of(c, p.chance.own()) }

// Decide places calls while the chance that one more customer finds nobody is
// within the budget, and never fewer than the slot formula without a service
// level unless the queue misbehaves.
func (p *Predictive) Decide(s Snapshot) Decision {
	if s.Unlimited {
		return decide(s, s.Ready)
	}
	s = s.tame()
	p.cohort.release(s.Now, p.wait, p.learn)
	least, extra := s.Idle-s.taken(), s.extra()
	if h := p.breaker.hold(s); h.why != "" {
		return decideFor(s, min(least, h.most), CodeQueue, h.why)
	}
	if code, why := s.noTarget(); why != "" {
		return decideFor(s, least, code, why)
	}
	if cold := max(coldCalls, coldTeam*s.LoggedIn); p.chance.ended < cold {
		why := fmt.Sprintf("Too little is known to call ahead: %d of %d calls have ended.", p.chance.ended, cold)
		return decideFor(s, least+extra, CodeColdStart, why)
	}
	if s.Now.Sub(p.built) >= rebuildEvery || s.Now.Before(p.built) {
		p.rebuild(s)
	}
	own := s // without the calls of the service level
	aside := own.setAside(extra)
	l := p.ahead(own)
	return p.explain(s, max(least+aside, l.place)+extra-aside, l)
}

// noTarget says in a sentence why there is no budget to call ahead with; "" if
// there is one.
func (s Snapshot) noTarget() (code, why string) {
	switch {
	case s.Age > staleAge:
		return CodeAgents, oldView
	case len(s.Windows) == 0:
		return CodeBudget, "No abandonment target is known, so no call is placed ahead."
	}
	for _, w := range s.Windows {
		if !(w.Target > 0) {
			return CodeBudget, targetZero
		}
	}
	return "", ""
}

// setAside takes the youngest ringing calls out, up to n, and returns how many:
// those are the service level's.
func (s *Snapshot) setAside(n int) int {
	if n = min(n, len(s.Ringing)); n == 0 {
		return 0
	}
	s.Ringing = slices.SortedStableFunc(slices.Values(s.Ringing), func(a, b Ringing) int { return cmp.Compare(b.For, a.For) })
	s.Ringing = s.Ringing[:len(s.Ringing)-n]
	return n
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
