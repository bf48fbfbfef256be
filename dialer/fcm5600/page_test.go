package fcm5600

import (
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/outpace/outpace/dialer"
	"github.com/outpace/outpace/dialer/hosted"
	"github.com/outpace/outpace/results"
)

// proveRequest compares a request with what a section says of it.
func proveRequest(t *testing.T, text string, r asked) {
	t.Helper()
	path := regexp.MustCompile(`URL:\s*(\S+)`).FindStringSubmatch(text)[1]
	method := regexp.MustCompile(`Method:\s*(\S+)`).FindStringSubmatch(text)[1]
	if r.Method != method || r.URL.Path != path || r.URL.RawQuery != "" {
		t.Errorf("asked %s %s, the page says %s %s", r.Method, r.URL, method, path)
	}
	if got := r.Header.Get("Authorization"); got != "Bearer tok-1" {
		t.Errorf("Authorization is %q", got)
	}
	if method != http.MethodPost {
		if r.body != "" {
			t.Errorf("a GET has a body: %s", r.body)
		}
		return
	}
	if got := r.Header.Get("Content-Type"); got != "application/json" {
		t.Errorf("Content-Type is %q", got)
	}
	_, params, _ := strings.Cut(text, "Param:")
	var body map[string]json.RawMessage
	if err := json.Unmarshal([]byte(r.body), &body); err != nil {
		t.Fatal(err)
	}
	params, _, _ = strings.Cut(params, "\n\nResponse")
	for name := range body {
		if !strings.Contains(params, `"`+name+`"`) {
			t.Errorf("the page has no parameter %q", name)
		}
	}
}

func TestPageOnErrors(t *testing.T) {
	text := section(t, "responses_of_the_requests")
	for _, word := range []string{
		"\n- 400, parameter error", "\n- 401, permission error, not logged in", "displayed as 400", "login period is one month",
	} {
		if !strings.Contains(text, word) {
			t.Errorf("the page does not say %q", word)
		}
	}
	if month := 30 * 24 * time.Hour; tokenLife >= month {
		t.Errorf("a token is kept for %v", tokenLife)
	}
}

func TestPageOnTheTime(t *testing.T) {
	text := section(t, "current_system_time")
	b := newBench(t, reply(200, encoded(t, pairs(t, text, "Response:"))))
	at := time.Date(2022, 11, 12, 16, 50, 0, 0, saigon)
	local, err := b.pbx.checkTime(t.Context())
	if err == nil || local != at.Format(minute) {
		t.Errorf("the page's time %q fits today: %v", local, err)
	}
	proveRequest(t, text, b.requests()[0])
	if !strings.Contains(text, "yyyy-MM-dd HH:mm format") {
		t.Error("the page has another format")
	}
}

func TestPageOnExtensions(t *testing.T) {
	text := section(t, "extension_register_status")
	example := pairs(t, text, "Response:")
	words := regexp.MustCompile(`\n- (\w+)`).FindAllStringSubmatch(text, -1)
	if len(words) != 6 {
		t.Fatalf("the page has the states %v", words)
	}
	want := map[string]hosted.State{
		"Idle": hosted.Free, "InUse": hosted.Talking, "Hold": hosted.Talking, "Ringing": hosted.Ringing,
		"Unknown": hosted.Away, "Unavailable": hosted.Away,
	}
	if string(example["statusText"]) != `"Unavailable"` || string(example["exten"]) != `"100"` {
		t.Fatalf("the example is %s", example)
	}
	for _, word := range words {
		row := map[string]any{
			"exten": example["exten"], "name": example["name"], "statusText": word[1],
			"content": map[string]any{"newMsg": example["newMsg"], "dnd": json.RawMessage(`""`), "wakeup": nil},
		}
		b := newBench(t, reply(200, envelopeOf(t, []any{row})))
		list, err := b.pbx.Agents(t.Context(), nil)
		if err != nil || len(list) != 1 || list[0].Exten != "100" || list[0].Name != "100" || list[0].State != want[word[1]] || list[0].Pools != nil {
			t.Errorf("%s: %+v, %v", word[1], list, err)
		}
		proveRequest(t, text, b.requests()[0])
	}
}

