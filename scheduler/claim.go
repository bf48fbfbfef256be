package scheduler

import (
	"context"
	"log/slog"
	"time"

	"github.com/outpace/outpace/campaign"
	"github.com/outpace/outpace/dialer"
	"github.com/outpace/outpace/dlma"
	"github.com/outpace/outpace/results"
)

// claim takes n entries and places a call to each.
func (f *floor) claim(r *run, n int, now time.Time) {
	n = min(n, claimMost)
	r.claiming, r.asked = true, n
	if next := now.Add(claimGap); next.After(r.nextClaim) {
		r.nextClaim = next
	}
	f.claims++
	f.cps.AllowN(now, n)
	if l := f.planLimiter(*r.plan); l != nil {
		l.AllowN(now, n)
	}
	w, pick, notAfter := r.work, r.pick(now, n), r.lastMoment(now)
	f.do(func(ctx context.Context) func() {
		ctx, cancel := context.WithTimeout(ctx, claimTimeout)
		defer cancel()
		rows, err := f.store.Claim(ctx, f.gw.Name(), f.lease, pick,
			func(e dlma.Entry, number, try int) results.Dialing {
				return w.dialing(f.gw.Name(), f.lease, e, number, try, now)
			})
		return func() {
			r.claiming, r.asked = false, 0
			f.claims--
			if err != nil {
				f.claimFailed(r, err)
				return
			}
			r.took(len(rows))
			for _, d := range rows {
				f.place(f.add(d, dialer.NewCall(d), wayOf(*w.plan)), d, notAfter, f.stopped(r))
			}
			if len(rows) < n {
				r.dry = true
				f.look(r, f.now())
			}
		}
	})
}

// stopped says why what was claimed for a campaign must not be placed any
// more: somebody has stopped it, or all of us, since the claim began.
func (f *floor) stopped(r *run) error {
	if f.ctx.Err() != nil || f.post.draining.Load() || !r.assigned || r.campaign.Status != campaign.Started {
		return errStopped
	}
	return nil
}

func (f *floor) claimFailed(r *run, err error) {
	if f.ctx.Err() != nil {
		return
	}
	now := f.now()
	// A transaction that was cut off may still be committed for a while.
	r.failedAt, f.doubt, f.recheck = now, true, now.Add(recheckAfter)
	f.log.Error("entries could not be claimed", slog.String("campaign", r.campaign.UUID), slog.Any("error", err))
}

// resolveDoubt looks for calls that a claim has left in the database though it
// came back with an error. They were never placed. No claim begins before that
// is done: its rows would look like left ones.
func (f *floor) resolveDoubt(now time.Time) {
	if !f.recheck.IsZero() && now.After(f.recheck) {
		f.doubt, f.recheck = true, time.Time{}
	}
	if !f.doubt || f.claims > 0 || f.resolved != nil {
		return
	}
	f.resolved = map[string]bool{}
	f.do(func(ctx context.Context) func() {
		rows, err := f.store.TakeOver(ctx, f.gw.Name(), f.lease)
		return func() {
			done := f.resolved
			f.resolved = nil
			if err != nil {
				return // looked up again
			}
			f.doubt = false
			for _, d := range rows {
				if f.calls[d.UUID] == nil && !done[d.UUID] {
					c := f.add(d, dialer.NewCall(d), wayOfCapsule(d))
					now := f.now()
					f.applied(c, c.Placed(now, dialer.ErrNotSent), now)
				}
			}
		}
	})
}
