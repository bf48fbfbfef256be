package campaign

import (
	"testing"
	"time"
)

func at(t *testing.T, s string) time.Time {
	t.Helper()
	v, err := time.Parse("2006-01-02 15:04:05 -0700", s)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// span is a time at which a calendar is asked, and what it should say: the
// start of the open window ("" = closed) and the next edge ("" = none).
type span struct{ at, window, next string }

func TestCalendar(t *testing.T) {
	tests := []struct {
		name  string
		c     Calendar
		spans []span
	}{
		{"always", Calendar{}, []span{
			{"2026-11-21 10:00:00 +0000", "1980-01-01 00:00:00 +0000", ""},
		}},
		{"times", Calendar{TimeStart: "09:00:00", TimeEnd: "17:30:00"}, []span{
			{"2026-11-21 08:59:59 +0000", "", "2026-11-21 09:00:00 +0000"},
			{"2026-11-21 09:00:00 +0000", "2026-11-21 09:00:00 +0000", "2026-11-21 17:30:00 +0000"},
			{"2026-11-21 17:29:59 +0000", "2026-11-21 09:00:00 +0000", "2026-11-21 17:30:00 +0000"},
			{"2026-11-21 17:30:00 +0000", "", "2026-11-22 09:00:00 +0000"},
		}},
		{"weekdays in a zone", Calendar{Zone: "Europe/Berlin", TimeStart: "09:00:00", DayList: "1, 2"}, []span{
			{"2026-11-22 12:00:00 +0100", "", "2026-11-23 09:00:00 +0100"}, // a Sunday
			{"2026-11-23 09:00:00 +0100", "2026-11-23 09:00:00 +0100", "2026-11-24 00:00:00 +0100"},
			{"2026-11-24 00:00:00 +0100", "", "2026-11-24 09:00:00 +0100"},
			{"2026-11-25 00:00:00 +0100", "", "2026-11-30 09:00:00 +0100"},
		}},
		{"only an end", Calendar{TimeEnd: "12:00:00"}, []span{
			{"2026-11-21 00:00:00 +0000", "2026-11-21 00:00:00 +0000", "2026-11-21 12:00:00 +0000"},
			{"2026-11-21 12:00:00 +0000", "", "2026-11-22 00:00:00 +0000"},
		}},
		{"overnight belongs to the day it opened", Calendar{TimeStart: "22:00:00", TimeEnd: "06:00:00", DayList: "5", DateListExcept: "2026-11-27"}, []span{
			{"2026-11-20 05:00:00 +0000", "", "2026-11-20 22:00:00 +0000"}, // Friday; Thursday is not open
			{"2026-11-21 05:59:59 +0000", "2026-11-20 22:00:00 +0000", "2026-11-21 06:00:00 +0000"},
			{"2026-11-21 06:00:00 +0000", "", "2026-12-04 22:00:00 +0000"},
			{"2026-11-28 01:00:00 +0000", "", "2026-12-04 22:00:00 +0000"}, // after the excepted Friday
		}},
		{"days that touch are one window", Calendar{TimeStart: "07:00:00", TimeEnd: "07:00:00", DayList: "1,2,3"}, []span{
			{"2026-11-25 12:00:00 +0000", "2026-11-23 00:00:00 +0000", "2026-11-26 00:00:00 +0000"},
			{"2026-11-23 00:00:00 +0000", "2026-11-23 00:00:00 +0000", "2026-11-26 00:00:00 +0000"},
		}},
		{"start and end date", Calendar{DateStart: "2026-11-20", DateEnd: "2026-11-22"}, []span{
			{"2026-11-19 23:59:59 +0000", "", "2026-11-20 00:00:00 +0000"},
			{"2026-11-22 23:59:59 +0000", "2026-11-20 00:00:00 +0000", "2026-11-23 00:00:00 +0000"},
			{"2026-11-23 00:00:00 +0000", "", ""},
		}},
		{"the date list goes before dates and weekdays, not before times", Calendar{
			DateStart: "2026-12-01", DayList: "1", DateList: "2026-11-22", TimeStart: "10:00:00", TimeEnd: "11:00:00"}, []span{
			{"2026-11-22 00:00:00 +0000", "", "2026-11-22 10:00:00 +0000"},
			{"2026-11-22 10:30:00 +0000", "2026-11-22 10:00:00 +0000", "2026-11-22 11:00:00 +0000"},
			{"2026-11-23 10:30:00 +0000", "", "2026-12-07 10:00:00 +0000"},
		}},
		{"the except list goes before the date list", Calendar{DateList: "2026-11-22", DateListExcept: "2026-11-22", DateEnd: "2026-11-21"}, []span{
			{"2026-11-21 12:00:00 +0000", "1980-01-01 00:00:00 +0000", "2026-11-22 00:00:00 +0000"},
			{"2026-11-22 12:00:00 +0000", "", ""},
		}},
		{"never", Calendar{DateStart: "2026-11-22", DateEnd: "2026-11-21"}, []span{
			{"2026-11-21 12:00:00 +0000", "", ""},
		}},
		{"the clock is put forward over the start", Calendar{Zone: "Europe/Berlin", TimeStart: "02:30:00", TimeEnd: "04:00:00"}, []span{
			{"2026-03-29 01:59:59 +0100", "", "2026-03-29 03:00:00 +0200"},
			{"2026-03-29 03:00:00 +0200", "2026-03-29 03:00:00 +0200", "2026-03-29 04:00:00 +0200"},
		}},
		{"the window is skipped by the clock", Calendar{Zone: "Europe/Berlin", TimeStart: "02:10:00", TimeEnd: "02:50:00"}, []span{
			{"2026-03-29 00:00:00 +0100", "", "2026-03-30 02:10:00 +0200"},
		}},
		{"the clock is put back over the end", Calendar{Zone: "Europe/Berlin", TimeStart: "01:00:00", TimeEnd: "02:30:00"}, []span{
			{"2026-10-25 02:29:59 +0200", "2026-10-25 01:00:00 +0200", "2026-10-25 02:30:00 +0200"},
			{"2026-10-25 02:10:00 +0100", "", "2026-10-26 01:00:00 +0100"},
		}},
		{"a date that the zone left out parts nothing", Calendar{Zone: "Pacific/Apia", DateStart: "2011-12-28", DateListExcept: "2011-12-30"}, []span{
			{"2011-12-31 12:00:00 +1400", "2011-12-28 00:00:00 -1000", ""},
		}},
		{"a day of 25 hours", Calendar{Zone: "Europe/Berlin", DayList: "0"}, []span{
			{"2026-10-25 12:00:00 +0100", "2026-10-25 00:00:00 +0200", "2026-10-26 00:00:00 +0100"},
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.c.Mode = 1
			if err := tt.c.Validate(); err != nil {
				t.Fatal(err)
			}
			for _, s := range tt.spans {
				now := at(t, s.at)
				var window, next time.Time
				if s.window != "" {
					window = at(t, s.window)
				}
				if s.next != "" {
					next = at(t, s.next)
				}
				got, open := tt.c.Window(now)
				if open != (s.window != "") || !got.Equal(window) {
					t.Errorf("at %s the window is %v (open %v), want %q", s.at, got, open, s.window)
				}
				if tt.c.Open(now) != open {
					t.Errorf("at %s Open and Window disagree", s.at)
				}
				if got := tt.c.NextEdge(now); !got.Equal(next) {
					t.Errorf("after %s the next edge is %v, want %q", s.at, got, s.next)
				}
			}
		})
	}
}

func TestCalendarOffOrWrong(t *testing.T) {
	now := at(t, "2026-11-21 12:00:00 +0000")
	off := Calendar{Mode: 0, TimeStart: "09:00:00", TimeEnd: "10:00:00"}
	if start, open := off.Window(now); open || !start.IsZero() || !off.NextEdge(now).IsZero() {
		t.Error("a calendar that is off has an edge")
	}
	if !off.Open(now) {
		t.Error("a calendar that is off forbids dialing")
	}
	wrong := Calendar{Mode: 1, TimeStart: "nine"}
	if _, open := wrong.Window(now); open || wrong.Open(now) || !wrong.NextEdge(now).IsZero() {
		t.Error("a calendar that is wrong is open")
	}
}
