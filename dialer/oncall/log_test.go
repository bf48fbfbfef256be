package oncall

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/outpace/outpace/dialer/hosted"
	"github.com/outpace/outpace/results"
)

const (
	logPath    = "/api/call_logs/list"
	showPath   = "/api/call_logs/show"
	recordPath = "/api/recordfiles/extension/list"
)

func rowJSON(id int) string {
	return fmt.Sprintf(`{"id": %d, "caller": "101", "callee": "0909000%03d", "start_time": "2020-03-13 15:39:29", "end_time": "2020-03-13 15:39:30", "status": "FAIL"}`, id, id)
}

// TestRowsOfAllPages: the newest entry is first, so one that is added while
// pages are read moves the others on.
func TestRowsOfAllPages(t *testing.T) {
	b := newBench(t, nil)
	total := 230
	b.onRequest(logPath, func(r request) answer {
		n, _ := strconv.Atoi(r.URL.Query().Get("pagination"))
		size, _ := strconv.Atoi(r.URL.Query().Get("pagesize"))
		var list []string
		for i := (n - 1) * size; i < min(n*size, total); i++ {
			list = append(list, rowJSON(total-i))
		}
		total += 3
		return ok(`{"details": [` + strings.Join(list, ",") + `]}`)
	})
	rows, err := b.pbx.Rows(t.Context(), hosted.Window{From: at("2020-03-13 15:00:00"), To: at("2020-03-13 16:00:00")})
	seen := map[string]bool{}
	for _, r := range rows {
		if seen[r.ID] {
			t.Errorf("row %s twice", r.ID)
		}
		seen[r.ID] = true
	}
	for i := 1; i <= 230; i++ {
		if !seen[strconv.Itoa(i)] {
			t.Errorf("row %d is missing", i)
		}
	}
	if err != nil || len(b.asked(logPath)) != 3 {
		t.Errorf("%v, %d pages", err, len(b.asked(logPath)))
	}
}

// TestRowsThatCannotBeRead are left out and do not hold up the others.
func TestRowsThatCannotBeRead(t *testing.T) {
	b := newBench(t, nil)
	b.on(logPath, ok(`{"details": [{}, {"id": 1}, {"id": 2, "caller": "101", "callee": "5", "start_time": "soon"},
		{"id": 3, "caller": "101", "callee": "5", "start_time": null, "end_time": "2020-03-13 15:39:30"},
		{"id": 5, "caller": "101", "callee": "5", "start_time": "2020-03-13 15:39:29", "status": "FAIL"},
		{"id": 6, "caller": "101", "callee": "5", "start_time": "2020-03-13 15:39:29", "end_time": "1970-01-01 08:00:00", "status": "FAIL"}, `+rowJSON(4)+`]}`))
	rows, err := b.pbx.Rows(t.Context(), hosted.Window{From: at("2020-03-13 15:00:00"), To: at("2020-03-13 16:00:00")})
	if err != nil || len(rows) != 1 || rows[0].ID != "4" {
		t.Errorf("%+v, %v", rows, err)
	}
}

func TestRowTimes(t *testing.T) {
	row := func(r logRow) hosted.Row {
		t.Helper()
		r.End = cmp.Or(r.End, "2020-03-13 15:40:00")
		r.ID, r.Caller, r.Callee = "1", "sip:101@test01.oncall", "sip:0909123456@10.0.0.1"
		got, ok := r.row(saigon)
		if !ok {
			t.Fatalf("%+v cannot be read", r)
		}
		return got
	}
	r := row(logRow{
		Start: "2020-03-13 15:39:29", Answer: "2020-03-13 15:39:40", End: "2020-03-13 15:40:00",
		Ring: "11", Talk: "20", Status: "ANSWERED", EndReason: "DISCONNECT",
	})
	if r.Agent != "101" || r.Number != "0909123456" || r.Duration != 31*time.Second {
		t.Errorf("row %+v", r)
	}
	if want := at("2020-03-13 15:39:40"); !r.Answer.Near(want).Equal(want) {
		t.Errorf("answer %v", r.Answer)
	}
	for _, none := range []text{"NOT_ANSWER", "1970-01-01 08:00:00", "1969-12-31 19:00:00", "", "0"} {
		if r := row(logRow{Start: "2020-03-13 15:39:29", Answer: none}); !r.Answer.IsZero() {
			t.Errorf("answer_time %q is read as %v", none, r.Answer)
		}
	}
}

