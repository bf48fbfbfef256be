package tel4vn

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/outpace/outpace/dialer"
	"github.com/outpace/outpace/dialer/hosted"
	"github.com/outpace/outpace/results"
)

var elision = regexp.MustCompile(`,\s*\.\.\.`)

// page is an example body of the page, without the dots that stand for more.
func page(t testing.TB, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	return elision.ReplaceAllString(string(text), "")
}

// lab is an adapter to a PBX that answers with bodies of the page.
type lab struct {
	*pbx

	answers map[string]string // by method and path
	status  int
	asked   []string // with the query or the body
}

func newLab(t *testing.T, change func(*Config)) *lab {
	t.Helper()
	l := &lab{status: http.StatusOK, answers: map[string]string{"POST /v1/auth/token": page(t, "auth_token")}}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body := make([]byte, 1000)
		n, _ := r.Body.Read(body)
		l.asked = append(l.asked, r.Method+" "+r.URL.RequestURI()+" "+string(body[:n]))
		if r.URL.Path != "/v1/auth/token" {
			if !strings.HasPrefix(r.Header.Get("Authorization"), "Bearer eyJhbGciOiJSU0") {
				w.WriteHeader(http.StatusUnauthorized)
				return
			}
			w.WriteHeader(l.status)
		}
		_, _ = w.Write([]byte(l.answers[r.Method+" "+r.URL.Path]))
	}))
	t.Cleanup(server.Close)
	zone, err := time.LoadLocation("Asia/Ho_Chi_Minh")
	if err != nil {
		t.Fatal(err)
	}
	cfg := Config{Settings: hosted.Settings{Name: "x", BaseURL: server.URL, Zone: zone}, APIKey: "key"}
	if change != nil {
		change(&cfg)
	}
	client, err := hosted.NewClient(cfg.Settings)
	if err != nil {
		t.Fatal(err)
	}
	l.pbx = &pbx{cfg: cfg, client: client}
	l.session = hosted.NewSession(client, l.login)
	return l
}

func TestPageToken(t *testing.T) {
	l := newLab(t, nil)
	token, err := l.login(t.Context())
	if err != nil || !strings.HasPrefix(token.Value, "eyJhbGci") || token.Expires.Sub(time.Unix(1613636318, 0)).Abs() > 2*time.Second {
		t.Errorf("token expires %v, %v", token.Expires, err)
	}
	if l.asked[0] != `POST /v1/auth/token {"api_key":"key"}` {
		t.Errorf("asked %q", l.asked)
	}
}

func TestPageAgents(t *testing.T) {
	l := newLab(t, nil)
	l.answers["GET /v1/monitor/agent"] = page(t, "monitor_agent")
	list, err := l.Agents(t.Context(), nil)
	want := []hosted.Agent{
		{Exten: "101", Name: "Test 01", State: hosted.Ringing, CallID: "6a65480c-8bc7-4d4a-9aae-4488d67bf711", Number: "0899123456"},
		{Exten: "102", Name: "Test 02", State: hosted.Talking, CallID: "faf6a9ae-c475-4980-8a85-24710ab9d6cd", Number: "0899654321"},
	}
	if fmt.Sprint(list) != fmt.Sprint(want) || err != nil {
		t.Errorf("%+v, %v", list, err)
	}
	if stateOf("") != hosted.Free || stateOf("HELD") != hosted.Talking {
		t.Error("no call is free, an unknown word is not")
	}
}

func TestPagePlace(t *testing.T) {
	o := hosted.Order{Agent: "101", Number: "0899098899", Hotline: "19001919", Name: "spring & more"}
	l := newLab(t, func(c *Config) { c.AutoAnswer = true })
	l.answers["GET /v1/click2call/async"] = page(t, "click2call_async")
	id, err := l.Place(t.Context(), o)
	if id != "01b7d166-b564-42ec-80a1-4ad343225934" || err != nil {
		t.Errorf("%q, %v", id, err)
	}
	want := "GET /v1/click2call/async?auto_answer=true&dest_cid_name=spring+%26+more&dest_cid_number=19001919&ext=101&hotline=19001919" +
		"&phone=0899098899&src_cid_name=spring+%26+more&src_cid_number=0899098899 "
	if got := l.asked[len(l.asked)-1]; got != want {
		t.Errorf("asked\n%s, want\n%s", got, want)
	}
	o.Variables = map[string]string{"src_cid_name": "mine", "other": "x"}
	if got := l.query(o).Encode(); !strings.Contains(got, "src_cid_name=mine") || strings.Contains(got, "other") {
		t.Errorf("variables: %s", got)
	}

	sync := newLab(t, func(c *Config) { c.Sync = true })
	sync.answers["GET /v1/click2call"] = page(t, "click2call_sync")
	if id, err := sync.Place(t.Context(), o); id == "" || err != nil {
		t.Errorf("sync: %q, %v", id, err)
	}
}

