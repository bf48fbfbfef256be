package oapi

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/outpace/outpace/dialer/hosted"
	"github.com/outpace/outpace/results"
)

// fields is a row as the tests write it; nil leaves a field out.
type fields map[string]any

func row(change fields) fields {
	f := fields{
		"caller": fields{"number": "102", "type": "user", "username": "ben"},
		"callee": fields{"number": "0909123456", "type": "realnumber"},
		"class":  "trunking", "did_number": nil, "direction": "from_ab", "status_detail": "SUCCESS",
		"duration_seconds": 50, "unix_timestamp": 1519639917, "billing_seconds": 43, "recording": "",
	}
	for name, value := range change {
		f[name] = value
	}
	return f
}

func encoded(t *testing.T, value any) string {
	t.Helper()
	body, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// late is long after the row of the tests.
var late = time.Unix(1519639917, 0).Add(time.Hour)

func read(t *testing.T, body string) ([]hosted.Row, error) {
	t.Helper()
	b := newBench(t, reply(200, body))
	return b.pbx.span(t.Context(), span{late.Add(-2 * time.Hour), late}, late)
}

func TestWordsOfTheLog(t *testing.T) {
	for _, c := range []struct {
		word    string
		billing any
		want    results.Disposition
		resDial int
		cause   int
		billsec int
	}{
		{"SUCCESS", 43, results.Answered, 4, 16, 43},
		{"success", "43", results.Answered, 4, 16, 43},
		{"SUCCESS", 0, results.NoAnswer, 3, 16, 0}, // the agent alone
		{"SUCCESS", nil, results.NoAnswer, 3, 16, 0},
		{"BUSY", 0, results.Busy, 5, 17, 0},
		{"IVR", 0, results.NoAnswer, 3, 19, 0},
		{"CANCELLED", 0, results.Cancelled, 0, 16, 0},
		{"ERROR", 0, results.Failed, 0, 38, 0},
		{"UNSUCCESS", 0, results.Failed, 0, 38, 0},
		{"TELEPATHY", 0, results.Unknown, 0, 0, 0},
		{"", 0, results.Unknown, 0, 0, 0},
		{"BUSY", 12, results.Busy, 5, 17, 0},
	} {
		rows, err := read(t, encoded(t, []any{row(fields{"status_detail": c.word, "billing_seconds": c.billing})}))
		if err != nil || len(rows) != 1 {
			t.Errorf("%q: %v, %v", c.word, rows, err)
			continue
		}
		o := rows[0].Outcome
		if o.Disposition != c.want || o.ResDial != c.resDial || o.Cause != c.cause || o.Billsec != c.billsec {
			t.Errorf("%q with %v s of talk is %+v", c.word, c.billing, o)
		}
	}
}

func TestRowsThatAreNotOurs(t *testing.T) {
	for name, change := range map[string]fields{
		"inbound":     {"direction": "to_ab"},
		"internal":    {"class": "one_one"},
		"no time":     {"unix_timestamp": nil},
		"absurd time": {"unix_timestamp": 1e12},
		"not a row":   {"caller": "somebody"},
	} {
		rows, err := read(t, encoded(t, []any{row(change), row(nil)}))
		if err != nil || len(rows) != 1 || rows[0].Outcome.Disposition != results.Answered {
			t.Errorf("%s: %+v, %v", name, rows, err)
		}
	}
}

func TestWhoIsTheAgent(t *testing.T) {
	user := func(number, name any) fields { return fields{"number": number, "type": "user", "username": name} }
	out := fields{"number": "0909123456", "type": "realnumber"}
	for _, c := range []struct {
		name           string
		caller, callee fields
		agent          string
	}{
		{"by device", user("102", "ben"), out, "102"},
		{"by number as a number", user(102, nil), out, "102"},
		{"by user name", user("ben-phone", "102"), out, "102"},
		{"in capitals", user("ThuTranHTKBee", ""), out, "thutranhtkbee"},
		{"the other way round", out, user("102", "ben"), "102"},
		{"somebody else", user("555", "eve"), out, "555"},
		{"not told", fields{"number": "02873019555", "type": "realnumber"}, out, ""},
	} {
		rows, err := read(t, encoded(t, []any{row(fields{"caller": c.caller, "callee": c.callee})}))
		if err != nil || len(rows) != 1 || rows[0].Agent != c.agent || rows[0].Number != "0909123456" {
			t.Errorf("%s: %+v, %v", c.name, rows, err)
		}
	}
}

// A row that may be of a call in progress must not end it.
func TestRowsHaveToBeStill(t *testing.T) {
	begun := time.Unix(1519639917, 0)
	for _, c := range []struct {
		word              string
		duration, billing int
		age               time.Duration // from the beginning of the call
		counts            bool
	}{
		{"SUCCESS", 50, 43, 50 * time.Second, true},
		{"BUSY", 5, 0, 5 * time.Second, true},
		{"CANCELLED", 5, 0, 5 * time.Second, true},
		{"ERROR", 0, 0, time.Second, true},
		{"IVR", 30, 0, 39 * time.Second, false},
		{"IVR", 30, 0, 40 * time.Second, true},
		{"IVR", 0, 0, 119 * time.Second, false},
		{"IVR", 0, 0, 120 * time.Second, true},
		{"SUCCESS", 20, 0, 29 * time.Second, false},
		{"SUCCESS", 20, 0, 30 * time.Second, true},
		{"RINGING", 0, 0, 119 * time.Second, false},
		{"RINGING", 0, 0, 120 * time.Second, true},
	} {
		b := newBench(t, reply(200, encoded(t, []any{row(fields{
			"status_detail": c.word, "duration_seconds": c.duration, "billing_seconds": c.billing,
		})})))
		rows, err := b.pbx.span(t.Context(), span{begun, begun.Add(time.Hour)}, begun.Add(c.age))
		if err != nil || (len(rows) == 1) != c.counts {
			t.Errorf("%s after %v: %v, %v", c.word, c.age, rows, err)
		}
	}
}

func TestShapesOfTheList(t *testing.T) {
	one := encoded(t, row(nil))
	for body, want := range map[string]int{
		`[` + one + `]`:          1,
		`[]`:                     0,
		`{"data":[` + one + `]}`: 1,
		`{"total":1,"page":1,"docs":[` + one + `],"hints":["a","b"]}`: 1,
		`{"status":200,"data":{"total":1,"items":[` + one + `]}}`:     1,
		`{"data":[]}`: 0,
	} {
		rows, err := read(t, body)
		if err != nil || len(rows) != want {
			t.Errorf("%s: %d rows, %v", body, len(rows), err)
		}
	}
	for _, body := range []string{
		`{}`, `null`, `"nothing"`, `17`, `{"error":"x"}`, `[1,2]`, `{"a":[` + one + `],"b":[` + one + `]}`,
		`{"a":{"b":{"c":[` + one + `]}}}`, `[` + one, ``,
	} {
		_, err := read(t, body)
		if _, ok := errors.AsType[*hosted.MalformedError](err); !ok {
			t.Errorf("%s: %v", body, err)
		}
	}
}

// pages answers like a PBX that has n rows, newest first.
func pages(t *testing.T, n int, ignore bool) http.HandlerFunc {
	t.Helper()
	return func(w http.ResponseWriter, r *http.Request) {
		page, _ := strconv.Atoi(r.URL.Query().Get("page"))
		limit, _ := strconv.Atoi(r.URL.Query().Get("limit"))
		if ignore {
			page = 1
		}
		list := []any{}
		for i := (page - 1) * limit; i < min(n, page*limit); i++ {
			list = append(list, row(fields{"unix_timestamp": 1519639917 - i}))
		}
		_ = json.NewEncoder(w).Encode(list)
	}
}

func TestAllPagesAreRead(t *testing.T) {
	for _, c := range []struct {
		rows, want, asked int
		ignore            bool
	}{
		{0, 0, 1, false},
		{99, 99, 1, false},
		{100, 100, 2, false},
		{250, 250, 3, false},
		{250, 100, 2, true}, // a PBX that takes no notice of page
	} {
		b := newBench(t, pages(t, c.rows, c.ignore))
		rows, err := b.pbx.span(t.Context(), span{late.Add(-2 * time.Hour), late}, late)
		if err != nil || len(rows) != c.want || len(b.requests()) != c.asked {
			t.Errorf("%d rows: %d, %v with %d requests", c.rows, len(rows), err, len(b.requests()))
		}
		ids := map[string]bool{}
		for _, r := range rows {
			ids[r.ID] = true
		}
		if len(ids) != len(rows) {
			t.Errorf("%d rows have %d ids", len(rows), len(ids))
		}
	}
}

// No question may be about more than 31 days, nor reach back further.
func TestLimitOf31Days(t *testing.T) {
	b := newBench(t, reply(200, `[]`))
	now := time.Now()
	if _, err := b.pbx.Rows(t.Context(), hosted.Window{From: now.Add(-90 * 24 * time.Hour), To: now.Add(time.Hour)}); err != nil {
		t.Fatal(err)
	}
	if len(b.requests()) < 2 {
		t.Errorf("%d requests", len(b.requests()))
	}
	for _, r := range b.requests() {
		from, err := time.Parse(time.RFC3339, r.URL.Query().Get("created_from"))
		to, err2 := time.Parse(time.RFC3339, r.URL.Query().Get("created_to"))
		if err != nil || err2 != nil || to.Sub(from) > 31*24*time.Hour || from.Before(now.Add(-31*24*time.Hour)) {
			t.Errorf("asked from %v to %v: %v, %v", from, to, err, err2)
		}
	}
}

func TestRowsComeByThePBXsClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, err := newPBX(config("http://pbx.example"))
		if err != nil {
			t.Fatal(err)
		}
		if got := p.now(); !got.Equal(time.Now()) {
			t.Errorf("without any answer the PBX's clock is %v", got)
		}
	})
}

