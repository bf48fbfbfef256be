package campaign

import (
	"errors"
	"strings"
	"testing"
)

func check(t *testing.T, name string, err error, field string) {
	t.Helper()
	var invalid Invalid
	switch {
	case field == "" && err != nil:
		t.Errorf("%s: refused: %v", name, err)
	case field != "" && (!errors.As(err, &invalid) || invalid.Field != field):
		t.Errorf("%s: error %v, want one about %s", name, err, field)
	}
}

func TestValidateCampaign(t *testing.T) {
	const id = "50fd1e1f-920b-477a-b84c-afe58928dadc"
	tests := []struct {
		name  string
		c     Campaign
		field string
	}{
		{"zero", Campaign{}, ""},
		{"all", Campaign{Name: "n", Detail: "d", Plan: id, Destination: id, List: id, Next: id, Status: Pausing,
			Variables: map[string]string{"A": "b"}, Calendar: Calendar{Mode: 1}}, ""},
		{"long name", Campaign{Name: strings.Repeat("n", 256)}, "name"},
		{"long detail", Campaign{Detail: strings.Repeat("n", 4097)}, "detail"},
		{"plan", Campaign{Plan: "x"}, "plan"},
		{"plan in capitals", Campaign{Plan: strings.ToUpper(id)}, "plan"},
		{"dest as urn", Campaign{Destination: "urn:uuid:" + id}, "dest"},
		{"dlma in braces", Campaign{List: "{" + id + "}"}, "dlma"},
		{"next", Campaign{Next: "1"}, "next_campaign"},
		{"status", Campaign{Status: 3}, "status"},
		{"header variable", Campaign{Variables: map[string]string{"PJSIP_HEADER(add,X)": "y"}}, "variables"},
		{"calendar", Campaign{Calendar: Calendar{DateStart: "2026-02-29"}}, "sc_date_start"},
	}
	for _, tt := range tests {
		check(t, tt.name, tt.c.Validate(), tt.field)
	}
}

func TestValidateDestination(t *testing.T) {
	tests := []struct {
		name  string
		d     Destination
		field string
	}{
		{"zero", Destination{}, ""},
		{"queue", Destination{Type: TypeApplication, Application: "Queue", Data: "sales_1,tT,,,60"}, ""},
		{"exten", Destination{Context: "out", Exten: "s", Priority: "1"}, ""},
		{"label", Destination{Context: "out", Exten: "s", Priority: "begin"}, ""},
		{"header variable", Destination{Variables: map[string]string{"PJSIP_HEADER(add,X)": "y"}}, ""},
		{"type", Destination{Type: 2}, "type"},
		{"application", Destination{Application: "Queue(x)"}, "application"},
		{"application with CR", Destination{Application: "Queue\r"}, "application"},
		{"data with LF", Destination{Data: "a\nb"}, "data"},
		{"data too long in bytes", Destination{Data: strings.Repeat("ü", 451)}, "data"},
		{"context", Destination{Context: strings.Repeat("c", 81)}, "context"},
		{"context with a blank in front", Destination{Context: " out"}, "context"},
		{"exten with a blank in front", Destination{Exten: " s"}, "exten"},
		{"blanks elsewhere", Destination{Context: "o ut ", Exten: "s ", Data: " d"}, ""},
		{"exten with NUL", Destination{Exten: "1\x00"}, "exten"},
		{"priority 0", Destination{Priority: "0"}, "priority"},
		{"priority with space", Destination{Priority: "1 "}, "priority"},
		{"wrapup", Destination{Wrapup: 3601}, "wrapup"},
		{"wrapup negative", Destination{Wrapup: -1}, "wrapup"},
	}
	for _, tt := range tests {
		check(t, tt.name, tt.d.Validate(), tt.field)
	}
}

func TestStartable(t *testing.T) {
	tests := []struct {
		name  string
		d     Destination
		field string
	}{
		{"no application", Destination{Type: TypeApplication, Context: "a", Exten: "b"}, "application"},
		{"application", Destination{Type: TypeApplication, Application: "park"}, ""},
		{"no context", Destination{Exten: "b"}, "context"},
		{"no exten", Destination{Context: "a"}, "exten"},
		{"no priority", Destination{Context: "a", Exten: "b"}, ""},
	}
	for _, tt := range tests {
		check(t, tt.name, tt.d.Startable(), tt.field)
	}
}

func TestQueue(t *testing.T) {
	tests := []struct {
		d    Destination
		want string
	}{
		{Destination{Type: TypeApplication, Application: "queue", Data: "sales_1"}, "sales_1"},
		{Destination{Type: TypeApplication, Application: "QUEUE", Data: "sales_1,tT,,,60"}, "sales_1"},
		{Destination{Type: TypeApplication, Application: "Queue"}, ""},
		{Destination{Type: TypeApplication, Application: "park", Data: "sales_1"}, ""},
		{Destination{Type: TypeExten, Application: "queue", Data: "sales_1"}, ""},
	}
	for _, tt := range tests {
		if got := tt.d.Queue(); got != tt.want {
			t.Errorf("Queue of %s(%s) is %q, want %q", tt.d.Application, tt.d.Data, got, tt.want)
		}
	}
}

func TestValidateCalendar(t *testing.T) {
	tests := []struct {
		name  string
		c     Calendar
		field string
	}{
		{"empty", Calendar{}, ""},
		{"full", Calendar{Mode: 1, Zone: "Europe/Berlin", TimeStart: "22:00:00", TimeEnd: "06:00:00", DateStart: "2026-01-01",
			DateEnd: "2026-12-31", DateList: "2026-02-28, 2028-02-29", DateListExcept: "2026-12-25,2026-12-26", DayList: "0, 1,6"}, ""},
		{"mode", Calendar{Mode: 2}, "sc_mode"},
		{"zone", Calendar{Zone: "Berlin"}, "sc_timezone"},
		{"zone of the machine", Calendar{Zone: "Local"}, "sc_timezone"},
		{"zone as path", Calendar{Zone: "../../etc/passwd"}, "sc_timezone"},
		{"hour 24", Calendar{TimeStart: "24:00:00"}, "sc_time_start"},
		{"short time", Calendar{TimeStart: "9:00:00"}, "sc_time_start"},
		{"time with fraction", Calendar{TimeEnd: "09:00:00.5"}, "sc_time_end"},
		{"second 60", Calendar{TimeEnd: "09:00:60"}, "sc_time_end"},
		{"day 29 in a common year", Calendar{DateEnd: "2026-02-29"}, "sc_date_end"},
		{"short date", Calendar{DateStart: "2026-1-1"}, "sc_date_start"},
		{"gap in the list", Calendar{DateList: "2026-01-01,,2026-01-02"}, "sc_date_list"},
		{"too many", Calendar{DateList: strings.Repeat("2026-01-01,", 3660) + "2026-01-01"}, "sc_date_list"},
		{"not a date", Calendar{DateListExcept: "2026-01-01;2026-01-02"}, "sc_date_list_except"},
		{"day 7", Calendar{DayList: "7"}, "sc_day_list"},
		{"day 01", Calendar{DayList: "01"}, "sc_day_list"},
		{"day +1", Calendar{DayList: "+1"}, "sc_day_list"},
	}
	for _, tt := range tests {
		check(t, tt.name, tt.c.Validate(), tt.field)
	}
}
