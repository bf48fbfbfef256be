package ami

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// builder collects the headers of a typed action. Empty values are left out.
type builder struct {
	headers Message
	missing string // the first required field that is empty
}

func (b *builder) set(key, value string) {
	if value != "" {
		b.headers.Add(key, value)
	}
}

// need is set for a header without which the action makes no sense.
func (b *builder) need(key, value string) {
	if value == "" && b.missing == "" {
		b.missing = key
	}
	b.set(key, value)
}

// action checks what was collected. Values that would break the framing are
// refused here already, so that the fault shows where it was made.
func (b *builder) action(name string) (Action, error) {
	if b.missing != "" {
		return Action{}, fmt.Errorf("ami: %s: %s must be set", name, b.missing)
	}
	for _, h := range b.headers {
		if err := h.check(); err != nil {
			return Action{}, fmt.Errorf("ami: %s: %w", name, err)
		}
		// Asterisk drops blanks before a value, so it would not be what was meant.
		if strings.TrimLeft(h.Value, " \t") != h.Value {
			return Action{}, fmt.Errorf("ami: %s: %w", name, &InvalidValueError{Header: h.Key, Reason: "begins with a blank"})
		}
	}
	return Action{Name: name, Headers: b.headers}, nil
}

// Ping asks for a sign of life. The reply has a Timestamp.
type Ping struct{}

// Action returns the action; the error is always nil.
func (Ping) Action() (Action, error) { return Action{Name: "Ping"}, nil }

// CoreStatus asks when the PBX was started and how many calls it has. The
// reply's CoreStartupDate and CoreStartupTime are in the PBX's own zone.
type CoreStatus struct{}

// Action returns the action; the error is always nil.
func (CoreStatus) Action() (Action, error) { return Action{Name: "CoreStatus"}, nil }

// CoreSettings asks for the version and settings of the PBX.
type CoreSettings struct{}

// Action returns the action; the error is always nil.
func (CoreSettings) Action() (Action, error) { return Action{Name: "CoreSettings"}, nil }

// CoreShowChannels lists all channels; for Client.List.
type CoreShowChannels struct{}

// Action returns the action; the error is always nil.
func (CoreShowChannels) Action() (Action, error) { return Action{Name: "CoreShowChannels"}, nil }

// Status lists all channels in more detail, or one if Channel is set, with
// the values of Variables; for Client.List. An unknown channel is a
// *ResponseError.
type Status struct {
	Channel   string // name or Uniqueid; empty = all
	Variables []string
}

// Action returns the action.
func (s Status) Action() (Action, error) {
	b := builder{}
	b.set("Channel", s.Channel)
	b.set("Variables", strings.Join(s.Variables, ","))
	return b.action("Status")
}

// Hangup hangs up a channel.
type Hangup struct {
	Channel string // name or Uniqueid, or a pattern between slashes; required
	Cause   int    // Q.850 cause to give, 1 to 127; 0 = none
}

// Action returns the action.
func (h Hangup) Action() (Action, error) {
	if h.Cause < 0 || h.Cause > 127 {
		return Action{}, fmt.Errorf("ami: Hangup: Cause %d is not from 0 to 127", h.Cause)
	}
	b := builder{}
	b.need("Channel", h.Channel)
	if h.Cause > 0 {
		b.set("Cause", strconv.Itoa(h.Cause))
	}
	return b.action("Hangup")
}

// Redirect sends a channel, and with it the one it is bridged with if the
// Extra fields are set, to an extension.
type Redirect struct {
	Channel                  string // required
	Context, Exten, Priority string // required, but Priority defaults to "1"

	ExtraChannel                            string
	ExtraContext, ExtraExten, ExtraPriority string
}

// Action returns the action.
func (r Redirect) Action() (Action, error) {
	b := builder{}
	b.need("Channel", r.Channel)
	b.set("ExtraChannel", r.ExtraChannel)
	b.need("Context", r.Context)
	b.need("Exten", r.Exten)
	if r.Priority == "" {
		r.Priority = "1"
	}
	b.set("Priority", r.Priority)
	b.set("ExtraContext", r.ExtraContext)
	b.set("ExtraExten", r.ExtraExten)
	b.set("ExtraPriority", r.ExtraPriority)
	return b.action("Redirect")
}

// Bridge joins two channels.
type Bridge struct {
	Channel1, Channel2 string // required
	Tone               bool   // a beep to Channel2
}

// Action returns the action.
func (b Bridge) Action() (Action, error) {
	h := builder{}
	h.need("Channel1", b.Channel1)
	h.need("Channel2", b.Channel2)
	if b.Tone {
		h.set("Tone", "yes")
	}
	return h.action("Bridge")
}

// Setvar sets a variable of a channel, or a global one.
type Setvar struct {
	Channel string // empty = global
	Name    string // as in Variable; required
	Value   string // not escaped; it may not begin with a blank, which Asterisk drops
}

// Action returns the action.
func (s Setvar) Action() (Action, error) {
	if !variableName.MatchString(s.Name) {
		return Action{}, &VariableError{Name: s.Name, Reason: "has no valid name"}
	}
	b := builder{}
	b.set("Channel", s.Channel)
	b.set("Variable", s.Name)
	b.headers.Add("Value", s.Value) // an empty one clears the variable
	return b.action("Setvar")
}

// Getvar asks for a variable or function of a channel, or a global one. The
// value is in the reply's Value header.
type Getvar struct {
	Channel string // empty = global
	Name    string // such as "NAME" or "CHANNEL(state)"; required
}

// Action returns the action.
func (g Getvar) Action() (Action, error) {
	b := builder{}
	b.set("Channel", g.Channel)
	b.need("Variable", g.Name)
	return b.action("Getvar")
}

// Events sets which events this session gets: "on", "off" or a list of classes.
type Events struct {
	Mask string // required
}

// Action returns the action.
func (e Events) Action() (Action, error) {
	b := builder{}
	b.need("EventMask", e.Mask)
	return b.action("Events")
}

// Command runs a command of the PBX's command line, which needs the right to
// do so. CommandOutput reads the reply.
type Command struct {
	Command string // required
}

// Action returns the action.
func (c Command) Action() (Action, error) {
	b := builder{}
	b.need("Command", c.Command)
	return b.action("Command")
}

// CommandOutput returns the lines that a Command gave, from all versions of
// Asterisk alike. A *ResponseError has them too, in its Message.
func CommandOutput(reply Message) []string { return reply.Values("Output") }

// AbsoluteTimeout hangs a channel up after a time.
type AbsoluteTimeout struct {
	Channel string        // required
	Timeout time.Duration // whole seconds; 0 = take the limit away
}

// Action returns the action.
func (a AbsoluteTimeout) Action() (Action, error) {
	if a.Timeout < 0 || a.Timeout%time.Second != 0 {
		return Action{}, fmt.Errorf("ami: AbsoluteTimeout: Timeout %v is not whole seconds", a.Timeout)
	}
	b := builder{}
	b.need("Channel", a.Channel)
	b.set("Timeout", strconv.FormatInt(int64(a.Timeout/time.Second), 10))
	return b.action("AbsoluteTimeout")
}
