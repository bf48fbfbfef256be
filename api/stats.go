package api

import (
	"context"
	"errors"

	"github.com/labstack/echo/v4"

	"github.com/outpace/outpace/campaign"
	"github.com/outpace/outpace/dlma"
	"github.com/outpace/outpace/plan"
	"github.com/outpace/outpace/results"
)

// statsView is what GET /ob/campaigns/<uuid>/stats shows.
type statsView struct {
	Entries dlma.Counts     `json:"entries"`
	Calls   campaign.Calls  `json:"calls"`
	Agents  campaign.Agents `json:"agents"`
	// LiveAnswers are those that count for abandonment; in a destination
	// without agents, where nothing does, all answers.
	LiveAnswers     int            `json:"live_answers"`
	Abandoned       *int           `json:"abandoned"`
	AbandonmentRate *float64       `json:"abandonment_rate"`
	Results         map[string]int `json:"results"`
	Why             *string        `json:"why"`
}

// getStats reads the figures of one campaign.
func (s *server) getStats(c echo.Context) error {
	uuid, err := pathUUID(c)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	camp, err := s.cfg.Store.Campaign(ctx, uuid)
	if err != nil {
		return err
	}
	p, err := found(ctx, s.cfg.Store.Plan, camp.Plan, plan.ErrNotFound)
	if err != nil {
		return err
	}
	dest, err := found(ctx, s.cfg.Store.Destination, camp.Destination, campaign.ErrNotFound)
	if err != nil {
		return err
	}
	live, reported, err := s.cfg.Store.Live(ctx, uuid)
	if err != nil {
		return err
	}
	tally, err := s.cfg.Store.Tally(ctx, uuid)
	if err != nil {
		return err
	}
	var entries dlma.Counts
	if camp.List != "" {
		if entries, err = s.counts.get(ctx, s.pick(camp, p)); err != nil {
			return err
		}
	}
	s.overdue(&live, reported)
	if camp.Status == campaign.Stopped || camp.Status == campaign.Paused {
		live.Calls = campaign.Calls{} // the last one has ended, whatever was seen before
	}
	view := statsView{Entries: entries, Calls: live.Calls, Agents: live.Agents}
	view.tally(tally, dest)
	view.Why = orNull(s.why(camp, p, live, reported))
	return s.reply(c, view)
}

// found reads what a campaign refers to; nil if it refers to nothing that
// lives.
func found[T any](ctx context.Context, read func(context.Context, string) (T, error), uuid string, missing error) (*T, error) {
	if uuid == "" {
		return nil, nil //nolint:nilnil // nothing there is a value here
	}
	t, err := read(ctx, uuid)
	if errors.Is(err, missing) {
		return nil, nil //nolint:nilnil // as above
	}
	if err != nil {
		return nil, err
	}
	return &t, nil
}

// pick says what of a campaign's list may be dialed: without a plan, what the
// defaults would allow.
func (s *server) pick(c campaign.Campaign, p *plan.Plan) dlma.Pick {
	limits := plan.Default()
	if p != nil {
		limits = *p
	}
	return dlma.Pick{
		List:          c.List,
		MaxTries:      limits.MaxRetry,
		RetryDelay:    limits.RetryDelay,
		RedialUnknown: limits.RedialUnknown,
		Now:           s.cfg.Now(),
	}
}

// tally fills in what results say. Whether abandonment is counted depends on
// the destination: only where queues are do we see agents take calls.
func (v *statsView) tally(t results.Tally, dest *campaign.Destination) {
	v.Results = make(map[string]int, len(dispositions))
	for _, d := range dispositions {
		v.Results[string(d)] = t.By[d]
	}
	if dest == nil || dest.Queue() == "" {
		v.LiveAnswers = t.By[results.Answered] + t.By[results.Abandoned] + t.By[results.HungUpEarly]
		return
	}
	v.LiveAnswers = t.Live
	v.Abandoned = &t.Abandoned
	if rate, ok := t.AbandonmentRate(); ok {
		v.AbandonmentRate = &rate
	}
}

// overdue empties a report of the engine's that is too old to be shown as the
// present.
func (s *server) overdue(live *campaign.Live, reported bool) {
	if !reported || s.cfg.Now().Sub(live.At) > staleAfter {
		live.Calls, live.Agents = campaign.Calls{}, campaign.Agents{}
	}
}