// TestPageRefusals: every documented error, under any status that it may have.
func TestPageRefusals(t *testing.T) {
	for _, c := range []struct {
		body   string
		status int
		fault  hosted.Fault
		code   string
	}{
		{page(t, "click2call_async_error"), 200, hosted.AgentOffline, "USER_NOT_REGISTERED"},
		{page(t, "click2call_sync_error"), 400, hosted.AgentOffline, "USER_NOT_REGISTERED"},
		{`{"status":"fail","error":"USER_BUSY"}`, 200, hosted.AgentBusy, "USER_BUSY"},
		{`{"status":"fail","error":"USER_BUSY"}`, 409, hosted.AgentBusy, "USER_BUSY"},
		{`{"status":"fail","error":"OTHER"}`, 200, hosted.Other, "OTHER"},
		{`not JSON`, 403, hosted.Other, "403"},
		{`{"error":"token is expired"}`, 401, hosted.Other, "token is expired"},
	} {
		l := newLab(t, nil)
		l.answers["GET /v1/click2call/async"], l.status = c.body, c.status
		_, err := l.Place(t.Context(), hosted.Order{Agent: "101", Number: "0899098899"})
		refusal, ok := errors.AsType[*hosted.Refusal](err)
		if !ok || refusal.Fault != c.fault || refusal.Code != c.code || !errors.Is(err, dialer.ErrRefused) {
			t.Errorf("%d %s: %v", c.status, c.body, err)
		}
	}
	for body, status := range map[string]int{page(t, "click2call_async_error"): 500, `{"status":"perhaps"}`: 200, `{"status":"succ`: 200} {
		l := newLab(t, nil)
		l.answers["GET /v1/click2call/async"], l.status = body, status
		_, err := l.Place(t.Context(), hosted.Order{Agent: "101", Number: "0899098899"})
		if !errors.Is(err, dialer.ErrOutcomeUnknown) || errors.Is(err, dialer.ErrRefused) {
			t.Errorf("%d %s: %v", status, body, err)
		}
		if n := strings.Count(strings.Join(l.asked, "\n"), "click2call"); n != 1 {
			t.Errorf("it was asked for %d times", n)
		}
	}
}

// TestPageRefusalsSync: only a fail says that the agent was rung in vain.
func TestPageRefusalsSync(t *testing.T) {
	for _, c := range []struct {
		body   string
		status int
		fault  hosted.Fault
	}{
		{page(t, "click2call_sync_error"), 200, hosted.AgentOffline},
		{`{"status":"fail","error":"NO_ANSWER"}`, 200, hosted.AgentSilent},
		{`{"status":"fail","error":"NO_ANSWER"}`, 400, hosted.AgentSilent},
		{`{"error":"token is expired"}`, 401, hosted.Other},
		{`not JSON`, 403, hosted.Other},
	} {
		l := newLab(t, func(c *Config) { c.Sync = true })
		l.answers["GET /v1/click2call"], l.status = c.body, c.status
		_, err := l.Place(t.Context(), hosted.Order{Agent: "101", Number: "0899098899"})
		if refusal, ok := errors.AsType[*hosted.Refusal](err); !ok || refusal.Fault != c.fault {
			t.Errorf("%d %s: %v", c.status, c.body, err)
		}
	}
}

func TestPageCDRs(t *testing.T) {
	l := newLab(t, nil)
	l.answers["GET /v1/cdr"] = strings.Replace(page(t, "cdr_pagination"), `"total": 22`, `"total": 2`, 1)
	from := time.Date(2021, 2, 17, 10, 30, 0, 0, time.UTC)
	rows, err := l.Rows(t.Context(), hosted.Window{From: from, To: from.Add(time.Hour)})
	if err != nil || len(rows) != 2 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	if got := l.asked[len(l.asked)-1]; got != "GET /v1/cdr?end_date=2021-02-17+18%3A30%3A00&limit=100&page=1&start_date=2021-02-17+17%3A30%3A00 " {
		t.Errorf("asked %q", got)
	}
	a, b := rows[0], rows[1]
	switch {
	case a.ID != "ad4c9b90-c071-405a-9723-980d2e5e1623" || a.Agent != "101" || a.Number != "0899888999":
		t.Errorf("%+v", a)
	case !a.Start.Near(from).Equal(from.Add(35*time.Second)) || !a.Answer.Near(from).Equal(from.Add(43*time.Second)):
		t.Errorf("began %v, answered %v", a.Start.Near(from), a.Answer.Near(from))
	case a.Outcome.Disposition != results.Answered || a.Outcome.Billsec != 3 || a.Outcome.CauseText != "NORMAL_CLEARING" || a.Outcome.Cause != 16:
		t.Errorf("%+v", a.Outcome)
	case a.Outcome.Recording != "https://recording.demo/ad4c9b90-c071-405a-9723-980d2e5e1623":
		t.Errorf("recording %q", a.Outcome.Recording)
	case b.ID != "01b7d166-b564-42ec-80a1-4ad343225934" || !b.Answer.IsZero() || b.Outcome.Disposition != results.Busy || b.Outcome.ResDial != 5:
		t.Errorf("%+v", b) // its id has a space behind it in the page
	}
}

