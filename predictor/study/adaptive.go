package study

import (
	"fmt"
	"math"
	"time"

	"github.com/outpace/outpace/predictor"
)

// The settings of the adaptive-level rule, as VICIdial ships them.
const (
	levelMost    = 3.0 // lines for each agent
	levelTarget  = 0.0 // agents ready less customers waiting that it aims at
	dropLimit    = 0.03
	dropLeast    = 50 // live answers before the limit counts
	sampleEvery  = time.Second
	samples      = 15
	levelEvery   = 15 * time.Second
	limitEvery   = 60 * time.Second
	passEvery    = 2500 * time.Millisecond
	quickLeast   = 20  // calls in a minute before the emergency brake counts
	quickDropped = 0.5 // share of them dropped that pulls it
)

// adaptive is the rule of VICIdial's "adaptive average" dial method, written
// from its published behaviour: a level of lines for each agent, logged in and
// talking ones included, is raised while agents wait and lowered while customers
// do, and halved while the day's dropped share is above the limit. It is here
// to compare with.
type adaptive struct {
	level                  float64
	ready, waiting, agents [samples]float64
	taken                  int
	sampled, levelled      time.Time
	limited, passed        time.Time
	live, dropped          int // at the last look at the limit
	dials, dials0          int // all calls; at the last look at the limit
}

func newAdaptive() *adaptive { return &adaptive{level: 1} }

// Observe counts calls.
func (a *adaptive) Observe(o predictor.Outcome) {
	if o.Kind == predictor.CallAnswered || o.Kind == predictor.CallFailed {
		a.dials++
	}
}

// Decide places what is missing to the level, once a pass.
func (a *adaptive) Decide(s predictor.Snapshot) predictor.Decision {
	if s.Unlimited {
		return predictor.NewFormula().Decide(s)
	}
	var w predictor.Window
	if len(s.Windows) > 0 {
		w = s.Windows[0]
	}
	if w.Live < a.live { // a new day
		*a = adaptive{level: 1, dials: a.dials, dials0: a.dials}
	}
	a.sample(s)
	a.adapt(s, w)
	if s.Now.Sub(a.passed) < passEvery {
		return predictor.Decision{Code: predictor.CodeAgents, Reason: "The next pass has not come."}
	}
	a.passed = s.Now
	talking := 0
	for _, b := range s.Busy {
		if b.Phase != predictor.AgentWrapUp {
			talking++
		}
	}
	goal := int(math.Round(a.level * float64(s.LoggedIn)))
	n := min(max(goal-talking-len(s.Ringing)-len(s.Waiting), 0), s.Ready)
	for _, l := range s.Limits {
		n = min(n, max(0, l.Free))
	}
	return predictor.Decision{
		Place: n, Code: predictor.CodeAgents,
		Reason: fmt.Sprintf("The level is %.2f lines for each agent.", a.level),
		Facts:  []predictor.Figure{{Name: "level", Value: a.level}},
	}
}

// sample keeps the last seconds' counts.
func (a *adaptive) sample(s predictor.Snapshot) {
	if s.Now.Sub(a.sampled) < sampleEvery {
		return
	}
	a.sampled = s.Now
	i := a.taken % samples
	a.ready[i], a.waiting[i], a.agents[i] = float64(s.Idle), float64(len(s.Waiting)), float64(s.LoggedIn)
	a.taken++
}

// adapt moves the level.
func (a *adaptive) adapt(s predictor.Snapshot, w predictor.Window) {
	if s.Now.Sub(a.levelled) < levelEvery || a.taken == 0 {
		return
	}
	a.levelled = s.Now
	ready, waiting, agents := 0.0, 0.0, 0.0
	for i := range a.ready {
		ready += a.ready[i]
		waiting += a.waiting[i]
		agents += a.agents[i]
	}
	if agents == 0 {
		return
	}
	level := a.level * (1 + (ready-waiting+levelTarget)/agents)
	level = min(max(level, 1), levelMost)
	if s.Now.Sub(a.limited) >= limitEvery {
		calls, dropped := a.dials-a.dials0, w.Abandoned-a.dropped
		if calls > quickLeast && float64(dropped) > quickDropped*float64(calls) {
			level /= 2
		}
		a.limited, a.dials0, a.live, a.dropped = s.Now, a.dials, w.Live, w.Abandoned
	}
	if w.Live > dropLeast && float64(w.Abandoned) > dropLimit*float64(w.Live) {
		level /= 2
	}
	a.level = max(1, level)
}
