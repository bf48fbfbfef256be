package hosted

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/outpace/outpace/dialer"
)

// book is the agents and our calls in flight. It has no clock and does no I/O.
type book struct {
	queues  map[string][]string // of the settings
	pools   []dialer.Pool       // that campaigns draw from
	seats   map[string]*seat    // by extension
	flights map[string]*flight  // by uuid of the dialing
}

// seat is one agent.
type seat struct {
	Agent

	seen time.Time // when the PBX was asked for what it says of him
	// fresh is when a call of his ended or the PBX said that he is busy: to be
	// free he has to be seen free by a look after that.
	fresh   time.Time
	away    time.Time // until when he is left alone, since his phone is not registered
	flight  *flight   // our call that is his; nil = none
	ended   time.Time // when his last talk with a customer of ours ended
	endedIn string    // and the pool that it came from
	told    dialer.Agent
}

// flight is a call of ours that has not ended.
type flight struct {
	call    string // uuid of the dialing
	agent   string // "" where an earlier process had no time to write it down
	number  string
	pool    string
	id      string    // the PBX's name for it, "" if unknown
	sent    time.Time // when the request was written, or would have been at the latest
	placed  time.Time // when the PBX answered it
	placing bool      // no answer yet
	late    bool      // Place has returned without it
	before  time.Time // its agent's fresh, to be put back if nothing is sent
	stage   Stage
	free    time.Time // since when its agent is seen free; zero = not
	busy    time.Time // when its agent was last seen in a call
	// seenFree are the agents seen free since, where the call's own is unknown.
	seenFree map[string]bool
}

func newBook(queues map[string][]string) book {
	return book{queues: queues, seats: map[string]*seat{}, flights: map[string]*flight{}}
}

// watch takes in new pools and reports whether they are others than before.
func (b *book) watch(pools []dialer.Pool) bool {
	if slices.Equal(b.pools, pools) {
		return false
	}
	b.pools = slices.Clone(pools)
	return true
}

// member reports whether an agent is in a pool.
func (b *book) member(a Agent, p dialer.Pool) bool {
	if p.Exten != "" {
		return a.Exten == p.Exten
	}
	if list, ok := b.queues[p.Queue]; ok {
		return slices.Contains(list, a.Exten)
	}
	return a.Pools == nil || slices.Contains(a.Pools, p.Name())
}

// phase is what an agent does, all that is known taken together.
func (s *seat) phase(now time.Time) dialer.AgentPhase {
	switch {
	case s.flight != nil && (s.flight.stage >= Answered || s.State == Talking):
		return dialer.AgentTalking
	case s.flight != nil:
		return dialer.AgentRinging
	case now.Before(s.away), s.State == Away:
		return dialer.AgentAway
	case s.State == Ringing:
		return dialer.AgentRinging
	case s.State == Talking, s.State == Free && s.seen.Before(s.fresh):
		return dialer.AgentTalking
	case s.State == Unseen && now.Before(s.fresh):
		return dialer.AgentTalking
	}
	return dialer.AgentFree
}

// pick chooses the free agent of a pool who has rested longest, so that one in
// wrap-up is the last to be chosen.
func (b *book) pick(p dialer.Pool, now time.Time) *seat {
	var best *seat
	for _, name := range slices.Sorted(maps.Keys(b.seats)) {
		s := b.seats[name]
		if s.phase(now) == dialer.AgentFree && b.member(s.Agent, p) && (best == nil || s.ended.Before(best.ended)) {
			best = s
		}
	}
	return best
}

// take makes an agent's a flight.
func (b *book) take(f *flight) {
	b.flights[f.call] = f
	if s := b.seats[f.agent]; s != nil {
		s.flight = f
	}
}

// drop ends a flight and sets its agent free. since is a moment at which he
// was done with it: he is free if a look after that says so.
func (b *book) drop(f *flight, since time.Time) *seat {
	delete(b.flights, f.call)
	s := b.seats[f.agent]
	if s == nil || s.flight != f {
		return nil
	}
	s.flight = nil
	if s.State != Unseen {
		s.fresh = since
	}
	return s
}

// look takes in what the PBX said of its agents when it was asked at at. It
// returns those that are gone.
func (b *book) look(list []Agent, at time.Time) (gone []string) {
	listed := map[string]bool{}
	for _, a := range list {
		if a.Exten == "" || listed[a.Exten] && !better(a.State, b.seats[a.Exten].State) {
			continue
		}
		listed[a.Exten] = true
		s := b.seats[a.Exten]
		if s == nil {
			s = &seat{}
			b.seats[a.Exten] = s
			for _, f := range b.flights {
				if f.agent == a.Exten {
					s.flight = f
				}
			}
		}
		s.Agent, s.seen = a, at
	}
	for name, s := range b.seats {
		switch {
		case listed[name]:
			b.watchFlights(s, at)
		case s.flight != nil:
			// He has logged out with a call of ours: its row will tell.
			s.State, s.seen = Away, at
			b.watchFlights(s, at)
		default:
			gone = append(gone, name)
			delete(b.seats, name)
		}
	}
	return gone
}

// better says which of two phones of one agent counts: the busier one.
func better(a, than State) bool {
	rank := map[State]int{Away: 0, Unseen: 1, Free: 2, Ringing: 3, Talking: 4}
	return rank[a] > rank[than]
}

// watchFlights notes what a look at an agent says of the calls that are his,
// or may be.
func (b *book) watchFlights(s *seat, at time.Time) {
	idle := s.State == Free || s.State == Away
	for _, f := range b.flights {
		switch {
		case f.placing || !at.After(f.placed) || s.State == Unseen:
		case f.agent == "" && !idle && s.Number != "" && Number(s.Number) == Number(f.number):
			f.agent, f.free = s.Exten, time.Time{} // found again
			s.flight = f
		case f.agent == "" && idle:
			f.seenFree[s.Exten] = true
		case f.agent != s.Exten:
		case !idle && f.stage < Over:
			f.busy, f.free = at, time.Time{}
		case idle && f.free.IsZero():
			f.free = at
		}
	}
}

// judgeLost finds the flights without an agent whose agent must be free: all
// agents have been seen free since.
func (b *book) judgeLost(at time.Time) {
	for _, f := range b.flights {
		if f.agent != "" || f.placing || !f.free.IsZero() || len(b.seats) == 0 {
			continue
		}
		all := true
		for name := range b.seats {
			all = all && f.seenFree[name]
		}
		if all {
			f.free = at
		}
	}
}

// report is an agent as the engine sees him.
func (b *book) report(s *seat, now time.Time) dialer.Agent {
	a := dialer.Agent{
		Interface: s.Exten, Name: s.Name, Phase: s.phase(now), TalkEnded: s.ended, TalkQueue: s.endedIn, Since: s.told.Since,
	}
	for _, p := range b.pools {
		if b.member(s.Agent, p) {
			a.Queues = append(a.Queues, dialer.Membership{Queue: p.Name()})
		}
	}
	slices.SortFunc(a.Queues, func(x, y dialer.Membership) int { return strings.Compare(x.Queue, y.Queue) })
	if a.Phase != s.told.Phase || a.Since.IsZero() {
		a.Since = now
	}
	return a
}

// same reports whether two reports of an agent say the same.
func same(a, b dialer.Agent) bool {
	return a.Name == b.Name && a.Phase == b.Phase && a.TalkEnded.Equal(b.TalkEnded) && a.TalkQueue == b.TalkQueue &&
		slices.Equal(a.Queues, b.Queues) && !b.Since.IsZero()
}
