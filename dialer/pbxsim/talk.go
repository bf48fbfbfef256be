package pbxsim

import "time"

// conversation is a caller with an agent.
type conversation struct {
	queue  *queue
	call   *call
	try    *attempt
	since  time.Time
	hold   int
	end    *timer
	silent bool // no AgentComplete
}

// converse joins a caller and the agent who answered.
func (p *pbx) converse(c *call, a *attempt, hold int) {
	g := a.member.agent
	conv := &conversation{queue: a.entry.queue, call: c, try: a, since: time.Now(), hold: hold}
	c.conv = conv
	p.join(a.ch, c.ch)
	talk := g.talk
	if g.mode == AgentBrief {
		talk = Fixed(agentSignalling)
	}
	if !talk.IsZero() {
		conv.end = p.after(talk.sample(g.random), func() { p.agentLeaves(conv) })
	}
	if c.who.withAgent > 0 {
		p.timers.stop(c.talk)
		c.talk = p.after(c.who.withAgent, func() { p.finish(c, byCustomer, 0) })
	}
}

// agentLeaves is the agent hanging up; Queue() then ends, and the call with it.
func (p *pbx) agentLeaves(conv *conversation) {
	if conv.call.conv == conv {
		p.finish(conv.call, byAgent, 0)
	}
}

// endTalk separates caller and agent.
func (p *pbx) endTalk(conv *conversation, by side) {
	c, a := conv.call, conv.try
	p.timers.stop(conv.end)
	c.conv = nil
	first, second := c.ch, a.ch
	if by == byAgent {
		first, second = second, first
		p.agentRequests(a)
	}
	switch {
	case conv.silent, by == byManager && !c.exten:
	case by == byAgent:
		p.complete(conv, "agent", !c.moved)
	default:
		p.complete(conv, "caller", !c.moved && (by != byManager || a.half == nil))
	}
	p.leave(first)
	p.leave(second)
	p.closeAgent(a, 16)
	p.afterCall(conv)
}

// agentRequests announces that the agent's phone hangs up.
func (p *pbx) agentRequests(a *attempt) {
	if a.half == nil {
		if p.channels[a.ch.id] == a.ch {
			p.request("HangupRequest", a.ch, -1)
		}
		return
	}
	p.request("SoftHangupRequest", a.half, 16)
	p.request("HangupRequest", a.ch, 16)
	p.hungup(a.half, 16)
}

func (p *pbx) closeAgent(a *attempt, cause int) {
	if a.half == nil || p.channels[a.half.id] != a.half {
		p.hungupSIP(a.ch, cause, 0)
		return
	}
	p.request("HangupRequest", a.half, cause)
	p.hungup(a.ch, cause)
	p.request("SoftHangupRequest", a.half, 16)
	p.hungup(a.half, cause)
}

// afterCall books the talk and begins the wrap-up.
func (p *pbx) afterCall(conv *conversation) {
	m, q := conv.try.member, conv.queue
	q.completed++
	q.talktime = (q.talktime*3 + int(p.wall(conv.since).Seconds())) / 4
	m.inCall = false
	m.taken++
	m.lastCall = time.Now()
	m.agent.talking--
	p.statusEvents(m.agent)
	p.soon()
	if w := m.wrapupTime(); w > 0 {
		p.after(w, p.serve)
	}
}

// complete sends AgentComplete; without the agent's channel where it is gone.
func (p *pbx) complete(conv *conversation, reason string, dest bool) {
	a := conv.try
	m := p.event(classAgent, "AgentComplete").channel("", conv.call.ch)
	if dest {
		m.channel("Dest", a.ch)
	}
	p.emit(m.add("Queue", conv.queue.Name).add("Interface", a.member.agent.iface).add("MemberName", a.member.name).
		num("HoldTime", conv.hold).num("TalkTime", int(p.wall(conv.since).Seconds())).add("Reason", reason))
}
