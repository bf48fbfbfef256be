package fcm5600

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/outpace/outpace/dialer"
	"github.com/outpace/outpace/dialer/hosted"
)

const (
	minute = "2006-01-02 15:04"
	// zoneOff is how far the PBX's local time may be from what the time zone
	// makes of its clock.
	zoneOff = 5 * time.Minute
)

// Connect logs in and compares the PBX's local time with the time zone of the
// settings.
func (p *pbx) Connect(ctx context.Context) error {
	if _, err := p.session.Token(ctx); err != nil {
		return fmt.Errorf("fcm5600: %w", err)
	}
	_, err := p.checkTime(ctx)
	return err
}

// checkTime returns the PBX's local time, as it writes it, and an error if it
// does not fit the time zone. A PBX that does not tell it fits.
func (p *pbx) checkTime(ctx context.Context) (string, error) {
	var text string
	err := p.ask(ctx, hosted.Request{Method: http.MethodGet, Path: "/pbx/systeminfo/system-current-time"}, &text)
	if e, answered := answerOf(err); answered && e.code != http.StatusUnauthorized && e.code < http.StatusInternalServerError {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("fcm5600: ask for the time: %w", err)
	}
	local, err := hosted.Local(p.zone(), minute, strings.TrimSpace(text))
	if err != nil {
		return "", fmt.Errorf("fcm5600: ask for the time: %w", &hosted.MalformedError{Err: errors.New("not a local time")})
	}
	now := p.now()
	if off := local.Near(now).Sub(now.Truncate(time.Minute)); off.Abs() > zoneOff {
		return text, fmt.Errorf("fcm5600: the PBX's local time is %s, which is not the time in %s: set timezone to where the PBX is", text, p.zone())
	}
	return text, nil
}

// now is the time by the PBX's clock.
func (p *pbx) now() time.Time {
	ahead, _ := p.client.Skew()
	return time.Now().Add(ahead)
}

func (p *pbx) zone() *time.Location {
	if p.cfg.Zone == nil {
		return time.Local //nolint:gosmopolitan // the setting's default is the machine's own
	}
	return p.cfg.Zone
}

// extension is one phone of an extension.
type extension struct {
	Exten   text            `json:"exten"`
	Name    text            `json:"name"`
	Content json.RawMessage `json:"content"`
	Status  string          `json:"statusText"`
}

// extensions are a list of them; none is an empty object.
type extensions []extension

// UnmarshalJSON takes a list, or an object for an empty one.
func (l *extensions) UnmarshalJSON(b []byte) error {
	if b = bytes.TrimSpace(b); bytes.HasPrefix(b, []byte("{")) || bytes.Equal(b, []byte("null")) {
		*l = nil
		return nil
	}
	return json.Unmarshal(b, (*[]extension)(l))
}

// Agents lists the extensions of the settings, or all.
func (p *pbx) Agents(ctx context.Context, _ []dialer.Pool) ([]hosted.Agent, error) {
	var list extensions
	if err := p.ask(ctx, hosted.Request{Method: http.MethodGet, Path: "/pbx/systeminfo/extension-status"}, &list); err != nil {
		return nil, fmt.Errorf("fcm5600: ask for the extensions: %w", err)
	}
	known := make(map[string]bool, len(list))
	var agents []hosted.Agent
	for _, e := range list {
		name := string(e.Exten)
		if name == "" {
			continue
		}
		known[name] = true
		if len(p.cfg.Extensions) > 0 && !slices.Contains(p.cfg.Extensions, name) {
			continue
		}
		agents = append(agents, hosted.Agent{Exten: name, Name: string(e.Name), State: e.state()})
	}
	p.known.Store(&known)
	return agents, nil
}

// states are the page's words.
var states = map[string]hosted.State{
	"idle":        hosted.Free,
	"inuse":       hosted.Talking,
	"hold":        hosted.Talking,
	"ringing":     hosted.Ringing,
	"unknown":     hosted.Away,
	"unavailable": hosted.Away,
}

func (e extension) state() hosted.State {
	state, known := states[strings.ToLower(strings.TrimSpace(e.Status))]
	if !known || state == hosted.Free && e.dnd() {
		return hosted.Away
	}
	return state
}

// dnd reports whether the extension is not to be disturbed. What that
// is written as, the page does not tell.
func (e extension) dnd() bool {
	var content struct {
		DND any `json:"dnd"`
	}
	if json.Unmarshal(e.Content, &content) != nil {
		return false
	}
	switch dnd := content.DND.(type) {
	case nil:
		return false
	case bool:
		return dnd
	case float64:
		return dnd != 0
	case string:
		return !slices.Contains([]string{"", "0", "no", "off", "false", "none", "disabled"}, strings.ToLower(strings.TrimSpace(dnd)))
	default:
		return true
	}
}