// TestOutcomes is what rows and targets say, by the table.
func TestOutcomes(t *testing.T) {
	tests := map[string]struct {
		told told
		want results.Disposition
		dial int
		text string
	}{
		"answered":               {told{status: "ANSWERED", reason: "DISCONNECT", talk: 6 * time.Second}, results.Answered, 4, "ANSWERED DISCONNECT"},
		"answered, small":        {told{status: "answered ", talk: time.Second}, results.Answered, 4, "answered "},
		"the agent alone":        {told{status: "ANSWERED"}, results.NoAnswer, 3, "ANSWERED"},
		"failed at once":         {told{status: "FAIL", reason: "NONE"}, results.Failed, 0, "FAIL"},
		"failed after ringing":   {told{status: "FAIL", reason: "NONE", ring: 9 * time.Second}, results.NoAnswer, 3, "FAIL"},
		"failed with talk":       {told{status: "FAIL", talk: time.Second}, results.Unknown, 0, "FAIL"},
		"busy":                   {told{status: "FAIL", failCode: "486", ring: time.Second}, results.Busy, 5, "FAIL 486"},
		"busy everywhere":        {told{status: "FAIL", failCode: "600"}, results.Busy, 5, "FAIL 600"},
		"no answer":              {told{status: "FAIL", failCode: "408"}, results.NoAnswer, 3, "FAIL 408"},
		"not there":              {told{status: "FAIL", failCode: "480"}, results.NoAnswer, 3, "FAIL 480"},
		"cancelled":              {told{status: "FAIL", failCode: "487"}, results.NoAnswer, 3, "FAIL 487"},
		"no such number":         {told{status: "FAIL", failCode: "404"}, results.Unallocated, 0, "FAIL 404"},
		"too short":              {told{status: "FAIL", failCode: "484"}, results.Unallocated, 0, "FAIL 484"},
		"congestion":             {told{status: "FAIL", failCode: "503"}, results.Congestion, 8, "FAIL 503"},
		"declined":               {told{status: "FAIL", failCode: "603"}, results.Rejected, 1, "FAIL 603"},
		"forbidden":              {told{status: "FAIL", failCode: "403"}, results.Rejected, 1, "FAIL 403"},
		"a code of no table":     {told{status: "FAIL", failCode: "500"}, results.Failed, 0, "FAIL 500"},
		"code 0":                 {told{status: "FAIL", failCode: "0"}, results.Failed, 0, "FAIL"},
		"a word of no table":     {told{status: "REPLACED"}, results.Unknown, 0, "REPLACED"},
		"a word beyond the page": {told{status: "NO_ANSWER"}, results.NoAnswer, 3, "NO_ANSWER"},
		"nothing":                {told{}, results.Unknown, 0, ""},
	}
	for name, tt := range tests {
		o := tt.told.outcome()
		if o.Disposition != tt.want || o.ResDial != tt.dial || o.CauseText != tt.text || o.Detail == "" {
			t.Errorf("%s: %+v", name, o)
		}
		if (o.Disposition == results.Answered) != (o.Billsec > 0) {
			t.Errorf("%s: %d seconds billed", name, o.Billsec)
		}
	}
}

