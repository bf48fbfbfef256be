package study

import (
	"time"

	"github.com/outpace/outpace/predictor"
)

// epoch is when the first shift of every study starts.
var epoch = time.Date(2026, time.January, 5, 8, 0, 0, 0, time.UTC)

const (
	shiftBreak = 3600 // seconds between two shifts
	mostReady  = 1000 // the list never ends
	lookahead  = 32   // classes of next entries that the pacer is told
	never      = -1
)

// agent is one member of the staff in one shift.
type agent struct {
	state  agentState
	since  float64 // when the state began
	wrap   float64 // of the call he is in
	leaves bool    // when free
}

type agentState int

const (
	absent agentState = iota
	idle
	talking
	wrapping
)

// call is one dial of the shift.
type call struct {
	placed   float64
	answered float64 // never while it rings
	class    int
	talk     float64
	wrap     float64
	at       int  // place among the ringing calls; never once it has left them
	missed   bool // by the agents who are free
	done     bool
}

// world is one shift of a scenario.
type world struct {
	scenario *Scenario
	pacer    predictor.Pacer
	draws    draws
	start    float64 // of the shift, from the first one's
	past     []int   // live answers of the shifts before

	now     float64
	events  events
	agents  []agent
	free    []int // idle agents, the longest idle first
	ringing []*call
	waiting []*call
	next    []int // classes of the next entries

	snapshot predictor.Snapshot
	count    shiftCount
	last     predictor.Decision
}

// shiftCount is what a shift adds up.
type shiftCount struct {
	dials, live, abandoned int
	busy, loggedIn         float64 // seconds of agents
	over, seconds          float64 // seconds above the target, after the first 100 live answers; all seconds
}

// play runs one shift to its end.
func (w *world) play(minute func(shiftCount)) shiftCount {
	for _, s := range w.scenario.Agents {
		w.events.add(s.At, staffChange, nil, s.N)
	}
	most := 0
	for _, s := range w.scenario.Agents {
		most = max(most, s.N)
	}
	w.agents = make([]agent, most)
	end := w.scenario.ShiftSeconds
	tick, sample := 0.0, 60.0
	for {
		e, ok := w.events.first()
		at := tick
		if ok && e.at <= tick {
			at = e.at
		}
		if at >= end {
			break
		}
		for at >= sample {
			minute(w.count)
			sample += 60
		}
		w.pass(at)
		if ok && e.at <= tick {
			w.events.take()
			if !w.happen(e) {
				continue // nobody can have noticed
			}
		} else {
			tick++
		}
		w.ask()
	}
	w.pass(end)
	// Customers who are cut off while they wait have found nobody.
	w.count.abandoned += len(w.waiting)
	minute(w.count)
	return w.count
}

// pass lets time go by until at.
func (w *world) pass(at float64) {
	dt := at - w.now
	for i := range w.agents {
		if a := &w.agents[i]; a.state != absent {
			w.count.loggedIn += dt
			if a.state != idle {
				w.count.busy += dt
			}
		}
	}
	w.count.seconds += dt
	if w.count.live >= 100 && float64(w.count.abandoned) > w.scenario.Target*float64(w.count.live) {
		w.count.over += dt
	}
	w.now = at
}

// ask lets the pacer decide, and places what it wants.
func (w *world) ask() {
	for len(w.next) < lookahead {
		w.next = append(w.next, w.scenario.Answer.pick(w.draws.class))
	}
	w.look()
	w.last = w.pacer.Decide(w.snapshot)
	for range w.last.Place {
		w.place()
	}
}

// look fills the snapshot in.
func (w *world) look() {
	s := &w.snapshot
	s.Now = epoch.Add(seconds(w.start + w.now))
	s.Idle, s.LoggedIn, s.Ready = len(w.free), 0, mostReady
	s.Busy, s.Ringing, s.Waiting, s.Next = s.Busy[:0], s.Ringing[:0], s.Waiting[:0], s.Next[:0]
	for i := range w.agents {
		switch a := &w.agents[i]; a.state {
		case talking:
			s.LoggedIn++
			s.Busy = append(s.Busy, predictor.Busy{Phase: predictor.AgentTalking, For: seconds(w.now - a.since), Leaving: a.leaves})
		case wrapping:
			s.LoggedIn++
			s.Busy = append(s.Busy, predictor.Busy{Phase: predictor.AgentWrapUp, For: seconds(w.now - a.since), Leaving: a.leaves})
		case idle:
			s.LoggedIn++
		case absent:
		}
	}
	for _, c := range w.ringing {
		s.Ringing = append(s.Ringing, predictor.Ringing{For: seconds(w.now - c.placed), Class: w.class(c.class)})
	}
	for _, c := range w.waiting {
		s.Waiting = append(s.Waiting, seconds(w.now-c.answered))
	}
	for _, c := range w.next {
		s.Next = append(s.Next, w.class(c))
	}
	s.Windows = append(s.Windows[:0], predictor.Window{
		Name: "shift", Live: w.count.live, Abandoned: w.count.abandoned, Target: w.scenario.Target, Past: w.past,
	})
}

// class is what the pacer knows a class of entries by.
func (w *world) class(n int) predictor.Class {
	if n >= len(w.scenario.Answer.Classes) || w.scenario.Answer.Classes[n].Hidden {
		return predictor.Class{}
	}
	return predictor.Class{Tries: n}
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
