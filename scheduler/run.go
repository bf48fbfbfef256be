package scheduler

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"golang.org/x/time/rate"

	"github.com/outpace/outpace/campaign"
	"github.com/outpace/outpace/dlma"
	"github.com/outpace/outpace/plan"
	"github.com/outpace/outpace/predictor"
)

const (
	// claimGap is the least time between two claims of a campaign, so that under
	// load several calls share a transaction. It is not waited for when the last
	// claim is longer ago.
	claimGap = 20 * time.Millisecond
	// claimMost bounds one claim. One claim of a campaign is under way at a time,
	// so on a disk that takes 100 ms for a commit this times ten is the most
	// calls a second.
	claimMost = 300
	// claimTimeout bounds the wait for the database in a claim.
	claimTimeout = 10 * time.Second
	// recheckAfter is when the database is looked at again after a claim that
	// failed.
	recheckAfter = 30 * time.Second
	// faultHold is the least retry delay after a call that reached no phone.
	// Its try is given back, so that its entry remains the first in the order:
	// without a pause it would be called over and over, and others not.
	faultHold = 10 * time.Second
	// outlookPeriod is how often a list with nothing to dial is looked at again.
	outlookPeriod = time.Second
)

// run is one campaign on this floor.
type run struct {
	work
	pacing
	assigned bool // this floor claims for it and moves its status

	settling  bool // its coming to rest is under way
	claiming  bool
	asked     int       // calls that the claim under way asks for
	nextClaim time.Time // the next decision, and what is claimed by it, not before then
	failedAt  time.Time // last claim that failed; dialing pauses for a second
	faulted   time.Time // when a call last reached no phone

	// dry says that the last claim found the list empty for now; next is when
	// an entry becomes ready, zero if unknown.
	dry     bool
	next    time.Time
	looked  time.Time
	looking bool
	tidied  string // limits that the claim's index is up to date with
	why     string

	// The calendar's state until its next edge, so that it need not be worked
	// out at each decision.
	open     bool
	openFrom time.Time
	openTill time.Time // zero: no edge is known
}

// inHours reports whether the campaign's calendar allows calls now. The
// calendar stops a campaign at its edge; this keeps a call from being placed
// in the moment before that has come round.
func (r *run) inHours(now time.Time) bool {
	if r.campaign.Calendar.Mode != 1 {
		return true
	}
	if r.openFrom.IsZero() || now.Before(r.openFrom) || (!r.openTill.IsZero() && !now.Before(r.openTill)) {
		// Without the monotonic reading, so that a clock that is put back is seen.
		r.open, r.openFrom = r.campaign.Calendar.Open(now), now.Round(0)
		r.openTill = r.campaign.Calendar.NextEdge(now)
	}
	return r.open
}

// lastMoment is how late a call that is claimed now may be placed.
func (r *run) lastMoment(now time.Time) time.Time {
	last := now.Add(claimLife)
	if r.campaign.Calendar.Mode == 1 && !r.openTill.IsZero() && r.openTill.Before(last) {
		return r.openTill
	}
	return last
}

// pick is which entries may be called now.
func (r *run) pick(now time.Time, count int) dlma.Pick {
	p := r.work.pick(now, count)
	if now.Sub(r.faulted) < faultHold {
		p.RetryDelay = max(p.RetryDelay, faultHold)
	}
	return p
}

// assign takes in the latest list of campaigns.
func (f *floor) assign(latest roster) {
	f.read = latest.read
	seen := map[string]bool{}
	clear(f.book.wrapup)
	for _, w := range latest.list {
		id := w.campaign.UUID
		seen[id] = true
		r := f.runs[id]
		if r == nil {
			r = &run{pacing: pacing{pacer: predictor.NewFormula()}}
			f.runs[id] = r
			f.order = append(f.order, id)
		}
		if r.limits() != w.limits() {
			r.dry = false
		}
		if r.campaign.Status != w.campaign.Status {
			r.dry = false
		}
		if r.campaign.Calendar != w.campaign.Calendar {
			r.openFrom = time.Time{}
		}
		r.work, r.assigned = w, w.gateway == f.gw.Name()
		f.fitPacer(r)
		f.readFigures(r, f.now())
		if q, d := f.pool(w.destination).Name(), w.destination; q != "" {
			f.book.wrapup[q] = max(f.book.wrapup[q], time.Duration(d.Wrapup)*time.Second)
		}
		f.attend(r)
	}
	for id := range f.runs {
		if !seen[id] && len(f.tally.byRun[id]) == 0 && !f.runs[id].claiming {
			delete(f.runs, id)
			f.order = slices.DeleteFunc(f.order, func(o string) bool { return o == id })
		} else if !seen[id] {
			f.runs[id].campaign.Status = campaign.Stopped
		}
	}
	f.watchPools()
}

