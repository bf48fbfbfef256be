package scheduler

import (
	"context"
	"fmt"
	"slices"
	"time"

	"golang.org/x/time/rate"

	"github.com/outpace/outpace/campaign"
	"github.com/outpace/outpace/dialer"
	"github.com/outpace/outpace/dlma"
	"github.com/outpace/outpace/plan"
	"github.com/outpace/outpace/predictor"
	"github.com/outpace/outpace/results"
)

const (
	// claimGap is the least time between two claims of a campaign, so that at
	// full load many calls share a transaction. It is not waited for when the
	// last claim is longer ago.
	claimGap = 10 * time.Millisecond
	// claimMost bounds one claim.
	claimMost = 100
	// claimTimeout bounds the wait for the database in a claim.
	claimTimeout = 10 * time.Second
	// recheckAfter is when the database is looked at again after a claim that
	// failed.
	recheckAfter = 30 * time.Second
	// outlookPeriod is how often a list with nothing to dial is looked at again.
	outlookPeriod = time.Second
)

// run is one campaign on this floor.
type run struct {
	work
	assigned bool // this floor claims for it and moves its status
	pacer    predictor.Pacer

	claiming  bool
	asked     int // calls that the claim under way asks for
	lastClaim time.Time
	failedAt  time.Time // last claim that failed; dialing pauses for a second

	// dry says that the last claim found the list empty for now; next is when
	// an entry becomes ready, zero if unknown.
	dry     bool
	next    time.Time
	looked  time.Time
	looking bool
	indexed string // limits for which the claim's index is known to be right
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
		r.open, r.openFrom = r.campaign.Calendar.Open(now), now
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

// assign takes in the latest list of campaigns.
func (f *floor) assign(list []work) {
	seen := map[string]bool{}
	clear(f.book.wrapup)
	for _, w := range list {
		id := w.campaign.UUID
		seen[id] = true
		r := f.runs[id]
		if r == nil {
			r = &run{pacer: predictor.NewFormula()}
			f.runs[id] = r
			f.order = append(f.order, id)
		}
		if r.limits() != w.limits() {
			r.dry, r.indexed = false, ""
		}
		if r.campaign.Status != w.campaign.Status {
			r.dry = false
		}
		if r.campaign.Calendar != w.campaign.Calendar {
			r.openFrom = time.Time{}
		}
		r.work, r.assigned = w, w.gateway == f.gw.Name()
		if d := w.destination; d != nil && d.Queue() != "" {
			q := d.Queue()
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
}

// limits are what the claim's index depends on.
func (w work) limits() string {
	if w.plan == nil || w.list == nil {
		return ""
	}
	return fmt.Sprint(w.list.UUID, w.plan.MaxRetry, w.plan.RedialUnknown, w.plan.RetryDelay)
}

// attend does what a campaign's status asks for besides dialing.
func (f *floor) attend(r *run) {
	switch r.campaign.Status {
	case campaign.Started:
		if err := r.startable(); err != nil && r.assigned {
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
	if !r.assigned || r.claiming || len(f.tally.byRun[r.campaign.UUID]) > 0 {
		return
	}
	from, id := r.campaign.Status, r.campaign.UUID
	f.do(func(ctx context.Context) func() {
		// Calls on another gateway count as well.
		n, err := f.store.OpenCalls(ctx, id)
		if err != nil || n > 0 {
			return nil
		}
		moved, err := f.store.Move(ctx, id, campaign.Move{From: []campaign.Status{from}, To: to, Reason: r.campaign.Reason})
		if err == nil && moved {
			f.log.Info("campaign at rest", "campaign", id, "status", int(to))
			f.post.ledger.poke()
		}
		return nil
	})
}

// move changes a campaign's status for a reason of the engine's.
func (f *floor) move(r *run, m campaign.Move) {
	id := r.campaign.UUID
	r.campaign.Status, r.campaign.Reason = m.To, m.Reason // no dialing meanwhile
	f.do(func(ctx context.Context) func() {
		moved, err := f.store.Move(ctx, id, m)
		switch {
		case err != nil && ctx.Err() == nil:
			f.log.Error("campaign not moved, will be tried again", "campaign", id, "error", err)
		case moved:
			f.log.Info("campaign moved", "campaign", id, "status", int(m.To), "reason", m.Reason)
		}
		return nil
	})
}

// claim takes n entries and places a call to each.
func (f *floor) claim(r *run, n int, now time.Time) {
	n = min(n, claimMost)
	r.claiming, r.asked, r.lastClaim = true, n, now
	f.claims++
	f.cps.AllowN(now, n)
	if l := f.planLimiter(*r.plan); l != nil {
		l.AllowN(now, n)
	}
	w, notAfter := r.work, r.lastMoment(now)
	f.do(func(ctx context.Context) func() {
		ctx, cancel := context.WithTimeout(ctx, claimTimeout)
		defer cancel()
		rows, err := f.store.Claim(ctx, f.gw.Name(), f.lease, w.pick(now, n),
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
			for _, d := range rows {
				f.place(f.add(d, dialer.NewCall(d), wayOf(*w.plan)), d, notAfter)
			}
			if len(rows) < n {
				r.dry = true
				f.look(r, time.Now())
			}
		}
	})
}

func (f *floor) claimFailed(r *run, err error) {
	if f.ctx.Err() != nil {
		return
	}
	now := time.Now()
	// A transaction that was cut off may still be committed for a while.
	r.failedAt, f.doubt, f.recheck = now, true, now.Add(recheckAfter)
	f.log.Error("entries could not be claimed", "campaign", r.campaign.UUID, "error", err)
}

// resolveDoubt looks for calls that a claim has left in the database though it
// came back with an error. They were never placed.
func (f *floor) resolveDoubt(now time.Time) {
	if !f.recheck.IsZero() && now.After(f.recheck) {
		f.doubt, f.recheck = true, time.Time{}
	}
	if !f.doubt || f.claims > 0 {
		return
	}
	f.doubt = false
	f.claims++ // no claim may begin meanwhile: its rows would look like left ones
	f.do(func(ctx context.Context) func() {
		rows, err := f.store.TakeOver(ctx, f.gw.Name(), f.lease)
		return func() {
			f.claims--
			if err != nil {
				f.doubt = true
				return
			}
			for _, d := range rows {
				if f.calls[d.UUID] == nil {
					c := f.add(d, dialer.NewCall(d), wayOfCapsule(d))
					now := time.Now()
					f.applied(c, c.Placed(now, dialer.ErrNotSent), now)
				}
			}
		}
	})
}

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
					f.log.Error("dial list could not be looked at", "campaign", w.campaign.UUID, "error", err)
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
			f.log.Warn("next campaign not started", "campaign", id, "next", next, "error", err)
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

func (f *floor) planLimiter(p plan.Plan) *rate.Limiter {
	if p.MaxCPS == nil {
		return nil
	}
	l := f.planCPS[p.UUID]
	if l == nil || l.Limit() != rate.Limit(*p.MaxCPS) {
		l = newLimiter(*p.MaxCPS)
		f.planCPS[p.UUID] = l
	}
	return l
}
