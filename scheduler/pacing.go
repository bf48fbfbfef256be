package scheduler

import (
	"fmt"
	"log/slog"
	"math"
	"slices"
	"time"

	"github.com/outpace/outpace/campaign"
	"github.com/outpace/outpace/dialer"
	"github.com/outpace/outpace/dlma"
	"github.com/outpace/outpace/plan"
	"github.com/outpace/outpace/predictor"
)

const (
	decisionsKept = 10  // of each campaign
	upcomingMost  = 100 // entries that are looked at before they are called
	// previewPeriod is how often they are looked at, previewAgain where none is
	// left that is known; each look costs a query.
	previewPeriod = 5 * time.Second
	previewAgain  = 2 * time.Second
	// decisionShare is ten times what one agent or call more costs a decision;
	// BenchmarkDecide measures it.
	decisionShare = 10 * time.Microsecond
	// decisionsCheap is up to how many agents and calls that is nothing.
	decisionsCheap = 50
)

// pacing is what a run decides by: its pacer, and what that has to be told
// besides the agents and the open calls.
type pacing struct {
	pacer   predictor.Pacer
	learner *predictor.Predictive // the pacer, if it is one that learns
	kind    string                // what the pacer was made for
	warmed  bool                  // the learner has seen the campaign's earlier results

	figures   figures
	upcoming  []dlma.Upcoming // of the entries that come next, the first ones
	ready     int             // entries that could be called, counted up to upcomingMost
	decisions []decision
}

// decision is what a pacer decided at a time.
type decision struct {
	at time.Time
	predictor.Decision
}

// cold reports whether the pacer could still learn from earlier results.
func (p *pacing) cold() bool { return p.learner != nil && !p.warmed }

// paced reports whether the agents behind a campaign's destination are seen,
// and wait for customers who were called before: then somebody may be abandoned.
func (f *floor) paced(r *run) bool {
	caps := f.gw.Capabilities()
	return caps.Agents && !caps.AgentFirst && f.pool(r.destination) != dialer.Pool{}
}

// fitPacer gives a campaign the pacer that its plan asks for. A pacer that
// rings agents first, or has none to ring, needs nothing but the formula.
func (f *floor) fitPacer(r *run) {
	r.figures.settle(zoneOf(r.campaign))
	if r.plan == nil {
		return
	}
	kind := "" // nobody may be abandoned, and a new run has the formula
	if f.paced(r) {
		kind = r.plan.Pacing
		if kind == plan.PacingRatio {
			kind = fmt.Sprint(kind, " ", r.plan.Ratio)
		}
	}
	if r.kind == kind {
		return
	}
	r.kind, r.learner, r.warmed, r.ready = kind, nil, false, upcomingMost
	r.pacer = predictor.NewFormula()
	if !f.paced(r) {
		return
	}
	for _, w := range r.plan.Warnings() {
		f.log.Warn("the campaign's plan is not what rules ask for", slog.String("campaign", r.campaign.UUID), slog.String("warning", w))
	}
	switch r.plan.Pacing {
	case plan.PacingPredictive:
		r.learner = predictor.NewPredictive()
		r.pacer = r.learner
	case plan.PacingRatio:
		if ratio, err := predictor.NewRatio(r.plan.Ratio); err == nil { // else the plan was not validated
			r.pacer = ratio
		}
	}
}

// breath is how long after a decision the next one may come: in a large campaign
// ten times what one takes, so that its events, each of which asks for one, leave
// time for all the rest. Some milliseconds later is as good.
func breath(s predictor.Snapshot) time.Duration {
	large := len(s.Busy) + len(s.Ringing) - decisionsCheap
	if large <= 0 {
		return 0
	}
	return time.Duration(large) * decisionShare
}

// nextClasses are the classes of the entries that would be called next.
func (r *run) nextClasses(now time.Time) []predictor.Class {
	list := make([]predictor.Class, len(r.upcoming))
	for i, u := range r.upcoming {
		list[i] = classOf(u.Tries, u.Number, u.ResDial, now, r.figures.loc)
	}
	return list
}

// took notes that entries were claimed.
func (p *pacing) took(n int) {
	p.upcoming = p.upcoming[min(n, len(p.upcoming)):]
	if p.ready < upcomingMost { // else nobody knows how many there were
		p.ready -= n
	}
}

// readyNow is how many entries could be called, as far as that is known. A
// claim finds out what there really is, so that one is always tried.
func (p *pacing) readyNow() int {
	if p.learner == nil || p.ready >= upcomingMost {
		return claimMost
	}
	return max(1, p.ready)
}

// preview looks at what comes next in the list of a campaign that dials, if its
// pacer wants to know.
func (f *floor) preview(r *run, now time.Time) {
	if r.learner == nil {
		return
	}
	period := previewPeriod
	if len(r.upcoming) == 0 {
		period = previewAgain
	}
	if now.Sub(r.looked) >= period {
		f.look(r, now)
	}
}

// decided keeps a decision for people. The latest stands at the end, whatever it
// was; before it stand those that placed calls or had another reason.
func (p *pacing) decided(d predictor.Decision, now time.Time) {
	if n := len(p.decisions); n > 0 {
		if last := p.decisions[n-1]; last.Place == 0 && (d.Place > 0 || last.Code == d.Code) {
			p.decisions = p.decisions[:n-1]
		}
	}
	if len(p.decisions) == decisionsKept {
		p.decisions = slices.Delete(p.decisions, 0, 1)
	}
	p.decisions = append(p.decisions, decision{now, d})
}

// shown is what people see of the pacing.
func (r *run) shown() *campaign.Pacing {
	s := &campaign.Pacing{Warnings: r.plan.Warnings()}
	for _, d := range r.decisions {
		facts := make(map[string]float64, len(d.Facts))
		for _, f := range d.Facts {
			if !math.IsNaN(f.Value) && !math.IsInf(f.Value, 0) { // JSON has no such numbers
				facts[f.Name] = f.Value
			}
		}
		s.Decisions = append(s.Decisions, campaign.Decision{At: d.at, Place: d.Place, Code: d.Code, Reason: d.Reason, Facts: facts})
	}
	return s
}
