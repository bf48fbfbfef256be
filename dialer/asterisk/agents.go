package asterisk

import (
	"slices"
	"strings"
	"time"

	"github.com/outpace/outpace/dialer"
	"github.com/outpace/outpace/dialer/ami"
)

// agent is a member of queues, one by his interface in however many.
type agent struct {
	name    string
	status  int // his device's, the same in all queues
	members map[string]dialer.Membership
	legs    map[string]*leg // his channels from queues, by Uniqueid

	phase     dialer.AgentPhase
	since     time.Time
	talkEnded time.Time
	talkQueue string
	told      *dialer.Agent // what was reported last
}

// leg is a channel by which a queue reaches an agent.
type leg struct {
	agent   string // interface
	queue   string
	call    string // ours that it belongs to, "" for a stranger's
	talking bool
	talked  bool // it has talked, so it does not ring any more
}

// Device states, as the header Status has them.
const (
	deviceUnknown     = 0
	deviceNotInUse    = 1
	deviceInvalid     = 4
	deviceUnavailable = 5
	deviceRinging     = 6
)

// phaseNow works out what the agent is doing. What his channels from queues
// say is exact. His device tells of other calls, a little late, and while it
// rings some set-ups call it busy.
func (a *agent) phaseNow() dialer.AgentPhase {
	ringing := false
	for _, l := range a.legs {
		if l.talking {
			return dialer.AgentTalking
		}
		ringing = ringing || !l.talked
	}
	switch {
	case ringing || a.status == deviceRinging:
		return dialer.AgentRinging
	case a.status == deviceNotInUse || a.status == deviceUnknown:
		return dialer.AgentFree
	case a.status == deviceInvalid || a.status == deviceUnavailable:
		return dialer.AgentAway
	}
	return dialer.AgentTalking
}

func (a *agent) snapshot(name string) dialer.Agent {
	s := dialer.Agent{
		Interface: name, Name: a.name, Phase: a.phase, Since: a.since,
		TalkEnded: a.talkEnded, TalkQueue: a.talkQueue,
	}
	for _, m := range a.members {
		s.Queues = append(s.Queues, m)
	}
	slices.SortFunc(s.Queues, func(x, y dialer.Membership) int { return strings.Compare(x.Queue, y.Queue) })
	return s
}

func same(a, b dialer.Agent) bool {
	return a.Interface == b.Interface && a.Name == b.Name && a.Phase == b.Phase && a.Since.Equal(b.Since) &&
		a.TalkEnded.Equal(b.TalkEnded) && a.TalkQueue == b.TalkQueue && slices.Equal(a.Queues, b.Queues)
}

// update works out an agent's phase and reports him if he has changed.
func (t *tracker) update(at time.Time, name string) {
	a := t.agents[name]
	if a == nil {
		return
	}
	if phase := a.phaseNow(); phase != a.phase || a.since.IsZero() {
		a.phase, a.since = phase, at
	}
	if t.queues.synced {
		t.tell(at, name, a)
	}
}

func (t *tracker) tell(at time.Time, name string, a *agent) {
	now := a.snapshot(name)
	if a.told != nil && same(*a.told, now) {
		return
	}
	a.told = &now
	told := now
	t.emit(dialer.Event{Kind: dialer.AgentChanged, At: at, Agent: name, Member: &told})
}

func (t *tracker) agentOf(name string) *agent {
	a := t.agents[name]
	if a == nil {
		a = &agent{members: map[string]dialer.Membership{}, legs: map[string]*leg{}}
		for id, l := range t.legs {
			if l.agent == name {
				a.legs[id] = l
			}
		}
		t.agents[name] = a
	}
	return a
}

// member takes an event about one membership.
func (t *tracker) member(ev ami.Event) { t.setMember(ev, ev.Get("Interface"), ev.Get("MemberName")) }

func (t *tracker) setMember(ev ami.Event, name, person string) {
	queue := ev.Get("Queue")
	if name == "" || queue == "" {
		return
	}
	a := t.agentOf(name)
	a.name, a.status = person, number(ev, "Status")
	a.members[queue] = dialer.Membership{
		Queue:  queue,
		Paused: ev.Get("Paused") == "1",
		Wrapup: time.Duration(number(ev, "Wrapuptime")) * time.Second,
	}
	t.queues.sawMember(name, queue)
	t.update(ev.Received, name)
}

