package scheduler

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/outpace/outpace/dialer"
	"github.com/outpace/outpace/dialer/ami"
	"github.com/outpace/outpace/scheduler/sim"
)

// stepPBX is a PBX that lives in the steps of a driver: it does what the
// digits of a number say (see pbxsim), and tells those who are linked to it.
type stepPBX struct {
	d          *driver
	calls      map[string]*stepCall
	links      []*stepLink
	agents     []string // who have nothing to do
	waiting    []string // calls in the queue
	nth        map[string]int
	started    time.Time
	originates []sim.Originate

	net   []stepNet     // of each slot
	busy  time.Duration // how long a request may take to become a call
	late  time.Duration // how long the next events are held back
	armed map[sim.Kind]int
}

// stepNet is the network between the PBX and an engine.
type stepNet struct{ cut, frozen, deaf bool }

// stepCall is a call at the PBX.
type stepCall struct {
	id, number, action string
	born               time.Duration
	ringing, up        bool
	responded          bool
	agent              string
	queued             bool
	record             int
}

// stepLink is a connection of an engine.
type stepLink struct {
	p     *proc
	up    bool
	last  time.Duration // when the last message arrives
	epoch int           // of the session; what was sent in an earlier one is lost
	held  []dialer.Event
	asked time.Time // when the census was asked for that is being given
}

func newStepPBX(d *driver) *stepPBX {
	b := &stepPBX{d: d, calls: map[string]*stepCall{}, nth: map[string]int{}, armed: map[sim.Kind]int{}, net: make([]stepNet, d.o.Engines), started: d.now().Add(-time.Hour)}
	for i := range d.o.Agents {
		b.agents = append(b.agents, fmt.Sprintf("PJSIP/agent-%02d", i+1))
	}
	return b
}

// join links an engine, leave ends that.
func (b *stepPBX) join(p *proc) {
	l := &stepLink{p: p}
	p.link = l
	b.links = append(b.links, l)
	p.give(dialer.Event{Kind: dialer.LinkDown, Err: errStepDown})
	b.d.after(b.d.soon(), p, "", func() { b.connect(l) })
	b.refresh(l)
}

func (b *stepPBX) leave(p *proc) {
	b.links = slices.DeleteFunc(b.links, func(l *stepLink) bool { return l.p == p })
	p.link = nil
}

// refresh asks for the queue and a census each minute, as the gateway does by
// itself.
func (b *stepPBX) refresh(l *stepLink) {
	b.d.after(time.Minute, l.p, "", func() {
		if l.p.link == l {
			b.queue(l)
			b.census(l)
			b.refresh(l)
		}
	})
}

func (b *stepPBX) connect(l *stepLink) {
	switch {
	case l.p.link != l || l.up:
	case b.of(l).cut || b.of(l).frozen:
		b.d.after(time.Second+b.d.some(time.Second), l.p, "", func() { b.connect(l) })
	default:
		l.up, l.held = true, nil
		b.send(l, dialer.Event{Kind: dialer.LinkUp, Started: b.started})
		b.queue(l)
		b.census(l)
	}
}

// queue lists the agents who have nothing to do.
func (b *stepPBX) queue(l *stepLink) {
	b.send(l, dialer.Event{Kind: dialer.QueuesReset})
	for _, a := range slices.Sorted(slices.Values(b.agents)) {
		b.send(l, b.agent(a, dialer.AgentFree, time.Time{}))
	}
}

// of is the network that a link runs over.
func (b *stepPBX) of(l *stepLink) *stepNet { return &b.net[l.p.slot] }

// drop ends the sessions of an engine: what was on its way is lost.
func (b *stepPBX) drop(slot int) {
	for _, l := range b.links {
		if l.p.slot == slot {
			b.dropLink(l)
		}
	}
}

func (b *stepPBX) dropLink(l *stepLink) {
	l.epoch++
	l.held = nil
	if !l.up {
		return
	}
	l.up = false
	b.d.after(b.d.soon(), l.p, "", func() {
		if l.p.link == l && !l.up {
			l.p.give(dialer.Event{Kind: dialer.LinkDown, Err: errStepDown})
		}
	})
	b.d.after(250*time.Millisecond+b.d.some(time.Second), l.p, "", func() { b.connect(l) })
}

