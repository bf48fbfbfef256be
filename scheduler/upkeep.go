package scheduler

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/outpace/outpace/campaign"
	"github.com/outpace/outpace/dialer"
)

func (f *floor) tick(now time.Time) {
	var due []*call
	for _, c := range f.calls {
		if w := c.Wake(); !w.IsZero() && !now.Before(w) {
			due = append(due, c)
		}
	}
	slices.SortFunc(due, func(a, b *call) int { return strings.Compare(a.ID(), b.ID()) })
	for _, c := range due {
		f.applied(c, c.Tick(now), now)
	}
	f.survey(now)
	f.resolveDoubt(now)
	if !now.Before(f.nextLive) {
		f.nextLive = now.Add(livePeriod)
		f.everySecond(now)
	}
}

// survey asks the PBX for the living calls when a call's fate depends on it.
func (f *floor) survey(now time.Time) {
	if f.surveying || !f.link.up {
		return
	}
	for _, c := range f.calls {
		if c.NeedsSurvey(now) {
			f.surveying = true
			f.do(func(ctx context.Context) func() {
				ctx, cancel := context.WithTimeout(ctx, placeTimeout)
				defer cancel()
				err := f.gw.Survey(ctx)
				return func() {
					f.surveying = false
					if err != nil && f.ctx.Err() == nil {
						f.log.Warn("living calls could not be asked for", slog.Any("error", err))
					}
				}
			})
			return
		}
	}
}

// everySecond looks at what users have asked for, and shows what is seen.
func (f *floor) everySecond(now time.Time) {
	f.post.open.Store(int64(len(f.calls)))
	live := make([]campaign.Live, 0, len(f.runs))
	for _, id := range f.order {
		r := f.runs[id]
		if r.assigned {
			live = append(live, f.live(r, now))
		}
		f.settle(r)
		f.tidy(r)
		f.readFigures(r, now)
	}
	if len(f.calls) > 0 && f.gw.Capabilities().Hangup && !f.asking {
		f.asking = true
		f.do(func(ctx context.Context) func() {
			asked, err := f.store.HangupsAsked(ctx, f.gw.Name())
			return func() {
				f.asking = false
				if err == nil {
					f.hangUp(asked)
				}
			}
		})
	}
	if len(live) == 0 || f.showing {
		return
	}
	f.showing = true
	f.do(func(ctx context.Context) func() {
		if err := f.store.PutLive(ctx, f.lease, live); err != nil && ctx.Err() == nil {
			f.log.Warn("live figures not stored", slog.Any("error", err))
		}
		return func() { f.showing = false }
	})
}

// hangUp asks the PBX to end calls. It is repeated each second as long as they live.
func (f *floor) hangUp(ids []string) {
	for _, id := range ids {
		c := f.calls[id]
		if c == nil || c.Phase() == dialer.Ended {
			continue
		}
		now := f.now()
		f.applied(c, c.HangupSent(now), now)
		f.do(func(ctx context.Context) func() {
			ctx, cancel := context.WithTimeout(ctx, placeTimeout)
			defer cancel()
			if err := f.gw.Hangup(ctx, id); err != nil && ctx.Err() == nil {
				f.log.Debug("hang-up not done, will be tried again", slog.String("call", id), slog.Any("error", err))
			}
			return nil
		})
	}
}
