package pbxsim

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"time"
)

// The statuses of a member's device, as AMI numbers them.
const (
	statusUnknown     = 0
	statusNotInUse    = 1
	statusInUse       = 2
	statusInvalid     = 4
	statusUnavailable = 5
	statusRinging     = 6
)

// agent is a person at a phone, in however many queues.
type agent struct {
	iface    string
	members  []*member // his places in all queues
	mode     AgentMode
	answer   Dist
	talk     Dist
	random   *rand.Rand
	reserved int // callers he is being called for, though his phone may not ring yet
	ringing  int
	talking  int
}

func (g *agent) tech() string {
	tech, _, _ := strings.Cut(g.iface, "/")
	return tech
}

func (g *agent) dialString() string {
	_, rest, _ := strings.Cut(g.iface, "/")
	return rest
}

func (g *agent) status() int {
	switch {
	case g.mode == AgentInvalid:
		return statusInvalid
	case g.mode == AgentOffline:
		return statusUnavailable
	case g.talking > 0:
		return statusInUse
	case g.ringing > 0:
		return statusRinging
	}
	return statusNotInUse
}

// asCustomer is what the agent does when his phone is called directly.
func (g *agent) asCustomer() customer {
	who := customer{rings: true, talk: never, after: g.answer.sample(g.random)}
	switch g.mode {
	case AgentSilent:
		who.does = NoAnswer
	case AgentBusy:
		who = customer{does: Busy}
	case AgentBrief:
		who.talk = 0
	default:
		if !g.talk.IsZero() {
			who.talk = g.talk.sample(g.random)
		}
	}
	return who
}

// agentOf finds an agent by his interface, or makes one as unlisted tells.
func (p *pbx) agentOf(iface string) *agent {
	if g := p.agents[iface]; g != nil {
		return g
	}
	cfg := unlisted(iface)
	if tech, _, _ := strings.Cut(iface, "/"); !p.knows(tech) {
		cfg.Mode = AgentInvalid
	}
	return p.makeAgent(cfg)
}

func (p *pbx) makeAgent(cfg MemberConfig) *agent {
	g := &agent{iface: cfg.Interface, mode: cfg.Mode, answer: cfg.Answer, talk: cfg.Talk}
	if g.answer.IsZero() {
		g.answer = Uniform(500*time.Millisecond, 1500*time.Millisecond)
	}
	g.random = p.cfg.stream("agent "+g.iface, 0)
	p.agents[g.iface] = g
	return g
}

func (p *pbx) addMember(q *queue, cfg MemberConfig, dynamic bool) *member {
	g := p.agents[cfg.Interface]
	if g == nil {
		if dynamic {
			g = p.agentOf(cfg.Interface)
		} else {
			g = p.makeAgent(cfg)
		}
	}
	m := &member{
		queue: q, agent: g, name: cfg.Name, penalty: cfg.Penalty, wrapup: cfg.Wrapup,
		dynamic: dynamic, paused: cfg.Paused, login: time.Now(),
	}
	setDefault(&m.name, cfg.Interface)
	if m.paused {
		m.paused0 = m.login
	}
	q.members = append(q.members, m)
	g.members = append(g.members, m)
	return m
}

func (p *pbx) removeMember(m *member) {
	q := m.queue
	same := func(x *member) bool { return x == m }
	q.members = slices.DeleteFunc(q.members, same)
	m.agent.members = slices.DeleteFunc(slices.Clone(m.agent.members), same)
	q.position = 0
	p.memberEvent("QueueMemberRemoved", m)
}

// memberships are an agent's places in all queues.
func (p *pbx) memberships(iface string) []*member {
	if g := p.agents[iface]; g != nil {
		return g.members
	}
	return nil
}

// statusEvents reports an agent's status, once for each of his queues.
func (p *pbx) statusEvents(g *agent) {
	for _, m := range p.memberships(g.iface) {
		p.memberEvent("QueueMemberStatus", m)
	}
}

func (p *pbx) memberEvent(name string, m *member) {
	e := p.event(classAgent, name).add("Queue", m.queue.Name).add("MemberName", m.name).add("Interface", m.agent.iface)
	p.describe(e, m)
	if name == "QueueMemberPause" && p.old() {
		e.opt("Reason", m.reason)
	}
	p.emit(e)
}

// describe adds what all events about members have in common.
func (p *pbx) describe(e *message, m *member) {
	if e.off {
		return
	}
	membership := "static"
	if m.dynamic {
		membership = "dynamic"
	}
	e.add("StateInterface", m.agent.iface).add("Membership", membership).num("Penalty", m.penalty).
		num("CallsTaken", m.taken).num("LastCall", unix(m.lastCall)).num("LastPause", unix(m.paused0)).
		num("LoginTime", unix(m.login)).num("InCall", flag(m.inCall)).num("Status", m.agent.status()).
		num("Paused", flag(m.paused)).add("PausedReason", m.reason)
	if e.name != "" {
		e.num("Ringinuse", flag(m.ringInUse))
	}
	// In seconds of the wall clock, like all that AMI tells.
	e.num("Wrapuptime", int(math.Ceil(m.wrapup.Seconds()/p.cfg.TimeScale)))
}

func unix(t time.Time) int {
	if t.IsZero() {
		return 0
	}
	return int(t.Unix())
}

func flag(b bool) int {
	if b {
		return 1
	}
	return 0
}

// pause changes whether a member takes calls.
func (p *pbx) pause(m *member, paused bool, reason string) {
	m.paused, m.reason = paused, ""
	if paused {
		m.paused0, m.reason = time.Now(), reason
	}
	p.memberEvent("QueueMemberPause", m)
	if !paused {
		p.soon()
	}
}

// occupy marks the phone of an agent who is called directly as ringing, in use
// or, with statusNotInUse, as free again.
func (p *pbx) occupy(c *call, status int) {
	g := c.agent
	if g == nil || c.agentStatus == status {
		return
	}
	switch c.agentStatus {
	case statusRinging:
		g.ringing--
	case statusInUse:
		g.talking--
	}
	switch c.agentStatus = status; status {
	case statusRinging:
		g.ringing++
	case statusInUse:
		g.talking++
	case statusNotInUse:
		p.soon()
	}
	p.statusEvents(g)
}
