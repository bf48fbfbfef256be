package pbxsim

import "time"

// failure is what the PBX makes of what a phone does.
type failure struct {
	dialStatus string
	cause      int
	reason     int // of the OriginateResponse when Busy() or Congestion() of a dialplan said it
}

func (o Outcome) failure() failure {
	switch o {
	case Busy:
		return failure{"BUSY", 17, 5}
	case Congestion:
		return failure{"CONGESTION", 34, 8}
	}
	return failure{"NOANSWER", 1, 0}
}

// timeoutCause is the cause of a channel that was given up: 16 knew none.
func (p *pbx) timeoutCause() int {
	if p.old() {
		return 0
	}
	return 19
}

// deadTrunk is an endpoint whose far end is not there; the SIP stack waits for
// it for sipTimeout.
const (
	deadTrunk  = "trunk-dead"
	sipTimeout = 32 * time.Second
)

// trunkLine is a channel straight to an endpoint: PJSIP/300@trunk.
type trunkLine struct {
	p        *pbx
	c        *call
	endpoint string
	context  string
	dial     string // the number part, as DialBegin shows it
}

func (l *trunkLine) begin() {
	p, c := l.p, l.c
	tech := c.ch.tech
	c.ch.name = tech + "/" + l.endpoint + "-" + p.suffix("SIP")
	c.ch.context, c.ch.exten = l.context, "s"
	p.open(c.ch)
	p.start(c)
	p.announce(c, c.ch)
	p.emit(p.event(classCall, "DialBegin").channel("Dest", c.ch).add("DialString", l.dial))
	if l.endpoint == deadTrunk {
		c.result = p.after(sipTimeout, func() { p.failed(c, l.giveUp) })
		return
	}
	p.play(c, signalling)
}

// announce sets the caller id and the variables of an Originate.
func (p *pbx) announce(c *call, channels ...*channel) {
	for _, ch := range channels {
		if c.callerID.num != "" || c.callerID.name != "" {
			p.identify(ch, c.callerID.num, c.callerID.name)
		}
	}
	for _, v := range c.vars.list {
		p.emit(p.event(classDialplan, "VarSet").channel("", channels[0]).add("Variable", v.Name).add("Value", v.Value))
	}
}

func (l *trunkLine) ring() {
	l.p.setState(l.c.ch, stateRinging)
	l.p.dialEvent("DialState", nil, l.c.ch, "RINGING")
}

func (l *trunkLine) answer() {
	l.p.setState(l.c.ch, stateUp)
	l.p.dialEvent("DialEnd", nil, l.c.ch, "ANSWER")
}

func (l *trunkLine) fail(does Outcome) {
	p, c, f := l.p, l.c, does.failure()
	p.request("HangupRequest", c.ch, f.cause)
	p.dialEvent("DialEnd", nil, c.ch, f.dialStatus)
	p.respondAround(c, does != Busy, 0, func() { p.hungup(c.ch, f.cause) })
}

func (l *trunkLine) expire() {
	p, c := l.p, l.c
	p.respondAround(c, true, 3, func() { p.hungupSIP(c.ch, p.timeoutCause(), p.techCause(c.ch, 19)) })
}

// giveUp is the end of a dialing that nobody ever replied to.
func (l *trunkLine) giveUp() {
	p, c := l.p, l.c
	p.request("HangupRequest", c.ch, 18)
	p.dialEvent("DialEnd", nil, c.ch, "NOANSWER")
	p.respondAround(c, true, 0, func() { p.hungup(c.ch, 18) })
}

func (l *trunkLine) abort(cause int) {
	p, c := l.p, l.c
	p.dialEvent("DialEnd", nil, c.ch, "NOANSWER")
	p.respondAround(c, true, 0, func() { p.hungup(c.ch, cause) })
}

func (l *trunkLine) customerLeft() { l.p.request("HangupRequest", l.c.ch, -1) }

func (l *trunkLine) close(cause int) { l.p.hungup(l.c.ch, cause) }

// dialEvent is a step of a dialing; from is the caller, nil for an Originate.
func (p *pbx) dialEvent(name string, from, to *channel, status string) {
	m := p.event(classCall, name)
	if from != nil {
		m.channel("", from)
	}
	p.emit(m.channel("Dest", to).add("DialStatus", status))
}
