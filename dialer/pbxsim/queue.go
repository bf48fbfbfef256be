package pbxsim

import (
	"slices"
	"time"
)

// queue is where callers wait for agents.
type queue struct {
	QueueConfig
	members  []*member
	waiting  []*entry
	position int // where rrmemory goes on

	completed, abandoned int
	holdtime, talktime   int // running averages in seconds, as in Asterisk
}

// member is an agent's place in a queue.
type member struct {
	queue     *queue
	agent     *agent
	name      string
	penalty   int
	wrapup    time.Duration // his own; the queue's holds where it is 0
	dynamic   bool
	paused    bool
	reason    string
	inCall    bool
	ringInUse bool // shown, not acted on
	taken     int
	lastCall  time.Time
	paused0   time.Time // when he was last paused
	login     time.Time
}

// entry is a caller in a queue.
type entry struct {
	queue    *queue
	call     *call
	first    int // his position when he came
	since    time.Time
	attempts []*attempt
	tried    map[*member]bool // in this round of calling
	expiry   *timer           // the end of his wait
	give     *timer           // the end of a round of calling
	pause    *timer           // between two rounds
	patience *timer
}

func (p *pbx) addQueue(cfg QueueConfig) *queue {
	q := &queue{QueueConfig: cfg}
	p.queues = append(p.queues, q)
	for _, m := range cfg.Members {
		p.addMember(q, m, false)
	}
	return q
}

func (p *pbx) queue(name string) *queue {
	for _, q := range p.queues {
		if q.Name == name {
			return q
		}
	}
	return nil
}

func (q *queue) member(iface string) *member {
	for _, m := range q.members {
		if m.agent.iface == iface {
			return m
		}
	}
	return nil
}

// forget stops all that a queue still has to do.
func (q *queue) forget(p *pbx) {
	for _, e := range q.waiting {
		e.stop(p)
	}
}

func (e *entry) stop(p *pbx) {
	for _, tm := range []*timer{e.expiry, e.give, e.pause, e.patience} {
		p.timers.stop(tm)
	}
	for _, a := range e.attempts {
		a.stop(p)
	}
}

// queueUp puts a call into a queue; false if there is no such queue or it
// refuses. A limit of 0 is no limit.
func (p *pbx) queueUp(c *call, name string, limit time.Duration) bool {
	q := p.queue(name)
	if q == nil || (q.Strict && !slices.ContainsFunc(q.members, func(m *member) bool { return p.reachable(m) })) {
		return false
	}
	e := &entry{queue: q, call: c, since: time.Now(), tried: map[*member]bool{}}
	c.entry = e
	q.waiting = append(q.waiting, e)
	e.first = len(q.waiting)
	p.emit(p.event(classAgent, "QueueCallerJoin").channel("", c.ch).add("Queue", q.Name).
		num("Position", e.first).num("Count", len(q.waiting)))
	p.on(classCall, "MusicOnHoldStart", c.ch, "Class", "default")
	if limit > 0 {
		e.expiry = p.after(limit, func() { p.waitedTooLong(e) })
	}
	if c.who.patience > 0 {
		e.patience = p.after(c.who.patience, func() { p.finish(c, byCustomer, 0) })
	}
	p.serve()
	return true
}

// reachable tells whether a strict queue counts a member.
func (p *pbx) reachable(m *member) bool {
	s := m.agent.status()
	return !m.paused && s != statusUnavailable && s != statusInvalid && s != statusUnknown && s != statusInUse
}

// position is where an entry stands, counted from 1.
func (e *entry) position() int { return slices.Index(e.queue.waiting, e) + 1 }

// remove takes an entry out of the queue and stops its agents' phones.
func (p *pbx) remove(e *entry) {
	e.stop(p)
	e.queue.waiting = slices.DeleteFunc(e.queue.waiting, func(x *entry) bool { return x == e })
	e.call.entry = nil
}

