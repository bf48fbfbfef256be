package pbxsim

import (
	"crypto/md5" //nolint:gosec // AMI's challenge is MD5, whatever we think of it
	"crypto/subtle"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/outpace/outpace/dialer/ami"
)

// handler does an action of a client that is logged in.
type handler func(p *pbx, c *conn, a ami.Message)

// handlers are the actions by their names in lower case.
func handlers() map[string]handler {
	all := map[string]handler{
		"bridge":               (*pbx).actBridge,
		"command":              (*pbx).actCommand,
		"coresettings":         (*pbx).actCoreSettings,
		"coreshowchannels":     (*pbx).actCoreShowChannels,
		"corestatus":           (*pbx).actCoreStatus,
		"events":               (*pbx).actEvents,
		"getvar":               (*pbx).actGetvar,
		"hangup":               (*pbx).actHangup,
		"modulecheck":          (*pbx).actModuleCheck,
		"originate":            (*pbx).actOriginate,
		"ping":                 (*pbx).actPing,
		"queueadd":             (*pbx).actQueueAdd,
		"queuememberringinuse": (*pbx).actQueueRingInUse,
		"queuepause":           (*pbx).actQueuePause,
		"queuepenalty":         (*pbx).actQueuePenalty,
		"queuereset":           (*pbx).actQueueReset,
		"queuereload":          (*pbx).actQueueReload,
		"queueremove":          (*pbx).actQueueRemove,
		"queuestatus":          (*pbx).actQueueStatus,
		"queuesummary":         (*pbx).actQueueSummary,
		"redirect":             (*pbx).actRedirect,
		"setvar":               (*pbx).actSetvar,
		"status":               (*pbx).actStatus,
		"userevent":            (*pbx).actUserEvent,
	}
	for name := range techActions {
		all[name] = (*pbx).actOfTech
	}
	return all
}

// action does what a client asks for.
func (p *pbx) action(c *conn, a ami.Message) {
	name := strings.ToLower(strings.TrimSpace(a.Get("Action")))
	switch {
	case len(a) > maxHeaders:
		p.fail(c, a, "Too many lines in message or allocation failure")
	case tooLong(a):
		p.fail(c, a, "Failed to parse message: line too long")
	case name == "":
		p.fail(c, a, "Missing action in request")
	case name == "login":
		p.actLogin(c, a)
	case name == "challenge":
		p.actChallenge(c, a)
	case name == "logoff":
		p.reply(c, a, "Goodbye", func(m *message) { m.add("Message", "Thanks for all the fish.") })
		p.part(c, c.out.finish)
	case !c.loggedIn:
		p.fail(c, a, "Permission denied")
	default:
		do, known := p.handlers[name]
		if !known {
			p.unknownAction(c, a)
			return
		}
		do(p, c, a)
	}
}

func tooLong(a ami.Message) bool {
	for _, h := range a {
		if len(h.Key)+len(h.Value)+2 > maxLine {
			return true
		}
	}
	return false
}

// reply answers an action. A reply overtakes events that are held back, not
// those that are on their way.
func (p *pbx) reply(c *conn, a ami.Message, response string, more func(m *message)) {
	m := &message{}
	m.add("Response", response)
	m.opt("ActionID", a.ActionID())
	if more != nil {
		more(m)
	}
	m.end()
	p.line(m.buf)
	p.answer(c, a, m.buf)
}

// answer sends the bytes of a reply, unless a fault comes in between.
func (p *pbx) answer(c *conn, a ami.Message, b []byte) {
	send := func() {
		c.send(b)
		if !c.gone {
			p.replied(a)
		}
	}
	switch {
	case c.loggedIn && p.strikes(LoseReply):
	case c.loggedIn && p.strikes(LateReply):
		p.afterReal(p.late(), send)
	default:
		send()
	}
}

// replied notes that the reply to an originate is on its way.
func (p *pbx) replied(a ami.Message) {
	if !strings.EqualFold(a.Get("Action"), "Originate") {
		return
	}
	for i := range slices.Backward(p.originates) { // nearly always the last one
		if r := &p.originates[i]; r.ActionID == a.ActionID() {
			r.Replied = time.Now()
			return
		}
	}
}

func (p *pbx) success(c *conn, a ami.Message, text string) {
	p.reply(c, a, "Success", func(m *message) { m.add("Message", text) })
}