// send puts a message on a link, behind those that are on it.
func (b *stepPBX) send(l *stepLink, e dialer.Event) {
	if !l.up {
		return
	}
	if b.of(l).frozen {
		l.held = append(l.held, e)
		return
	}
	at := max(l.last, b.d.mono+b.d.soon()+b.late)
	l.last = at
	epoch, asked := l.epoch, l.p.now()
	b.d.after(at-b.d.mono, l.p, "", func() {
		if l.epoch == epoch && l.p.link == l {
			l.asked = asked
			if e.Kind == dialer.Census {
				l.asked = e.At
			}
			l.p.give(e)
		}
	})
}

// tell reports an event to all who are linked.
func (b *stepPBX) tell(e dialer.Event) {
	for _, l := range b.links {
		if b.of(l).deaf {
			continue
		}
		b.send(l, e)
		if (e.Kind == dialer.CallHangup || e.Kind == dialer.CallResponded) && b.d.o.Ill > 0 && b.d.r.Float64() < b.d.o.Ill {
			b.send(l, e) // again
		}
	}
}

// census answers a look-up on a link.
func (b *stepPBX) census(l *stepLink) {
	e := dialer.Event{Kind: dialer.Census, At: l.p.now(), Started: b.started, Living: map[string]dialer.Sighting{}}
	for id, c := range b.calls {
		s := dialer.Sighting{Channel: "PJSIP/" + c.number, Answered: c.up, Ringing: c.ringing && !c.up, Agent: c.agent}
		if c.queued && c.agent == "" {
			s.Queue = "sales"
		}
		e.Living[id] = s
	}
	b.send(l, e)
}

func (b *stepPBX) agent(name string, phase dialer.AgentPhase, ended time.Time) dialer.Event {
	return dialer.Event{Kind: dialer.AgentChanged, Member: &dialer.Agent{
		Interface: name, Phase: phase, Since: b.d.now(), TalkEnded: ended, Queues: []dialer.Membership{{Queue: "sales"}},
	}}
}

// begin makes a call of a request that has arrived.
func (b *stepPBX) begin(r dialer.Request) {
	for _, o := range b.originates {
		if o.Call == r.Call {
			b.d.fail("the PBX is asked twice for the call %s", r.Call)
			return
		}
	}
	b.d.say("PBX: call %s to %s", r.Call, r.Number)
	c := &stepCall{id: r.Call, number: r.Number, action: r.ActionID, born: b.d.mono, record: len(b.originates)}
	b.originates = append(b.originates, sim.Originate{Call: r.Call, Number: r.Number, At: sim.Moment(sim.Start.Add(b.d.mono), b.d.mono), Accepted: true})
	b.calls[r.Call] = c
	b.nth[r.Number]++
	fate := rand.New(rand.NewPCG(b.d.o.Seed, uint64(b.nth[r.Number])<<32^hashOf(r.Number)))
	kind := r.Number
	if kind[0] == '8' {
		kind = []string{"131", "131", "2", "3", "4", "5", "6"}[fate.IntN(7)]
	}
	b.tell(dialer.Event{Kind: dialer.CallChannel, Call: c.id, Channel: "PJSIP/" + c.number})
	b.later(c, r.Timeout, func() {
		if !c.up {
			b.end(c, "NOANSWER", 0, 3)
		}
	})
	failure := func(status string, cause, reason int) {
		b.later(c, 300*time.Millisecond, func() { b.end(c, status, cause, reason) })
	}
	switch kind[0] {
	case '1', '5':
		ring, talk := time.Second, time.Duration(0)
		if kind[0] == '1' {
			ring, talk = time.Duration(kind[1]-'0')*time.Second, time.Duration(kind[2]-'0')*5*time.Second
		}
		b.ring(c)
		b.later(c, ring, func() {
			b.answer(c)
			b.later(c, talk, func() { b.end(c, "", 16, 0) })
		})
	case '2':
		failure("BUSY", 17, 5)
	case '3':
		b.ring(c)
	case '4':
		failure("CONGESTION", 34, 8)
	case '6':
		failure("CHANUNAVAIL", 1, 1)
	}
}

