package pbxsim

import (
	"strconv"
	"strings"
	"time"

	"github.com/outpace/outpace/dialer/ami"
)

func (p *pbx) actQueueAdd(c *conn, a ami.Message) {
	name, iface := a.Get("Queue"), a.Get("Interface")
	q := p.queue(name)
	switch {
	case name == "":
		p.fail(c, a, "'Queue' not specified.")
	case iface == "":
		p.fail(c, a, "'Interface' not specified.")
	case q == nil:
		p.fail(c, a, "Unable to add interface to queue: No such queue")
	case q.member(iface) != nil:
		p.fail(c, a, "Unable to add interface: Already there")
	default:
		penalty, _ := strconv.Atoi(a.Get("Penalty"))
		cfg := MemberConfig{Interface: iface, Name: a.Get("MemberName"), Penalty: max(penalty, 0), Paused: isTrue(a.Get("Paused"))}
		m := p.addMember(q, cfg, true)
		p.success(c, a, "Added interface to queue")
		p.memberEvent("QueueMemberAdded", m)
		p.soon()
	}
}

func (p *pbx) actQueueRemove(c *conn, a ami.Message) {
	name, iface := a.Get("Queue"), a.Get("Interface")
	q := p.queue(name)
	switch {
	case name == "" || iface == "":
		p.fail(c, a, "Need 'Queue' and 'Interface' parameters.")
	case q == nil:
		p.fail(c, a, "Unable to remove interface from queue: No such queue")
	case q.member(iface) == nil:
		p.fail(c, a, "Unable to remove interface: Not there")
	default:
		p.success(c, a, "Removed interface from queue")
		p.removeMember(q.member(iface))
	}
}

func (p *pbx) actQueuePause(c *conn, a ami.Message) {
	iface, paused := a.Get("Interface"), isTrue(a.Get("Paused"))
	if iface == "" || a.Get("Paused") == "" {
		p.fail(c, a, "Need 'Interface' and 'Paused' parameters.")
		return
	}
	members := p.chosen(a)
	if len(members) == 0 {
		p.fail(c, a, "Interface not found")
		return
	}
	text := "Interface unpaused successfully"
	if paused {
		text = "Interface paused successfully"
	}
	p.success(c, a, text)
	for _, m := range members {
		p.pause(m, paused, a.Get("Reason"))
	}
}

// named are the queues that an action asks for: one, or all.
func (p *pbx) named(a ami.Message) []*queue {
	name := a.Get("Queue")
	if name == "" {
		return p.queues
	}
	if q := p.queue(name); q != nil {
		return []*queue{q}
	}
	return nil
}

func (p *pbx) actQueueStatus(c *conn, a ami.Message) {
	id, only := a.ActionID(), a.Get("Member")
	p.list(c, a, "Queue status will follow", "QueueStatusComplete", func(m *message) int {
		count := 0
		for _, q := range p.named(a) {
			count += 1 + len(q.waiting)
			m.add("Event", "QueueParams").add("Queue", q.Name).num("Max", 0).add("Strategy", q.asteriskStrategy()).
				num("Calls", len(q.waiting)).num("Holdtime", q.holdtime).num("TalkTime", q.talktime).
				num("Completed", q.completed).num("Abandoned", q.abandoned).num("ServiceLevel", 0).
				add("ServicelevelPerf", "0.0").add("ServicelevelPerf2", "0.0").num("Weight", 0).opt("ActionID", id).end()
			for _, x := range q.members {
				if only != "" && !strings.EqualFold(only, x.agent.iface) {
					continue
				}
				count++
				m.add("Event", "QueueMember").add("Queue", q.Name).add("Name", x.name).add("Location", x.agent.iface)
				p.describe(m, x)
				m.opt("ActionID", id).end()
			}
			for i, e := range q.waiting {
				ch := e.call.ch
				m.add("Event", "QueueEntry").add("Queue", q.Name).num("Position", i+1).add("Channel", ch.name).
					add("Uniqueid", ch.id).add("CallerIDNum", orUnknown(ch.num)).add("CallerIDName", orUnknown(ch.cname)).
					add("ConnectedLineNum", orUnknown(ch.connNum)).add("ConnectedLineName", orUnknown(ch.connName)).
					num("Wait", int(p.wall(e.since).Seconds())).num("Priority", 0).opt("ActionID", id).end()
			}
		}
		return count
	})
}

func (q *queue) asteriskStrategy() string {
	if q.Strategy == longestIdle {
		return leastRecent
	}
	return q.Strategy
}

func (p *pbx) actQueueSummary(c *conn, a ami.Message) {
	p.list(c, a, "Queue summary will follow", "QueueSummaryComplete", func(m *message) int {
		queues := p.named(a)
		for _, q := range queues {
			in, available := q.count()
			var longest time.Duration
			for _, e := range q.waiting {
				longest = max(longest, p.wall(e.since))
			}
			m.add("Event", "QueueSummary").add("Queue", q.Name).num("LoggedIn", in).num("Available", available).
				num("Callers", len(q.waiting)).num("HoldTime", q.holdtime).num("TalkTime", q.talktime).
				num("LongestHoldTime", int(longest.Seconds())).opt("ActionID", a.ActionID()).end()
		}
		return len(queues)
	})
}

// count is what QueueSummary says of the members. As in Asterisk a member in
// wrap-up counts as available.
func (q *queue) count() (loggedIn, available int) {
	for _, m := range q.members {
		switch m.agent.status() {
		case statusUnavailable, statusInvalid:
			continue
		case statusNotInUse, statusUnknown:
			available += flag(!m.paused)
		}
		loggedIn++
	}
	return loggedIn, available
}
