package scheduler

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/outpace/outpace/campaign"
)

// look finds out what a list still holds; if that is nothing, the list has ended.
func (f *floor) look(r *run, now time.Time) {
	if r.looking || r.plan == nil || r.list == nil {
		return
	}
	r.looking, r.looked = true, now
	count := 1
	if r.learner != nil {
		count = upcomingMost
	}
	id, pick, limits := r.campaign.UUID, r.pick(now, count), r.limits()
	f.do(func(ctx context.Context) func() {
		out, err := f.store.Outlook(ctx, pick)
		return func() {
			r.looking = false
			if err != nil {
				if f.ctx.Err() == nil {
					f.log.Error("dial list could not be looked at", slog.String("campaign", id), slog.Any("error", err))
				}
				return
			}
			r.dry, r.next = out.Ready == 0, out.Next
			if count == upcomingMost {
				r.ready, r.upcoming = out.Ready, out.Upcoming
			}
			if out.Ended() && limits == r.limits() {
				f.listEnded(r)
			}
		}
	})
}

// tidy brings the index that claims use up to date with the limits of a
// campaign's plan. Claims are right without it, only slower.
func (f *floor) tidy(r *run) {
	if f.tidying || !r.assigned || r.campaign.Status != campaign.Started || r.startable() != nil || r.tidied == r.limits() {
		return
	}
	f.tidying = true
	id, pick, limits := r.campaign.UUID, r.pick(f.now(), claimMost), r.limits()
	f.do(func(ctx context.Context) func() {
		n, err := f.store.Reconcile(ctx, pick)
		return func() {
			f.tidying = false
			switch {
			case err != nil && f.ctx.Err() == nil:
				f.log.Warn("dial list could not be tidied, will be tried again", slog.String("campaign", id), slog.Any("error", err))
			case n == 0 && err == nil:
				r.tidied = limits
			case err == nil:
				f.tidy(r)
			}
		}
	})
}

// listEnded does what the plan says for that case.
func (f *floor) listEnded(r *run) {
	if r.campaign.Status != campaign.Started || !r.assigned || len(f.tally.byRun[r.campaign.UUID]) > 0 || !f.post.trust.holds() {
		return // looked at again
	}
	if r.plan.EndHandle == 0 {
		return
	}
	id, next := r.campaign.UUID, r.campaign.Next
	end := campaign.Move{
		From: []campaign.Status{campaign.Started}, To: campaign.Stopping, Reason: "The dial list has ended.",
	}
	r.campaign.Status, r.campaign.Reason = end.To, end.Reason // no dialing meanwhile
	f.do(func(ctx context.Context) func() {
		// The next one first: should we be killed in between, this one is
		// found ended again, and nothing is lost.
		if next == "" || next == id || f.goOn(ctx, id, next) {
			f.moveNow(ctx, id, end)
		}
		return func() { f.settle(r) }
	})
}

// goOn starts the campaign that follows one whose list has ended. It reports
// false if that has to be tried again.
func (f *floor) goOn(ctx context.Context, id, next string) bool {
	c, err := f.store.Campaign(ctx, id)
	if errors.Is(err, campaign.ErrNotFound) || err == nil && c.Status != campaign.Started {
		return true // somebody has stopped it, so nothing follows
	}
	var refusal error
	if err == nil {
		refusal, err = startNext(ctx, f.post.cfg, f.lease, next, f.now())
	}
	switch {
	case err != nil && ctx.Err() == nil:
		f.log.Error("next campaign not started, will be tried again", slog.String("campaign", id), slog.String("next", next), slog.Any("error", err))
	case refusal != nil:
		f.log.Warn("next campaign cannot be started", slog.String("campaign", id), slog.String("next", next), slog.Any("reason", refusal))
	}
	return err == nil
}

// startNext starts the campaign that follows another one, if its list has
// something to dial and its calendar is open; refusal says why it may not.
func startNext(ctx context.Context, cfg Config, lease, uuid string, now time.Time) (refusal, err error) {
	c, err := cfg.Store.Campaign(ctx, uuid)
	switch {
	case errors.Is(err, campaign.ErrNotFound):
		return err, nil
	case err != nil:
		return nil, fmt.Errorf("read campaign: %w", err)
	case !c.Calendar.Open(now):
		return errors.New("its calendar is closed"), nil
	}
	w, err := gatherOne(ctx, cfg, c)
	if err != nil {
		return nil, err
	}
	if err := w.startable(); err != nil {
		return err, nil
	}
	out, err := cfg.Store.Outlook(ctx, w.pick(now, 1))
	if err != nil {
		return nil, fmt.Errorf("look at its dial list: %w", err)
	}
	if out.Ended() {
		return errors.New("its dial list has nothing to dial"), nil
	}
	_, err = cfg.Store.Move(ctx, lease, uuid, campaign.Move{
		From: []campaign.Status{campaign.Stopped, campaign.Stopping}, To: campaign.Started,
	})
	return nil, err
}
