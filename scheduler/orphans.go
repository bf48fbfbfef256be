package scheduler

import (
	"context"
	"log/slog"
	"time"

	"github.com/outpace/outpace/campaign"
	"github.com/outpace/outpace/dialer"
	"github.com/outpace/outpace/results"
)

const (
	// orphanPeriod is how often calls are looked for that nobody follows.
	orphanPeriod = 10 * time.Second
	// orphanLate is how long after its time-out a call is given up that nobody
	// is known to have answered: 10 s in which the PBX may still have had it,
	// and a minute in which an engine that has its gateway may be restarted.
	orphanLate = 10*time.Second + time.Minute
	// orphanTalk is the same from the answer on.
	orphanTalk = time.Hour
	// orphanLimit bounds one look; it is less than a lease lasts.
	orphanLimit = leaseTTL - leaseMargin
	// restLease is held by an engine without gateways while it moves campaigns.
	restLease = "rest"
)

// Orphans finds calls that nobody follows.
type Orphans interface {
	// Overdue returns the names of the gateways, without those of except, that
	// have open calls which were claimed more than their time-out and late
	// before now and are not known to be answered, or were answered more than
	// talk before now. The answer does not help a call whose hang-up was asked for.
	Overdue(ctx context.Context, except []string, now time.Time, late, talk time.Duration) ([]string, error)
}

// orphans ends calls through gateways that no engine has any more: their
// settings were removed or renamed while calls were open, and without an end
// their entries would be dialing, and their campaigns stopping, for ever. The
// lease tells whether an engine has the gateway: it is taken for a moment
// only, and only when a call is overdue that its owner would have ended.
type orphans struct {
	cfg   Config
	log   *slog.Logger
	ended func() // results were committed
	// resting are the campaigns that were to come to rest at the last look, and
	// since when: see rest.
	resting map[string]campaign.Campaign
}

func (o *orphans) run(ctx context.Context) {
	for pause(ctx, orphanPeriod) {
		attempt, cancel := context.WithTimeout(ctx, orphanLimit)
		o.look(attempt, o.cfg.Clock())
		cancel()
	}
}

func (o *orphans) look(ctx context.Context, now time.Time) {
	ours := make([]string, len(o.cfg.Gateways))
	for i, g := range o.cfg.Gateways {
		ours[i] = g.Name()
	}
	names, err := o.cfg.Store.Overdue(ctx, ours, now, orphanLate, orphanTalk)
	if err != nil && ctx.Err() == nil {
		o.log.Warn("calls that nobody follows could not be looked for", slog.Any("error", err))
	}
	for _, name := range names {
		n, err := o.endCalls(ctx, name, now)
		switch {
		case err != nil && ctx.Err() == nil:
			o.log.Error("calls of a gateway that nobody has could not be ended", slog.String("gateway", name), slog.Any("error", err))
		case n > 0:
			o.log.Warn("calls were ended unseen: no engine has their gateway", slog.String("gateway", name), slog.Int("calls", n))
			o.ended()
		}
	}
	if len(ours) == 0 {
		o.rest(ctx)
	}
}

// endCalls ends the overdue calls of a gateway, unless an engine has it.
func (o *orphans) endCalls(ctx context.Context, name string, now time.Time) (n int, err error) {
	token, giveBack, err := o.borrow(ctx, gatewayLease(name))
	if token == "" {
		return 0, err
	}
	defer giveBack()
	rows, err := o.cfg.Store.TakeOver(ctx, name, token)
	if err != nil {
		return 0, err
	}
	var ended []results.Result
	for _, d := range rows {
		if overdue(d, now) {
			c := dialer.Recovered(d)
			c.GiveUp(now)
			ended = append(ended, c.Result())
		}
	}
	if len(ended) == 0 {
		return 0, nil
	}
	return len(ended), o.cfg.Store.Record(ctx, token, nil, ended)
}

// borrow takes a lease for a moment. token is "" if that cannot be had.
func (o *orphans) borrow(ctx context.Context, lease string) (token string, giveBack func(), err error) {
	token, ok, err := o.cfg.Store.Acquire(ctx, lease, o.cfg.Holder, leaseTTL)
	if err != nil || !ok {
		return "", nil, err
	}
	return token, func() {
		release, cancel := context.WithTimeout(context.WithoutCancel(ctx), leaseMargin)
		defer cancel()
		if err := o.cfg.Store.Release(release, lease, token); err != nil {
			o.log.Warn("lease not given back; it will run out", slog.String("lease", lease), slog.Any("error", err))
		}
	}, nil
}

// overdue is Orphans.Overdue for one call.
func overdue(d results.Dialing, now time.Time) bool {
	if (d.TmAnswer.IsZero() && d.ResDial != results.DialAnswered) || d.HangupAsked {
		return now.After(d.TmCreate.Add(d.DialTimeout + orphanLate))
	}
	since := d.TmCreate
	if d.TmAnswer.After(since) {
		since = d.TmAnswer
	}
	return now.After(since.Add(orphanTalk))
}

// rest ends stops and pauses in an engine without gateways: where there is a
// gateway, its loop does that. Another engine may not have heard of a stop for
// staleAfter, and what it claims then may be placed for claimLife, so a stop is
// ended only if it was there at the look before too.
func (o *orphans) rest(ctx context.Context) {
	list, err := o.cfg.Store.Working(ctx)
	if err != nil {
		return // looked at again
	}
	before := o.resting
	o.resting = map[string]campaign.Campaign{}
	for _, c := range list {
		var to campaign.Status
		switch c.Status {
		case campaign.Stopping, campaign.ForceStopping:
			to = campaign.Stopped
		case campaign.Pausing:
			to = campaign.Paused
		case campaign.Stopped, campaign.Started, campaign.Paused, campaign.Starting:
			continue
		}
		o.resting[c.UUID] = c
		if b := before[c.UUID]; b.Status != c.Status || !b.TmUpdate.Equal(c.TmUpdate) {
			continue
		}
		if err := o.bringToRest(ctx, c, to); err != nil && ctx.Err() == nil {
			o.log.Warn("campaign not moved, will be tried again", slog.String("campaign", c.UUID), slog.Any("error", err))
		}
	}
}

// bringToRest moves a campaign that has no open call. The lease bounds how long
// that look for calls is good for.
func (o *orphans) bringToRest(ctx context.Context, c campaign.Campaign, to campaign.Status) error {
	token, giveBack, err := o.borrow(ctx, restLease)
	if token == "" {
		return err
	}
	defer giveBack()
	if n, err := o.cfg.Store.OpenCalls(ctx, c.UUID); err != nil || n > 0 {
		return err
	}
	_, err = o.cfg.Store.Move(ctx, token, c.UUID, campaign.Move{From: []campaign.Status{c.Status}, To: to, Reason: c.Reason})
	return err
}
