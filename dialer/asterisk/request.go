package asterisk

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/outpace/outpace/dialer"
	"github.com/outpace/outpace/dialer/ami"
)

var (
	validNumber   = regexp.MustCompile(`^[0-9A-Za-z+*#._-]{1,64}$`)
	validVariable = regexp.MustCompile(`^(_{0,2}[A-Za-z0-9][A-Za-z0-9_ ]{0,79}|PJSIP_HEADER\(add,[A-Za-z0-9.!%*_+` + "`" + `'~-]{1,80}\))$`)
)

const (
	maxVariables = 100
	hangupCause  = 16 // normal clearing
)

// Place sends the Originate. It returns when the PBX has queued it.
func (g *Gateway) Place(ctx context.Context, r dialer.Request) error {
	action, err := originate(r)
	if err != nil {
		return fmt.Errorf("%w: %w", dialer.ErrNotSent, err)
	}
	client := g.client.Load()
	if client == nil {
		return fmt.Errorf("%w: gateway %q is not running", dialer.ErrNotSent, g.cfg.Name)
	}
	_, err = client.Do(ctx, action)
	return blame(placeError(err))
}

// blame marks an error that a variable is the cause of.
func blame(err error) error {
	if _, ok := errors.AsType[*ami.VariableError](err); ok {
		return fmt.Errorf("%w: %w", dialer.ErrUnusable, err)
	}
	if e, ok := errors.AsType[*ami.InvalidValueError](err); ok && e.Header == "Variable" {
		return fmt.Errorf("%w: %w", dialer.ErrUnusable, err)
	}
	return err
}

// placeError says in the engine's words what became of an Originate. What is
// not known to have had no effect counts as unknown.
func placeError(err error) error {
	var refused *ami.ResponseError
	switch {
	case err == nil:
		return nil
	case errors.Is(err, ami.ErrNotSent):
		return fmt.Errorf("%w: %w", dialer.ErrNotSent, err)
	case errors.As(err, &refused):
		return fmt.Errorf("%w: %s", dialer.ErrRefused, refused.Text())
	}
	return fmt.Errorf("%w: %w", dialer.ErrOutcomeUnknown, err)
}

// originate builds the action. Its errors show no values.
func originate(r dialer.Request) (ami.Action, error) {
	if err := check(r); err != nil {
		return ami.Action{}, err
	}
	// Asterisk drops blanks before a value, so they are no reason to refuse it.
	trim := func(s string) string { return strings.TrimLeft(s, " ") }
	o := ami.Originate{
		Channel:     r.Channel,
		Application: r.Application,
		Data:        trim(r.Data),
		Timeout:     r.Timeout,
		CallerID:    trim(r.CallerID),
		Codecs:      trim(r.Codecs),
		ChannelID:   r.Call,
		ActionID:    r.ActionID,
	}
	if r.Application == "" {
		o.Context, o.Exten, o.Priority, o.EarlyMedia = r.Context, r.Exten, r.Priority, r.EarlyMedia
	}
	for _, name := range slices.Sorted(maps.Keys(r.Variables)) {
		o.Variables = append(o.Variables, ami.Variable{Name: name, Value: r.Variables[name]})
	}
	action, err := o.Action()
	if err != nil {
		return ami.Action{}, blame(err)
	}
	action.Before = r.Before
	return action, nil
}

// check refuses once more what the engine's doors should have refused.
func check(r dialer.Request) error {
	if !validNumber.MatchString(r.Number) { // first: a channel that holds it is wrong for the same reason
		return fmt.Errorf("%w: Number is not valid", dialer.ErrUnusable)
	}
	for _, field := range []struct{ name, value string }{
		{"Call", r.Call}, {"ActionID", r.ActionID}, {"Channel", r.Channel}, {"CallerID", r.CallerID},
		{"Codecs", r.Codecs}, {"Context", r.Context}, {"Exten", r.Exten}, {"Priority", r.Priority},
		{"Application", r.Application}, {"Data", r.Data},
	} {
		if strings.ContainsFunc(field.value, func(c rune) bool { return c < ' ' || c == 0x7f }) {
			return fmt.Errorf("%s has a control character", field.name)
		}
	}
	switch {
	case !isUUID(r.Call):
		return errors.New("Call is not a uuid")
	case !strings.Contains(r.Channel, r.Number):
		return errors.New("Channel does not dial Number")
	case isLocal(r.Channel) && !strings.HasSuffix(r.Channel, "/n"):
		return errors.New("Channel is Local without /n")
	case r.Timeout < time.Millisecond:
		return errors.New("Timeout is less than 1 ms")
	case len(r.Variables) > maxVariables:
		return fmt.Errorf("%w: more than %d variables", dialer.ErrUnusable, maxVariables)
	}
	for name := range r.Variables {
		if !validVariable.MatchString(name) {
			return fmt.Errorf("%w: a variable's name is not valid", dialer.ErrUnusable)
		}
	}
	return nil
}

// isLocal tells whether a channel is a Local one. Without /n it leaves the call
// as soon as audio flows, and the customer talks on where nobody sees him.
func isLocal(channel string) bool {
	tech, _, _ := strings.Cut(channel, "/")
	return strings.EqualFold(tech, "Local")
}

// isUUID tells whether s has the shape of a lower-case version 4 uuid: the ids
// that calls of the engine have, and that Asterisk never gives by itself.
func isUUID(s string) bool {
	if len(s) != 36 || s[14] != '4' || strings.IndexByte("89ab", s[19]) < 0 {
		return false
	}
	for i := range len(s) {
		switch c := s[i]; i {
		case 8, 13, 18, 23:
			if c != '-' {
				return false
			}
		default:
			if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
				return false
			}
		}
	}
	return true
}

// Hangup asks the PBX to end a call, with cause 16.
func (g *Gateway) Hangup(ctx context.Context, call string) error {
	client := g.client.Load()
	if client == nil {
		return fmt.Errorf("%w: gateway %q is not running", dialer.ErrNotSent, g.cfg.Name)
	}
	// Asterisk takes a channel between slashes for a pattern.
	if !isUUID(call) {
		return fmt.Errorf("%w: not a uuid", dialer.ErrNoCall)
	}
	action, err := ami.Hangup{Channel: call, Cause: hangupCause}.Action()
	if err != nil {
		return fmt.Errorf("%w: %w", dialer.ErrNotSent, err)
	}
	_, err = client.Do(ctx, action)
	var refused *ami.ResponseError
	if errors.As(err, &refused) && strings.EqualFold(refused.Text(), "No such channel") {
		return fmt.Errorf("hang up: %w", dialer.ErrNoCall)
	}
	return placeError(err)
}

// Survey has the channels listed. The Census comes with the events, unless the
// session ends before; then the next session brings one by itself.
func (g *Gateway) Survey(ctx context.Context) error {
	client := g.client.Load()
	if client == nil {
		return fmt.Errorf("%w: gateway %q is not running", dialer.ErrNotSent, g.cfg.Name)
	}
	if err := g.list(ctx, client, "CoreShowChannels"); err != nil {
		return fmt.Errorf("survey: %w", placeError(err))
	}
	return nil
}