// limits are what the claim's index depends on.
func (w work) limits() string {
	if w.plan == nil || w.list == nil {
		return ""
	}
	return fmt.Sprint(w.list.UUID, w.plan.MaxRetry, w.plan.RedialUnknown, w.plan.RetryDelay, w.plan.AbandonLock)
}

// attend does what a campaign's status asks for besides dialing.
func (f *floor) attend(r *run) {
	switch r.campaign.Status {
	case campaign.Started:
		if err := r.startable(); err != nil && r.assigned && f.post.trust.holds() {
			f.move(r, campaign.Move{
				From: []campaign.Status{campaign.Started}, To: campaign.Stopping,
				Reason: "The campaign was stopped: " + err.Error(),
			})
		}
	case campaign.ForceStopping:
		if f.gw.Capabilities().Hangup {
			ids := make([]string, 0, len(f.tally.byRun[r.campaign.UUID]))
			for c := range f.tally.byRun[r.campaign.UUID] {
				ids = append(ids, c.ID())
			}
			slices.Sort(ids)
			f.hangUp(ids)
		}
	case campaign.Stopped, campaign.Paused, campaign.Stopping, campaign.Starting, campaign.Pausing:
	}
	f.settle(r)
}

// settle ends a stop or a pause when the last call of the campaign has ended.
func (f *floor) settle(r *run) {
	var to campaign.Status
	switch r.campaign.Status {
	case campaign.Stopping, campaign.ForceStopping:
		to = campaign.Stopped
	case campaign.Pausing:
		to = campaign.Paused
	case campaign.Started, campaign.Stopped, campaign.Paused, campaign.Starting:
		return
	}
	if !r.assigned || r.claiming || r.settling || len(f.tally.byRun[r.campaign.UUID]) > 0 || !f.post.trust.holds() {
		return // each second again
	}
	r.settling = true
	c := r.campaign
	f.do(func(ctx context.Context) func() {
		f.rest(ctx, c, to)
		return func() { r.settling = false }
	})
}

// rest moves a campaign whose stop is done to where it rests, unless calls of
// its are open on another gateway.
func (f *floor) rest(ctx context.Context, c campaign.Campaign, to campaign.Status) {
	n, err := f.store.OpenCalls(ctx, c.UUID)
	if err != nil || n > 0 {
		return // looked at again each second
	}
	moved, err := f.store.Move(ctx, f.lease, c.UUID, campaign.Move{From: []campaign.Status{c.Status}, To: to, Reason: c.Reason})
	if err == nil && moved {
		f.log.Info("campaign at rest", slog.String("campaign", c.UUID), slog.Int("status", int(to)))
	}
}

// move changes a campaign's status for a reason of the engine's.
func (f *floor) move(r *run, m campaign.Move) {
	id := r.campaign.UUID
	r.campaign.Status, r.campaign.Reason = m.To, m.Reason // no dialing meanwhile
	f.do(func(ctx context.Context) func() {
		f.moveNow(ctx, id, m)
		return func() { f.settle(r) }
	})
}

func (f *floor) moveNow(ctx context.Context, id string, m campaign.Move) {
	moved, err := f.store.Move(ctx, f.lease, id, m)
	switch {
	case err != nil && f.ctx.Err() == nil:
		f.log.Error("campaign not moved, will be tried again", slog.String("campaign", id), slog.Any("error", err))
	case moved:
		f.log.Info("campaign moved", slog.String("campaign", id), slog.Int("status", int(m.To)), slog.String("reason", m.Reason))
	}
}

// planRate keeps the calls of a plan within its max_cps.
type planRate struct {
	limiter *rate.Limiter
	spacing *spacing
}

// planLimiter is nil for a plan without a max_cps of its own.
func (f *floor) planLimiter(p plan.Plan) *rate.Limiter {
	if p.MaxCPS == nil {
		delete(f.planCPS, p.UUID)
		return nil
	}
	r := f.planCPS[p.UUID]
	if r.limiter == nil || r.limiter.Limit() != rate.Limit(*p.MaxCPS) {
		r = planRate{newLimiter(*p.MaxCPS), newSpacing(*p.MaxCPS)}
		f.planCPS[p.UUID] = r
	}
	return r.limiter
}
