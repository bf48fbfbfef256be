package scheduler

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/outpace/outpace/plan"
	"github.com/outpace/outpace/predictor"
	"github.com/outpace/outpace/results"
)

const (
	// figuresPeriod is how often the figures are read again: a campaign's calls
	// on another gateway are counted there.
	figuresPeriod = time.Minute
	// recentMost is how many of a campaign's latest results a pacer that knows
	// nothing learns from, and recentAge how old they may be.
	recentMost = 2000
	recentAge  = 7 * 24 * time.Hour
)

// figures are what counts for abandonment in a campaign, by day: what the
// database has, with what was committed since it was read. The calls that are
// not committed yet are not among them.
type figures struct {
	known   bool
	reading bool
	touched bool // a live answer was committed while they were being read
	read    time.Time
	zone    string
	loc     *time.Location // of zone
	days    map[string]results.Day
	sums    sums
}

// sums are what the days of a window come to, so that a decision need not add
// them up.
type sums struct {
	date          string // of today
	days          int
	today, before results.Day
}

// settle makes the figures those of a zone; another zone has other days.
func (g *figures) settle(zone string) {
	if g.loc != nil && g.zone == zone {
		return
	}
	loc, err := time.LoadLocation(zone)
	if err != nil {
		loc = time.UTC // as the store does
	}
	*g = figures{zone: zone, loc: loc}
}

func (g *figures) day(at time.Time) string { return at.In(g.loc).Format(time.DateOnly) }

// first is the first of so many days, of which the last is that of a time.
// Days are counted in UTC, since midnights are missing in some zones.
func (g *figures) first(at time.Time, days int) string {
	year, month, day := at.In(g.loc).Date()
	return time.Date(year, month, day+1-days, 0, 0, 0, 0, time.UTC).Format(time.DateOnly)
}

// commit counts a call whose result is in the database now.
func (g *figures) commit(c *call) {
	if !c.live {
		return
	}
	g.touched = true
	if !g.known {
		return
	}
	d := g.days[c.day]
	d.Date = c.day
	d.Live++
	if c.lost {
		d.Abandoned++
	}
	g.days[c.day] = d
	g.sums = sums{}
}

// sum adds up the days of a window that is so many days long: today, and those
// before. Days after today, which there are when the campaign's zone has been
// changed, count as today.
func (g *figures) sum(now time.Time, days int) (today, before results.Day) {
	date := g.day(now)
	if g.sums.date != date || g.sums.days != days {
		g.sums = sums{date: date, days: days}
		first := g.first(now, days)
		for _, d := range g.days {
			sum := &g.sums.today
			switch {
			case d.Date < first:
				continue
			case d.Date < date:
				sum = &g.sums.before
			}
			sum.Live += d.Live
			sum.Abandoned += d.Abandoned
		}
	}
	return g.sums.today, g.sums.before
}

// windows are the compliance windows of a campaign as they stand: the calendar
// day in its zone and the plan's number of days, the calls that are open included.
// No earlier windows are told: a day may be stopped by hand at any moment, so
// that nothing may be spent on answers that are still to come.
func (f *floor) windows(r *run, now time.Time) []predictor.Window {
	target := r.plan.AbandonTarget / 100
	today, before := r.figures.sum(now, r.plan.AbandonWindow)
	day := predictor.Window{Name: "day", Live: today.Live, Abandoned: today.Abandoned, Target: target}
	for c := range f.tally.byRun[r.campaign.UUID] {
		if c.live {
			day.Live++
		}
		if c.lost {
			day.Abandoned++
		}
	}
	if r.plan.AbandonWindow <= 1 {
		return []predictor.Window{day}
	}
	return []predictor.Window{day, {
		Name: fmt.Sprintf("window of %d days", r.plan.AbandonWindow),
		Live: day.Live + before.Live, Abandoned: day.Abandoned + before.Abandoned, Target: target,
	}}
}

// readFigures reads a campaign's figures when they are due, and what its pacer
// may learn from earlier results. What it finds is thrown away, and read again, if
// a live answer was committed meanwhile, or is about to be: nobody could say
// whether it is counted in it.
func (f *floor) readFigures(r *run, now time.Time) {
	g := &r.figures
	if !r.assigned || !f.paced(r) {
		g.known = false // others may count calls meanwhile
		return
	}
	if g.reading || g.known && now.Sub(g.read) < figuresPeriod && !r.cold() {
		return
	}
	if f.committing(r) {
		return
	}
	g.reading, g.touched = true, false
	id, zone, from, learner := r.campaign.UUID, g.zone, g.first(now, plan.MaxAbandonWindow), r.learner
	wantRecent := r.cold()
	f.do(func(ctx context.Context) func() {
		days, err := f.store.Days(ctx, id, from)
		var recent []results.Result
		var coldErr error // does not keep the figures from being known
		if err == nil && wantRecent {
			recent, coldErr = f.store.Recent(ctx, id, recentMost)
		}
		return func() {
			if r.figures.zone != zone {
				return // they were of other days
			}
			g.reading = false
			if failed := errors.Join(err, coldErr); failed != nil && f.ctx.Err() == nil {
				f.log.Error("earlier results of a campaign could not be read, will be tried again", slog.String("campaign", id), slog.Any("error", failed))
			}
			if err == nil && !g.touched && !f.committing(r) {
				g.take(days, now)
				if wantRecent && coldErr == nil && r.learner == learner {
					r.warmed = true
					learnFrom(learner, recent, now.Add(-recentAge), g.loc)
				}
			}
		}
	})
}

// committing reports whether a live answer of a campaign is about to be in the
// database, or is there already.
func (f *floor) committing(r *run) bool {
	for c := range f.tally.byRun[r.campaign.UUID] {
		if c.ended && c.live {
			return true
		}
	}
	return false
}

func (g *figures) take(days []results.Day, now time.Time) {
	g.known, g.read, g.sums = true, now, sums{}
	g.days = make(map[string]results.Day, len(days))
	for _, d := range days {
		g.days[d.Date] = d
	}
}
