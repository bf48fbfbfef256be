package api

import (
	"context"
	"errors"

	"github.com/labstack/echo/v5"

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
	LiveAnswers     int      `json:"live_answers"`
	Abandoned       *int     `json:"abandoned"`
	AbandonmentRate *float64 `json:"abandonment_rate"`
	// Abandonment is nil in a destination without agents.
	Abandonment *statsAbandonment `json:"abandonment"`
	Results     map[string]int    `json:"results"`
	Why         *string           `json:"why"`
}

// statsAbandonment is abandonment in the windows in which the plan limits it.
type statsAbandonment struct {
	Day    abandonment `json:"day"`
	Window struct {
		Days int `json:"days"`
		abandonment
	} `json:"window"`
}

// figures are a campaign and what its figures are made of.
type figures struct {
	camp     campaign.Campaign
	plan     *plan.Plan            // nil if there is none
	dest     *campaign.Destination // nil if there is none
	live     campaign.Live         // empty if it is too old to be the present
	reported bool                  // an engine has reported, be it long ago
}

// seesAgents reports whether abandonment is counted: only where queues are do
// we see agents take calls.
func (f figures) seesAgents() bool { return f.dest != nil && f.dest.Queue() != "" }

// figures reads the campaign that a request names.
func (s *server) figures(c *echo.Context) (f figures, err error) {
	uuid, err := pathUUID(c)
	if err != nil {
		return f, err
	}
	ctx := c.Request().Context()
	if f.camp, err = s.cfg.Store.Campaign(ctx, uuid); err != nil {
		return f, err
	}
	if f.plan, err = found(ctx, s.cfg.Store.Plan, f.camp.Plan, plan.ErrNotFound); err != nil {
		return f, err
	}
	if f.dest, err = found(ctx, s.cfg.Store.Destination, f.camp.Destination, campaign.ErrNotFound); err != nil {
		return f, err
	}
	if f.live, f.reported, err = s.cfg.Store.Live(ctx, uuid); err != nil {
		return f, err
	}
	s.overdue(&f.live, f.reported)
	return f, nil
}

// getStats reads the figures of one campaign.
func (s *server) getStats(c *echo.Context) error {
	f, err := s.figures(c)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	tally, err := s.cfg.Store.Tally(ctx, f.camp.UUID)
	if err != nil {
		return err
	}
	windows, err := s.windows(ctx, f)
	if err != nil {
		return err
	}
	var entries dlma.Counts
	if f.camp.List != "" {
		if entries, err = s.counts.get(ctx, s.pick(f.camp, f.plan)); err != nil {
			return err
		}
	}
	calls := f.live.Calls
	if f.camp.Status == campaign.Stopped || f.camp.Status == campaign.Paused {
		calls = campaign.Calls{} // the last one has ended, whatever was seen before
	}
	view := statsView{Entries: entries, Calls: calls, Agents: f.live.Agents}
	view.tally(tally, f.seesAgents())
	view.abandonment(windows)
	view.Why = orNull(s.why(f.camp, f.plan, f.live, f.reported))
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
	limits := limitsOf(p)
	return dlma.Pick{
		List:          c.List,
		MaxTries:      limits.MaxRetry,
		RetryDelay:    limits.RetryDelay,
		RedialUnknown: limits.RedialUnknown,
		AbandonLock:   limits.AbandonLock,
		Now:           s.cfg.Now(),
	}
}

// tally fills in what results say; agents says whether abandonment is counted.
func (v *statsView) tally(t results.Tally, agents bool) {
	v.Results = make(map[string]int, len(dispositions))
	for _, d := range dispositions {
		v.Results[string(d)] = t.By[d]
	}
	if !agents {
		v.LiveAnswers = t.By[results.Answered] + t.By[results.Abandoned] + t.By[results.HungUpEarly]
		return
	}
	v.LiveAnswers = t.Live
	v.Abandoned = &t.Abandoned
	if rate, ok := t.AbandonmentRate(); ok {
		v.AbandonmentRate = &rate
	}
}

// abandonment fills in what the windows say, if there are any.
func (v *statsView) abandonment(windows []window) {
	if len(windows) == 0 {
		return
	}
	day, last := windows[0], windows[1]
	v.Abandonment = &statsAbandonment{Day: day.abandonment}
	v.Abandonment.Window.Days, v.Abandonment.Window.abandonment = last.Days, last.abandonment
}

// overdue empties a report of the engine's that is too old to be shown as the
// present.
func (s *server) overdue(live *campaign.Live, reported bool) {
	if !reported || s.cfg.Now().Sub(live.At) > staleAfter {
		live.Calls, live.Agents, live.Pacing = campaign.Calls{}, campaign.Agents{}, nil
	}
}