// TestDetail lets the targets of a row say what became of the customer.
func TestDetail(t *testing.T) {
	failed, answered := told{status: "FAIL"}.outcome(), told{status: "ANSWERED", talk: 9 * time.Second}.outcome()
	const (
		agent  = `{"destination": "sip:101@test01.oncall", "status": "FAIL", "fail_code": 480}`
		agent2 = `{"destination": "sip:101@test01.oncall", "status": "ANSWERED", "talk_duration": 12, "answer_time": "2020-03-13 15:39:35"}`
		other  = `{"destination": "sip:777@test01.oncall", "status": "FAIL"}`
		busy   = `{"destination": "sip:0909123456@10.0.0.1", "status": "FAIL", "fail_code": 486}`
		talk   = `{"destination": "sip:84909123456@10.0.0.1", "status": "ANSWERED", "talk_duration": 7, "answer_time": "2020-03-13 15:39:41"}`
		fails  = `{"destination": "0909123456", "status": "FAIL", "fail_code": 0}`
		mute   = `{"destination": "0909123456", "status": "ANSWERED", "talk_duration": 0}`
	)
	tests := map[string]struct {
		row     hosted.Row
		targets string
		want    results.Disposition
		talk    time.Duration
	}{
		"busy":                                    {hosted.Row{Outcome: failed}, busy, results.Busy, 0},
		"busy after the agent":                    {hosted.Row{Outcome: failed}, agent2 + "," + busy, results.Busy, 0},
		"the agent's pick-up was counted":         {hosted.Row{Outcome: answered}, agent2 + "," + busy, results.Busy, 0},
		"talk is the customer's":                  {hosted.Row{Outcome: answered}, agent2 + "," + talk, results.Answered, 7 * time.Second},
		"tried again on another way":              {hosted.Row{Outcome: answered}, talk + "," + busy, results.Answered, 7 * time.Second},
		"only the agent was called":               {hosted.Row{Outcome: failed}, agent, results.AgentNoAnswer, 0},
		"somebody else was called":                {hosted.Row{Outcome: failed}, agent + "," + other, results.Failed, 0},
		"no targets":                              {hosted.Row{Outcome: failed}, "", results.Failed, 0},
		"answered, but only the agent called":     {hosted.Row{Outcome: answered}, agent, results.Answered, 9 * time.Second},
		"answered, but the customer's failed":     {hosted.Row{Outcome: answered}, fails, results.Answered, 9 * time.Second},
		"answered, but the customer said nothing": {hosted.Row{Outcome: answered}, mute, results.NoAnswer, 0},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, nil)
			b.on(showPath, ok(`{"count": 1, "id": 1, "targets": [`+tt.targets+`]}`))
			tt.row.ID, tt.row.Agent, tt.row.Number = "1", "101", "0909123456"
			got, err := b.pbx.Detail(t.Context(), hosted.Live{Agent: "101", Number: "0909123456"}, tt.row)
			if err != nil || got.Outcome.Disposition != tt.want || got.Outcome.Talk != tt.talk {
				t.Errorf("%+v, %v", got.Outcome, err)
			}
			if got.Outcome.Recording != "" || len(b.asked(recordPath)) != 0 {
				t.Error("a recording was looked for, though recordings are not set up")
			}
		})
	}
}

