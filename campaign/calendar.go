package campaign

import "time"

// Calendar is when a campaign starts and stops by itself. Strings are kept as
// the user wrote them once Validate has accepted them; "" means the rule is
// not set.
//
// A day is open, in this order, if it is not in DateListExcept; if it is in
// DateList; else if it is not before DateStart, not after DateEnd, and in
// DayList where that is set. An open day has one window, from TimeStart to
// TimeEnd: only one of them set means from or until midnight, none or two
// equal ones the whole day, and an end before the start runs past midnight
// into a part of the next day, whatever that next day is.
//
// Times are those of the wall clock in Zone. A window begins and ends when the
// clock there first shows its time or a later one. So where the clock is put
// forward over a boundary, the boundary is the moment of the change; where it
// is put back, a time that is shown twice counts the first time.
//
// Windows that touch are one window, with no edge between them: a calendar that
// is open every day all day has opened once, and a campaign that somebody
// stopped by hand on Monday night does not start again on Tuesday.
type Calendar struct {
	Mode           int    // 1 = on, 0 = off
	Zone           string // IANA name, "" = UTC
	TimeStart      string // hh:mm:ss
	TimeEnd        string // hh:mm:ss, exclusive
	DateStart      string // YYYY-MM-DD, inclusive
	DateEnd        string // YYYY-MM-DD, inclusive
	DateList       string // YYYY-MM-DD, YYYY-MM-DD, ...
	DateListExcept string
	DayList        string // 0 (Sunday) to 6, comma separated
}

const (
	// dawn is 1980-01-01. A calendar has no windows before it, so that the one
	// window of a calendar that is always open has a beginning, the same
	// whenever it is asked for.
	dawn day = 3652
	// horizon is how many days NextEdge looks ahead.
	horizon = 750
)

// Open reports whether the calendar lets the campaign run at t. One that is
// off always does; one that does not pass Validate never does.
func (c Calendar) Open(t time.Time) bool {
	if c.Mode == 0 {
		return true
	}
	r, err := c.parse()
	if err != nil {
		return false
	}
	_, _, open := r.at(t)
	return open
}

// Window returns the start of the window that is open at t. The start is the
// same for every t in one window, so it names the window. A calendar that is
// off has no windows and so never an edge: open is false.
func (c Calendar) Window(t time.Time) (start time.Time, open bool) {
	if c.Mode == 0 {
		return time.Time{}, false
	}
	r, err := c.parse()
	if err != nil {
		return time.Time{}, false
	}
	d, start, open := r.at(t)
	if !open {
		return time.Time{}, false
	}
	return r.back(d, start), true
}

// NextEdge returns the first moment after t at which the calendar opens or
// closes; the zero time if it does neither within about two years, or is off.
func (c Calendar) NextEdge(t time.Time) time.Time {
	if c.Mode == 0 {
		return time.Time{}
	}
	r, err := c.parse()
	if err != nil {
		return time.Time{}
	}
	today := dayOf(t.In(r.zone))
	var end time.Time // of the window that t or what follows it is in
	for d := today - 2; d < today+horizon; d++ {
		from, to, ok := r.window(d)
		switch {
		case !ok || !to.After(t):
		case end.IsZero() && from.After(t):
			return from
		case end.IsZero(), !from.After(end):
			end = to
		default:
			return end
		}
	}
	if last := r.boundary(today+horizon-1, 0); end.Before(last) {
		return end
	}
	return time.Time{}
}

// openDay reports whether a window begins on d.
func (r rules) openDay(d day) bool {
	switch {
	case d < dawn, r.except[d]:
		return false
	case r.dates[d]:
		return true
	case r.hasFirst && d < r.first, r.hasLast && d > r.last:
		return false
	}
	return !r.hasWeekdays || r.weekdays[d.weekday()]
}

// wholeDay reports whether windows last from midnight to midnight, so that
// those of neighbouring days touch.
func (r rules) wholeDay() bool { return r.start == r.end }

// window returns the window of day d; ok is false if the day is not open, or if
// a change of the clock leaves nothing of its window.
func (r rules) window(d day) (from, to time.Time, ok bool) {
	if !r.openDay(d) {
		return time.Time{}, time.Time{}, false
	}
	switch {
	case r.wholeDay():
		from, to = r.boundary(d, 0), r.boundary(d+1, 0)
	case r.end < r.start:
		from, to = r.boundary(d, r.start), r.boundary(d+1, r.end)
	default:
		from, to = r.boundary(d, r.start), r.boundary(d, r.end)
	}
	return from, to, from.Before(to)
}

// at finds the day whose window holds t. Where the clock was put back over
// midnight, that may be the day after the one it shows.
func (r rules) at(t time.Time) (d day, start time.Time, open bool) {
	today := dayOf(t.In(r.zone))
	for d := today + 1; d >= today-2; d-- {
		if from, to, ok := r.window(d); ok && !t.Before(from) && t.Before(to) {
			return d, from, true
		}
	}
	return 0, time.Time{}, false
}

// back follows the windows that touch the one of day d, which begins at start,
// to the beginning of the first of them.
func (r rules) back(d day, start time.Time) time.Time {
	for d--; d >= dawn; d-- {
		if r.wholeDay() && r.openDay(d) && r.openDay(d-1) {
			continue // touches for sure; only the last one's time matters
		}
		from, to, ok := r.window(d)
		switch {
		case ok && r.wholeDay(), ok && !to.Before(start):
			start = from
		case !ok && r.boundary(d, 0).Equal(r.boundary(d+1, 0)):
			// a date that the zone skipped parts nothing
		default:
			return start
		}
	}
	return start
}

// boundary is the first moment at which the clock in the zone shows the date d
// and the time of day clock, or later.
func (r rules) boundary(d day, clock time.Duration) time.Time {
	wall := time.Unix(int64(d)*86400, 0).Add(clock) // what the clock shows, as if it were UTC
	// Offsets lie within 14 hours of UTC, so the moment is not before this.
	t := wall.Add(-26 * time.Hour)
	for {
		local := t.In(r.zone)
		_, offset := local.Zone()
		_, periodEnd := local.ZoneBounds()
		moment := wall.Add(-time.Duration(offset) * time.Second)
		if moment.Before(t) {
			moment = t
		}
		if periodEnd.IsZero() || moment.Before(periodEnd) {
			return moment.In(r.zone)
		}
		t = periodEnd
	}
}
