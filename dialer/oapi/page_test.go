package oapi

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/outpace/outpace/dialer/hosted"
	"github.com/outpace/outpace/results"
)

// The sections of the page.
const (
	pageToken     = "1_get_auth_token.txt"
	pageCall      = "2_click_to_call.txt"
	pageHistories = "3_lay_danh_sach_cuoc_goi.txt"
	pageRecording = "4_lay_file_ghi_am.txt"
)

// line finds what stands after a label.
func line(t *testing.T, text, label string) string {
	t.Helper()
	_, rest, found := strings.Cut(text, label)
	if !found {
		t.Fatalf("the page has no %q", label)
	}
	word, _, _ := strings.Cut(rest, "\n")
	return strings.TrimSpace(word)
}

// formula computes a hash of the page, given by the names that it is made of.
func formula(t *testing.T, text string, values map[string]string) string {
	t.Helper()
	found := regexp.MustCompile(`sha256\(([^)]*)\)`).FindStringSubmatch(text)
	if found == nil {
		t.Fatal("the section has no hash")
	}
	h := sha256.New()
	for name := range strings.SplitSeq(found[1], "+") {
		value, known := values[strings.TrimSpace(name)]
		if !known {
			t.Fatalf("the hash takes %q, which the request does not have", name)
		}
		h.Write([]byte(value))
	}
	return hex.EncodeToString(h.Sum(nil))
}

// unquoted are the keys of an object as the page writes them.
var unquoted = regexp.MustCompile(`(?m)([{,\s])([a-z]+):\s*`)

// object reads an example body that stands after a label.
func object(t *testing.T, text, label string) string {
	t.Helper()
	_, rest, found := strings.Cut(text, label)
	end := strings.Index(rest, "}")
	if !found || end < 0 {
		t.Fatalf("the page has no %q", label)
	}
	body := unquoted.ReplaceAllString(rest[:end+1], `$1"$2":`)
	return regexp.MustCompile(`<([^>]*)>`).ReplaceAllString(body, `"$1"`)
}

func TestPageOnTokens(t *testing.T) {
	text := section(t, pageToken)
	body := object(t, text, "Kết\n\n200\n\n")
	b := newBench(t, reply(200, body))
	if err := b.pbx.fetchToken(t.Context(), "thutranhtkbee"); err != nil {
		t.Fatalf("the page's own answer %s is refused: %v", body, err)
	}
	r := b.requests()[0]
	if r.Method != line(t, text, "METHOD:") || r.URL.Path != line(t, text, "URL:") {
		t.Errorf("asked %s %s", r.Method, r.URL.Path)
	}
	proveHeaders(t, text, r)
}

func TestPageOnClickToCall(t *testing.T) {
	text := section(t, pageCall)
	b := newBench(t, reply(200, ""))
	id, err := b.pbx.Place(t.Context(), hosted.Order{Agent: "thutranhtkbee", Number: "0909123456"})
	if err != nil || id != "" {
		t.Fatalf("placed: %q, %v", id, err)
	}
	r := b.requests()[0]
	path := strings.Replace(line(t, text, "URL:"), ":number", "0909123456", 1)
	if r.Method != line(t, text, "METHOD:") || r.URL.Path != path {
		t.Errorf("asked %s %s", r.Method, r.URL.Path)
	}
	proveHeaders(t, text, r)
	var body map[string]string
	if err := json.Unmarshal([]byte(r.body), &body); err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"sipUser": "thutranhtkbee", "sipPassword": "s3cret"}
	if !reflect.DeepEqual(body, want) {
		t.Errorf("body is %v", body)
	}
	for name := range body {
		if !strings.Contains(text, "\n"+name+"\n") {
			t.Errorf("the page has no parameter %q", name)
		}
	}
	if !strings.Contains(text, "400\n\nDevice offline") {
		t.Error("the page does not say that 400 is a device offline")
	}
}

// proveHeaders compares the headers with what a section says of them.
func proveHeaders(t *testing.T, text string, r asked) {
	t.Helper()
	if got := r.Header.Get("Content-Type"); got != line(t, text, "Content Type:") {
		t.Errorf("Content-Type is %q", got)
	}
	if !strings.Contains(text, "\nx-auth-app-id\n") || r.Header.Get("X-Auth-App-Id") != "65446465436742018" {
		t.Errorf("x-auth-app-id is %q", r.Header.Get("X-Auth-App-Id"))
	}
	_, formulaText, _ := strings.Cut(text, "\nx-auth-app-hash\n")
	want := formula(t, formulaText, map[string]string{"appId": "65446465436742018", "appSecret": "123456"})
	if got := r.Header.Get("X-Auth-App-Hash"); got != want {
		t.Errorf("x-auth-app-hash is %q, want %q", got, want)
	}
}