// TestDetailFails: what is known so far comes back beside the error.
func TestDetailFails(t *testing.T) {
	b := newBench(t, nil)
	b.on(showPath, answer{http.StatusInternalServerError, ""})
	row := hosted.Row{ID: "1", Outcome: told{status: "FAIL"}.outcome()}
	got, err := b.pbx.Detail(t.Context(), hosted.Live{}, row)
	if err == nil || got.Outcome != row.Outcome {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestRecordingComesLater(t *testing.T) {
	b := newBench(t, func(c *Config) { c.RecordingBaseURL = "https://files.example" })
	b.on(showPath, ok(`{"targets": [{"destination": "0909123456", "status": "ANSWERED", "talk_duration": 7}]}`))
	const (
		others = `{"filepath": "a", "caller": "102", "callee": "0909123456", "start_time": "2020-03-13 15:39:41"},
			{"filepath": "b", "caller": "101", "callee": "0909000000", "start_time": "2020-03-13 15:39:41"},
			{"filepath": "c", "caller": "101", "callee": "0909123456", "start_time": "2020-03-13 15:39:20"},
			{"filepath": "d", "caller": "101", "callee": "0909123456", "start_time": "2020-03-13 15:40:20"}`
		ours = `{"filepath": "e", "caller": "101", "callee": "0909123456", "start_time": "2020-03-13 15:39:41"}`
	)
	b.on(recordPath, ok(`{"records": [`+others+`]}`), ok(`{"records": [`+others+","+ours+`]}`))
	row, _ := logRow{
		ID: "1", Caller: "101", Callee: "0909123456", Status: "ANSWERED", Talk: "8",
		Start: "2020-03-13 15:39:29", End: "2020-03-13 15:39:50",
	}.row(saigon)
	live := hosted.Live{Agent: "101", Number: "0909123456", Sent: at("2020-03-13 15:39:28")}
	got, err := b.pbx.Detail(t.Context(), live, row)
	if !errors.Is(err, errNotYet) || got.Outcome.Recording != "" || got.Outcome.Talk != 7*time.Second {
		t.Errorf("%+v, %v", got.Outcome, err)
	}
	if got, err = b.pbx.Detail(t.Context(), live, row); err != nil || got.Outcome.Recording != "e" {
		t.Errorf("%+v, %v", got.Outcome, err)
	}
}

// TestRecordingsOfOneSecond: two calls to one number within a second, each with
// a recording of its own, whichever is asked about first, and again.
func TestRecordingsOfOneSecond(t *testing.T) {
	b := newBench(t, func(c *Config) { c.RecordingBaseURL = "https://files.example" })
	b.on(recordPath, ok(`{"records": [
		{"filepath": "second", "caller": "101", "callee": "0909123456", "start_time": "2020-03-13 15:39:30"},
		{"filepath": "first", "caller": "101", "callee": "0909123456", "start_time": "2020-03-13 15:39:29"}]}`))
	row := func(id, answer text) hosted.Row {
		r, _ := logRow{
			ID: id, Caller: "101", Callee: "0909123456", Status: "ANSWERED", Talk: "1",
			Start: "2020-03-13 15:39:29", Answer: answer, End: "2020-03-13 15:39:30",
		}.row(saigon)
		return r
	}
	live := hosted.Live{Agent: "101", Number: "0909123456", Sent: at("2020-03-13 15:39:28")}
	for _, tt := range []struct {
		row  hosted.Row
		want string
	}{
		{row("1", "2020-03-13 15:39:29"), "first"},
		{row("2", "2020-03-13 15:39:29"), "second"},
		{row("1", "2020-03-13 15:39:30"), "first"},
		{row("3", "2020-03-13 15:39:29"), ""},
	} {
		if got, err := b.pbx.recordingOf(t.Context(), live, tt.row); got != tt.want || (err != nil) != (tt.want == "") {
			t.Errorf("row %s: %q, %v", tt.row.ID, got, err)
		}
	}
}

func TestRecordingPaths(t *testing.T) {
	p := newBench(t, func(c *Config) { c.RecordingBaseURL = "https://files.example/store" }).pbx
	for name, want := range map[string]string{
		"group1/M00/a_b.wav":     "https://files.example/store/group1/M00/a_b.wav",
		"/group1/x.wav":          "https://files.example/store/group1/x.wav",
		"a b.wav":                "https://files.example/store/a%20b.wav",
		"x.wav?to=1":             "https://files.example/store/x.wav",
		"http://evil.example/x":  "http://evil.example/x", // for the core to refuse
		"//evil.example/x":       "//evil.example/x",
		"":                       "",
		"../../etc/passwd":       "",
		"group1/../../x":         "",
		"group1/%2e%2e/%2e%2e/x": "",
		"http://[::1":            "",
	} {
		req, err := p.Recording(t.Context(), name)
		switch {
		case want == "" && err == nil:
			t.Errorf("%q is fetched from %s", name, req.URL)
		case want != "" && (err != nil || req.URL.String() != want):
			t.Errorf("%q: %v, %v", name, req, err)
		}
	}
}
