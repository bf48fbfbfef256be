package campaign

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // zones must be known on machines without a zone database
)

// maxDates bounds a date list: ten years of days.
const maxDates = 3660

// day is one date, counted in days since 1970-01-01; it has no zone.
type day int

// rules are a calendar's strings, read.
type rules struct {
	zone        *time.Location
	start, end  time.Duration // of the day, 0 if not set: the midnight before and the one after it
	first, last day
	hasFirst    bool
	hasLast     bool
	dates       map[day]bool
	except      map[day]bool
	weekdays    [7]bool
	hasWeekdays bool
}

// Validate checks that mode, zone, dates, times and weekdays are real. Its
// error is an Invalid that names the first wrong field as it is called on the
// wire. A calendar that is never open is valid.
func (c Calendar) Validate() error {
	if c.Mode != 0 && c.Mode != 1 {
		return Invalid{"sc_mode", "must be 0 (off) or 1 (on)"}
	}
	_, err := c.parse()
	return err
}

func (c Calendar) parse() (rules, error) {
	var r rules
	var err error
	if r.zone, err = parseZone(c.Zone); err != nil {
		return rules{}, err
	}
	if r.start, err = parseTime("sc_time_start", c.TimeStart); err != nil {
		return rules{}, err
	}
	if r.end, err = parseTime("sc_time_end", c.TimeEnd); err != nil {
		return rules{}, err
	}
	if r.first, r.hasFirst, err = parseDate("sc_date_start", c.DateStart); err != nil {
		return rules{}, err
	}
	if r.last, r.hasLast, err = parseDate("sc_date_end", c.DateEnd); err != nil {
		return rules{}, err
	}
	if r.dates, err = parseDates("sc_date_list", c.DateList); err != nil {
		return rules{}, err
	}
	if r.except, err = parseDates("sc_date_list_except", c.DateListExcept); err != nil {
		return rules{}, err
	}
	if r.weekdays, r.hasWeekdays, err = parseWeekdays("sc_day_list", c.DayList); err != nil {
		return rules{}, err
	}
	return r, nil
}

// parseZone refuses "Local", which would mean another zone on each machine.
func parseZone(name string) (*time.Location, error) {
	if name == "" {
		return time.UTC, nil
	}
	zone, err := time.LoadLocation(name)
	if err != nil || name == "Local" || len(name) > 64 {
		return nil, Invalid{"sc_timezone", "must be the name of a time zone, e.g. Europe/Berlin"}
	}
	return zone, nil
}

func parseTime(field, value string) (time.Duration, error) {
	if value == "" {
		return 0, nil
	}
	t, err := time.Parse("15:04:05", value)
	if err != nil || len(value) != len("15:04:05") {
		return 0, Invalid{field, "must be a time of day, hh:mm:ss, 00:00:00 to 23:59:59"}
	}
	return time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute + time.Duration(t.Second())*time.Second, nil
}

func parseDate(field, value string) (day, bool, error) {
	if value == "" {
		return 0, false, nil
	}
	t, err := time.Parse(time.DateOnly, value)
	if err != nil {
		return 0, false, Invalid{field, "must be a real date, YYYY-MM-DD"}
	}
	return dayOf(t), true, nil
}

func parseDates(field, value string) (map[day]bool, error) {
	if value == "" {
		return nil, nil
	}
	if n := strings.Count(value, ",") + 1; n > maxDates {
		return nil, Invalid{field, fmt.Sprintf("must not hold more than %d dates", maxDates)}
	}
	dates := map[day]bool{}
	for s := range strings.SplitSeq(value, ",") {
		d, ok, err := parseDate(field, strings.Trim(s, " "))
		if err != nil || !ok {
			return nil, Invalid{field, "must be real dates, YYYY-MM-DD, separated by commas"}
		}
		dates[d] = true
	}
	return dates, nil
}

func parseWeekdays(field, value string) (days [7]bool, set bool, err error) {
	if value == "" {
		return days, false, nil
	}
	for s := range strings.SplitSeq(value, ",") {
		n, err := strconv.Atoi(strings.Trim(s, " "))
		if err != nil || n < 0 || n > 6 || len(strings.Trim(s, " ")) != 1 {
			return days, false, Invalid{field, "must be days from 0 (Sunday) to 6 (Saturday), separated by commas"}
		}
		days[n] = true
	}
	return days, true, nil
}

// dayOf is the date that t shows, in t's own zone.
func dayOf(t time.Time) day {
	y, m, d := t.Date()
	return day(time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Unix() / 86400)
}

func (d day) weekday() time.Weekday { return time.Weekday(((int(d)+4)%7 + 7) % 7) }
