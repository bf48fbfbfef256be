package pbxsim

import "time"

type phase int

const (
	calling phase = iota // placed, not answered
	answered
	over
)

// side is who ends a call.
type side int

const (
	byCustomer side = iota
	byAgent
	byApp     // the application or dialplan has come to its end
	byManager // an AMI Hangup
	byServer  // Asterisk is told to stop
)

// target is where an answered call goes.
type target struct {
	app, data                string
	context, exten, priority string
}

func (t target) isExten() bool { return t.app == "" && t.exten != "" }

// line is the way to a customer's phone. Its methods send the events that go
// with what happens there; the call decides what happens.
type line interface {
	begin()        // the channels come up, the dialing begins
	ring()         // the phone rings
	answer()       // the phone is picked up
	fail(Outcome)  // busy, congestion, unallocated
	expire()       // the Originate's Timeout has run out
	abort(int)     // ended from here before the answer, with a cause
	customerLeft() // the customer hangs up
	close(int)     // the end of the customer's channel, with its cause
}

// call is one customer on the phone.
type call struct {
	id          string // asked for with ChannelId, or "" until it has a channel
	actionID    string
	origin      *conn // waits for the end of the dialing if the Originate is not Async
	dial        string
	number      string
	callerID    struct{ name, num string }
	who         customer
	line        line
	ch          *channel
	to          target
	limit       time.Duration // the Originate's Timeout; 0 rings for ever
	vars        *variables
	agent       *agent // the phone called is an agent's
	agentStatus int    // what the call makes of that phone; 0 until it rings
	stranger    bool   // not originated: somebody who called in
	record      int    // index in originates, -1 if none

	phase     phase
	early     bool // EarlyMedia was asked for
	exten     bool // runs the dialplan, not a bare application
	reorder   bool
	responded bool
	reason    int // of the OriginateResponse
	answerAt  time.Time

	expiry, ringing, result, talk, app, hold *timer

	entry *entry // waits in a queue
	conv  *conversation
	slot  int      // parked there
	music bool     // hears the music of the parking lot
	late  []func() // AgentComplete events that come at the end
	moved bool     // was redirected away from an agent
}

// start dials. The channel can be made.
func (p *pbx) start(c *call) {
	p.calls[c.ch.id] = c
	p.processed++
	if c.limit > 0 {
		c.expiry = p.after(c.limit, func() { p.expire(c) })
	}
}

// signalling is how long it takes until a phone behind a trunk rings.
const signalling = 20 * time.Millisecond

// play schedules what the customer does; setup is how long the way to him takes.
func (p *pbx) play(c *call, setup time.Duration) {
	who := c.who
	if who.rings {
		c.ringing = p.after(setup, func() {
			if c.phase == calling {
				c.line.ring()
				p.occupy(c, statusRinging)
			}
		})
	}
	if who.early {
		c.ringing = p.after(setup, func() { p.progress(c) })
	}
	if who.does == NoAnswer {
		return
	}
	c.result = p.after(setup+who.after, func() {
		if c.phase != calling {
			return
		}
		if who.does == Answers {
			p.answered(c)
			return
		}
		p.failed(c, func() { c.line.fail(who.does) })
	})
}

// progress is early media. It counts as an answer for those who asked for that,
// and who do not run a bare application.
func (p *pbx) progress(c *call) {
	if c.phase != calling {
		return
	}
	p.dialEvent("DialState", nil, c.ch, "PROGRESS")
	if c.early && c.exten {
		p.answered(c)
	}
}

func (p *pbx) expire(c *call) {
	if c.phase == calling {
		p.failed(c, c.line.expire)
	}
}

// failed ends a call that was not answered; how sends the events of it.
func (p *pbx) failed(c *call, how func()) {
	p.stopTimers(c)
	c.phase = over
	c.reorder = !c.stranger && p.strikes(Reorder)
	how()
	p.forget(c)
	if c.exten && c.to.context == dialplan {
		p.spoolFailed(c)
	}
}