// arrive delivers a request when a link lives again that has died without a
// word, whatever has become of its sender; but the kernel gives up in time what
// it cannot deliver.
func (b *stepPBX) arrive(r dialer.Request, slot int, waited time.Duration) {
	const step = 250 * time.Millisecond
	b.d.after(step, nil, "", func() {
		switch {
		case !b.net[slot].frozen:
			b.begin(r)
		case waited < ami.Undelivered:
			b.arrive(r, slot, waited+step)
		}
	})
}

func hashOf(s string) uint64 {
	h := uint64(14695981039346656037)
	for _, c := range []byte(s) {
		h = (h ^ uint64(c)) * 1099511628211
	}
	return h
}

// later does something to a call that still lives then.
func (b *stepPBX) later(c *stepCall, wait time.Duration, do func()) {
	b.d.after(wait, nil, "", func() {
		if b.calls[c.id] == c {
			do()
		}
	})
}

func (b *stepPBX) ring(c *stepCall) {
	c.ringing = true
	b.tell(dialer.Event{Kind: dialer.CallRinging, Call: c.id})
}

func (b *stepPBX) answer(c *stepCall) {
	c.up = true
	b.originates[c.record].Answered = true
	b.d.say("PBX: %s picks up", c.id)
	b.tell(dialer.Event{Kind: dialer.CallAnswered, Call: c.id})
	if b.d.r.Float64() >= b.d.o.Ill {
		b.respond(c, true, 4)
	} else {
		b.later(c, b.d.some(2*time.Second), func() { b.respond(c, true, 4) })
	}
	if b.d.o.Agents > 0 {
		c.queued = true
		b.waiting = append(b.waiting, c.id)
		b.tell(dialer.Event{Kind: dialer.CallQueued, Call: c.id, Queue: "sales"})
		b.connectAgents()
	}
}

func (b *stepPBX) respond(c *stepCall, ok bool, reason int) {
	if c.responded {
		return
	}
	c.responded = true
	b.tell(dialer.Event{Kind: dialer.CallResponded, Call: c.id, ActionID: c.action, OK: ok, Reason: reason})
}

// connectAgents gives waiting calls to agents who have nothing to do.
func (b *stepPBX) connectAgents() {
	for len(b.agents) > 0 && len(b.waiting) > 0 {
		c, name := b.calls[b.waiting[0]], b.agents[0]
		b.waiting, b.agents = b.waiting[1:], b.agents[1:]
		b.tell(b.agent(name, dialer.AgentRinging, time.Time{}))
		c.agent = name
		b.later(c, 500*time.Millisecond, func() {
			b.tell(dialer.Event{Kind: dialer.CallUnqueued, Call: c.id})
			b.tell(dialer.Event{Kind: dialer.CallAgent, Call: c.id, Agent: name})
			b.tell(b.agent(name, dialer.AgentTalking, time.Time{}))
		})
	}
}

// end ends a call: its events, in one order or another, and its agent.
func (b *stepPBX) end(c *stepCall, status string, cause, reason int) {
	b.d.say("PBX: %s ends: %s", c.id, cmp.Or(status, "hung up"))
	delete(b.calls, c.id)
	b.waiting = slices.DeleteFunc(b.waiting, func(id string) bool { return id == c.id })
	if status != "" {
		b.tell(dialer.Event{Kind: dialer.CallDialEnd, Call: c.id, Text: status})
	}
	if b.d.r.Float64() < b.d.o.Ill {
		b.respond(c, c.up, reason)
		b.tell(dialer.Event{Kind: dialer.CallHangup, Call: c.id, Cause: cause})
	} else {
		b.tell(dialer.Event{Kind: dialer.CallHangup, Call: c.id, Cause: cause})
		b.respond(c, c.up, reason)
	}
	if c.agent != "" {
		b.agents = append(b.agents, c.agent)
		b.tell(b.agent(c.agent, dialer.AgentFree, b.d.now()))
		b.connectAgents()
	}
}

// restart starts the PBX anew: all links are cut, and without keep all calls
// are gone without a word.
func (b *stepPBX) restart(keep bool) {
	for slot := range b.net {
		b.drop(slot)
	}
	if keep {
		return
	}
	b.started = b.d.now()
	for _, id := range slices.Sorted(maps.Keys(b.calls)) {
		if a := b.calls[id].agent; a != "" {
			b.agents = append(b.agents, a)
		}
	}
	clear(b.calls)
	b.waiting = nil
}

