package api

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"
)

// The limits that hold unless Config says otherwise.
const (
	DefaultBodyLimit = 1 << 20 // bytes
	DefaultTimeout   = 15 * time.Second
)

// Gateways knows the gateways that calls can be placed through.
type Gateways interface {
	// Gateway finds a gateway by name; "" stands for the default one. ok is
	// false if there is none.
	Gateway(name string) (gateway Gateway, ok bool)
}

// Gateway is what the API has to know about a gateway.
type Gateway struct {
	Name   string
	Kind   string
	Hangup bool // calls can be ended through it
}

// Check is one thing that has to work before the engine is ready.
type Check struct {
	Name string // shown to everybody, so no secret
	// Probe returns nil if it works. Its error is logged, not shown.
	Probe func(ctx context.Context) error
}

// Config is what New needs. Only Store is required.
type Config struct {
	Store    Store
	Gateways Gateways // nil: there is none, so no campaign can be started
	Tokens   []Token  // none: only loopback clients are served, as admin
	Ready    []Check
	// Hooks and Recordings are those of the gateways; nil: there are none.
	Hooks      Hooks
	Recordings Recordings
	Now        func() time.Time // the clock, time.Now if nil
	Logger     *slog.Logger     // slog.Default() if nil

	// Spawn runs a function whose work may outlive the request that asked for it,
	// in a goroutine of the caller's; its context ends when the server does.
	// If nil, nobody waits for the goroutine and its context does not end.
	Spawn func(func(context.Context))

	// Changed, if set, is called after every change that the engine should
	// notice soon. It must return quickly.
	Changed func()

	BodyLimit int64         // most bytes of a body; DefaultBodyLimit if 0
	Timeout   time.Duration // for one request; DefaultTimeout if 0
}

// complete fills in what was left out and refuses what cannot work.
func (c Config) complete() (Config, error) {
	if c.Store == nil {
		return c, errors.New("api: no store given")
	}
	for i, t := range c.Tokens {
		if err := t.Validate(); err != nil {
			return c, fmt.Errorf("api: token %d: %w", i+1, err)
		}
	}
	if c.Gateways == nil {
		c.Gateways = noGateways{}
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	if c.Spawn == nil {
		c.Spawn = func(run func(context.Context)) { go run(context.Background()) }
	}
	if c.Changed == nil {
		c.Changed = func() {}
	}
	if c.BodyLimit <= 0 {
		c.BodyLimit = DefaultBodyLimit
	}
	if c.Timeout <= 0 {
		c.Timeout = DefaultTimeout
	}
	return c, nil
}

// noGateways is what an engine without gateways has.
type noGateways struct{}

// Gateway finds nothing.
func (noGateways) Gateway(string) (Gateway, bool) { return Gateway{}, false }
