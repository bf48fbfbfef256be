package campaign

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

// naive judges one reading of the wall clock by the rules as they are written
// down, without any notion of windows. days keeps what was found out about days.
func naive(c Calendar, days map[int64]bool, wall time.Time) bool {
	clock := wall.Format(time.TimeOnly)
	from, to := c.TimeStart, c.TimeEnd
	if from == "" {
		from = "00:00:00"
	}
	if to == "" {
		to = "00:00:00"
	}
	date := wall.Unix() / 86400
	for d := date - 1; d <= date; d++ {
		if _, known := days[d]; !known {
			days[d] = naiveDay(c, time.Unix(d*86400, 0).UTC())
		}
	}
	today, yesterday := days[date], days[date-1]
	switch {
	case from == to:
		return today
	case to == "00:00:00":
		return today && clock >= from
	case from < to:
		return today && clock >= from && clock < to
	default:
		return today && clock >= from || yesterday && clock < to
	}
}

func naiveDay(c Calendar, wall time.Time) bool {
	date := wall.Format(time.DateOnly)
	switch {
	case strings.Contains(c.DateListExcept, date):
		return false
	case strings.Contains(c.DateList, date):
		return true
	case c.DateStart != "" && date < c.DateStart, c.DateEnd != "" && date > c.DateEnd:
		return false
	}
	return c.DayList == "" || strings.Contains(c.DayList, fmt.Sprint(int(wall.Weekday())))
}

// randomCalendar opens and closes within the days around first.
func randomCalendar(r *rand.Rand, zone string, first time.Time, days int) Calendar {
	date := func() string { return first.AddDate(0, 0, r.IntN(days)).Format(time.DateOnly) }
	dates := func() string {
		var list []string
		for range r.IntN(4) {
			list = append(list, date())
		}
		return strings.Join(list, ", ")
	}
	clock := func() string {
		if r.IntN(3) == 0 {
			return ""
		}
		// Most changes of the clock come in the first hours.
		hour := r.IntN(24)
		if r.IntN(2) == 0 {
			hour = r.IntN(4)
		}
		return fmt.Sprintf("%02d:%02d:00", hour, r.IntN(4)*15)
	}
	c := Calendar{Mode: 1, Zone: zone, DateStart: first.AddDate(0, 0, r.IntN(2)).Format(time.DateOnly), TimeStart: clock(), TimeEnd: clock()}
	if r.IntN(2) == 0 {
		c.DateList = dates()
	}
	if r.IntN(2) == 0 {
		c.DateListExcept = dates()
	}
	if r.IntN(3) == 0 {
		c.DateEnd = date()
	}
	if r.IntN(3) == 0 {
		c.DayList = fmt.Sprintf("%d,%d,%d", r.IntN(7), r.IntN(7), r.IntN(7))
	}
	return c
}

// A model walks through some days minute by minute. The wall clock counts as
// showing the latest time that it has shown so far: that is what "first shows
// its time or a later one" means where the clock is put back.
func TestCalendarAgainstModel(t *testing.T) {
	t.Parallel()
	const days = 7
	weeks := []struct{ zone, first string }{
		{"", "2026-11-20"},
		{"Europe/Berlin", "2026-03-26"},
		{"Europe/Berlin", "2026-10-22"},
		{"America/New_York", "2026-10-29"},
		{"America/Havana", "2026-10-29"},      // 01:00 to 00:00
		{"America/Sao_Paulo", "2018-02-15"},   // midnight to 23:00
		{"America/Sao_Paulo", "2018-11-01"},   // midnight to 01:00
		{"America/St_Johns", "2010-11-04"},    // 00:01 to 23:01 of the day before
		{"Australia/Lord_Howe", "2026-04-02"}, // half an hour
		{"Pacific/Apia", "2011-12-27"},        // a day is left out
		{"Asia/Kathmandu", "2026-01-01"},
	}
	for i, week := range weeks {
		t.Run(week.zone+" "+week.first, func(t *testing.T) {
			t.Parallel()
			r := rand.New(rand.NewPCG(1, uint64(i)))
			first, err := time.Parse(time.DateOnly, week.first)
			if err != nil {
				t.Fatal(err)
			}
			for range 12 {
				compare(t, r, randomCalendar(r, week.zone, first, days), first, days)
			}
		})
	}
}

func compare(t *testing.T, r *rand.Rand, c Calendar, first time.Time, days int) {
	t.Helper()
	if err := c.Validate(); err != nil {
		t.Fatalf("%+v: %v", c, err)
	}
	zone, err := time.LoadLocation(c.Zone)
	if err != nil {
		t.Fatal(err)
	}
	begin := first.Add(-48 * time.Hour)
	minutes := (days + 3) * 24 * 60
	open := make([]bool, minutes)
	known := map[int64]bool{}
	var shown time.Time
	for i := range minutes {
		local := begin.Add(time.Duration(i) * time.Minute).In(zone)
		_, offset := local.Zone()
		if wall := local.Add(time.Duration(offset) * time.Second).UTC(); wall.After(shown) {
			shown = wall
		}
		open[i] = naive(c, known, shown)
	}
	for range 40 {
		// The last day only serves to find edges of the days before.
		i := 1 + r.IntN(minutes-24*60)
		now := begin.Add(time.Duration(i) * time.Minute).Add(time.Duration(r.IntN(60)) * time.Second)
		start, got := c.Window(now)
		if got != open[i] {
			t.Fatalf("%+v at %v: open is %v, want %v", c, now.In(zone), got, open[i])
		}
		if got {
			j := i
			for j > 0 && open[j-1] {
				j--
			}
			if want := begin.Add(time.Duration(j) * time.Minute); !start.Equal(want) {
				t.Fatalf("%+v at %v: the window began at %v, want %v", c, now.In(zone), start, want.In(zone))
			}
		}
		next := slices.Index(open[i:], !open[i])
		if next < 0 {
			continue
		}
		if edge, want := c.NextEdge(now), begin.Add(time.Duration(i+next)*time.Minute); !edge.Equal(want) {
			t.Fatalf("%+v at %v: the next edge is %v, want %v", c, now.In(zone), edge, want.In(zone))
		}
	}
}
