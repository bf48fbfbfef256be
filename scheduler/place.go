package scheduler

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/outpace/outpace/dialer"
	"github.com/outpace/outpace/plan"
	"github.com/outpace/outpace/results"
)

const (
	// claimLife is how old a claim may be when its request is written. A later
	// one is not sent: the look-up of a lost call counts on it.
	claimLife = 5 * time.Second
	// placeTimeout is how long the PBX may take to accept a request.
	placeTimeout = 10 * time.Second
)

// What keeps a request from being written at the last moment.
var (
	errClaimOld  = errors.New("it is too late to place the claim")
	errNotOwner  = errors.New("the gateway's lease is not ours any more")
	errLogBroken = errors.New("the result log cannot be written")
	errStopped   = errors.New("the campaign or the server was stopped meanwhile")
)

// past reports whether t is over by either of the two clocks: the monotonic
// one, which nobody can set, stands still while the machine sleeps.
func past(now, t time.Time) bool {
	return !now.Before(t) || !now.Round(0).Before(t.Round(0))
}

// place asks the PBX for a call, unless stopped says why not. Whatever comes
// back, it is asked only once.
func (f *floor) place(c *call, d results.Dialing, notAfter time.Time, stopped error) {
	c.stopped = stopped != nil
	if d.DialChannel == "" {
		stopped = fmt.Errorf("%w: %s", dialer.ErrUnusable, d.ResDialDetail)
	}
	if stopped != nil {
		now := f.now()
		f.applied(c, c.Placed(now, fmt.Errorf("%w: %w", dialer.ErrNotSent, stopped)), now)
		return
	}
	req := request(d)
	req.Before = func() error {
		switch {
		case past(f.now(), notAfter):
			return errClaimOld
		case !f.post.trust.holds():
			return errNotOwner
		case f.post.ledger.health() != nil:
			return errLogBroken
		}
		return nil
	}
	now := f.now()
	at := f.sendAt(now, c.plan)
	f.applied(c, c.Sent(at), at)
	f.doAt(at, func(ctx context.Context) func() {
		ctx, cancel := context.WithTimeout(ctx, placeTimeout)
		defer cancel()
		err := fmt.Errorf("%w: %w", dialer.ErrNotSent, errStopped)
		if ctx.Err() == nil {
			err = f.gw.Place(ctx, req)
		}
		return func() {
			now := f.now()
			if err != nil && f.ctx.Err() == nil {
				f.log.Debug("call not placed", slog.String("call", d.UUID), slog.Any("error", err))
			}
			f.applied(c, c.Placed(now, err), now)
		}
	})
}

// wayOfCapsule is wayOf for a call that was read back.
func wayOfCapsule(d results.Dialing) string {
	var p plan.Plan
	if err := json.Unmarshal(d.Info.Plan, &p); err != nil {
		return d.DialChannel
	}
	return wayOf(p)
}

func (f *floor) breaker(way string) *breaker {
	b := f.breakers[way]
	if b == nil {
		b = &breaker{way: way}
		f.breakers[way] = b
	}
	return b
}
