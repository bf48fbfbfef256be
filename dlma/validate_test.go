package dlma

import (
	"errors"
	"strings"
	"testing"
)

const listID = "42b72a18-a6c5-43bf-b9aa-6043ff32128d"

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

func TestValidNumber(t *testing.T) {
	for _, s := range []string{"300", "+495550100", "*31#300", "sip.user_1-x", strings.Repeat("9", 64)} {
		if !ValidNumber(s) {
			t.Errorf("%q is refused", s)
		}
	}
	for _, s := range []string{"", " ", "300 ", "300\n", "(030) 12", "300@x", "300/n", "300&1", "30,0", "${X}", "٣", strings.Repeat("9", 65)} {
		if ValidNumber(s) {
			t.Errorf("%q is accepted", s)
		}
	}
}

func TestValidateEntry(t *testing.T) {
	tests := []struct {
		name   string
		change func(*Entry)
		field  string
	}{
		{"least", func(*Entry) {}, ""},
		{"full", func(e *Entry) {
			e.Name, e.Email, e.Ukey = "O'Brien \U0001F600", "x@example.com", "k"
			e.Number[0], e.Number[7], e.Tries[7] = "300", "+49", 3
			e.Variables = map[string]string{"A": "b"}
		}, ""},
		{"no list", func(e *Entry) { e.List = "" }, "dlma_uuid"},
		{"list in capitals", func(e *Entry) { e.List = strings.ToUpper(listID) }, "dlma_uuid"},
		{"name", func(e *Entry) { e.Name = strings.Repeat("n", 256) }, "name"},
		{"detail", func(e *Entry) { e.Detail = strings.Repeat("n", 4097) }, "detail"},
		{"email", func(e *Entry) { e.Email = "a\x00" }, "email"},
		{"ukey", func(e *Entry) { e.Ukey = "\xff" }, "ukey"},
		{"resv_target", func(e *Entry) { e.ResvTarget = strings.Repeat("n", 256) }, "resv_target"},
		{"status 3", func(e *Entry) { e.Status = 3 }, "status"},
		{"number_2", func(e *Entry) { e.Number[1] = "300@evil" }, "number_2"},
		{"trycnt_8", func(e *Entry) { e.Tries[7] = -1 }, "trycnt_8"},
		{"res_dial", func(e *Entry) { e.ResDial = -1 }, "res_dial"},
		{"res_hangup", func(e *Entry) { e.ResHangup = 10_001 }, "res_hangup"},
		{"header variable", func(e *Entry) { e.Variables = map[string]string{"PJSIP_HEADER(add,X)": "y"} }, "variables"},
	}
	for _, tt := range tests {
		e := Entry{List: listID}
		tt.change(&e)
		check(t, tt.name, e.Validate(), tt.field)
	}
}

func TestValidateList(t *testing.T) {
	check(t, "zero", List{}.Validate(), "")
	check(t, "name", List{Name: strings.Repeat("n", 256)}.Validate(), "name")
	check(t, "detail", List{Detail: "\x00"}.Validate(), "detail")
	check(t, "variables", List{Variables: map[string]string{"A": "b\nc"}}.Validate(), "variables")
}

func TestTotalTries(t *testing.T) {
	if got := (Entry{Tries: [Numbers]int{1, 2, 0, 0, 0, 0, 0, 4}}).TotalTries(); got != 7 {
		t.Errorf("got %d, want 7", got)
	}
}