// freeze stops all traffic of an engine without closing anything, or lets it go
// on. Who hears nothing for half a minute gives the link up.
func (b *stepPBX) freeze(slot int, frozen bool) {
	b.net[slot].frozen = frozen
	for _, l := range b.links {
		switch {
		case l.p.slot != slot:
		case frozen:
			epoch := l.epoch
			b.d.after(30*time.Second, l.p, "", func() {
				if b.of(l).frozen && l.epoch == epoch {
					b.dropLink(l)
				}
			})
		default:
			held := l.held
			l.held = nil
			for _, e := range held {
				b.send(l, e)
			}
		}
	}
}

// strikes tells whether a fault that was armed happens now.
func (b *stepPBX) strikes(k sim.Kind) bool {
	if b.armed[k] == 0 {
		return false
	}
	b.armed[k]--
	return true
}

// stepGateway is the PBX as one engine reaches it.
type stepGateway struct {
	b *stepPBX
	p *proc
}

func (stepGateway) Name() string { return "pbx" }

func (stepGateway) Capabilities() dialer.Capabilities {
	return dialer.Capabilities{Hangup: true, Agents: true}
}

func (stepGateway) Run(context.Context, func(dialer.Event)) error { panic("not called") }

func (g stepGateway) up() bool { return g.p.link != nil && g.p.link.up }

// Place asks for a call.
func (g stepGateway) Place(ctx context.Context, r dialer.Request) error {
	b := g.b
	if !g.up() || ctx.Err() != nil {
		return dialer.ErrNotSent
	}
	if err := r.Before(); err != nil {
		return fmt.Errorf("%w: %w", dialer.ErrNotSent, err)
	}
	if wait, link := g.p.inPlace, g.p.link; wait > 0 {
		g.p.inPlace = 0
		epoch := link.epoch
		if g.p.stall(wait); g.p.link != link || link.epoch != epoch {
			return dialer.ErrOutcomeUnknown // it is written to a link that is closed
		}
	}
	b.d.say("engine %d asks for the call %s", g.p.slot+1, r.Call)
	b.d.checkOwner(g.p, r.Call)
	switch {
	case b.of(g.p.link).frozen:
		g.p.took += placeTimeout
		b.arrive(r, g.p.slot, 0)
		return dialer.ErrOutcomeUnknown
	case b.strikes(sim.DropBefore):
		b.dropLink(g.p.link)
		return dialer.ErrOutcomeUnknown
	case b.strikes(sim.Refused):
		return dialer.ErrRefused
	case b.busy > 0:
		started := b.started
		b.d.after(b.d.some(b.busy), nil, "", func() {
			if b.started.Equal(started) { // else it was forgotten with the calls
				b.begin(r)
			}
		})
		if b.d.r.IntN(3) == 0 { // and its link breaks down meanwhile
			b.dropLink(g.p.link)
			return dialer.ErrOutcomeUnknown
		}
	default:
		b.begin(r)
	}
	switch {
	case b.strikes(sim.DropAfter):
		b.dropLink(g.p.link)
		return dialer.ErrOutcomeUnknown
	case b.strikes(sim.ReplyLost):
		g.p.took += placeTimeout
		return dialer.ErrOutcomeUnknown
	case b.strikes(sim.ReplyLate):
		g.p.took += b.d.some(9 * time.Second)
	}
	return nil
}

// Hangup ends a call.
func (g stepGateway) Hangup(_ context.Context, id string) error {
	if !g.up() || g.b.of(g.p.link).frozen {
		g.p.took += placeTimeout
		return dialer.ErrNotSent
	}
	c := g.b.calls[id]
	if c == nil {
		return dialer.ErrNoCall
	}
	g.b.end(c, "", 16, 0)
	return nil
}

// Survey asks for a census.
func (g stepGateway) Survey(context.Context) error {
	if !g.up() || g.b.of(g.p.link).frozen {
		g.p.took += placeTimeout
		return dialer.ErrNotSent
	}
	g.b.census(g.p.link)
	return nil
}

func (g stepGateway) Supports(context.Context, string) (bool, error) {
	if !g.up() {
		return false, dialer.ErrNotSent
	}
	return true, nil
}
