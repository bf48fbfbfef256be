package pbxsim

import (
	"strings"
	"time"
)

// attempt is an agent being rung for a caller.
type attempt struct {
	entry  *entry
	member *member
	ch     *channel
	half   *channel // of an agent that is a Local channel
	since  time.Time
	timers [2]*timer
	rang   bool
	over   bool
}

func (a *attempt) stop(p *pbx) {
	for _, tm := range a.timers {
		p.timers.stop(tm)
	}
}

// agentSignalling is how long an agent's phone takes to ring.
const agentSignalling = 5 * time.Millisecond

// ringAgent rings a member; false if there is no phone to ring or it is busy.
func (p *pbx) ringAgent(e *entry, m *member) bool {
	g := m.agent
	if g.mode == AgentOffline || g.mode == AgentInvalid {
		return false
	}
	a := &attempt{entry: e, member: m, since: time.Now()}
	p.openAgent(a)
	caller := e.call.ch
	p.emit(p.event(classAgent, "AgentCalled").channel("", caller).channel("Dest", a.ch).
		add("Queue", e.queue.Name).add("Interface", g.iface).add("MemberName", m.name))
	p.emit(p.event(classCall, "DialBegin").channel("", caller).channel("Dest", a.ch).add("DialString", g.dialString()))
	if g.mode == AgentBusy {
		p.request("HangupRequest", a.ch, 17)
		a.ch.exten = caller.exten
		p.dialEvent("DialEnd", caller, a.ch, "NOANSWER")
		p.ringNoAnswer(a)
		a.over = true
		if a.half != nil {
			p.hungup(a.half, 17)
		}
		p.hungup(a.ch, 17)
		return false
	}
	g.reserved++
	e.attempts = append(e.attempts, a)
	answer := g.answer.sample(g.random)
	if answer > 0 || g.mode == AgentSilent {
		a.timers[0] = p.after(agentSignalling, func() { p.agentRinging(a) })
	}
	if g.mode != AgentSilent {
		a.timers[1] = p.after(agentSignalling+answer, func() { p.agentAnswers(a) })
	}
	return true
}

// openAgent brings the agent's channel up.
func (p *pbx) openAgent(a *attempt) {
	c, g := a.entry.call, a.member.agent
	caller := c.ch
	num, name := caller.num, caller.cname
	if c.callerID.num != "" { // Dial() may have changed the channel's since
		num, name = c.callerID.num, c.callerID.name
	}
	a.ch = &channel{
		tech: g.tech(), linked: caller.linked, context: "agents", exten: "s", try: a,
		app: "AppQueue", data: "(Outgoing Line)", vars: &variables{},
	}
	if g.tech() != "Local" {
		a.ch.name = g.iface + "-" + p.suffix("SIP")
		p.open(a.ch)
		p.identify(a.ch, num, name)
		return
	}
	exten, _, _ := strings.Cut(strings.TrimPrefix(g.iface, "Local/"), "@")
	local := "Local/" + exten + "@agents-" + p.suffix("Local")
	a.ch.name, a.ch.exten = local+";1", exten
	a.half = &channel{
		tech: "Local", linked: caller.linked, name: local + ";2", state: stateRing,
		context: "agents", exten: exten, app: "Wait", data: "86400", try: a, vars: &variables{},
	}
	p.open(a.ch)
	p.open(a.half)
	p.identify(a.ch, num, name)
	p.identify(a.half, num, name)
	p.emit(p.event(classCall, "LocalBridge").channel("LocalOne", a.ch).channel("LocalTwo", a.half).
		add("Context", "agents").add("Exten", exten).add("LocalOptimization", "No"))
}

func (p *pbx) agentRinging(a *attempt) {
	if a.over {
		return
	}
	a.rang = true
	a.member.agent.ringing++
	a.ch.exten = a.entry.call.ch.exten
	p.dialEvent("DialState", a.entry.call.ch, a.ch, "RINGING")
	p.setState(a.ch, stateRinging)
	p.on(classCall, "NewConnectedLine", a.ch)
	p.statusEvents(a.member.agent)
}

// agentAnswers joins agent and caller.
func (p *pbx) agentAnswers(a *attempt) {
	e := a.entry
	c, q, g := e.call, e.queue, a.member.agent
	if a.over || c.entry != e {
		return
	}
	a.over = true
	a.ch.exten = c.ch.exten
	p.setState(a.ch, stateUp)
	if a.half != nil {
		p.setState(a.half, stateUp)
	}
	p.dialEvent("DialEnd", c.ch, a.ch, "ANSWER")
	p.cancel(e, a)
	p.on(classCall, "MusicOnHoldStop", c.ch)
	position := e.position()
	others := e.attempts
	p.remove(e)
	p.leaveEvent(q, c.ch, position)
	for _, other := range others {
		if other != a {
			p.hangUpAgents([]*attempt{other}, 26)
		}
	}
	hold := int(p.wall(e.since).Seconds())
	q.holdtime = (q.holdtime*3 + hold) / 4
	p.emit(p.event(classAgent, "AgentConnect").channel("", c.ch).channel("Dest", a.ch).
		add("Queue", q.Name).add("Interface", g.iface).add("MemberName", a.member.name).
		num("HoldTime", hold).num("RingTime", int(p.wall(a.since).Seconds())))
	p.unring(a)
	g.talking++
	a.member.inCall = true
	p.statusEvents(g)
	p.converse(c, a, hold)
}

// cancel gives up all attempts but the winner; app_queue says so twice.
func (p *pbx) cancel(e *entry, winner *attempt) {
	for range 2 {
		for _, a := range e.attempts {
			if a != winner {
				p.dialEvent("DialEnd", e.call.ch, a.ch, "CANCEL")
			}
		}
	}
}

// hangUpAgents ends the channels of agents who were rung in vain.
func (p *pbx) hangUpAgents(attempts []*attempt, cause int) {
	for _, a := range attempts {
		if a.over {
			continue
		}
		a.over = true
		a.stop(p)
		a.ch.exten = a.entry.call.ch.exten
		p.closeAgent(a, cause)
		rang := a.rang
		p.unring(a)
		if rang {
			p.statusEvents(a.member.agent)
		}
	}
}

// unring marks the agent's phone as not rung for this caller any more.
func (p *pbx) unring(a *attempt) {
	g := a.member.agent
	g.reserved--
	if a.rang {
		a.rang = false
		g.ringing--
	}
}

// ringNoAnswer reports an agent who did not take the call, and pauses him if
// the queue is so inclined.
func (p *pbx) ringNoAnswer(a *attempt) {
	e, m := a.entry, a.member
	p.emit(p.event(classAgent, "AgentRingNoAnswer").channel("", e.call.ch).channel("Dest", a.ch).
		add("Queue", e.queue.Name).add("Interface", m.agent.iface).add("MemberName", m.name).
		num("RingTime", int(p.wall(a.since).Milliseconds())))
	if e.queue.AutoPause {
		p.pause(m, true, "Auto-Pause")
	}
}

// noAgentAnswered ends a round of calling.
func (p *pbx) noAgentAnswered(e *entry) {
	attempts := e.attempts
	e.attempts = nil
	for _, a := range attempts {
		p.ringNoAnswer(a)
		p.dialEvent("DialEnd", e.call.ch, a.ch, "NOANSWER")
		p.dialEvent("DialEnd", e.call.ch, a.ch, "CANCEL")
	}
	p.hangUpAgents(attempts, 0)
	p.pauseRound(e)
}

// wall is how long ago something was on the clock on the wall, which is what
// the PBX tells in seconds.
func (p *pbx) wall(t time.Time) time.Duration { return time.Since(t) }
