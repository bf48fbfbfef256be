package pbxsim

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

type chanState int

const (
	stateDown    chanState = 0
	stateRing    chanState = 4
	stateRinging chanState = 5
	stateUp      chanState = 6
	stateBusy    chanState = 7
)

func (s chanState) String() string {
	switch s {
	case stateRing:
		return "Ring"
	case stateRinging:
		return "Ringing"
	case stateUp:
		return "Up"
	case stateBusy:
		return "Busy"
	}
	return "Down"
}

// channel is a leg of a call.
type channel struct {
	name, id, linked, tech        string
	state                         chanState
	num, cname, connNum, connName string // "" is unknown
	context, exten, account       string
	priority                      int
	app, data                     string
	created                       time.Time
	bridge                        *bridge
	vars                          *variables
	seq                           uint64

	call *call    // whose leg it is
	try  *attempt // set on an agent's leg
}

// bridge joins channels.
type bridge struct {
	id       string
	channels int
}

// causeTexts are Asterisk's words for the Q.850 causes.
var causeTexts = map[int]string{
	0: "Unknown", 1: "Unallocated (unassigned) number", 3: "No route to destination", 4: "Send special information tone",
	16: "Normal Clearing", 17: "User busy", 18: "No user responding", 19: "User alerting, no answer",
	20: "Subscriber absent", 21: "Call Rejected", 26: "Answered elsewhere", 27: "Destination out of order",
	28: "Invalid number format", 34: "Circuit/channel congestion", 38: "Network out of order",
	41: "Temporary failure", 42: "Switching equipment congestion", 127: "Interworking, unspecified",
}

func causeText(cause int) string {
	if text, ok := causeTexts[cause]; ok {
		return text
	}
	return "Unknown"
}

// uniqueID is a new id as Asterisk makes them.
func (p *pbx) uniqueID() string {
	p.ids++
	return strconv.FormatInt(p.started.Unix(), 10) + "." + strconv.FormatUint(p.ids, 10)
}

// suffix is the number in a channel's name; PJSIP and Local count on their own.
func (p *pbx) suffix(tech string) string {
	n := p.names[tech]
	p.names[tech] = n + 1
	return fmt.Sprintf("%08x", n)
}

// open registers a channel and announces it.
func (p *pbx) open(ch *channel) {
	p.chanSeq++
	ch.seq = p.chanSeq
	ch.created = time.Now()
	if ch.id == "" {
		ch.id = p.uniqueID()
	}
	setDefault(&ch.linked, ch.id)
	ch.priority = 1
	p.channels[ch.id] = ch
	p.byName[ch.name] = ch
	p.on(classCall, "Newchannel", ch)
}

// identify sets the caller and the connected line, as an Originate does.
func (p *pbx) identify(ch *channel, num, name string) {
	ch.num, ch.cname = num, name
	p.emit(p.event(classCall, "NewCallerid").channel("", ch).add("CID-CallingPres", "0 (Presentation Allowed, Not Screened)"))
	if ch.connNum == "" && ch.connName == "" {
		ch.connNum, ch.connName = num, name
		p.on(classCall, "NewConnectedLine", ch)
	}
}

func (p *pbx) setState(ch *channel, s chanState) {
	ch.state = s
	p.on(classCall, "Newstate", ch)
}

// techCause is the SIP code that goes with a cause, 0 where there is none.
func (p *pbx) techCause(ch *channel, cause int) int {
	if ch.tech == "Local" || p.old() {
		return 0
	}
	switch cause {
	case 17:
		return 486
	case 34:
		return 503
	case 1:
		return 404
	case 19:
		return 480
	case 18:
		return 408
	}
	return 0
}

// hungup ends a channel.
func (p *pbx) hungup(ch *channel, cause int) { p.hungupSIP(ch, cause, p.techCause(ch, cause)) }

func (p *pbx) hungupSIP(ch *channel, cause, sip int) {
	if p.channels[ch.id] != ch {
		return
	}
	delete(p.channels, ch.id)
	delete(p.byName, ch.name)
	m := p.event(classCall, "Hangup").channel("", ch).num("Cause", cause).add("Cause-txt", causeText(cause))
	if sip != 0 {
		m.num("TechCause", sip)
	}
	p.emit(m)
	if ch.call != nil && ch.call.ch == ch {
		p.repeatHangup(ch.call, m)
	}
}

// request announces that a side of the channel asks for its end; cause < 0
// where Asterisk 22 names none.
func (p *pbx) request(name string, ch *channel, cause int) {
	m := p.event(classCall, name).channel("", ch)
	if cause < 0 && p.old() {
		cause = 16
	}
	if cause >= 0 {
		m.num("Cause", cause)
	}
	if sip := p.techCause(ch, cause); sip != 0 && name == "HangupRequest" {
		m.num("TechCause", sip)
	}
	p.emit(m)
}

func (p *pbx) bridgeEvent(name string, b *bridge, ch *channel) {
	m := p.event(classCall, name).add("BridgeUniqueid", b.id).add("BridgeType", "basic").
		add("BridgeTechnology", "simple_bridge").add("BridgeCreator", "<unknown>").add("BridgeName", "<unknown>").
		num("BridgeNumChannels", b.channels).add("BridgeVideoSourceMode", "none")
	if ch != nil {
		m.channel("", ch)
	}
	p.emit(m)
}

// join puts channels into a new bridge.
func (p *pbx) join(channels ...*channel) {
	b := &bridge{id: p.uuid()}
	p.bridgeEvent("BridgeCreate", b, nil)
	for _, ch := range channels {
		p.enter(b, ch)
	}
}

func (p *pbx) enter(b *bridge, ch *channel) {
	b.channels++
	ch.bridge = b
	p.bridgeEvent("BridgeEnter", b, ch)
}

// leave takes a channel out of its bridge; the last one ends a bridge of two.
func (p *pbx) leave(ch *channel) {
	b := ch.bridge
	if b == nil {
		return
	}
	b.channels--
	ch.bridge = nil
	p.bridgeEvent("BridgeLeave", b, ch)
	if b.channels == 0 && b != p.lot {
		p.bridgeEvent("BridgeDestroy", b, nil)
	}
}

// uuid is a random uuid of the simulation's own randomness.
func (p *pbx) uuid() string {
	a, b := p.random.Uint64(), p.random.Uint64()
	return fmt.Sprintf("%08x-%04x-4%03x-%04x-%012x", a>>32, a>>16&0xffff, a&0xfff, b>>50|0x8000, b&0xffffffffffff)
}

// parseCallerID splits `Name <number>`.
func parseCallerID(s string) (name, num string) {
	s = strings.TrimSpace(s)
	open, end := strings.LastIndexByte(s, '<'), strings.LastIndexByte(s, '>')
	if open >= 0 && end > open {
		return strings.Trim(strings.TrimSpace(s[:open]), `"`), strings.TrimSpace(s[open+1 : end])
	}
	if strings.Trim(s, "+0123456789*#") == "" {
		return "", s
	}
	return strings.Trim(s, `"`), ""
}
