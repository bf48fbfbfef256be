package scheduler

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/outpace/outpace/campaign"
	"github.com/outpace/outpace/dlma"
)

// look finds out what a list still holds; if that is nothing, the list has ended.
func (f *floor) look(r *run, now time.Time) {
	if r.looking || r.plan == nil || r.list == nil {
		return
	}
	r.looking, r.looked = true, now
	id, pick, limits := r.campaign.UUID, r.pick(now, 1), r.limits()
	indexed := r.indexed == limits
	f.do(func(ctx context.Context) func() {
		out, right, err := f.outlook(ctx, pick, indexed)
		return func() {
			r.looking = false
			if err != nil {
				if f.ctx.Err() == nil {
					f.log.Error("dial list could not be looked at", slog.String("campaign", id), slog.Any("error", err))
				}
				return
			}
			if right {
				r.indexed = limits
			}
			r.dry, r.next = out.Ready == 0, out.Next
			if right && out.Ended() && limits == r.limits() {
				f.listEnded(r)
			}
		}
	})
}

// outlook asks the store. Before it may say that nothing is left, what a
// changed plan has made stale in the index is repaired; right says that the
// answer rests on an index that is.
func (f *floor) outlook(ctx context.Context, pick dlma.Pick, indexed bool) (out dlma.Outlook, right bool, err error) {
	for {
		out, err = f.store.Outlook(ctx, pick)
		if err != nil || out.Ready > 0 || indexed {
			return out, indexed, err
		}
		n, err := f.store.Reconcile(ctx, pick)
		if err != nil {
			return out, false, err
		}
		indexed = n == 0
	}
}

// listEnded does what the plan says for that case.
func (f *floor) listEnded(r *run) {
	if r.campaign.Status != campaign.Started || !r.assigned || len(f.tally.byRun[r.campaign.UUID]) > 0 {
		return
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
		refusal, err = startNext(ctx, f.post.cfg, next, time.Now())
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
func startNext(ctx context.Context, cfg Config, uuid string, now time.Time) (refusal, err error) {
	c, err := cfg.Store.Campaign(ctx, uuid)
	switch {
	case errors.Is(err, campaign.ErrNotFound):
		return err, nil
	case err != nil:
		return nil, fmt.Errorf("read campaign: %w", err)
	case !c.Calendar.Open(now):
		return errors.New("its calendar is closed"), nil
	}
	works, err := gather(ctx, cfg, []campaign.Campaign{c})
	if err != nil {
		return nil, err
	}
	w := works[0]
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
	_, err = cfg.Store.Move(ctx, uuid, campaign.Move{From: []campaign.Status{campaign.Stopped, campaign.Stopping}, To: campaign.Started})
	return nil, err
}
