package scheduler

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/outpace/outpace/campaign"
	"github.com/outpace/outpace/dialer"
	"github.com/outpace/outpace/predictor"
)

// book is who takes calls and who waits for them, as the gateway reports it.
type book struct {
	agents map[string]dialer.Agent
	// resting are those whose wrap-up may not be over, so that the loop need
	// not walk over all agents to find the next end of one.
	resting map[string]struct{}
	callers map[string]map[string]struct{} // strangers waiting, by queue
	// wrapup is the pause after a talk that the destinations of a queue ask
	// for, where the member's own is not set.
	wrapup map[string]time.Duration
}

func newBook() book {
	return book{
		agents:  map[string]dialer.Agent{},
		resting: map[string]struct{}{},
		callers: map[string]map[string]struct{}{},
		wrapup:  map[string]time.Duration{},
	}
}

// reset forgets what may have changed unseen.
func (b *book) reset() {
	clear(b.agents)
	clear(b.resting)
	clear(b.callers)
}

func (b *book) apply(e dialer.Event) {
	switch e.Kind {
	case dialer.QueuesReset:
		b.reset()
	case dialer.AgentChanged:
		b.agents[e.Member.Interface] = *e.Member
		if e.Member.Phase == dialer.AgentFree && !e.Member.TalkEnded.IsZero() {
			b.resting[e.Member.Interface] = struct{}{}
		} else {
			delete(b.resting, e.Member.Interface)
		}
	case dialer.AgentGone:
		delete(b.agents, e.Agent)
		delete(b.resting, e.Agent)
	case dialer.CallerJoined:
		if b.callers[e.Queue] == nil {
			b.callers[e.Queue] = map[string]struct{}{}
		}
		b.callers[e.Queue][e.Caller] = struct{}{}
	case dialer.CallerLeft:
		delete(b.callers[e.Queue], e.Caller)
	}
}

func (b *book) strangers(queue string) int { return len(b.callers[queue]) }

// wrapEnd is when an agent's wrap-up is over; zero if he is in none.
func (b *book) wrapEnd(a *dialer.Agent, now time.Time) time.Time {
	if a.Phase != dialer.AgentFree || a.TalkEnded.IsZero() {
		return time.Time{}
	}
	end := a.TalkEnded.Add(b.pause(a))
	if !now.Before(end) {
		return time.Time{}
	}
	return end
}

// pause is how long an agent's wrap-up is.
func (b *book) pause(a *dialer.Agent) time.Duration {
	pause := b.wrapup[a.TalkQueue]
	for _, m := range a.Queues {
		if m.Wrapup > 0 && (a.TalkQueue == "" || m.Queue == a.TalkQueue) {
			pause = m.Wrapup
		}
	}
	return pause
}

// rest forgets those whose wrap-up is over, and returns them in the order of
// its end, and when the next one is over; zero if there is none.
func (b *book) rest(now time.Time) (rested []dialer.Agent, next time.Time) {
	for name := range b.resting {
		a := b.agents[name]
		end := b.wrapEnd(&a, now)
		if end.IsZero() {
			delete(b.resting, name)
			rested = append(rested, a)
		} else if next.IsZero() || end.Before(next) {
			next = end
		}
	}
	slices.SortFunc(rested, func(a, c dialer.Agent) int {
		return cmp.Or(a.TalkEnded.Add(b.pause(&a)).Compare(c.TalkEnded.Add(b.pause(&c))), cmp.Compare(a.Interface, c.Interface))
	})
	return rested, next
}

// count is the agents of one queue, each one once.
func (b *book) count(queue string, now time.Time) campaign.Agents {
	var n campaign.Agents
	for _, a := range b.agents {
		m, ok := member(&a, queue)
		if !ok || a.Phase == dialer.AgentAway {
			continue
		}
		n.LoggedIn++
		switch {
		case a.Phase != dialer.AgentFree:
			n.Busy++
		case m.Paused:
			n.Paused++
		case !b.wrapEnd(&a, now).IsZero():
			n.WrapUp++
		default:
			n.Free++
		}
	}
	return n
}

// able is how many agents of a queue are free or are being rung: so many of the
// customers who wait there should be taken.
func (b *book) able(queue string, now time.Time) int {
	n := 0
	for _, a := range b.agents {
		m, ok := member(&a, queue)
		free := a.Phase == dialer.AgentFree && b.wrapEnd(&a, now).IsZero()
		if ok && !m.Paused && (free || a.Phase == dialer.AgentRinging) {
			n++
		}
	}
	return n
}

func member(a *dialer.Agent, queue string) (dialer.Membership, bool) {
	i := slices.IndexFunc(a.Queues, func(m dialer.Membership) bool { return m.Queue == queue })
	if i < 0 {
		return dialer.Membership{}, false
	}
	return a.Queues[i], true
}

// groups are the agents who can take a call, by the queues that can give them one.
func (b *book) groups(now time.Time) []group {
	byQueues := map[string]*group{}
	var list []*group
	var queues []string // of one agent
	for _, a := range b.agents {
		free := a.Phase == dialer.AgentFree && b.wrapEnd(&a, now).IsZero()
		if !free && a.Phase != dialer.AgentRinging {
			continue
		}
		queues = queues[:0]
		for _, m := range a.Queues {
			if !m.Paused {
				queues = append(queues, m.Queue)
			}
		}
		if len(queues) == 0 {
			continue
		}
		key := strings.Join(queues, "\x00")
		g := byQueues[key]
		if g == nil {
			g = &group{queues: slices.Clone(queues)}
			byQueues[key] = g
			list = append(list, g)
		}
		if free {
			g.free++
		} else {
			g.rung++
		}
	}
	out := make([]group, len(list))
	for i, g := range list {
		out[i] = *g
	}
	return out
}

// busy is what the agents of a queue are doing who are not free.
func (b *book) busy(queue string, now time.Time) []predictor.Busy {
	var list []predictor.Busy
	for _, a := range b.agents {
		m, ok := member(&a, queue)
		if !ok || a.Phase == dialer.AgentAway {
			continue
		}
		busy := predictor.Busy{For: now.Sub(a.Since), Leaving: m.Paused}
		switch {
		case a.Phase == dialer.AgentRinging:
			busy.Phase = predictor.AgentRinging
		case a.Phase == dialer.AgentTalking:
			busy.Phase = predictor.AgentTalking
		case !b.wrapEnd(&a, now).IsZero():
			busy.Phase, busy.For = predictor.AgentWrapUp, now.Sub(a.TalkEnded)
		default:
			continue
		}
		list = append(list, busy)
	}
	return list
}