func (p *pbx) fail(c *conn, a ami.Message, text string) {
	p.reply(c, a, "Error", func(m *message) { m.add("Message", text) })
}

// list answers with a list: fill writes its events, each ended with end, and
// returns their number.
func (p *pbx) list(c *conn, a ami.Message, text, complete string, fill func(m *message) int) {
	m := &message{}
	m.add("Response", "Success").opt("ActionID", a.ActionID()).add("EventList", "start").add("Message", text).end()
	count := fill(m)
	m.add("Event", complete).opt("ActionID", a.ActionID()).add("EventList", "Complete").num("ListItems", count)
	if complete == "StatusComplete" {
		m.num("Items", count)
	}
	m.end()
	p.answer(c, a, m.buf)
}

func (p *pbx) actChallenge(c *conn, a ami.Message) {
	if !strings.EqualFold(a.Get("AuthType"), "MD5") {
		p.fail(c, a, "Must specify AuthType")
		return
	}
	if c.challenge == "" {
		c.challenge = strconv.FormatUint(p.random.Uint64()%1_000_000_000, 10)
	}
	p.reply(c, a, "Success", func(m *message) { m.add("Challenge", c.challenge) })
}

// actLogin lets the client in. As in Asterisk all refusals look the same, take
// a second and end the connection.
func (p *pbx) actLogin(c *conn, a ami.Message) {
	if !p.authentic(c, a) {
		c.busy = true
		p.afterReal(authDelay, func() {
			p.fail(c, a, "Authentication failed")
			p.part(c, c.out.finish)
		})
		return
	}
	p.timers.stop(c.deadline)
	p.reply(c, a, "Success", func(m *message) { m.add("Message", "Authentication accepted") })
	c.loggedIn = true
	c.mask = classAll
	if mask, ok := a.Lookup("Events"); ok {
		c.mask = parseMask(mask)
	}
	p.listening()
	uptime := int(time.Since(p.started).Seconds())
	if c.mask&classSystem != 0 {
		m := &message{}
		m.add("Event", "FullyBooted").add("Privilege", "system,all").num("Uptime", uptime).num("LastReload", uptime).
			add("Status", "Fully Booted").end()
		c.send(m.buf)
	}
	p.successfulAuth(c, a.Get("Username"))
}

func (p *pbx) authentic(c *conn, a ami.Message) bool {
	same := func(x, y string) bool { return subtle.ConstantTimeCompare([]byte(x), []byte(y)) == 1 }
	if !same(a.Get("Username"), p.cfg.Username) {
		return false
	}
	if strings.EqualFold(a.Get("AuthType"), "MD5") {
		sum := md5.Sum([]byte(c.challenge + p.cfg.Secret)) //nolint:gosec // see the import
		return c.challenge != "" && same(strings.ToLower(a.Get("Key")), hex.EncodeToString(sum[:]))
	}
	return same(a.Get("Secret"), p.cfg.Secret)
}

func (p *pbx) successfulAuth(c *conn, user string) {
	now := time.Now().Format("2006-01-02T15:04:05.000-0700")
	p.emit(p.event(classSecurity, "SuccessfulAuth").add("EventTV", now).add("Severity", "Informational").
		add("Service", "AMI").add("EventVersion", "1").add("AccountID", user).
		add("SessionID", fmt.Sprintf("0x%012x", p.random.Uint64()>>16)).
		add("LocalAddress", "IPV4/TCP/"+slashed(c.net.LocalAddr().String())).
		add("RemoteAddress", "IPV4/TCP/"+slashed(c.net.RemoteAddr().String())).
		add("UsingPassword", "0").add("SessionTV", now))
}

func slashed(addr string) string { return strings.Replace(addr, ":", "/", 1) }

func (p *pbx) actEvents(c *conn, a ami.Message) {
	c.mask = parseMask(a.Get("EventMask"))
	p.listening()
	state := "On"
	if c.mask == 0 {
		state = "Off"
	}
	p.reply(c, a, "Success", func(m *message) { m.add("Events", state) })
}

func (p *pbx) actPing(c *conn, a ami.Message) {
	p.reply(c, a, "Success", func(m *message) {
		now := time.Now()
		m.add("Ping", "Pong").add("Timestamp", fmt.Sprintf("%d.%06d", now.Unix(), now.Nanosecond()/1000))
	})
}
