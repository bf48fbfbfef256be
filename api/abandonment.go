package api

import (
	"context"
	"strconv"
	"time"

	"github.com/outpace/outpace/plan"
	"github.com/outpace/outpace/results"
)

// abandonment is what was abandoned of the live answers of some days.
type abandonment struct {
	Live      int      `json:"live"`
	Abandoned int      `json:"abandoned"`
	Rate      *float64 `json:"rate"` // a fraction of 1, null without live answers
}

// window is one of the spans of days in which a plan limits abandonment. It
// ends with today.
type window struct {
	Name string `json:"name"`
	Days int    `json:"days"`
	From string `json:"from"` // its first day, YYYY-MM-DD
	abandonment
	Target float64 `json:"target"` // a fraction of 1
}

// windows are the calendar day and the plan's abandon_window, as the database
// has them. There are none for a destination without agents.
func (s *server) windows(ctx context.Context, f figures) ([]window, error) {
	if !f.seesAgents() {
		return []window{}, nil
	}
	limits := limitsOf(f.plan)
	today := civil(s.cfg.Now(), f.camp.Calendar.Zone)
	list := []window{{Name: "day", Days: 1}, {Name: daysName(limits.AbandonWindow), Days: limits.AbandonWindow}}
	for i := range list {
		list[i].From = today.AddDate(0, 0, 1-list[i].Days).Format(time.DateOnly)
		list[i].Target = limits.AbandonTarget / 100
	}
	days, err := s.cfg.Store.Days(ctx, f.camp.UUID, list[1].From)
	if err != nil {
		return nil, err
	}
	for i := range list {
		list[i].abandonment = since(days, list[i].From)
	}
	return list, nil
}

// civil is the date that the calendar of a zone shows, UTC if there is no such
// zone, as a time that dates can be counted from: midnights are missing in some
// zones.
func civil(now time.Time, zone string) time.Time {
	at, err := time.LoadLocation(zone)
	if err != nil {
		at = time.UTC
	}
	year, month, day := now.In(at).Date()
	return time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
}

// since sums up the days from one on. Days after today, which there are when
// the campaign's zone has been changed, count as well.
func since(days []results.Day, from string) abandonment {
	var sum results.Tally
	for _, d := range days {
		if d.Date >= from {
			sum.Live += d.Live
			sum.Abandoned += d.Abandoned
		}
	}
	a := abandonment{Live: sum.Live, Abandoned: sum.Abandoned}
	if rate, ok := sum.AbandonmentRate(); ok {
		a.Rate = &rate
	}
	return a
}

func daysName(days int) string {
	if days == 1 {
		return "1 day"
	}
	return strconv.Itoa(days) + " days"
}

// limitsOf is what a campaign goes by: without a plan, the defaults.
func limitsOf(p *plan.Plan) plan.Plan {
	if p == nil {
		return plan.Default()
	}
	return *p
}
