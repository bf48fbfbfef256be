package pbxsim

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/outpace/outpace/dialer/ami"
)

const (
	defaultTimeout = 30 * time.Second
	maxID          = 149
)

// actOriginate places a call.
func (p *pbx) actOriginate(c *conn, a ami.Message) {
	if p.strikes(DropBefore) {
		p.drop(c)
		return
	}
	text, k := p.readOriginate(a)
	if text == "" && p.strikes(Refuse) {
		text = "Permission denied"
	}
	async := isTrue(a.Get("Async"))
	p.record(a, k, text == "")
	if text != "" {
		p.fail(c, a, text)
		return
	}
	k.record = len(p.originates) - 1
	dropped := p.strikes(DropAfter)
	switch {
	case dropped:
		p.drop(c)
	case async:
		p.success(c, a, "Originate successfully queued")
	default:
		k.origin, c.busy = c, true
	}
	p.dialOut(k)
}

// respondSync ends an Originate that was not Async: the reply comes now, and
// after it all that the connection did not see meanwhile.
func (p *pbx) respondSync(k *call, ok bool) {
	c, a := k.origin, ami.Message{}
	if k.actionID != "" {
		a.Add("ActionID", k.actionID)
	}
	k.origin = nil
	if c.gone {
		return
	}
	if ok {
		p.success(c, a, "Originate successfully queued")
	} else {
		p.fail(c, a, "Originate failed")
	}
	p.after(0, func() { // after the events of this moment, which belong to the wait
		c.busy = false
		p.resume(c)
	})
}

// readOriginate reads an Originate; text is why it is refused, in Asterisk's words.
func (p *pbx) readOriginate(a ami.Message) (text string, k *call) {
	k = &call{
		id: a.Get("ChannelId"), actionID: a.ActionID(), dial: a.Get("Channel"), record: -1,
		to:   target{a.Get("Application"), a.Get("Data"), a.Get("Context"), a.Get("Exten"), a.Get("Priority")},
		vars: &variables{}, limit: defaultTimeout,
	}
	for _, v := range parseVariables(a.Values("Variable")) {
		k.vars.set(v.Name, v.Value)
	}
	k.callerID.name, k.callerID.num = parseCallerID(a.Get("CallerID"))
	if name, ok := k.vars.get("CALLERID(name)"); ok {
		k.callerID.name = name
	}
	if num, ok := k.vars.get("CALLERID(num)"); ok {
		k.callerID.num = num
	}
	if k.dial == "" {
		return "Channel not specified", k
	}
	if k.to.priority != "" && k.to.app == "" {
		if _, err := strconv.Atoi(k.to.priority); err != nil {
			return "Invalid priority", k
		}
	}
	if t := a.Get("Timeout"); t != "" {
		ms, err := strconv.Atoi(t)
		if err != nil {
			return "Invalid timeout", k
		}
		k.limit = max(time.Duration(ms)*time.Millisecond, 0)
	}
	tech, rest, _ := strings.Cut(k.dial, "/")
	if rest == "" {
		return "Invalid channel", k
	}
	if len(k.id) > maxID || len(a.Get("OtherChannelId")) > maxID {
		return "Uniqueid length exceeds maximum of 149\n", k
	}
	if k.to.isExten() && !p.extensionExists(k.to.context, k.to.exten) {
		return "Extension does not exist.", k
	}
	k.exten, k.early = k.to.isExten(), isTrue(a.Get("EarlyMedia"))
	k.resolve(p, tech, rest, a.Get("OtherChannelId"))
	return "", k
}

