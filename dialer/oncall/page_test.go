package oncall

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/outpace/outpace/dialer"
	"github.com/outpace/outpace/dialer/hosted"
	"github.com/outpace/outpace/results"
)

// Each test holds the adapter against the examples of one section of the page.
// They stand in testdata as they stand there, named after the section.

func TestPage11TenantLogin(t *testing.T) {
	b := newBench(t, nil)
	token, err := b.pbx.login(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if token.Value != "629441ed6a0b40448060a09ebd00adb4" {
		t.Errorf("token %q", token.Value)
	}
	if life := time.Until(token.Expires); life < 3590*time.Second || life > 3600*time.Second {
		t.Errorf("the token is good for %v, not an hour", life)
	}
	got := b.asked("/api/account/credentials/verify")
	if len(got) != 1 || got[0].Method != http.MethodPost || got[0].Header.Get("Content-Type") != "application/json" {
		t.Fatalf("requests %v", got)
	}
	sameJSON(t, got[0].body, example(t, "1.1-input"))
}

func TestPage11WrongPassword(t *testing.T) {
	b := newBench(t, nil)
	b.on("/api/account/credentials/verify", bad(example(t, "1.1-error")))
	err := b.pbx.Connect(t.Context())
	if err == nil || !strings.Contains(err.Error(), "user or password is wrong (1041004)") {
		t.Errorf("error %v", err)
	}
	if n := len(b.asked("/api/account/credentials/verify")); n != 1 {
		t.Errorf("%d logins with a password that is wrong", n)
	}
}

func TestPage13ExtensionLogin(t *testing.T) {
	b := newBench(t, func(c *Config) { c.AuthExtension, c.AuthPassword, c.Domain = "101", "101", "test" })
	const path = "/api/account/extension/web/verify"
	b.on(path, ok(example(t, "1.3-output")), bad(example(t, "1.3-error")))
	if f := b.pbx.checkPlacing(t.Context()); f.Err != nil {
		t.Error(f.Err)
	}
	sameJSON(t, b.asked(path)[0].body, example(t, "1.3-input"))
	if f := b.pbx.checkPlacing(t.Context()); f.Err == nil || !strings.Contains(f.Err.Error(), "1041004") {
		t.Errorf("finding %+v", f)
	}
}

func TestPage23Extensions(t *testing.T) {
	b := newBench(t, nil)
	b.on("/api/extensions/list", ok(example(t, "2.3-output")), bad(example(t, "2.3-error")))
	pools := []dialer.Pool{{Exten: "101"}}
	got, err := b.pbx.Agents(t.Context(), pools)
	want := []hosted.Agent{{Exten: "101", Name: "Nhan", State: hosted.Away, Pools: []string{}}}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v %s", err, diff)
	}
	r := b.asked("/api/extensions/list")[0]
	if r.Method != http.MethodGet || r.Header.Get(tokenHeader) != "629441ed6a0b40448060a09ebd00adb4" ||
		r.URL.Query().Get("pagination") != "1" {
		t.Errorf("request %s %s %v", r.Method, r.URL, r.Header)
	}
	if _, err := b.pbx.Agents(t.Context(), pools); err == nil || !strings.Contains(err.Error(), "1040001") {
		t.Errorf("error %v", err)
	}
}

func TestPage24PermissionDenied(t *testing.T) {
	b := newBench(t, nil)
	b.on("/api/extensions/list", bad(example(t, "2.4-error")), ok(example(t, "2.3-output")))
	if _, err := b.pbx.Agents(t.Context(), nil); err != nil {
		t.Error(err)
	}
	if n := len(b.asked("/api/account/credentials/verify")); n != 2 {
		t.Errorf("%d logins, want a second one after the refusal", n)
	}
}

func TestPage31MakeCall(t *testing.T) {
	want, err := url.Parse("http://" + strings.TrimSpace(quote(t, "3.1-input")))
	if err != nil {
		t.Fatal(err)
	}
	b := newBench(t, nil)
	b.on(want.Path, ok(""))
	id, err := b.pbx.Place(t.Context(), hosted.Order{Agent: "101", Number: "0909123456", Hotline: "028", Name: "spring"})
	if err != nil || id != "" {
		t.Fatalf("id %q, error %v", id, err)
	}
	r := b.asked(want.Path)[0]
	if r.Method != http.MethodPost || r.Header.Get("Content-Type") != "application/json" || r.body != "" {
		t.Errorf("request %s %v %q", r.Method, r.Header, r.body)
	}
	if diff := cmp.Diff(want.Query(), r.URL.Query()); diff != "" {
		t.Error(diff)
	}
	if r.Header.Get(tokenHeader) != "" {
		t.Error("a request that places a call carries a token")
	}
}