func TestPageOnDialing(t *testing.T) {
	text := section(t, "dial")
	b := newBench(t, reply(200, envelopeOf(t, map[string]any{"msg": pairs(t, text, "Response:")["msg"]})))
	param := pairs(t, text, "Param:")
	var dest, src string
	if json.Unmarshal(param["dest"], &dest) != nil || json.Unmarshal(param["src"], &src) != nil {
		t.Fatalf("the example is %s", param)
	}
	id, err := b.pbx.Place(t.Context(), hosted.Order{Agent: src, Number: dest})
	if id != "" || err != nil {
		t.Errorf("%q, %v", id, err)
	}
	r := b.requests()[0]
	proveRequest(t, text, r)
	if r.body != `{"dest":"111","src":"123"}` {
		t.Errorf("body %s", r.body)
	}
	if !strings.Contains(text, "you'll get '400' error code") {
		t.Error("the page does not say that 400 is the answer to a caller that does not exist")
	}
	for _, answer := range []http.HandlerFunc{reply(400, ""), reply(200, `{"code":400,"message":"error","data":null}`)} {
		b := newBench(t, answer)
		if _, err := b.pbx.Place(t.Context(), hosted.Order{Agent: src, Number: dest}); !errors.Is(err, dialer.ErrRefused) {
			t.Errorf("400 is %v", err)
		}
	}
}

func TestPageOnHangingUp(t *testing.T) {
	text := section(t, "terminate_calls")
	b := newBench(t, reply(200, envelopeOf(t, map[string]any{"msg": pairs(t, text, "Response:")["msg"]})))
	if err := b.pbx.Hangup(t.Context(), hosted.Live{Agent: "123"}); err != nil {
		t.Error(err)
	}
	r := b.requests()[0]
	proveRequest(t, text, r)
	if r.body != `{"extensions":["123"]}` {
		t.Errorf("body %s", r.body)
	}
	b = newBench(t, reply(400, `{"code":400,"message":"no such extension"}`))
	if err := b.pbx.Hangup(t.Context(), hosted.Live{Agent: "123"}); !errors.Is(err, dialer.ErrNoCall) {
		t.Errorf("an extension that does not exist: %v", err)
	}
}

func TestPageOnTheCallLog(t *testing.T) {
	text := section(t, "call_logs_query")
	example := pairs(t, text, "Response:")
	for name, want := range map[string]string{
		"id": `1`, "callSrc": `"100"`, "callTo": `"1100"`, "startTime": `"2022-07-01 21:45:17"`, "duration": `2`,
		"callStatus": `"ANSWERED"`, "callType": `"outgoing"`, "recordingFile": `""`, "count": `332`,
	} {
		if string(example[name]) != want {
			t.Errorf("%s is %s in the example", name, example[name])
		}
	}
	b := newBench(t, reply(200, envelopeOf(t, map[string]any{"items": []any{example}, "page": 1, "pageSize": 20, "count": 1})))
	at := time.Date(2022, 7, 1, 21, 45, 17, 0, saigon)
	rows, err := b.pbx.Rows(t.Context(), hosted.Window{From: at.Add(-time.Minute), To: at.Add(time.Minute)})
	if err != nil || len(rows) != 1 {
		t.Fatalf("%v, %v", rows, err)
	}
	got, o := rows[0], rows[0].Outcome
	if got.Agent != "100" || got.Number != "1100" || !got.Start.Near(at).Equal(at) || got.Duration != 2*time.Second || got.ID == "" {
		t.Errorf("row %+v", got)
	}
	if o.Disposition != results.Answered || o.ResDial != 4 || o.Cause != 16 || o.Billsec != 2 || o.Recording != "" {
		t.Errorf("outcome %+v", o)
	}
	all := b.requests()
	proveRequest(t, text, all[len(all)-1])
	var asked search
	if err := json.Unmarshal([]byte(all[len(all)-1].body), &asked); err != nil {
		t.Fatal(err)
	}
	if asked.From != "2022-07-01" || asked.To != "2022-07-01" || asked.Type != "all" || asked.Status != "all" {
		t.Errorf("asked for %+v", asked)
	}
	for name := range pairs(t, text, "Param:") {
		if !strings.Contains(all[0].body, `"`+name+`"`) {
			t.Errorf("the request has no %q", name)
		}
	}
}

