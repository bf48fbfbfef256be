package scheduler

import (
	"context"
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
	w, limits := r.work, r.limits()
	indexed := r.indexed == limits
	f.do(func(ctx context.Context) func() {
		out, right, err := f.outlook(ctx, w, now, indexed)
		return func() {
			r.looking = false
			if err != nil {
				if f.ctx.Err() == nil {
					f.log.Error("dial list could not be looked at", slog.String("campaign", w.campaign.UUID), slog.Any("error", err))
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
func (f *floor) outlook(ctx context.Context, w work, now time.Time, indexed bool) (out dlma.Outlook, right bool, err error) {
	for {
		out, err = f.store.Outlook(ctx, w.pick(now, 1))
		if err != nil || out.Ready > 0 || indexed {
			return out, indexed, err
		}
		n, err := f.store.Reconcile(ctx, w.pick(now, claimMost))
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
	f.move(r, campaign.Move{
		From: []campaign.Status{campaign.Started}, To: campaign.Stopping, Reason: "The dial list has ended.",
	})
	if next == "" || next == id {
		return
	}
	f.do(func(ctx context.Context) func() {
		if err := startNext(ctx, f.post.cfg, next, time.Now()); err != nil && ctx.Err() == nil {
			f.log.Warn("next campaign not started", slog.String("campaign", id), slog.String("next", next), slog.Any("error", err))
		}
		return nil
	})
}

// startNext starts the campaign that follows another one, if its list has
// something to dial and its calendar is open.
func startNext(ctx context.Context, cfg Config, uuid string, now time.Time) error {
	c, err := cfg.Store.Campaign(ctx, uuid)
	if err != nil {
		return fmt.Errorf("read campaign: %w", err)
	}
	if c.Calendar.Mode == 1 && !c.Calendar.Open(now) {
		return fmt.Errorf("its calendar is closed")
	}
	works, err := gather(ctx, cfg, []campaign.Campaign{c})
	if err != nil {
		return err
	}
	w := works[0]
	if err := w.startable(); err != nil {
		return err
	}
	out, err := cfg.Store.Outlook(ctx, w.pick(now, 1))
	if err != nil {
		return fmt.Errorf("look at its dial list: %w", err)
	}
	if out.Ended() {
		return fmt.Errorf("its dial list has nothing to dial")
	}
	_, err = cfg.Store.Move(ctx, uuid, campaign.Move{From: []campaign.Status{campaign.Stopped, campaign.Stopping}, To: campaign.Started})
	return err
}