func (p *pbx) answered(c *call) {
	p.timers.stop(c.expiry)
	c.phase = answered
	c.answerAt = time.Now()
	c.line.answer()
	p.occupy(c, statusInUse)
	if c.who.talk != never {
		c.talk = p.after(c.who.talk, func() { p.finish(c, byCustomer, 0) })
	}
	if !c.stranger && p.strikes(Reorder) {
		p.afterReal(p.late()/2, func() { p.respond(c, true, 4) })
	} else {
		p.respond(c, true, 4)
	}
	p.run(c, c.to)
	if c.phase == answered && c.who.withAgent > 0 && c.entry == nil && c.conv == nil {
		c.talk = p.after(c.who.withAgent, func() { p.finish(c, byCustomer, 0) })
	}
}

// finish ends a call. A cause of 0 means that nobody named one.
func (p *pbx) finish(c *call, by side, cause int) {
	switch c.phase {
	case over:
		return
	case calling:
		p.failed(c, func() { c.line.abort(cause) })
		return
	case answered:
	}
	p.stopTimers(c)
	c.phase = over
	bridged := c.conv != nil || c.slot != 0
	if by == byCustomer {
		if c.slot != 0 {
			p.parked("ParkedCallGiveUp", c)
		}
		c.line.customerLeft()
	}
	if by == byManager && c.exten {
		p.request("SoftHangupRequest", c.ch, 16)
	}
	p.leaveApplication(c, by)
	if cause == 0 && (bridged || (by == byCustomer && (c.ch.tech == "Local" || p.old()))) {
		cause = 16
	}
	if c.exten {
		if by == byCustomer && !bridged {
			p.request("SoftHangupRequest", c.ch, 16)
		}
		p.lastWords(c, cause)
	}
	for _, complete := range c.late {
		complete()
	}
	c.line.close(cause)
	p.forget(c)
}

// leaveApplication takes the call out of wherever it is.
func (p *pbx) leaveApplication(c *call, by side) {
	switch {
	case c.entry != nil:
		p.abandon(c.entry)
	case c.conv != nil:
		p.endTalk(c.conv, by)
	case c.slot != 0:
		p.unpark(c)
	}
}

func (p *pbx) stopTimers(c *call) {
	for _, tm := range []*timer{c.expiry, c.ringing, c.result, c.talk, c.app, c.hold} {
		p.timers.stop(tm)
	}
}

// forget drops the call from all lists.
func (p *pbx) forget(c *call) {
	p.stopTimers(c)
	c.phase = over
	p.ended(c)
	if c.agentStatus != 0 {
		p.occupy(c, statusNotInUse)
	}
	if c.ch != nil && p.calls[c.ch.id] == c {
		delete(p.calls, c.ch.id)
	}
}

// ended notes when a call was over.
func (p *pbx) ended(c *call) {
	if c.record >= 0 && p.originates[c.record].Ended.IsZero() {
		p.originates[c.record].Ended = time.Now()
	}
}

// respond sends the final word on an Originate: an event, or the reply where
// the client waits for it.
func (p *pbx) respond(c *call, ok bool, reason int) {
	if c.responded || c.stranger {
		return
	}
	c.responded, c.reason = true, reason
	if c.record >= 0 {
		p.originates[c.record].Reason = reason
		p.originates[c.record].Answered = ok
	}
	if !ok {
		p.ended(c)
	}
	if c.origin != nil {
		p.respondSync(c, ok)
		return
	}
	response, name, id := "Failure", c.dial, orUnknown(c.id)
	if ok {
		response, name, id = "Success", c.ch.name, c.ch.id
	}
	m := p.event(classCall, "OriginateResponse").opt("ActionID", c.actionID).add("Response", response).add("Channel", name)
	switch {
	case c.to.app != "":
		m.add("Application", c.to.app)
		m.opt("Data", c.to.data)
	default:
		m.add("Context", c.to.context).add("Exten", c.to.exten)
	}
	m.num("Reason", reason).add("Uniqueid", id).
		add("CallerIDNum", orUnknown(c.callerID.num)).add("CallerIDName", orUnknown(c.callerID.name))
	p.emit(m)
	if p.strikes(RepeatResponse) {
		p.again(m)
	}
}

// respondAround sends the OriginateResponse of a failed call before or after
// its Hangup: early as the real one is seen to do it, or the other way round.
func (p *pbx) respondAround(c *call, early bool, reason int, hangup func()) {
	if early != c.reorder {
		p.respond(c, false, reason)
	}
	hangup()
	p.respond(c, false, reason)
}