func TestPage41Recordings(t *testing.T) {
	const path = "/api/recordfiles/extension/list"
	b := newBench(t, func(c *Config) { c.RecordingBaseURL = "https://file.example.test/store/" })
	b.on(path, ok(example(t, "4.1-output")), bad(example(t, "4.1-error")))
	live := hosted.Live{Agent: "101", Number: "103", Sent: at("2020-03-11 10:17:40")}
	row := hosted.Row{
		ID: "1", Agent: "101", Number: "103",
		Start: hosted.Exactly(at("2020-03-11 10:17:47")), End: hosted.Exactly(at("2020-03-11 10:18:05")),
	}
	name, err := b.pbx.recordingOf(t.Context(), live, row)
	if err != nil || name != "group1/M00/02/ED/CmQBSV5oWHGAdBn_AAL4zD4ey1A778.wav" {
		t.Errorf("recording %q, %v", name, err)
	}
	if got := b.asked(path)[0].URL.Query(); got.Get("extension") != "101" || got.Get("pagination") != "1" || got.Get("start_time") != "2020-03-11 10:17:45" {
		t.Errorf("query %v", got)
	}
	req, err := b.pbx.Recording(t.Context(), name)
	if err != nil || req.URL.String() != "https://file.example.test/store/"+name {
		t.Errorf("%v, %v", req, err)
	}
	if _, err := b.pbx.recordingOf(t.Context(), live, row); err == nil || !strings.Contains(err.Error(), "1040001") {
		t.Errorf("error %v", err)
	}
}

func TestPage51CallLog(t *testing.T) {
	b := newBench(t, nil)
	b.on("/api/call_logs/list", ok(example(t, "5.1-output")), bad(example(t, "5.1-error")))
	w := hosted.Window{From: at("2020-03-13 15:39:00"), To: at("2020-03-13 15:40:00")}
	got, err := b.pbx.Rows(t.Context(), w)
	if err != nil || len(got) != 1 {
		t.Fatalf("%d rows, %v", len(got), err)
	}
	r := got[0]
	if r.ID != "290765803140308992" || r.CallID != "" || r.Agent != "420" || r.Number != "0779919329" || r.Duration != 0 {
		t.Errorf("row %+v", r)
	}
	begun := at("2020-03-13 15:39:29")
	if !r.Start.Near(begun).Equal(begun) || !r.End.Near(begun).Equal(begun) || !r.Answer.IsZero() {
		t.Errorf("times %+v", r)
	}
	if o := r.Outcome; o.Disposition != results.Failed || o.ResDial != results.DialNone || o.CauseText != "FAIL" {
		t.Errorf("outcome %+v", o)
	}
	query := b.asked("/api/call_logs/list")[0].URL.Query()
	if query.Get("start_time") != "2020-03-13 15:39:00" || query.Get("end_time") != "2020-03-14 15:40:00" {
		t.Errorf("query %v", query)
	}
	if _, err := b.pbx.Rows(t.Context(), w); err == nil || !strings.Contains(err.Error(), "1040001") {
		t.Errorf("error %v", err)
	}
}

