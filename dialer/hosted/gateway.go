package hosted

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"

	"github.com/outpace/outpace/dialer"
)

// Kind is what New needs of a kind.
type Kind struct {
	Name   string  // as the settings call it: the first part of dial_channel
	PBX    PBX     // and, as it has them, Hanger, Hooked, Recorder, Checker
	Client *Client // the one that PBX uses
}

// Gateway places calls through one hosted PBX and follows them.
type Gateway struct {
	set    Settings
	kind   Kind
	log    *slog.Logger
	client *Client

	mu      sync.Mutex
	running bool
}

// New checks the settings and makes a gateway that connects to nothing yet.
func New(s Settings, k Kind) (*Gateway, error) {
	s, err := s.withDefaults()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", k.Name, err)
	}
	if k.PBX == nil || k.Client == nil || k.Name == "" {
		return nil, errors.New("hosted: a kind needs a name, a PBX and a client")
	}
	return &Gateway{
		set: s, kind: k, client: k.Client,
		log: s.Logger.With(slog.String("gateway", s.Name)),
	}, nil
}

// Name returns the gateway's name in the settings.
func (g *Gateway) Name() string { return g.set.Name }

// Capabilities says that agents are rung first and seen, and whether the PBX
// can end calls.
func (g *Gateway) Capabilities() dialer.Capabilities {
	_, hangs := g.kind.PBX.(Hanger)
	return dialer.Capabilities{AgentFirst: true, Agents: true, Hangup: hangs}
}

// Supports is true: which technology a PBX dials with is its own matter.
func (g *Gateway) Supports(context.Context, string) (bool, error) { return true, nil }