// resolve finds the way to what is called; k.line stays nil if there is none,
// and then no channel comes up.
func (k *call) resolve(p *pbx, tech, rest, otherID string) {
	if !p.knows(tech) {
		return
	}
	k.ch = &channel{id: k.id, tech: tech, call: k, vars: k.vars, account: "", app: "AppDial2", data: "(Outgoing Line)"}
	if strings.EqualFold(tech, "Local") {
		k.ch.tech = "Local"
		k.resolveLocal(p, rest, otherID)
		return
	}
	number, endpoint, found := strings.Cut(rest, "@")
	if !found {
		if endpoint, number, found = strings.Cut(rest, "/"); !found {
			endpoint, number = rest, ""
		}
	}
	line := &trunkLine{p: p, c: k, endpoint: endpoint, context: "from-trunk", dial: rest}
	switch {
	case endpoint == deadTrunk:
		k.number, k.who, k.line = number, customer{does: NoAnswer}, line
	case slices.Contains(p.cfg.Trunks, endpoint) && number != "":
		k.number, k.line = number, line
		k.who = p.customer(number)
	case !found:
		agent := p.agentOf(tech + "/" + endpoint)
		if agent.mode == AgentInvalid || agent.mode == AgentOffline {
			return
		}
		line.context = "agents"
		k.number, k.agent, k.line = endpoint, agent, line
		k.who = agent.asCustomer()
	}
}

func (k *call) resolveLocal(p *pbx, rest, otherID string) {
	exten, context, _ := strings.Cut(rest, "@")
	context, _, _ = strings.Cut(context, "/")
	if otherID == "" && k.id != "" {
		otherID = k.id + ";2"
	}
	local := localLine{p: p, c: k, exten: exten, context: context, halfID: otherID}
	digits := exten != "" && exten[0] >= '0' && exten[0] <= '9'
	k.number = exten
	switch {
	case context == "customers" && digits:
		k.line = &local
		k.who = p.customer(exten)
	case context == "outbound" && digits:
		k.line = &outboundLine{localLine: local}
		k.who = p.customer(exten)
	case context == "local-dial" && digits:
		k.line = &outboundLine{localLine: local, direct: true}
		k.who = p.customer(exten)
	case slices.Contains(p.cfg.Trunks, context) && digits:
		k.line = &outboundLine{localLine: local}
		k.who = p.customer(exten)
	case context == "agents" && unlisted("Local/"+exten+"@agents").Mode != AgentInvalid:
		k.line = &local
		k.agent = p.agentOf("Local/" + exten + "@agents/n")
		k.who = k.agent.asCustomer()
	default:
		k.line = &nowhereLine{local}
	}
}

// customer is what number does this time.
func (p *pbx) customer(number string) customer {
	n := p.dialed[number]
	p.dialed[number] = n + 1
	return p.cfg.customer(number, p.cfg.stream("number "+number, n))
}

// dialOut brings the channels up, or fails without one.
func (p *pbx) dialOut(k *call) {
	if k.line == nil || (k.id != "" && p.channels[k.id] != nil) {
		k.phase = over
		p.respond(k, false, 0)
		return
	}
	if local, ok := k.line.(*localLine); ok && local.halfID != "" &&
		(local.halfID == k.id || p.channels[local.halfID] != nil) {
		k.ch.name = "Local/" + local.exten + "@" + local.context + "-" + p.suffix("Local") + ";1"
		k.ch.context, k.ch.exten = local.context, local.exten
		p.open(k.ch)
		p.hungup(k.ch, 0)
		k.phase = over
		p.respond(k, false, 0)
		return
	}
	k.line.begin()
}

// record notes a request for those who count them.
func (p *pbx) record(a ami.Message, k *call, accepted bool) {
	p.originates = append(p.originates, OriginateRecord{
		ChannelID: k.id, ActionID: k.actionID, Channel: k.dial, Number: k.number, At: time.Now(),
		CallerID: a.Get("CallerID"), Codecs: a.Get("Codecs"), Timeout: a.Get("Timeout"),
		Application: k.to.app, Data: k.to.data, Context: k.to.context, Exten: k.to.exten,
		Variables: slices.Clone(k.vars.list), Accepted: accepted,
	})
}

func isTrue(s string) bool {
	switch strings.ToLower(strings.TrimSpace(s)) {
	case "yes", "true", "y", "t", "1", "on":
		return true
	}
	return false
}
