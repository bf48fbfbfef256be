package scheduler

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

const (
	// handOver is how long a gateway may be nobody's while one engine gives it to
	// another, or is restarted: a lease that runs out, and the next asks for it.
	handOver = 3 * leaseTTL
	// askLimit bounds the wait for the database in one ask.
	askLimit = time.Second
)

// others knows which gateways other engines have, or had a moment ago. Where
// settings are changed, engines differ for a while, and one that does not have
// a gateway must not stop what another dials through it.
type others struct {
	mu  sync.Mutex
	had map[string]time.Time // when it was seen last
}

func newOthers() *others { return &others{had: map[string]time.Time{}} }

// seek marks the works whose gateway we do not have, but another engine.
func (o *others) seek(ctx context.Context, cfg Config, works ...*work) {
	asked := map[string]bool{}
	for _, w := range works {
		if w.unknown == "" {
			continue
		}
		if _, ok := asked[w.unknown]; !ok {
			asked[w.unknown] = o.have(ctx, cfg, w.unknown)
		}
		if asked[w.unknown] {
			w.gateway, w.elsewhere = w.unknown, true
		}
	}
}

// have reports whether another engine has a gateway. If that cannot be learned
// it says so: nothing is stopped for want of an answer.
func (o *others) have(ctx context.Context, cfg Config, gateway string) bool {
	ctx, cancel := context.WithTimeout(ctx, askLimit)
	defer cancel()
	held, err := cfg.Store.Held(ctx, gatewayLease(gateway), cfg.Holder)
	if err != nil {
		cfg.Logger.Warn("who has a gateway could not be learned", slog.String("gateway", gateway), slog.Any("error", err))
		return true
	}
	now := cfg.Clock()
	o.mu.Lock()
	defer o.mu.Unlock()
	if held {
		o.had[gateway] = now
	}
	last, ok := o.had[gateway]
	return ok && now.Sub(last) < handOver
}
