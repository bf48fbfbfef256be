package pbxsim

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/outpace/outpace/dialer/ami"
)

// actSetvar sets a variable of a channel, or of all.
func (p *pbx) actSetvar(c *conn, a ami.Message) {
	name := a.Get("Variable")
	if name == "" {
		p.fail(c, a, "No variable specified")
		return
	}
	vars := &p.globals
	if where := a.Get("Channel"); where != "" {
		ch := p.find(where)
		if ch == nil {
			p.fail(c, a, "No such channel")
			return
		}
		vars = ch.vars
		p.emit(p.event(classDialplan, "VarSet").channel("", ch).add("Variable", name).add("Value", a.Get("Value")))
	}
	vars.set(name, a.Get("Value"))
	p.success(c, a, "Variable Set")
}

// actGetvar reads a variable, or one of the few functions known here.
func (p *pbx) actGetvar(c *conn, a ami.Message) {
	name := a.Get("Variable")
	if name == "" {
		p.fail(c, a, "No variable specified")
		return
	}
	var ch *channel
	if where := a.Get("Channel"); where != "" {
		if ch = p.find(where); ch == nil {
			p.fail(c, a, "No such channel")
			return
		}
	}
	value, known := p.value(ch, name)
	if !known && strings.HasSuffix(name, ")") {
		p.fail(c, a, "Unable to evaluate function")
		return
	}
	p.reply(c, a, "Success", func(m *message) { m.add("Variable", name).add("Value", value) })
}

// value evaluates a variable or function.
func (p *pbx) value(ch *channel, name string) (string, bool) {
	if function, arg, ok := strings.Cut(strings.TrimSuffix(name, ")"), "("); ok {
		switch {
		case function == "IFMODULE":
			return strconv.Itoa(flag(p.loaded(strings.TrimSuffix(arg, ".so")))), true
		case ch == nil:
			return "", false
		case function == "CHANNEL" && arg == "state":
			return ch.state.String(), true
		case function == "CHANNEL" && arg == "name":
			return ch.name, true
		case function == "CALLERID" && arg == "num":
			return ch.num, true
		case function == "CALLERID" && arg == "name":
			return ch.cname, true
		}
		return "", false
	}
	if ch != nil {
		switch name {
		case "UNIQUEID":
			return ch.id, true
		case "EXTEN":
			return ch.exten, true
		case "CONTEXT":
			return ch.context, true
		case "CHANNEL":
			return ch.name, true
		}
		if v, ok := ch.vars.get(name); ok {
			return v, true
		}
	}
	if name == "EPOCH" {
		return strconv.FormatInt(time.Now().Unix(), 10), true
	}
	return p.globals.get(name)
}

// loaded tells whether a module is there: the channel drivers of the known
// technologies, and the applications that are simulated.
func (p *pbx) loaded(module string) bool {
	if tech, ok := strings.CutPrefix(module, "chan_"); ok {
		return p.knows(tech) || tech == "local" && p.knows("Local")
	}
	return slices.Contains([]string{"app_queue", "app_originate", "app_dial", "app_playback", "res_parking", "func_module", "pbx_config"}, module)
}

func (p *pbx) actModuleCheck(c *conn, a ami.Message) {
	if !p.loaded(strings.TrimSuffix(a.Get("Module"), ".so")) {
		p.fail(c, a, "Module not loaded")
		return
	}
	p.reply(c, a, "Success", func(m *message) { m.add("Version", "") })
}

func (p *pbx) actUserEvent(c *conn, a ami.Message) {
	name := a.Get("UserEvent")
	if name == "" {
		p.fail(c, a, "Event not specified")
		return
	}
	p.success(c, a, "Event Sent")
	m := p.event(classUser, "UserEvent").opt("ActionID", a.ActionID()).add("UserEvent", name)
	for _, h := range a {
		switch strings.ToLower(h.Key) {
		case "action", "actionid", "userevent", "":
		default:
			m.add(h.Key, h.Value)
		}
	}
	p.emit(m)
}
