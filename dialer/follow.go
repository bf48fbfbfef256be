package dialer

import (
	"time"

	"github.com/outpace/outpace/results"
)

// Apply takes an event: one about this call, or one that concerns every call
// (LinkUp, LinkDown, Census). All others change nothing.
func (c *Call) Apply(e Event) Change {
	if c.ended {
		return 0
	}
	switch e.Kind {
	case LinkDown:
		return c.linkDown(e)
	case LinkUp:
		return c.linkUp(e)
	case Census:
		return c.census(e)
	}
	if e.Call != c.row.UUID {
		return 0
	}
	return c.follow(e) | c.overdue(e.At)
}

// follow takes an event about this call.
func (c *Call) follow(e Event) Change {
	switch e.Kind {
	case CallAccepted:
		c.raise(results.StatusQueued)
		return c.changed(e.At)
	case CallChannel:
		return c.show(e.At, e.Channel, false) | c.step(results.StatusChannel, e)
	case CallDialing:
		return c.show(e.At, e.Channel, false) | c.step(results.StatusDialBegin, e)
	case CallRinging:
		return c.show(e.At, e.Channel, false) | c.ring(e.At)
	case CallAnswered:
		return c.show(e.At, e.Channel, true) | c.answer(e.At)
	case CallDialEnd:
		return c.dialEnd(e)
	case CallResponded:
		return c.respond(e)
	case CallQueued:
		change := c.show(e.At, "", true) | c.answer(e.At)
		return change | c.wait()
	case CallUnqueued:
		// The queue has let go of it: for an agent, or for what comes behind
		// the queue. CallAgent or CallHangup says which.
		return c.show(e.At, "", true) | c.answer(e.At)
	case CallAgent:
		return c.show(e.At, "", true) | c.answer(e.At) | c.agent(e.At, e.Agent)
	case CallAgentLeft:
		return c.show(e.At, "", true) | c.wait()
	case CallCustomerEnded:
		if !c.customer {
			c.customer, c.customerAt, c.customerCause = true, e.At, e.Cause
		}
		return c.show(e.At, "", c.answered)
	case CallHangup:
		return c.hungUp(e)
	case CallAgentRung:
		return c.agentRung(e)
	case CallEnded:
		return c.told(e)
	}
	return 0
}

// agentRung notes who is rung for the call before the customer. He has not
// taken it yet.
func (c *Call) agentRung(e Event) Change {
	if c.row.Agent != "" && c.row.Agent == e.Agent && (e.Channel == "" || e.Channel == c.row.DialChannel) {
		return 0
	}
	if !c.answered && e.Agent != "" {
		c.row.Agent = e.Agent
	}
	if e.Channel != "" {
		c.row.DialChannel = e.Channel
	}
	return c.changed(e.At)
}

// show notes that the call was seen to have a channel, answered or not.
func (c *Call) show(at time.Time, channel string, answered bool) Change {
	c.sight.lost, c.sight.missed, c.sight.seen = false, time.Time{}, at
	if !answered && !c.answered {
		c.sight.dim = false
	}
	c.channel = true
	if channel == "" || channel == c.row.Channel {
		return 0
	}
	c.row.Channel = channel
	return c.changed(at)
}

func (c *Call) step(status int, e Event) Change {
	if c.row.Status >= status {
		return 0
	}
	c.row.Status = status
	return c.changed(e.At)
}

func (c *Call) ring(at time.Time) Change {
	if c.rang || c.answered {
		return 0
	}
	c.rang = true
	c.row.TmRing = at
	return c.changed(at) | c.enter(Ringing)
}

// answer takes the first sign of an answer. Seen late, the time is the moment
// by which it had been answered.
func (c *Call) answer(at time.Time) Change {
	if c.answered {
		return 0
	}
	c.answered = true
	c.row.TmAnswer = at
	out := results.Classify(results.Signals{Answered: true})
	c.row.ResDial, c.row.ResDialDetail = out.ResDial, out.Detail
	c.sight.blind, c.sight.guessed = c.sight.blind || c.sight.dim, c.sight.dim
	phase := Talking
	if c.row.Queue != "" {
		phase = Waiting
	}
	return c.changed(at) | ChangeAnswer | c.enter(phase)
}

// wait: no agent has the call now.
func (c *Call) wait() Change {
	if c.row.Queue == "" || !c.answered || !c.redirectedAt.IsZero() {
		return 0
	}
	return c.enter(Waiting)
}

func (c *Call) agent(at time.Time, name string) Change {
	if !c.redirectedAt.IsZero() {
		return 0
	}
	change := c.enter(Talking)
	if c.row.TmAgent.IsZero() {
		c.row.TmAgent, c.row.Agent = at, name
		change |= c.changed(at)
	}
	return change
}

func (c *Call) dialEnd(e Event) Change {
	answered := e.Text == "ANSWER"
	change := c.show(e.At, e.Channel, answered) | c.step(results.StatusDialEnd, e)
	if answered {
		return change | c.answer(e.At)
	}
	if c.dialStatus == "" {
		c.dialStatus = e.Text
	}
	return change
}

// respond takes the PBX's final word on the request, once: what a PBX says
// again belongs to something else. So does the answer to another request, which
// a PBX may give under this call's id if that one asked for the same.
func (c *Call) respond(e Event) Change {
	other := e.ActionID != "" && c.row.ActionID != "" && e.ActionID != c.row.ActionID
	if c.response || other {
		return 0
	}
	c.response, c.responseOK, c.reason, c.respondedAt = true, e.OK, e.Reason, e.At
	var change Change
	if e.OK {
		change = c.show(e.At, e.Channel, true) | c.answer(e.At)
	} else {
		// No look-up is needed any more.
		c.sight.lost, c.sight.missed = false, time.Time{}
	}
	if !e.OK && !c.answered && !c.mayHaveChannel() {
		c.raise(results.StatusOriginFailed)
	} else {
		c.raise(results.StatusResponded)
	}
	change |= c.changed(e.At)
	c.preview()
	if c.hangup {
		return change | c.finish(e.At)
	}
	return change
}

func (c *Call) hungUp(e Event) Change {
	if c.hangup {
		return 0
	}
	c.show(e.At, e.Channel, c.answered)
	c.hangup, c.hangupAt, c.techCause = true, e.At, e.TechCause
	c.row.ResHangup, c.row.ResHangupDetail = e.Cause, e.Text
	if e.Text == "" {
		c.row.ResHangupDetail = results.HangupText(e.Cause)
	}
	c.row.Status = results.StatusHangup
	change := c.changed(e.At)
	c.preview()
	if c.response {
		return change | c.finish(e.At)
	}
	return change
}

// preview keeps in the row what is known of the outcome so far, so that a row
// read back after a crash tells as much as this process knew.
func (c *Call) preview() {
	if c.answered {
		return
	}
	out := results.Classify(c.signals(c.row.TmUpdate))
	c.row.ResDial, c.row.ResDialDetail = out.ResDial, out.Detail
}
