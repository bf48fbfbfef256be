package api

import (
	"maps"
	"slices"

	"github.com/labstack/echo/v5"

	"github.com/outpace/outpace/campaign"
)

// pacingView is what GET /ob/campaigns/<uuid>/pacing shows.
type pacingView struct {
	Campaign  string         `json:"campaign"`
	Pacing    *string        `json:"pacing"` // of the plan as it is now, null without a plan
	Windows   []window       `json:"windows"`
	Decisions []decisionView `json:"decisions"` // newest last
	Warnings  []string       `json:"warnings"`
}

// decisionView is a decision of the engine's on the wire.
type decisionView struct {
	At     string             `json:"at"`
	Place  int                `json:"place"`
	Code   *string            `json:"code"`   // null if nothing held the engine back
	Reason *string            `json:"reason"` // as Code
	Facts  map[string]float64 `json:"facts"`
}

// getPacing shows how a campaign is paced: the windows from the database, so
// that they are true whatever engine ran it, the decisions from the engine that
// runs it now.
func (s *server) getPacing(c *echo.Context) error {
	f, err := s.figures(c)
	if err != nil {
		return err
	}
	windows, err := s.windows(c.Request().Context(), f)
	if err != nil {
		return err
	}
	// Never nil: empty lists are [] on the wire.
	view := pacingView{Campaign: f.camp.UUID, Windows: windows, Decisions: []decisionView{}, Warnings: []string{}}
	if f.plan != nil {
		view.Pacing = orNull(f.plan.Pacing)
		view.warn(f.plan.Warnings())
	}
	if p := f.live.Pacing; p != nil {
		for _, d := range p.Decisions {
			view.Decisions = append(view.Decisions, viewDecision(d))
		}
		view.warn(p.Warnings)
	}
	return s.reply(c, view)
}

// warn adds warnings that are not there yet.
func (v *pacingView) warn(warnings []string) {
	for _, w := range warnings {
		if !slices.Contains(v.Warnings, w) {
			v.Warnings = append(v.Warnings, w)
		}
	}
}

func viewDecision(d campaign.Decision) decisionView {
	facts := map[string]float64{}
	maps.Copy(facts, d.Facts)
	return decisionView{At: formatTime(d.At), Place: d.Place, Code: orNull(d.Code), Reason: orNull(d.Reason), Facts: facts}
}
