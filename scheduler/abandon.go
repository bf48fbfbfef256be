package scheduler

import (
	"cmp"
	"context"
	"log/slog"
	"time"

	"github.com/outpace/outpace/dialer"
	"github.com/outpace/outpace/results"
)

// agentOrNone takes in that an agent has taken an answered call, or that the
// customer's patience has ended without one.
func (f *floor) agentOrNone(c *call, ch dialer.Change, now time.Time) {
	if ch&dialer.ChangeAbandoned != 0 {
		f.lose(c, now)
		f.apologise(c)
		return
	}
	if c.queue != "" && c.Phase() == dialer.Talking && c.Agent() != "" && !c.taken && !c.lost {
		c.taken = true
		f.observeTaken(c, now)
	}
}

// lose counts a customer as abandoned: at once, whatever he does after.
func (f *floor) lose(c *call, now time.Time) {
	if !c.lost {
		c.live, c.lost = true, true
		f.observeLost(c, now)
	}
}

// judge takes in what the result of a call says of it, which holds from now on.
func (f *floor) judge(c *call, res results.Result, now time.Time) {
	if res.Abandoned != nil && *res.Abandoned {
		f.lose(c, now)
	}
	c.live, c.lost = res.Abandoned != nil, res.Abandoned != nil && *res.Abandoned
	if r := f.runs[c.campaign]; r != nil && r.figures.loc != nil {
		at := res.TmHangup
		if at.IsZero() {
			at = res.TmUpdate
		}
		c.day = r.figures.day(at)
	}
	f.observeEnd(c, res)
}

// apologise sends a customer whom no agent has taken to the message that the
// plan names for that, if it names one. It is tried once: he has waited long
// enough, and what cannot be done leaves him in the queue. First the database has
// to know that he was abandoned: outside the queue nobody could tell it from his
// channel any more. That the row may be older by then than what the recorder has
// written does not matter: abandoned stays abandoned.
func (f *floor) apologise(c *call) {
	r := f.runs[c.campaign]
	if r == nil || r.message == nil || c.Phase() != dialer.Waiting {
		return
	}
	m, row := r.message, c.Row()
	f.do(func(ctx context.Context) func() {
		ctx, cancel := context.WithTimeout(ctx, placeTimeout)
		defer cancel()
		err := f.store.Record(ctx, f.lease, []results.Dialing{row}, nil)
		return func() {
			if err != nil {
				f.notSent(c, err)
				return
			}
			f.redirect(c, dialer.Exten{Context: m.Context, Exten: m.Exten, Priority: cmp.Or(m.Priority, "1")})
		}
	})
}

// redirect takes a customer out of the queue, unless an agent has him by now.
func (f *floor) redirect(c *call, exten dialer.Exten) {
	to, ok := f.gw.Gateway.(dialer.Redirector)
	if !ok || c.Phase() != dialer.Waiting || !f.post.trust.holds() {
		return
	}
	id := c.ID()
	f.do(func(ctx context.Context) func() {
		ctx, cancel := context.WithTimeout(ctx, placeTimeout)
		defer cancel()
		err := to.Redirect(ctx, id, exten)
		return func() {
			if err != nil {
				f.notSent(c, err)
				return
			}
			now := f.now()
			f.applied(c, c.Redirected(now), now)
		}
	})
}

func (f *floor) notSent(c *call, err error) {
	if f.ctx.Err() == nil {
		f.log.Warn("abandoned customer not sent to the message", slog.String("call", c.ID()), slog.Any("error", err))
	}
}