// abandon takes a caller out who is gone or has waited too long.
func (p *pbx) abandon(e *entry) {
	q, ch := e.queue, e.call.ch
	p.on(classCall, "MusicOnHoldStop", ch)
	p.cancel(e, nil)
	q.abandoned++
	position := e.position()
	hold := int(p.wall(e.since).Seconds())
	p.emit(p.event(classAgent, "QueueCallerAbandon").channel("", ch).add("Queue", q.Name).
		num("Position", position).num("OriginalPosition", e.first).num("HoldTime", hold))
	attempts := e.attempts
	p.remove(e)
	p.hangUpAgents(attempts, 0)
	p.leaveEvent(q, ch, position)
	p.soon()
}

func (p *pbx) leaveEvent(q *queue, ch *channel, position int) {
	p.emit(p.event(classAgent, "QueueCallerLeave").channel("", ch).add("Queue", q.Name).
		num("Position", position).num("Count", len(q.waiting)))
}

// waitedTooLong is the end of Queue()'s time-out: the caller is not gone.
func (p *pbx) waitedTooLong(e *entry) {
	c, name := e.call, e.queue.Name
	p.abandon(e)
	if c.exten {
		p.queueEnd(c, name, "TIMEOUT")
		return
	}
	p.finish(c, byApp, 0)
}

// soon looks for work once this moment's events are done.
func (p *pbx) soon() { p.after(0, p.serve) }

// serve rings agents for all callers that wait and are not being served.
func (p *pbx) serve() {
	for _, q := range p.queues {
		for _, e := range slices.Clone(q.waiting) {
			if e.call.entry != e || len(e.attempts) > 0 || e.pause != nil {
				continue
			}
			if !p.ringRound(e) {
				break // nobody can be rung, for those behind him neither
			}
		}
	}
}

// ringRound rings the next agent, or with ringall all of them; false if nobody
// could be rung.
func (p *pbx) ringRound(e *entry) bool {
	q := e.queue
	rung := 0
	for e.call.entry == e {
		m := p.nextMember(e)
		if m == nil {
			break
		}
		e.tried[m] = true
		if p.ringAgent(e, m) {
			rung++
			if q.Strategy != ringAll {
				break
			}
		}
	}
	switch {
	case e.call.entry != e:
		return true
	case rung > 0:
		e.give = p.after(q.Timeout, func() { p.noAgentAnswered(e) })
		return true
	case len(e.tried) > 0: // all that could be rung were, and could not: from the start, after a pause
		p.pauseRound(e)
		return true
	}
	return false
}

// pauseRound begins a new round of calling after the queue's retry time.
func (p *pbx) pauseRound(e *entry) {
	clear(e.tried)
	e.pause = p.after(e.queue.Retry, func() {
		e.pause = nil
		p.serve()
	})
}

// nextMember is who is to be rung next, nil if nobody can be.
func (p *pbx) nextMember(e *entry) *member {
	q := e.queue
	var best *member
	bestAt := 0
	for i := range q.members {
		at := i
		if q.Strategy == rrMemory {
			at = (q.position + i) % len(q.members)
		}
		m := q.members[at]
		if e.tried[m] || !p.callable(m) {
			continue
		}
		if best == nil || (q.Strategy == longestIdle && m.lastCall.Before(best.lastCall)) {
			best, bestAt = m, at
		}
		if q.Strategy != longestIdle {
			break
		}
	}
	if best != nil && q.Strategy == rrMemory {
		q.position = (bestAt + 1) % len(q.members)
	}
	return best
}

// callable tells whether app_queue would ring a member: not paused, not in
// use, and not in wrap-up although his status does not show it.
func (p *pbx) callable(m *member) bool {
	if m.paused || m.agent.reserved > 0 {
		return false
	}
	if s := m.agent.status(); s != statusNotInUse && s != statusUnknown {
		return false
	}
	return m.lastCall.IsZero() || p.since(m.lastCall) >= m.wrapupTime()
}

func (m *member) wrapupTime() time.Duration {
	if m.wrapup > 0 {
		return m.wrapup
	}
	return m.queue.Wrapup
}