func (t *tracker) memberRemoved(ev ami.Event) {
	t.removeMember(ev.Received, ev.Get("Interface"), ev.Get("Queue"))
}

func (t *tracker) removeMember(at time.Time, name, queue string) {
	t.queues.lostMember(name, queue)
	a := t.agents[name]
	if a == nil {
		return
	}
	delete(a.members, queue)
	if len(a.members) > 0 {
		t.update(at, name)
		return
	}
	delete(t.agents, name)
	if t.queues.synced && a.told != nil {
		t.emit(dialer.Event{Kind: dialer.AgentGone, At: at, Agent: name})
	}
}

func (t *tracker) agentCalled(ev ami.Event) {
	t.setLeg(ev, false)
}

func (t *tracker) agentConnect(ev ami.Event) {
	t.setLeg(ev, true)
}

// setLeg notes that a queue rings an agent, or has connected him.
func (t *tracker) setLeg(ev ami.Event, talking bool) {
	id, name, queue := ev.Get("DestUniqueid"), ev.Get("Interface"), ev.Get("Queue")
	if id == "" || name == "" {
		return
	}
	caller := ev.Get("Uniqueid")
	l := &leg{agent: name, queue: queue, talking: talking}
	if t.ours(caller) {
		l.call = caller
	}
	t.putLeg(id, l)
	if talking {
		t.took(ev, l)
	}
	t.update(ev.Received, name)
}

func (t *tracker) putLeg(id string, l *leg) {
	t.legs[id] = l
	t.born(id)
	if a := t.agents[l.agent]; a != nil {
		a.legs[id] = l
		if l.talking {
			a.talkQueue = l.queue
		}
	}
}

// took reports that an agent has the call, if it is one of the engine's.
func (t *tracker) took(ev ami.Event, l *leg) {
	if l.call == "" {
		return
	}
	if c := t.calls[l.call]; c != nil {
		c.queue = ""
	}
	t.report(ev, l.call, dialer.Event{Kind: dialer.CallAgent, Agent: l.agent, Queue: l.queue})
}

func (t *tracker) agentNoAnswer(ev ami.Event) {
	if id := ev.Get("DestUniqueid"); id != "" {
		t.dropLeg(ev.Received, id)
	}
}

// bridgeEnter: an agent comes back into a bridge, after a transfer say.
func (t *tracker) bridgeEnter(ev ami.Event) {
	l := t.legs[ev.Get("Uniqueid")]
	if l == nil || l.talking {
		return
	}
	l.talking = true
	if a := t.agents[l.agent]; a != nil {
		a.talkQueue = l.queue
	}
	t.took(ev, l)
	t.update(ev.Received, l.agent)
}

// bridgeLeave of the agent's channel is the end of his talk; AgentComplete is
// not reliable.
func (t *tracker) bridgeLeave(ev ami.Event) {
	if l := t.legs[ev.Get("Uniqueid")]; l != nil && l.talking {
		t.endTalk(ev.Received, l)
		t.update(ev.Received, l.agent)
	}
}

func (t *tracker) endTalk(at time.Time, l *leg) {
	l.talking, l.talked = false, true
	if a := t.agents[l.agent]; a != nil {
		a.talkEnded, a.talkQueue = at, l.queue
	}
	if l.call != "" {
		if _, lives := t.calls[l.call]; lives {
			t.emit(dialer.Event{Kind: dialer.CallAgentLeft, At: at, Call: l.call, Agent: l.agent, Queue: l.queue})
		}
	}
}

// dropLeg forgets a channel of an agent.
func (t *tracker) dropLeg(at time.Time, id string) {
	l := t.legs[id]
	if l == nil {
		return
	}
	delete(t.legs, id)
	if l.talking {
		t.endTalk(at, l)
	}
	if a := t.agents[l.agent]; a != nil {
		delete(a.legs, id)
	}
	t.update(at, l.agent)
}