func TestErrorsOfTheLogTellNoSecret(t *testing.T) {
	b := newBench(t, reply(403, `{"hash":"123456"}`))
	_, err := b.pbx.Rows(t.Context(), hosted.Window{From: time.Now().Add(-time.Hour), To: time.Now()})
	if err == nil || strings.Contains(err.Error(), "123456") || strings.Contains(err.Error(), "hash") {
		t.Errorf("error: %v", err)
	}
}

func FuzzRecords(f *testing.F) {
	f.Add(`[{"caller":{"number":"102","type":"user"},"callee":{"number":"0909"},"status_detail":"SUCCESS","unix_timestamp":1519639917,"billing_seconds":"43"}]`)
	f.Add(`{"data":{"items":[{"unix_timestamp":"x","caller":{"number":1e400}}]}}`)
	f.Add(`{"a":[],"b":{}}`)
	f.Add(`[{"duration_seconds":-1,"unix_timestamp":1e11,"direction":"FROM_AB"}]`)
	p, err := newPBX(config("http://pbx.example"))
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, body string) {
		list, err := records([]byte(body))
		if err != nil {
			return
		}
		for _, raw := range list {
			var r record
			if json.Unmarshal(raw, &r) != nil {
				continue
			}
			row, ok, err := p.row(r, late)
			if err != nil || !ok {
				continue
			}
			if row.ID == "" || row.Start.IsZero() || row.Duration < 0 || row.Outcome.Talk < 0 || row.Outcome.Disposition == "" {
				t.Errorf("row %s", fmt.Sprintf("%+v", row))
			}
			if row.Outcome.Disposition == results.Answered && row.Outcome.Talk <= 0 {
				t.Errorf("answered without talk: %+v", row)
			}
		}
	})
}
