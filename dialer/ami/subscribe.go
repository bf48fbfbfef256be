package ami

import (
	"slices"
	"sync"
	"sync/atomic"
)

// OverflowPolicy says what happens to a subscription whose buffer is full.
type OverflowPolicy uint8

const (
	// CloseWhenFull closes the subscription with ErrLagged, so that its reader
	// knows that it must subscribe anew and look up what it missed.
	CloseWhenFull OverflowPolicy = iota
	// DropWhenFull leaves the new event out and counts it.
	DropWhenFull
)

const (
	defaultBuffer = 8192
	// spareForMarks is room that only marks may use, so that an overflow never
	// hides the end of a session.
	spareForMarks = 32
)

// Filter says what a subscription gets. The zero value gets all events.
type Filter struct {
	// Names of events, case ignored; none means all. Marks always come.
	Names []string
	// Buffer is the number of events that may wait for the reader; default 8,192.
	Buffer int
	// Policy for a full buffer.
	Policy OverflowPolicy
	// Lists adds the events that answer a List call, which otherwise only
	// that call gets.
	Lists bool
}

func (f Filter) wants(name string, list bool) bool {
	if list && !f.Lists {
		return false
	}
	if len(f.Names) == 0 {
		return true
	}
	for _, want := range f.Names {
		if sameKey(want, name) {
			return true
		}
	}
	return false
}

// Subscription is a bounded stream of events in the order of the wire, with
// marks where sessions begin and end.
type Subscription struct {
	hub     *hub
	filter  Filter
	events  chan Event
	dropped atomic.Uint64
	err     error // guarded by hub.mu
	closed  bool  // guarded by hub.mu
}

// C returns the stream. It is closed when the subscription ends; events that
// waited are still delivered before.
func (s *Subscription) C() <-chan Event { return s.events }

// Dropped returns how many events were left out under DropWhenFull.
func (s *Subscription) Dropped() uint64 { return s.dropped.Load() }

// Err returns why the stream ended: ErrLagged, ErrClosed if the client ended,
// nil while it runs and after Close.
func (s *Subscription) Err() error {
	s.hub.mu.Lock()
	defer s.hub.mu.Unlock()
	return s.err
}

// Close ends the subscription. It may be called more than once.
func (s *Subscription) Close() {
	s.hub.mu.Lock()
	defer s.hub.mu.Unlock()
	s.hub.remove(s, nil)
}

// hub gives events to subscriptions. Everything happens under its lock and
// nothing under it waits, so the session's reader is never held up.
type hub struct {
	mu    sync.Mutex
	subs  []*Subscription
	marks []Event // of the session that is open, for who subscribes in mid-session
	seq   uint64
	err   error // set when the hub is closed
}

func (h *hub) subscribe(filter Filter) *Subscription {
	if filter.Buffer <= 0 {
		filter.Buffer = defaultBuffer
	}
	filter.Names = slices.Clone(filter.Names)
	s := &Subscription{hub: h, filter: filter, events: make(chan Event, filter.Buffer+spareForMarks)}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.err != nil {
		s.err, s.closed = h.err, true
		close(s.events)
		return s
	}
	h.subs = append(h.subs, s)
	for _, mark := range h.marks {
		s.events <- mark // at most two, and the buffer is empty
	}
	return s
}

// publish numbers the event and offers it to all who want it. With list set it
// is the answer to a List call. It returns the event with its number.
func (h *hub) publish(ev Event, name string, list bool) Event {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.seq++
	ev.Seq = h.seq
	for i := len(h.subs) - 1; i >= 0; i-- {
		s := h.subs[i]
		if !s.filter.wants(name, list) {
			continue
		}
		switch {
		case len(s.events) < s.filter.Buffer: // only this side sends, so it can't grow meanwhile
			s.events <- ev
		case s.filter.Policy == DropWhenFull:
			s.dropped.Add(1)
		default:
			h.remove(s, ErrLagged)
		}
	}
	return ev
}

// mark puts a mark into every subscription.
func (h *hub) mark(ev Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.seq++
	ev.Seq = h.seq
	if ev.Kind == KindSessionEnded {
		h.marks = nil
	} else {
		h.marks = append(h.marks, ev)
	}
	for i := len(h.subs) - 1; i >= 0; i-- {
		select {
		case h.subs[i].events <- ev:
		default:
			h.remove(h.subs[i], ErrLagged)
		}
	}
}

// remove ends a subscription. Callers hold the lock.
func (h *hub) remove(s *Subscription, err error) {
	if s.closed {
		return
	}
	s.closed, s.err = true, err
	close(s.events)
	h.subs = slices.DeleteFunc(h.subs, func(other *Subscription) bool { return other == s })
}

func (h *hub) close(err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.err != nil {
		return
	}
	h.err = err
	for len(h.subs) > 0 {
		h.remove(h.subs[0], err)
	}
}

func (h *hub) stats() []SubscriptionStats {
	h.mu.Lock()
	defer h.mu.Unlock()
	all := make([]SubscriptionStats, 0, len(h.subs))
	for _, s := range h.subs {
		all = append(all, SubscriptionStats{Depth: len(s.events), Capacity: s.filter.Buffer, Dropped: s.dropped.Load()})
	}
	return all
}
