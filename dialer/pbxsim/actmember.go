package pbxsim

import (
	"strconv"

	"github.com/outpace/outpace/dialer/ami"
)

// chosen are the members that an action names by Interface and, maybe, Queue.
func (p *pbx) chosen(a ami.Message) []*member {
	iface, name := a.Get("Interface"), a.Get("Queue")
	if name == "" {
		return p.memberships(iface)
	}
	if q := p.queue(name); q != nil && q.member(iface) != nil {
		return []*member{q.member(iface)}
	}
	return nil
}

func (p *pbx) actQueuePenalty(c *conn, a ami.Message) {
	penalty, err := strconv.Atoi(a.Get("Penalty"))
	members := p.chosen(a)
	if a.Get("Interface") == "" || err != nil || penalty < 0 {
		p.fail(c, a, "Need 'Interface' and 'Penalty' parameters.")
		return
	}
	if len(members) == 0 {
		p.fail(c, a, "Invalid interface, queuename or penalty")
		return
	}
	p.success(c, a, "Interface penalty set successfully")
	for _, m := range members {
		m.penalty = penalty
		p.memberEvent("QueueMemberPenalty", m)
	}
}

// actQueueRingInUse only remembers the setting.
func (p *pbx) actQueueRingInUse(c *conn, a ami.Message) {
	members := p.chosen(a)
	if a.Get("Interface") == "" || a.Get("RingInUse") == "" {
		p.fail(c, a, "Need 'Interface' and 'RingInUse' parameters.")
		return
	}
	if len(members) == 0 {
		p.fail(c, a, "Invalid interface, queuename, or ringinuse value")
		return
	}
	p.success(c, a, "Interface ringinuse set successfully")
	for _, m := range members {
		m.ringInUse = isTrue(a.Get("RingInUse"))
		p.memberEvent("QueueMemberRinginuse", m)
	}
}

func (p *pbx) actQueueReset(c *conn, a ami.Message) {
	for _, q := range p.named(a) {
		q.completed, q.abandoned, q.holdtime, q.talktime = 0, 0, 0, 0
		for _, m := range q.members {
			m.taken = 0
		}
	}
	p.success(c, a, "Queue stats reset successfully")
}

// actQueueReload has nothing to read anew.
func (p *pbx) actQueueReload(c *conn, a ami.Message) {
	p.success(c, a, "Queue reloaded successfully")
}
