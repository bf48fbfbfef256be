package fcm5600

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/outpace/outpace/dialer/hosted"
	"github.com/outpace/outpace/results"
)

// noon is when the calls of the tests began.
var noon = time.Date(2026, 3, 10, 12, 0, 0, 0, saigon)

func around(at time.Time) hosted.Window {
	return hosted.Window{From: at.Add(-time.Minute), To: at.Add(10 * time.Minute)}
}

func row(id int, at time.Time, change map[string]any) map[string]any {
	r := map[string]any{
		"id": id, "callFrom": "101", "callSrc": "101", "callTo": "0909123456", "destNum": "trunk", "startTime": at.Format(second),
		"duration": 20, "callStatus": "ANSWERED", "callType": "outgoing", "pinCode": "", "trunkName": "t", "recordingFile": "",
	}
	for name, value := range change {
		r[name] = value
	}
	return r
}

// device answers questions to the call log from rows, newest first.
func device(t *testing.T, first int, rows []map[string]any) http.HandlerFunc {
	t.Helper()
	return func(w http.ResponseWriter, r *http.Request) {
		var s search
		if err := json.NewDecoder(strings.NewReader(r.Header.Get("X-Body"))).Decode(&s); err != nil {
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		if s.Page < first && first > 0 {
			_, _ = io.WriteString(w, `{"code":400,"message":"page"}`)
			return
		}
		from := min((s.Page-first)*s.PageSize, len(rows))
		page := rows[from:min(from+s.PageSize, len(rows))]
		_, _ = io.WriteString(w, envelopeOf(t, map[string]any{"items": append([]map[string]any{}, page...), "count": len(rows), "page": s.Page}))
	}
}

// logBench is a bench whose answers see the request's body.
func logBench(t *testing.T, answer http.HandlerFunc) *bench {
	t.Helper()
	var b *bench
	b = newBench(t, func(w http.ResponseWriter, r *http.Request) {
		all := b.requests()
		r.Header.Set("X-Body", all[len(all)-1].body)
		answer(w, r)
	})
	return b
}

func TestWordsOfTheLog(t *testing.T) {
	for _, c := range []struct {
		word     string
		duration any
		want     results.Disposition
		resDial  int
		cause    int
		billsec  int
	}{
		{"ANSWERED", 20, results.Answered, 4, 16, 20},
		{"answered", "20", results.Answered, 4, 16, 20},
		{"ANSWERED", 0, results.NoAnswer, 3, 16, 0}, // the agent alone
		{"BUSY", 3, results.Busy, 5, 17, 0},
		{"NO ANSWER", 30, results.NoAnswer, 3, 19, 0},
		{"NOANSWER", 30, results.NoAnswer, 3, 19, 0},
		{"FAILED", 0, results.Failed, 0, 38, 0},
		{"TRANSMUTED", 5, results.Unknown, 0, 0, 0},
	} {
		b := logBench(t, device(t, 1, []map[string]any{row(1, noon, map[string]any{"callStatus": c.word, "duration": c.duration})}))
		rows, err := b.pbx.Rows(t.Context(), around(noon))
		if err != nil || len(rows) != 1 {
			t.Errorf("%q: %v, %v", c.word, rows, err)
			continue
		}
		if o := rows[0].Outcome; o.Disposition != c.want || o.ResDial != c.resDial || o.Cause != c.cause || o.Billsec != c.billsec {
			t.Errorf("%q with %v s is %+v", c.word, c.duration, o)
		}
	}
}

func TestRowsThatAreNotOurs(t *testing.T) {
	b := logBench(t, device(t, 1, []map[string]any{
		row(5, noon, map[string]any{"callType": "incoming"}),
		row(4, noon, map[string]any{"startTime": "yesterday"}),
		row(3, noon, map[string]any{"callSrc": []int{1}}),
		row(2, noon, map[string]any{"callType": "internal", "callTo": 102}), // a number may be an extension
		row(1, noon, nil),
	}))
	rows, err := b.pbx.Rows(t.Context(), around(noon))
	if err != nil || len(rows) != 2 || rows[0].Number != "102" || rows[1].Number != "0909123456" {
		t.Errorf("%+v, %v", rows, err)
	}
}

func TestWhoWasRung(t *testing.T) {
	b := newBench(t, reply(200, ""))
	if got := b.pbx.rung("02873019555"); got != "02873019555" {
		t.Errorf("before the extensions are known: %q", got)
	}
	b.pbx.known.Store(&map[string]bool{"101": true, "102": true})
	for source, want := range map[string]string{"101": "101", "102": "102", "02873019555": ""} {
		if got := b.pbx.rung(source); got != want {
			t.Errorf("caller %q: agent %q", source, got)
		}
	}
}

// Pages may be counted from 0 or from 1, and a device may or may not mind.
func TestAllPagesAreRead(t *testing.T) {
	for _, n := range []int{0, 1, 2, 99, 100, 101, 250} {
		var rows []map[string]any
		for i := range n {
			rows = append(rows, row(n-i, noon.Add(-time.Duration(i)*time.Second), nil))
		}
		strict, loose := device(t, 1, rows), device(t, 0, rows)
		for name, answer := range map[string]http.HandlerFunc{
			"from 1": strict, "from 0": loose,
			"from 1, 0 is the same": func(w http.ResponseWriter, r *http.Request) {
				r.Header.Set("X-Body", strings.Replace(r.Header.Get("X-Body"), `"page":0`, `"page":1`, 1))
				strict(w, r)
			},
		} {
			b := logBench(t, answer)
			for range 2 { // the second time it is known where to begin
				got, err := b.pbx.Rows(t.Context(), hosted.Window{From: noon.Add(-time.Hour), To: noon.Add(time.Hour)})
				if err != nil || len(got) != n {
					t.Errorf("%s, %d rows: %d, %v", name, n, len(got), err)
				}
			}
			if known := b.pbx.firstPage.Load() > 0; known != (n > 0) && name != "from 1" {
				t.Errorf("%s, %d rows: first page %d", name, n, b.pbx.firstPage.Load())
			}
		}
	}
}

// A row that comes in while the first page is looked for moves the others: it
// must not let the gateway begin at the wrong page for ever.
func TestFirstPageWhileRowsComeIn(t *testing.T) {
	for _, first := range []int{0, 1} {
		for begin := range 3 {
			n := begin // rows there are; one more with every answer, for a while
			b := logBench(t, func(w http.ResponseWriter, r *http.Request) {
				var rows []map[string]any
				for i := range n {
					rows = append(rows, row(n-i, noon.Add(time.Duration(n-i)*time.Second), nil))
				}
				if first == 1 { // page 0 is page 1
					r.Header.Set("X-Body", strings.Replace(r.Header.Get("X-Body"), `"page":0`, `"page":1`, 1))
				}
				device(t, first, rows)(w, r)
				n = min(n+1, 9)
			})
			for range 5 {
				if _, err := b.pbx.Rows(t.Context(), around(noon)); err != nil {
					t.Fatal(err)
				}
			}
			rows, err := b.pbx.Rows(t.Context(), around(noon))
			if err != nil || len(rows) != 9 || b.pbx.firstPage.Load() != int32(first)+1 {
				t.Errorf("pages from %d, %d rows at first: %d rows, first page %d, %v", first, begin, len(rows), b.pbx.firstPage.Load()-1, err)
			}
		}
	}
}

func TestReadingStopsAtOlderRows(t *testing.T) {
	var rows []map[string]any
	for i := range 1000 {
		rows = append(rows, row(1000-i, noon.Add(-time.Duration(i)*time.Minute), nil))
	}
	b := logBench(t, device(t, 1, rows))
	got, err := b.pbx.Rows(t.Context(), around(noon))
	if err != nil || len(got) < 2 || len(b.requests()) > 3+3 {
		t.Errorf("%d rows, %v, %d requests", len(got), err, len(b.requests()))
	}
	// Oldest first is not what the page says, but nothing may be missed.
	turned := make([]map[string]any, 0, len(rows))
	for i := range rows {
		turned = append(turned, rows[len(rows)-1-i])
	}
	turned[0], turned[50] = turned[50], turned[0]
	b = logBench(t, device(t, 1, turned))
	got, err = b.pbx.Rows(t.Context(), around(noon))
	if err != nil || len(got) != 1000 {
		t.Errorf("%d rows, %v", len(got), err)
	}
}

// Days are the PBX's, and around midnight there are two of them.
func TestDaysOfAWindow(t *testing.T) {
	for _, c := range []struct {
		from, to time.Time
		first    string
		last     string
	}{
		{noon, noon.Add(time.Minute), "2026-03-10", "2026-03-10"},
		{time.Date(2026, 3, 9, 16, 59, 0, 0, time.UTC), time.Date(2026, 3, 9, 17, 1, 0, 0, time.UTC), "2026-03-09", "2026-03-10"},
		{time.Date(2026, 3, 9, 23, 0, 0, 0, time.UTC), time.Date(2026, 3, 9, 23, 30, 0, 0, time.UTC), "2026-03-10", "2026-03-10"},
	} {
		s := newTestPBX(t, "http://pbx.example").newSearch(c.from, c.to)
		if s.From != c.first || s.To != c.last {
			t.Errorf("from %v to %v: %s to %s", c.from, c.to, s.From, s.To)
		}
	}
}

func TestLogsThatCannotBeRead(t *testing.T) {
	for _, body := range []string{
		``, `{}`, `[]`, `{"code":0}`, `{"code":0,"data":[]}`, `{"code":7,"data":{"items":[]}}`, `{"code":0,"data":{"items":[1,2]}}`, `{"code":0,"data":{"items":{}}}`,
	} {
		b := newBench(t, reply(200, body))
		if rows, err := b.pbx.Rows(t.Context(), around(noon)); err == nil {
			t.Errorf("%s: %v", body, rows)
		}
	}
}

func TestDetailsOfARecording(t *testing.T) {
	answered := func(file string) hosted.Row {
		r := hosted.Row{Agent: "101", Number: "0909123456", Start: hosted.Exactly(noon), Duration: 20 * time.Second}
		r.Outcome = Words.Outcome(20*time.Second, "ANSWERED")
		r.Outcome.Recording = file
		return r
	}
	found := row(9, noon, map[string]any{"playUrl": "/pbx/play/general-recording/1.gsm", "timeLength": "12"})
	same := row(10, noon, map[string]any{"playUrl": "/pbx/play/general-recording/2.gsm", "timeLength": "13"})
	others := []map[string]any{
		row(8, noon, map[string]any{"callTo": "0909123457", "playUrl": "/no"}), row(7, noon.Add(time.Second), map[string]any{"playUrl": "/no"}),
		row(6, noon, map[string]any{"callSrc": "102", "playUrl": "/no"}),
	}
	for _, c := range []struct {
		name, file string
		rows       []map[string]any
		want       string
		billsec    int
	}{
		{"found by its file", "1.gsm", append(others[:3:3], same, found), "/pbx/play/general-recording/1.gsm", 12},
		{"found by its time", "x.gsm", append(others[:3:3], found), "/pbx/play/general-recording/1.gsm", 12},
		{"one of two", "x.gsm", append(others[:3:3], same, found), "x.gsm", 20},
		{"not found", "1.gsm", others, "1.gsm", 20},
		{"path told", spool + "2026/1.gsm", others, "/pbx/play/general-recording/2026/1.gsm", 20},
		{"longer than the call", "1.gsm", []map[string]any{row(9, noon, map[string]any{"playUrl": "/pbx/play/x", "timeLength": 25})}, "/pbx/play/x", 20},
	} {
		b := logBench(t, device(t, 1, c.rows))
		got, err := b.pbx.Detail(t.Context(), hosted.Live{}, answered(c.file))
		if err != nil || got.Outcome.Recording != c.want || got.Outcome.Billsec != c.billsec || got.Outcome.Disposition != results.Answered {
			t.Errorf("%s: %+v, %v", c.name, got.Outcome, err)
		}
	}
	b := newBench(t, reply(500, ""))
	if got, err := b.pbx.Detail(t.Context(), hosted.Live{}, answered("")); err != nil || got.Outcome.Recording != "" || len(b.requests()) > 0 {
		t.Errorf("without a recording: %+v, %v", got, err)
	}
	if _, err := b.pbx.Detail(t.Context(), hosted.Live{}, answered("1.gsm")); err == nil {
		t.Error("an error of the PBX is kept back")
	}
}

// The token goes to the PBX's own recordings and nowhere else.
func TestPathsOfRecordings(t *testing.T) {
	b := newBench(t, reply(200, ""))
	for _, name := range []string{
		"", "1.gsm", "/", "/etc/passwd", "/pbx/play", "/pbx/play/../auth/login", "/pbx/play/a/../../x", "/pbx/play//x", "//elsewhere.example/pbx/play/x",
		"https://elsewhere.example/pbx/play/x", "/pbx/play/x?token=y", "/pbx/play/x#y", "/pbx/play/%2e%2e/x", "http://[::1", `\\x\pbx\play\y`, "user@host:/pbx/play/x",
	} {
		if req, err := b.pbx.Recording(t.Context(), name); !errors.Is(err, hosted.ErrNoRecording) {
			t.Errorf("%q: %v, %v", name, req, err)
		}
	}
	req, err := b.pbx.Recording(t.Context(), "/pbx/play/general-recording/20221129/843/a b.gsm")
	if err != nil || req.URL.Host != strings.TrimPrefix(b.pbx.base, "http://") || req.URL.EscapedPath() != "/pbx/play/general-recording/20221129/843/a%20b.gsm" {
		t.Errorf("%v, %v", req, err)
	}
}

func FuzzRows(f *testing.F) {
	f.Add(`{"id":1,"callSrc":"100","callTo":"1100","startTime":"2022-07-01 21:45:17","duration":2,"callStatus":"ANSWERED"}`)
	f.Add(`{"id":"x","startTime":"2022-02-30 25:00:00","duration":"1e999"}`)
	f.Add(`{"startTime":"0000-01-01 00:00:00","duration":-5,"callStatus":"BUSY","callType":"INCOMING"}`)
	cfg := config("http://pbx.example")
	p, err := newPBX(&cfg)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, body string) {
		var r record
		if json.Unmarshal([]byte(body), &r) != nil {
			return
		}
		row, ok, err := p.row(r)
		if err != nil || !ok {
			return
		}
		if row.ID == "" || row.Start.IsZero() || row.Duration < 0 || row.Outcome.Talk < 0 || row.Outcome.Disposition == "" ||
			row.Outcome.Disposition == results.Answered && row.Outcome.Talk <= 0 {
			t.Errorf("%+v", row)
		}
	})
}
