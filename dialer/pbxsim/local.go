package pbxsim

import "time"

// localLine is a pair of Local channels whose far half runs the dialplan of a
// simulated customer: Local/300@customers/n.
type localLine struct {
	p       *pbx
	c       *call
	half    *channel // ;2
	exten   string
	context string
	halfID  string
}

// localAnswer is how long Answer() takes with no audio coming in.
const localAnswer = 500 * time.Millisecond

func (l *localLine) begin() {
	l.open()
	if l.c.who.does == Busy || (l.c.who.does == Answers && l.c.who.after == 0) {
		l.c.who.rings = l.c.who.does == Busy
	}
	if l.c.who.talk != never && l.c.who.talk > 0 {
		l.c.who.talk += localAnswer
	}
	l.p.play(l.c, 0)
}

// open brings both channels up.
func (l *localLine) open() {
	p, c := l.p, l.c
	name := "Local/" + l.exten + "@" + l.context + "-" + p.suffix("Local")
	c.ch.name, c.ch.context, c.ch.exten = name+";1", l.context, l.exten
	l.half = &channel{
		id: l.halfID, linked: c.ch.id, tech: "Local", name: name + ";2", state: stateRing,
		context: l.context, exten: l.exten, call: c, vars: c.vars, app: "Wait",
	}
	p.open(c.ch)
	l.half.linked = c.ch.id
	p.open(l.half)
	p.start(c)
	p.announce(c, c.ch, l.half)
	p.emit(p.event(classCall, "LocalBridge").channel("LocalOne", c.ch).channel("LocalTwo", l.half).
		add("Context", l.context).add("Exten", l.exten).add("LocalOptimization", "No"))
	p.emit(p.event(classCall, "DialBegin").channel("Dest", c.ch).add("DialString", l.exten+"@"+l.context+"/n"))
}

func (l *localLine) ring() {
	l.p.setState(l.c.ch, stateRinging)
	l.p.dialEvent("DialState", nil, l.c.ch, "RINGING")
}

func (l *localLine) answer() {
	l.p.setState(l.c.ch, stateUp)
	l.p.setState(l.half, stateUp)
	l.p.dialEvent("DialEnd", nil, l.c.ch, "ANSWER")
}

func (l *localLine) fail(does Outcome) {
	p, c, f := l.p, l.c, does.failure()
	if does == Unallocated {
		p.request("SoftHangupRequest", l.half, 16)
		p.request("HangupRequest", c.ch, f.cause)
		p.hungup(l.half, f.cause)
		p.respondAround(c, true, f.reason, func() {
			p.dialEvent("DialEnd", nil, c.ch, f.dialStatus)
			p.hungup(c.ch, f.cause)
		})
		return
	}
	p.setState(l.half, stateBusy)
	p.dialEvent("DialEnd", nil, c.ch, f.dialStatus)
	p.request("HangupRequest", l.half, 0)
	p.respondAround(c, true, f.reason, func() {
		p.hungup(c.ch, 0)
		p.request("SoftHangupRequest", l.half, 16)
		p.hungup(l.half, f.cause)
	})
}

func (l *localLine) expire() {
	p, c, cause := l.p, l.c, l.p.timeoutCause()
	p.request("HangupRequest", l.half, cause)
	p.request("SoftHangupRequest", l.half, 16)
	p.hungup(l.half, cause)
	p.respondAround(c, false, 3, func() { p.hungup(c.ch, cause) })
}

func (l *localLine) abort(cause int) {
	p, c := l.p, l.c
	p.dialEvent("DialEnd", nil, c.ch, "NOANSWER")
	p.request("HangupRequest", l.half, cause)
	p.request("SoftHangupRequest", l.half, 16)
	p.respondAround(c, false, 0, func() {
		p.hungup(c.ch, cause)
		p.hungup(l.half, cause)
	})
}

func (l *localLine) customerLeft() {
	p := l.p
	p.request("SoftHangupRequest", l.half, 16)
	p.request("HangupRequest", l.c.ch, 16)
	p.hungup(l.half, 16)
}

func (l *localLine) close(cause int) {
	p := l.p
	if p.channels[l.half.id] != l.half {
		p.hungup(l.c.ch, cause)
		return
	}
	p.request("HangupRequest", l.half, cause)
	p.hungup(l.c.ch, cause)
	p.request("SoftHangupRequest", l.half, 16)
	p.hungup(l.half, cause)
}

// nowhereLine is a Local channel to an extension that does not exist.
type nowhereLine struct{ localLine }

func (l *nowhereLine) begin() {
	p, c := l.p, l.c
	name := "Local/" + l.exten + "@" + l.context + "-" + p.suffix("Local")
	c.ch.name, c.ch.context, c.ch.exten = name+";1", l.context, l.exten
	l.half = &channel{
		id: l.halfID, tech: "Local", name: name + ";2", state: stateRing,
		context: l.context, exten: l.exten, call: c, vars: c.vars,
	}
	p.open(c.ch)
	l.half.linked = c.ch.id
	p.open(l.half)
	p.start(c)
	p.announce(c, c.ch, l.half)
	p.failed(c, func() {
		p.hungup(l.half, 0)
		p.respondAround(c, false, 0, func() { p.hungup(c.ch, 0) })
	})
}