func TestPageOnStatuses(t *testing.T) {
	text := section(t, "call_logs_query")
	said := strings.Split(regexp.MustCompile(`Call status: (\S+)`).FindStringSubmatch(text)[1], "/")
	_, list, _ := strings.Cut(text, "\nCall status:\n")
	for _, m := range regexp.MustCompile(`\n- ([A-Z ]+)-----`).FindAllStringSubmatch(list, -1) {
		said = append(said, m[1])
	}
	slices.Sort(said)
	said = slices.Compact(said)
	var known []string
	for _, m := range Words {
		known = append(known, m.Word)
	}
	slices.Sort(known)
	if !slices.Equal(said, known) {
		t.Errorf("the page has %q, the table %q", said, known)
	}
}

func TestPageOnRecordings(t *testing.T) {
	text := section(t, "call_recording_query")
	example := pairs(t, text, "Response:")
	// Printing has put a blank into the path as well.
	example["playUrl"] = json.RawMessage(strings.ReplaceAll(string(example["playUrl"]), " ", ""))
	b := newBench(t, reply(200, envelopeOf(t, map[string]any{"items": []any{example}})))
	at := time.Date(2022, 11, 1, 22, 45, 0, 0, saigon)
	row := hosted.Row{Agent: "100", Number: "1100", Start: hosted.Exactly(at), Duration: 2 * time.Second}
	row.Outcome = Words.Outcome(2*time.Second, "ANSWERED")
	row.Outcome.Recording = "1669704779.411-843-842-20221129-145300.gsm"
	got, err := b.pbx.Detail(t.Context(), hosted.Live{}, row)
	const playURL = "/pbx/play/general-recording/20221129/843/1669704779.411-843-842-20221129-145300.gsm"
	if err != nil || got.Outcome.Recording != playURL || got.Outcome.Talk != time.Second || got.Outcome.Billsec != 1 {
		t.Errorf("%+v, %v", got.Outcome, err)
	}
	all := b.requests()
	last := all[len(all)-1]
	want := slices.Sorted(maps.Keys(pairs(t, text, "Param:")))
	var body map[string]any
	if err := json.Unmarshal([]byte(last.body), &body); err != nil {
		t.Fatal(err)
	}
	if have := slices.Sorted(maps.Keys(body)); !slices.Equal(have, want) {
		t.Errorf("asked with %q, the page has %q", have, want)
	}
	proveRequest(t, text, last)

	// The file's path tells the same address.
	var file string
	if err := json.Unmarshal(example["FileName"], &file); err != nil || !strings.HasPrefix(file, spool) {
		t.Fatalf("FileName is %s", example["FileName"])
	}
	req, err := b.pbx.Recording(t.Context(), file)
	if err != nil || req.URL.Path != playURL || req.URL.Query().Get("token") != "tok-1" || req.Header.Get("Authorization") != "Bearer tok-1" {
		t.Errorf("%v, %v", req, err)
	}
	if download := section(t, "download_recordings"); !strings.Contains(download, "playUrl?token") || !strings.Contains(download, strings.TrimSuffix(generalPath, "/")) {
		t.Error("the page plays recordings elsewhere")
	}
}
