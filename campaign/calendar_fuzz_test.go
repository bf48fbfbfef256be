package campaign

import (
	"errors"
	"testing"
	"time"
)

// FuzzCalendar takes any values of the calendar's fields and any time, and
// checks what must hold for all: Validate names a field of the wire, and for
// what it accepts windows, edges and Open agree with each other.
func FuzzCalendar(f *testing.F) {
	for _, c := range []Calendar{
		{Mode: 1},
		{Mode: 1, TimeStart: "09:00:00", TimeEnd: "17:30:00", DayList: "1, 2,3,4,5", Zone: "Europe/Berlin"},
		{Mode: 1, TimeStart: "22:00:00", TimeEnd: "02:30:00", DateList: "2026-03-29, 2026-10-25", Zone: "Europe/Berlin"},
		{Mode: 1, TimeStart: "00:30:00", Zone: "America/Sao_Paulo", DateStart: "2018-11-03", DateEnd: "2018-11-05"},
		{Mode: 1, TimeEnd: "12:00:00", DateListExcept: "2011-12-30", Zone: "Pacific/Apia"},
		{Mode: 1, TimeStart: "02:15:00", TimeEnd: "02:45:00", Zone: "Australia/Lord_Howe", DayList: "0"},
		{Mode: 0, Zone: "Local"}, {Mode: 1, DateList: "2026-02-30"}, {Mode: 1, DayList: "7"}, {Mode: 1, TimeStart: "24:00:00"}, {Mode: 2},
	} {
		for _, at := range []int64{1774746000, 1792893600, 1541300400, 1325239200, 0, 253402300799} {
			f.Add(c.Mode, c.Zone, c.TimeStart, c.TimeEnd, c.DateStart, c.DateEnd, c.DateList, c.DateListExcept, c.DayList, at)
		}
	}
	f.Fuzz(func(t *testing.T, mode int, zone, timeStart, timeEnd, dateStart, dateEnd, dateList, except, dayList string, at int64) {
		c := Calendar{Mode: mode, Zone: zone, TimeStart: timeStart, TimeEnd: timeEnd, DateStart: dateStart, DateEnd: dateEnd,
			DateList: dateList, DateListExcept: except, DayList: dayList}
		if err := c.Validate(); err != nil {
			if invalid, ok := errors.AsType[Invalid](err); !ok || len(invalid.Field) < 4 || invalid.Field[:3] != "sc_" {
				t.Fatalf("%+v: error %v names no field", c, err)
			}
			return
		}
		// From 1970 to 2105, which is what a campaign may live to see.
		const span = 135 * 365 * 86400
		now := time.Unix((at%span+span)%span, 0).UTC()
		if mode == 0 {
			if start, open := c.Window(now); !c.Open(now) || open || !start.IsZero() || !c.NextEdge(now).IsZero() {
				t.Fatalf("%+v is off and has windows", c)
			}
			return
		}
		agree(t, c, now)
	})
}

// agree checks what a calendar says of one moment and of its neighbours.
func agree(t *testing.T, c Calendar, now time.Time) {
	t.Helper()
	start, open := c.Window(now)
	if open != c.Open(now) {
		t.Fatalf("%+v at %s: Window says %v, Open %v", c, now, open, c.Open(now))
	}
	if open {
		if start.After(now) || !c.Open(start) {
			t.Fatalf("%+v at %s: the window begins at %s", c, now, start)
		}
		if again, ok := c.Window(start); !ok || !again.Equal(start) {
			t.Fatalf("%+v: the window of %s begins at %s, that of its beginning at %s", c, now, start, again)
		}
		if before := start.Add(-time.Second); c.Open(before) && start.Unix() > int64(dawn)*86400 {
			t.Fatalf("%+v: it is open before its window begins at %s", c, start)
		}
	}
	edge := c.NextEdge(now)
	if edge.IsZero() {
		// Nothing for two years: then nothing at any of some moments in them.
		for days := 1; days < horizon-5; days += 37 {
			if then := now.AddDate(0, 0, days); c.Open(then) != open {
				t.Fatalf("%+v at %s: no edge, and yet %s is another", c, now, then)
			}
		}
		return
	}
	if !edge.After(now) || c.Open(edge) == open || c.Open(edge.Add(-time.Second)) != open {
		t.Fatalf("%+v at %s (open: %v): no change at the edge %s", c, now, open, edge)
	}
	// Between now and the edge nothing changes.
	for i := range 8 {
		if then := now.Add(edge.Sub(now) / 8 * time.Duration(i)); c.Open(then) != open {
			t.Fatalf("%+v at %s: the edge is said to be %s, but %s is another", c, now, edge, then)
		}
	}
}