func TestPageHooks(t *testing.T) {
	l := newLab(t, func(c *Config) { c.HookURL, c.HookSecret = "https://webhook.demo/", "foo" })
	l.answers["GET /v1/event"], l.answers["POST /v1/event"] = page(t, "event_list"), page(t, "event_create")
	if err := l.registerHooks(t.Context()); err != nil {
		t.Fatal(err)
	}
	all := strings.Join(l.asked, "\n")
	for _, name := range []string{"ringing", "answered", "cdr"} { // hangup is there already
		want := `POST /v1/event {"callback_apikey":"foo","callback_url":"https://webhook.demo/","event":"` + name + `"}`
		if strings.Count(all, want) != 1 {
			t.Errorf("hook %s was not registered once:\n%s", name, all)
		}
	}
	if strings.Count(all, "POST /v1/event") != 3 {
		t.Errorf("asked\n%s", all)
	}
	l.cfg.HookSecret, l.asked = "bar", nil // the secret was changed
	l.answers["DELETE /v1/event/avavavav-1111-2222-3333-eeeeeeee"] = page(t, "event_delete")
	if err := l.registerHooks(t.Context()); err != nil || strings.Count(strings.Join(l.asked, "\n"), "DELETE /v1/event/avavavav") != 1 ||
		strings.Count(strings.Join(l.asked, "\n"), "POST /v1/event") != 4 {
		t.Errorf("%v: asked %q", err, l.asked)
	}
}

func TestPageHook(t *testing.T) {
	l := newLab(t, func(c *Config) { c.HookURL, c.HookSecret = "https://webhook.demo/", "foo" })
	body := strings.Replace(page(t, "event_hook"), `"from_number": "0899888999",
  "to_number": "101"`, `"from_number": "101", "to_number": "0899888999"`, 1) // the example is of an inbound call
	for name, set := range map[string]func(*http.Request){
		"authorization": func(r *http.Request) { r.Header.Set("Authorization", "foo") },
		"bearer":        func(r *http.Request) { r.Header.Set("Authorization", "Bearer foo") },
		"x-api-key":     func(r *http.Request) { r.Header.Set("X-Api-Key", "foo") },
		"apikey":        func(r *http.Request) { r.Header.Set("Apikey", "foo") },
		"query":         func(r *http.Request) { r.URL.RawQuery = "apikey=foo" },
	} {
		r := httptest.NewRequest(http.MethodPost, "/hooks/x", nil)
		set(r)
		if offer, lasting := l.Offer(r); offer != "foo" || lasting != "foo" {
			t.Errorf("%s: offers %q, %q", name, offer, lasting)
		}
		news, _, err := l.Hook(r, []byte(body))
		if err != nil || len(news) != 1 || news[0].CallID != "avavavav-1111-2222-3333-eeeeeeee" || news[0].Agent != "101" ||
			news[0].Number != "0899888999" || news[0].Stage != hosted.Over || news[0].Row != nil {
			t.Errorf("%s: %+v, %v", name, news, err)
		}
	}
	for _, wrong := range []string{"", "fo", "foo ", "Bearer", "Basic foo"} {
		r := httptest.NewRequest(http.MethodPost, "/hooks/x", nil)
		r.Header.Set("Authorization", wrong)
		if _, _, err := l.Hook(r, []byte(body)); !errors.Is(err, hosted.ErrForbidden) {
			t.Errorf("%q opens: %v", wrong, err)
		}
	}
	if offer, _ := l.Offer(httptest.NewRequest(http.MethodPost, "/hooks/x?apikey=", nil)); offer != "" {
		t.Errorf("nothing offers %q", offer)
	}
	l.cfg.HookSecret = ""
	if _, _, err := l.Hook(httptest.NewRequest(http.MethodPost, "/hooks/x", nil), []byte(body)); !errors.Is(err, hosted.ErrForbidden) {
		t.Errorf("no secret opens: %v", err)
	}
}
