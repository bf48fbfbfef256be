package asterisk

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/outpace/outpace/dialer"
	"github.com/outpace/outpace/dialer/ami"
)

// tech is how to find out whether the PBX has a channel technology.
type tech struct {
	module string
	// probe is an action that comes with the technology and does nothing for
	// want of a parameter: it is answered by an error in any case, but by
	// "unknown command" only where the technology is not loaded. It needs no
	// right, whereas ModuleCheck needs the write class system.
	probe string
}

var knownTechs = map[string]tech{
	"SIP":   {module: "chan_sip", probe: "SIPshowpeer"},
	"PJSIP": {module: "chan_pjsip", probe: "PJSIPShowEndpoint"},
	"DAHDI": {module: "chan_dahdi", probe: "DAHDIHangup"},
}

// techs remembers for a session what is known about technologies.
type techs struct {
	mu    sync.Mutex
	known map[string]bool
}

func (t *techs) forget() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.known = nil
}

func (t *techs) get(name string) (supported, known bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	supported, known = t.known[name]
	return supported, known
}

func (t *techs) set(name string, supported bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.known == nil {
		t.known = map[string]bool{}
	}
	t.known[name] = supported
}

// Supports reports whether the PBX has the channel technology; true for those
// that cannot be asked for.
func (g *Gateway) Supports(ctx context.Context, name string) (bool, error) {
	name = strings.ToUpper(name)
	t, ok := knownTechs[name]
	if !ok {
		return true, nil
	}
	if supported, known := g.techs.get(name); known {
		return supported, nil
	}
	client := g.client.Load()
	if client == nil {
		return true, fmt.Errorf("%w: gateway %q is not running", dialer.ErrNotSent, g.cfg.Name)
	}
	supported, err := t.ask(ctx, client)
	if err != nil {
		return true, fmt.Errorf("ask for %s: %w", name, placeError(err))
	}
	g.techs.set(name, supported)
	return supported, nil
}

func (t tech) ask(ctx context.Context, client *ami.Client) (bool, error) {
	module := ami.Message{{Key: "Module", Value: t.module}}
	_, err := client.Do(ctx, ami.Action{Name: "ModuleCheck", Headers: module})
	text, refused := refusal(err)
	switch {
	case err == nil:
		return true, nil
	case !refused:
		return true, err
	case strings.Contains(text, "not loaded"):
		return false, nil
	}
	_, err = client.Do(ctx, ami.Action{Name: t.probe})
	if text, refused = refusal(err); err != nil && !refused {
		return true, err
	}
	return !strings.Contains(text, "unknown command"), nil
}

// refusal returns the reason in a reply with Response: Error, in lower case.
func refusal(err error) (string, bool) {
	var refused *ami.ResponseError
	if !errors.As(err, &refused) {
		return "", false
	}
	return strings.ToLower(refused.Text()), true
}
