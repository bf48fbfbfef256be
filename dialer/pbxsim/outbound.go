package pbxsim

// outboundLine is a Local channel whose far half Dial()s another channel: a
// trunk with Local/300@outbound/n, a simulated customer with local-dial.
type outboundLine struct {
	localLine
	leg    *channel
	direct bool // the leg is a simulated customer's Local channel
}

func (l *outboundLine) begin() {
	p, c := l.p, l.c
	l.open()
	l.half.app, l.half.data = "Dial", "PJSIP/"+l.exten+"@trunk,60"
	l.leg = &channel{tech: "PJSIP", linked: c.ch.id, context: "from-trunk", exten: "s", call: c, app: "AppDial", data: "(Outgoing Line)"}
	dial := l.exten + "@trunk"
	if l.direct {
		l.leg.tech, l.leg.context, l.leg.exten = "Local", "customers", l.exten
		l.leg.name = "Local/" + l.exten + "@customers-" + p.suffix("Local") + ";1"
		dial = l.exten + "@customers/n"
	} else {
		l.leg.name = "PJSIP/trunk-" + p.suffix("SIP")
	}
	p.open(l.leg)
	if c.callerID.num != "" || c.callerID.name != "" {
		p.identify(l.leg, c.callerID.num, c.callerID.name)
	}
	p.emit(p.event(classCall, "DialBegin").channel("", l.half).channel("Dest", l.leg).add("DialString", dial))
	l.leg.exten, l.leg.num = l.exten, l.exten // Dial() makes the number called the far end's own
	p.play(c, signalling)
}

func (l *outboundLine) ring() {
	p := l.p
	p.setState(l.leg, stateRinging)
	l.c.ch.num = l.exten
	p.setState(l.c.ch, stateRinging)
	p.dialEvent("DialState", nil, l.c.ch, "RINGING")
	p.dialEvent("DialState", l.half, l.leg, "RINGING")
}

func (l *outboundLine) answer() {
	p := l.p
	p.setState(l.leg, stateUp)
	p.dialEvent("DialEnd", l.half, l.leg, "ANSWER")
	p.setState(l.c.ch, stateUp)
	p.setState(l.half, stateUp)
	p.dialEvent("DialEnd", nil, l.c.ch, "ANSWER")
	l.leg.exten = ""
	p.join(l.leg, l.half)
}

func (l *outboundLine) fail(does Outcome) {
	p, c, f := l.p, l.c, does.failure()
	p.request("HangupRequest", l.leg, f.cause)
	p.dialEvent("DialEnd", l.half, l.leg, f.dialStatus)
	p.hungup(l.leg, f.cause)
	if l.direct { // HANGUPCAUSE is 0 there, so the dialplan's Hangup() knows no better
		f = failure{"NOANSWER", 16, 0}
	}
	p.request("SoftHangupRequest", l.half, 16)
	p.request("HangupRequest", c.ch, f.cause)
	p.hungup(l.half, f.cause)
	c.ch.num = l.exten
	p.dialEvent("DialEnd", nil, c.ch, f.dialStatus)
	p.respondAround(c, false, 0, func() { p.hungup(c.ch, f.cause) })
}

func (l *outboundLine) expire() {
	cause := l.p.timeoutCause()
	l.p.request("HangupRequest", l.half, cause)
	l.giveUp(cause, cause, 3)
}

func (l *outboundLine) abort(cause int) {
	l.p.dialEvent("DialEnd", nil, l.c.ch, "NOANSWER")
	l.p.request("HangupRequest", l.half, cause)
	l.giveUp(cause, cause, 0)
}

// giveUp ends all three channels before the answer.
func (l *outboundLine) giveUp(cause, legCause, reason int) {
	p, c := l.p, l.c
	c.ch.num = l.exten
	if p.old() && reason == 3 {
		legCause = 16
	}
	p.respondAround(c, false, reason, func() { p.hungup(c.ch, cause) })
	p.dialEvent("DialEnd", l.half, l.leg, "CANCEL")
	p.request("SoftHangupRequest", l.half, 16)
	p.hungup(l.half, cause)
	p.hungup(l.leg, legCause)
}

func (l *outboundLine) customerLeft() {
	p := l.p
	p.request("HangupRequest", l.leg, -1)
	p.leave(l.leg)
	p.leave(l.half)
	p.hungup(l.leg, 16)
	l.localLine.customerLeft()
}

func (l *outboundLine) close(cause int) {
	p := l.p
	if p.channels[l.half.id] != l.half {
		p.hungup(l.c.ch, cause)
		return
	}
	p.request("HangupRequest", l.half, cause)
	p.hungup(l.c.ch, cause)
	p.leave(l.half)
	p.leave(l.leg)
	p.request("SoftHangupRequest", l.half, 16)
	p.hungup(l.half, 16)
	p.hungup(l.leg, 16)
}
