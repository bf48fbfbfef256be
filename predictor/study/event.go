package study

import (
	"slices"

	"github.com/outpace/outpace/predictor"
)

type eventKind int

const (
	staffChange eventKind = iota
	callAnswers
	callFails
	patienceEnds
	talkEnds
	wrapEnds
)

// event is something that will happen.
type event struct {
	at   float64
	seq  int // of two events at the same time the earlier made comes first
	kind eventKind
	call *call
	n    int // an agent, or how many
}

// events is a binary heap of what will happen, soonest first.
type events struct {
	heap []event
	made int
}

func (h *events) less(i, j int) bool {
	a, b := &h.heap[i], &h.heap[j]
	return a.at < b.at || a.at == b.at && a.seq < b.seq
}

func (h *events) add(at float64, kind eventKind, c *call, n int) {
	h.made++
	h.heap = append(h.heap, event{at: at, seq: h.made, kind: kind, call: c, n: n})
	for i := len(h.heap) - 1; i > 0; {
		up := (i - 1) / 2
		if !h.less(i, up) {
			break
		}
		h.heap[i], h.heap[up] = h.heap[up], h.heap[i]
		i = up
	}
}

func (h *events) first() (event, bool) {
	if len(h.heap) == 0 {
		return event{}, false
	}
	return h.heap[0], true
}

func (h *events) take() {
	last := len(h.heap) - 1
	h.heap[0] = h.heap[last]
	h.heap = h.heap[:last]
	for i := 0; ; {
		least := i
		for c := 2*i + 1; c <= 2*i+2 && c < last; c++ {
			if h.less(c, least) {
				least = c
			}
		}
		if least == i {
			return
		}
		h.heap[i], h.heap[least] = h.heap[least], h.heap[i]
		i = least
	}
}

// happen carries an event out; false if it has been overtaken.
func (w *world) happen(e event) bool {
	switch e.kind {
	case staffChange:
		w.staff(e.n)
	case callAnswers:
		w.stopRinging(e.call)
		w.count.live++
		e.call.answered = w.now
		w.observe(predictor.CallAnswered, w.now-e.call.placed, e.call.class)
		share := w.scenario.stuck(w.now)
		e.call.missed = share > 0 && w.draws.stuck.Float64() < share
		switch {
		case len(w.free) > 0 && !e.call.missed:
			i := w.free[0]
			w.free = slices.Delete(w.free, 0, 1)
			w.take(i, e.call)
		case w.scenario.Patience == 0:
			w.abandon(e.call)
		default:
			w.waiting = append(w.waiting, e.call)
			w.events.add(w.now+w.scenario.Patience, patienceEnds, e.call, 0)
		}
	case callFails:
		w.stopRinging(e.call)
		w.observe(predictor.CallFailed, w.now-e.call.placed, e.call.class)
	case patienceEnds:
		if e.call.done {
			return false
		}
		w.waiting = slices.DeleteFunc(w.waiting, func(c *call) bool { return c == e.call })
		w.abandon(e.call)
	case talkEnds:
		a := &w.agents[e.n]
		w.observe(predictor.TalkEnded, w.now-a.since, 0)
		if a.wrap <= 0 {
			w.release(e.n)
			break
		}
		a.state, a.since = wrapping, w.now
		w.events.add(w.now+a.wrap, wrapEnds, nil, e.n)
	case wrapEnds:
		w.observe(predictor.WrapUpEnded, w.now-w.agents[e.n].since, 0)
		w.release(e.n)
	}
	return true
}

func (w *world) observe(kind predictor.OutcomeKind, after float64, class int) {
	w.pacer.Observe(w.outcome(kind, after, class))
}

func (w *world) outcome(kind predictor.OutcomeKind, after float64, class int) predictor.Outcome {
	return predictor.Outcome{Kind: kind, At: epoch.Add(seconds(w.start + w.now)), After: seconds(after), Class: w.class(class)}
}

// place dials the next entry.
func (w *world) place() {
	s := w.scenario
	c := &call{placed: w.now, answered: never, class: w.next[0], at: len(w.ringing)}
	w.next = append(w.next[1:], s.Answer.pick(w.draws.class))
	w.ringing = append(w.ringing, c)
	w.count.dials++

	f := s.fate(w.draws, c.class, w.start, w.now)
	c.talk, c.wrap = f.talk, f.wrap
	kind := callFails
	if f.answered {
		kind = callAnswers
	}
	w.events.add(w.now+f.ring, kind, c, 0)
}

// stopRinging takes a call off the ringing ones, whose order means nothing.
func (w *world) stopRinging(c *call) {
	last := len(w.ringing) - 1
	w.ringing[c.at] = w.ringing[last]
	w.ringing[c.at].at = c.at
	w.ringing = w.ringing[:last]
	c.at = never
}

func (w *world) abandon(c *call) {
	c.done = true
	w.count.abandoned++
	o := w.outcome(predictor.CallAbandoned, w.now-c.answered, c.class)
	o.Idle = len(w.free) > 0
	w.pacer.Observe(o)
}

// take gives a customer to an agent.
func (w *world) take(i int, c *call) {
	c.done = true
	a := &w.agents[i]
	a.state, a.since, a.wrap = talking, w.now, c.wrap
	w.observe(predictor.CallTaken, w.now-c.answered, c.class)
	w.events.add(w.now+c.talk, talkEnds, nil, i)
}

// release ends an agent's call and wrap-up: he leaves if he has to, takes the
// customer who waits longest, or is idle.
func (w *world) release(i int) {
	a := &w.agents[i]
	if a.leaves {
		a.state, a.leaves = absent, false
		return
	}
	if n := slices.IndexFunc(w.waiting, func(c *call) bool { return !c.missed }); n >= 0 {
		c := w.waiting[n]
		w.waiting = slices.Delete(w.waiting, n, n+1)
		w.take(i, c)
		return
	}
	a.state, a.since = idle, w.now
	w.free = append(w.free, i)
}

// staff makes the first n agents stay and the others leave when free.
func (w *world) staff(n int) {
	for i := range w.agents {
		a := &w.agents[i]
		switch {
		case i < n && a.state == absent:
			w.release(i)
		case i < n:
			a.leaves = false
		case a.state == idle:
			a.state = absent
			w.free = slices.DeleteFunc(w.free, func(f int) bool { return f == i })
		case a.state != absent:
			a.leaves = true
		}
	}
}
