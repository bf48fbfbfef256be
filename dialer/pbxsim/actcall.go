package pbxsim

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/outpace/outpace/dialer/ami"
)

// find looks a channel up by its name or its id.
func (p *pbx) find(name string) *channel {
	if ch := p.byName[name]; ch != nil {
		return ch
	}
	return p.channels[name]
}

// actHangup ends one channel, or all whose names match /a pattern/.
func (p *pbx) actHangup(c *conn, a ami.Message) {
	name := a.Get("Channel")
	cause, err := strconv.Atoi(a.Get("Cause"))
	if err != nil || cause < 0 || cause > 127 {
		cause = 0
	}
	if name == "" {
		p.fail(c, a, "No channel specified")
		return
	}
	if len(name) > 1 && name[0] == '/' && name[len(name)-1] == '/' {
		p.hangupMatching(c, a, strings.ReplaceAll(name[1:len(name)-1], `\\/`, "/"), cause)
		return
	}
	ch := p.find(name)
	if ch == nil {
		p.fail(c, a, "No such channel")
		return
	}
	p.success(c, a, "Channel Hungup")
	p.hangupChannel(ch, cause)
}

func (p *pbx) hangupMatching(c *conn, a ami.Message, pattern string, cause int) {
	re, err := regexp.Compile(pattern)
	if err != nil {
		p.fail(c, a, "Regex compile failed on: "+pattern)
		return
	}
	var found []*channel
	for _, ch := range p.sorted() {
		if re.MatchString(ch.name) {
			found = append(found, ch)
		}
	}
	p.list(c, a, "Channels hung up will follow", "ChannelsHungupListComplete", func(m *message) int {
		for _, ch := range found {
			m.add("Event", "ChannelHungup").add("Channel", ch.name).opt("ActionID", a.ActionID()).end()
		}
		return len(found)
	})
	for _, ch := range found {
		if p.channels[ch.id] == ch {
			p.hangupChannel(ch, cause)
		}
	}
}

// hangupChannel is an AMI Hangup of one leg.
func (p *pbx) hangupChannel(ch *channel, cause int) {
	switch t := ch.try; {
	case t == nil && ch.call != nil:
		p.finish(ch.call, byManager, cause)
	case t == nil:
		p.hungup(ch, cause)
	case t.entry.call.conv != nil && t.entry.call.conv.try == t:
		p.agentCut(t.entry.call.conv)
	case !t.over: // an agent who is being rung: as if he did not answer
		p.attemptCut(t)
	}
}

// agentCut ends a talk by an AMI Hangup of the agent's channel. AgentComplete
// does not come then.
func (p *pbx) agentCut(conv *conversation) {
	c := conv.call
	p.timers.stop(conv.end)
	p.stopTimers(c)
	c.conv, c.phase = nil, over
	p.leave(conv.try.ch)
	p.leave(c.ch)
	p.closeAgent(conv.try, 16)
	p.afterCall(conv)
	if c.exten {
		p.lastWords(c, 16)
	}
	c.line.close(16)
	p.forget(c)
}

func (p *pbx) attemptCut(t *attempt) {
	e := t.entry
	p.dialEvent("DialEnd", e.call.ch, t.ch, "NOANSWER")
	p.ringNoAnswer(t)
	p.hangUpAgents([]*attempt{t}, 0)
	e.attempts = slices.DeleteFunc(e.attempts, func(x *attempt) bool { return x == t })
	if len(e.attempts) == 0 {
		p.timers.stop(e.give)
		p.pauseRound(e)
	}
}

// actRedirect sends a living channel to another place of the dialplan.
func (p *pbx) actRedirect(c *conn, a ami.Message) {
	ch := p.find(a.Get("Channel"))
	to := target{context: a.Get("Context"), exten: a.Get("Exten"), priority: a.Get("Priority")}
	setDefault(&to.priority, "1")
	switch {
	case a.Get("Channel") == "":
		p.fail(c, a, "Channel not specified")
		return
	case ch == nil:
		p.fail(c, a, "Channel does not exist: "+a.Get("Channel"))
		return
	case ch.call == nil || ch != ch.call.ch || ch.call.phase != answered:
		p.fail(c, a, "Redirect failed")
		return
	}
	p.success(c, a, "Redirect successful")
	p.redirect(ch.call, to)
}

// redirect takes a call out of where it is. What app_queue reports of it
// depends on how the call came there: one that was originated with Queue() has
// left it without a word, and its agents' phones stop ringing with none but
// their Hangups. From a bridge such a call goes nowhere: it is hung up.
func (p *pbx) redirect(c *call, to target) {
	p.timers.stop(c.app)
	c.ch.context, c.ch.exten = to.context, to.exten
	switch {
	case c.slot != 0 && !c.exten:
		p.parked("ParkedCallGiveUp", c)
		p.finish(c, byManager, 0)
		return
	case c.slot != 0:
		p.parked("ParkedCallGiveUp", c)
		p.unpark(c)
	case c.entry != nil && c.exten:
		p.abandon(c.entry)
	case c.entry != nil:
		e := c.entry
		attempts := e.attempts
		p.remove(e)
		p.hangUpAgents(attempts, 0)
		p.soon()
	case c.conv != nil && !c.exten:
		p.finish(c, byManager, 16)
		return
	case c.conv != nil:
		conv := c.conv
		conv.silent, c.moved = true, true
		p.endTalk(conv, byManager)
		c.late = append(c.late, func() { p.complete(conv, "caller", false) })
	}
	p.run(c, to)
}

// actBridge joins two channels.
func (p *pbx) actBridge(c *conn, a ami.Message) {
	one, two := p.find(a.Get("Channel1")), p.find(a.Get("Channel2"))
	switch {
	case a.Get("Channel1") == "" || a.Get("Channel2") == "":
		p.fail(c, a, "Missing channel parameter in request")
	case one == nil:
		p.fail(c, a, "Channel1 does not exists")
	case two == nil:
		p.fail(c, a, "Channel2 does not exists")
	case one.bridge != nil || two.bridge != nil || one.state != stateUp || two.state != stateUp:
		p.fail(c, a, "Bridge failed")
	default:
		p.success(c, a, "Channels have been bridged")
		for _, ch := range []*channel{one, two} {
			if ch.call != nil {
				p.timers.stop(ch.call.app)
			}
		}
		p.join(one, two)
	}
}