// proveQuery compares a signed query with what a section says of it.
func proveQuery(t *testing.T, text string, r asked) {
	t.Helper()
	if r.Method != line(t, text, "METHOD:") || r.URL.Path != line(t, text, "URL:") {
		t.Errorf("asked %s %s", r.Method, r.URL.Path)
	}
	values := map[string]string{"appSecret": "123456"}
	for name, value := range r.URL.Query() {
		if !strings.Contains(text, "\n"+name+"\n") {
			t.Errorf("the page has no parameter %q", name)
		}
		values[name] = value[0]
	}
	if want := formula(t, text, values); values["hash"] != want {
		t.Errorf("hash is %q, want %q", values["hash"], want)
	}
}

func TestPageOnHistories(t *testing.T) {
	text := section(t, pageHistories)
	_, fields, _ := strings.Cut(text, "Kết quả:")
	row := map[string]json.RawMessage{
		"caller": json.RawMessage(object(t, fields, "\ncaller\n\n")),
		"callee": json.RawMessage(object(t, fields, "\ncallee\n\n")),
	}
	for name := range strings.SplitSeq("class did_number direction status_detail recording", " ") {
		row[name], _ = json.Marshal(line(t, fields, "\n"+name+"\n\n"))
	}
	for name := range strings.SplitSeq("duration_seconds unix_timestamp billing_seconds", " ") {
		row[name] = json.RawMessage(line(t, fields, "\n"+name+"\n\n"))
	}
	body, err := json.Marshal([]any{row})
	if err != nil {
		t.Fatal(err)
	}
	b := newBench(t, reply(200, string(body)))
	at := time.Unix(1519639917, 0)
	rows, err := b.pbx.span(t.Context(), span{at.Add(-time.Hour), at.Add(time.Hour)}, at.Add(time.Hour))
	if err != nil || len(rows) != 1 {
		t.Fatalf("rows: %v, %v", rows, err)
	}
	got := rows[0]
	if got.Agent != "thutranhtkbee" || got.Number != "01693608879" || !got.Start.Near(at).Equal(at) || got.Duration != 50*time.Second {
		t.Errorf("row: %+v", got)
	}
	o := got.Outcome
	if o.Disposition != results.Answered || o.ResDial != 4 || o.Cause != 16 || o.Talk != 43*time.Second || o.Billsec != 43 ||
		o.Recording != "call_recording_dl5m5j5hfh4n8njj1oor.mp3" || o.CauseText != "SUCCESS" {
		t.Errorf("outcome: %+v", o)
	}
	proveQuery(t, text, b.requests()[0])
	if got := b.requests()[0].URL.Query().Get("limit"); !strings.Contains(text, "tối đa "+got) {
		t.Errorf("limit is %s, which is not the page's greatest", got)
	}
}

func TestPageOnWords(t *testing.T) {
	text := line(t, section(t, pageHistories), "\nstatus_detail\n\nSUCCESS\n\n")
	said := regexp.MustCompile(`([A-Z]+): `).FindAllStringSubmatch(text, -1)
	if len(said) != 5 {
		t.Fatalf("the page has the words %v", said)
	}
	for _, word := range said {
		if !slices.ContainsFunc(Words, func(m hosted.Meaning) bool { return m.Word == word[1] }) {
			t.Errorf("the table does not know %q", word[1])
		}
	}
}

func TestPageOnRecordings(t *testing.T) {
	text := section(t, pageRecording)
	b := newBench(t, reply(200, `"https://media.example/x.mp3"`))
	if _, err := b.pbx.Recording(t.Context(), "call_recording_dl5m5j5hfh4n8njj1oor.mp3"); err != nil {
		t.Fatal(err)
	}
	r := b.requests()[0]
	proveQuery(t, text, r)
	if r.Header.Get("Content-Type") != "application/json" || r.Method != http.MethodGet {
		t.Errorf("asked %s with %q", r.Method, r.Header.Get("Content-Type"))
	}
}

// A public guide of the maker writes times like this one.
func TestTimesAreWrittenInUTCWithMilliseconds(t *testing.T) {
	b := newBench(t, reply(200, `[]`))
	from := time.Date(2018, 2, 7, 9, 19, 33, 0, time.FixedZone("", 7*3600))
	if _, err := b.pbx.page(t.Context(), span{from, from.Add(5 * time.Hour)}, 100, 1); err != nil {
		t.Fatal(err)
	}
	query := b.requests()[0].URL.Query()
	if query.Get("created_from") != "2018-02-07T02:19:33.000Z" || query.Get("created_to") != "2018-02-07T07:19:33.000Z" {
		t.Errorf("asked from %q to %q", query.Get("created_from"), query.Get("created_to"))
	}
}