func TestPage52Targets(t *testing.T) {
	b := newBench(t, nil)
	b.on("/api/call_logs/show", ok(example(t, "5.2-output")), bad(example(t, "5.2-error")))
	row := hosted.Row{ID: "289958815141613568", Agent: "101", Number: "0773931408", Start: hosted.Exactly(at("2020-03-11 10:12:40"))}
	live := hosted.Live{Agent: "101", Number: "+84773931408", Sent: at("2020-03-11 10:12:38")}
	got, err := b.pbx.Detail(t.Context(), live, row)
	if err != nil {
		t.Fatal(err)
	}
	if o := got.Outcome; o.Disposition != results.Answered || o.Talk != 6*time.Second || o.Billsec != 6 || o.CauseText != "ANSWERED DISCONNECT" {
		t.Errorf("outcome %+v", o)
	}
	if answered := at("2020-03-11 10:12:48"); !got.Answer.Near(answered).Equal(answered) {
		t.Errorf("answer %v", got.Answer)
	}
	if r := b.asked("/api/call_logs/show")[0]; r.URL.Query().Get("id") != row.ID {
		t.Errorf("query %v", r.URL.Query())
	}
	// The second answer: no such entry. The row counts as it is.
	if got, err := b.pbx.Detail(t.Context(), live, row); err != nil || got.Outcome != row.Outcome {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestPage61Queues(t *testing.T) {
	b := newBench(t, nil)
	b.on("/api/call_queues/list", ok(example(t, "6.1-output")), bad(example(t, "6.1-error")))
	list, err := b.pbx.listQueues(t.Context())
	want := []queue{
		{"242194925796593665", "3001", "Hung"}, {"239952103668322305", "3000", "cq1"}, {"251885181118582785", "3002", "cq2"},
	}
	if diff := cmp.Diff(want, list); err != nil || diff != "" {
		t.Errorf("%v %s", err, diff)
	}
	if _, err := b.pbx.listQueues(t.Context()); err == nil || !strings.Contains(err.Error(), "1040001") {
		t.Errorf("error %v", err)
	}
}

func TestPage62Members(t *testing.T) {
	b := newBench(t, nil)
	b.on("/api/call_queues/list", ok(example(t, "6.1-output")))
	b.on("/api/call_queues/show", ok(example(t, "6.2-output")), bad(example(t, "6.2-error")))
	for _, name := range []string{"242194925796593665", "3001", "Hung", "hung"} {
		b.on("/api/call_queues/show", ok(example(t, "6.2-output")))
		got, err := b.pbx.Agents(t.Context(), []dialer.Pool{{Queue: name}})
		// The page cuts the second member off before his flags: he counts as away.
		want := []hosted.Agent{
			{Exten: "105", Name: "Fanvil 105", State: hosted.Away, Pools: []string{name}},
			{Exten: "107", Name: "Fanvil 107", State: hosted.Away, Pools: []string{}},
		}
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("queue %s: %v %s", name, err, diff)
		}
	}
	if r := b.asked("/api/call_queues/show")[0]; r.URL.Query().Get("id") != "242194925796593665" {
		t.Errorf("query %v", r.URL.Query())
	}
	b.on("/api/call_queues/show", bad(example(t, "6.2-error")))
	if got, err := b.pbx.Agents(t.Context(), []dialer.Pool{{Queue: "3001"}}); err != nil || len(got) != 0 {
		t.Errorf("a queue that is gone has agents: %v, %v", got, err)
	}
}

var memberLine = regexp.MustCompile(`Member Key: (\w+)\s+\d+\s+(String|Number) value: (\S+)`)

// TestPageEvent reads the example of part II, which the page shows as a
// debugger does, not as it is sent.
func TestPageEvent(t *testing.T) {
	sent := map[string]any{}
	for _, m := range memberLine.FindAllStringSubmatch(quote(t, "II-output"), -1) {
		sent[m[1]] = m[3]
		if m[2] == "Number" {
			sent[m[1]] = json.Number(m[3])
		}
	}
	if len(sent) != 7 {
		t.Fatalf("the example has %v", sent)
	}
	body, err := json.Marshal(sent)
	if err != nil {
		t.Fatal(err)
	}
	list, err := readEvents("application/json", body)
	if err != nil || len(list) != 1 {
		t.Fatalf("%v, %v", list, err)
	}
	got, useful := list[0].news()
	want := hosted.News{
		Agent: "02873062020", Number: "108", Stage: hosted.Over, // a call to an extension: nobody's of ours
		At: time.Date(2020, 3, 16, 6, 42, 36, 0, time.UTC),
	}
	if !useful || !got.At.Equal(want.At) {
		t.Errorf("news %+v", got)
	}
	got.At = want.At
	if got != want {
		t.Errorf("news %+v", got)
	}
}

// TestPageErrors finds the meaning of each documented error.
func TestPageErrors(t *testing.T) {
	files := []string{"1.1-error", "1.3-error", "2.3-error", "2.4-error", "4.1-error", "5.1-error", "5.2-error", "6.1-error", "6.2-error"}
	quoted := map[string]bool{}
	for _, name := range files {
		f := readError([]byte(example(t, name)))
		c, known := lookUp(f.Code)
		if !known || c.Says != string(f.Message) {
			t.Errorf("%s: %+v is %+v", name, f, c)
		}
		quoted[c.Code] = true
	}
	for _, c := range Codes {
		if !quoted[c.Code] {
			t.Errorf("%s stands in no example", c.Code)
		}
		err := refusal(&hosted.StatusError{Status: 400, Body: []byte(`{"err_code": "` + c.Code + `"}`)})
		r, isRefusal := errors.AsType[*hosted.Refusal](err)
		if !isRefusal || r.Code != c.Code || r.Fault != c.Fault || !errors.Is(err, dialer.ErrRefused) {
			t.Errorf("%s: %v", c.Code, err)
		}
	}
}
