package api

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// clock is a clock that stands still until it is told to go on.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// startOfTime is a Wednesday at noon.
var startOfTime = time.Date(2026, 3, 11, 12, 29, 48, 54314000, time.UTC)

type fakeGateways map[string]Gateway

func (g fakeGateways) Gateway(name string) (Gateway, bool) {
	gateway, ok := g[name]
	return gateway, ok
}

// rig is the API over a fake store.
type rig struct {
	t       testing.TB
	clock   *clock
	store   *fakeStore
	server  *server
	handler http.Handler
	log     *bytes.Buffer
	changes int
	spawned sync.WaitGroup
	token   string // sent with each request, "" for none
	client  string // the address that requests come from
}

// newRig makes an API; change, if not nil, changes its configuration first.
func newRig(t testing.TB, change func(*Config)) *rig {
	t.Helper()
	r := &rig{t: t, clock: &clock{at: startOfTime}, log: &bytes.Buffer{}, client: "127.0.0.1:50000"}
	r.store = newFakeStore(t, r.clock.now)
	asterisk := Gateway{Name: "asterisk", Kind: "asterisk", Hangup: true}
	cfg := Config{
		Store: r.store,
		Gateways: fakeGateways{
			"": asterisk, "asterisk": asterisk,
			"cloud": {Name: "cloud", Kind: "oncall"},
		},
		Now:     r.clock.now,
		Logger:  slog.New(slog.NewTextHandler(r.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Changed: func() { r.changes++ },
		Spawn:   func(run func(context.Context)) { r.spawned.Go(func() { run(context.Background()) }) },
	}
	if change != nil {
		change(&cfg)
	}
	var err error
	if r.server, err = newServer(cfg); err != nil {
		t.Fatalf("newServer: %v", err)
	}
	if r.handler, err = r.server.handler(); err != nil {
		t.Fatalf("handler: %v", err)
	}
	return r
}

// answer is what came back.
type answer struct {
	t      testing.TB
	status int
	header http.Header
	raw    []byte
	body   map[string]any
}

// request makes a request as a client on this host sends it.
func (r *rig) request(method, path, body string) *http.Request {
	req := httptest.NewRequest(method, "http://localhost:8081"+path, strings.NewReader(body))
	req.RemoteAddr = r.client
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded") // as curl -d does
	if r.token != "" {
		req.Header.Set("Authorization", "Bearer "+r.token)
	}
	return req
}

// send sends a request and checks the envelope of its answer.
func (r *rig) send(req *http.Request) answer {
	r.t.Helper()
	recorder := httptest.NewRecorder()
	r.handler.ServeHTTP(recorder, req)
	a := answer{t: r.t, status: recorder.Code, header: recorder.Header(), raw: recorder.Body.Bytes()}
	if req.Method == http.MethodOptions {
		return a
	}
	if err := json.Unmarshal(a.raw, &a.body); err != nil {
		r.t.Fatalf("%s %s: answer is not JSON: %v: %s", req.Method, req.URL.Path, err, a.raw)
	}
	if got := a.header.Get("Content-Type"); !strings.HasPrefix(got, "application/json") {
		r.t.Errorf("%s %s: Content-Type %q", req.Method, req.URL.Path, got)
	}
	if a.body["api_ver"] != "0.1" || a.body["statuscode"] != float64(a.status) {
		r.t.Errorf("%s %s: wrong envelope: %s", req.Method, req.URL.Path, a.raw)
	}
	if stamp, _ := a.body["timestamp"].(string); !stampForm.MatchString(stamp) {
		r.t.Errorf("%s %s: wrong timestamp: %s", req.Method, req.URL.Path, a.raw)
	}
	if failure, failed := a.body["error"].(map[string]any); failed != (a.status >= 400) ||
		failed && (failure["code"] != float64(a.status) || !strings.HasSuffix(failure["message"].(string), ".")) {
		r.t.Errorf("%s %s: wrong error: %s", req.Method, req.URL.Path, a.raw)
	}
	return a
}

func (r *rig) do(method, path, body string) answer {
	r.t.Helper()
	return r.send(r.request(method, path, body))
}

// ok sends a request that must succeed and returns its result.
func (r *rig) ok(method, path, body string) map[string]any {
	r.t.Helper()
	a := r.do(method, path, body)
	if a.status != http.StatusOK {
		r.t.Fatalf("%s %s %s: %d, want 200: %s", method, path, body, a.status, a.raw)
	}
	result, _ := a.body["result"].(map[string]any)
	return result
}

// refused sends a request that must fail with a message that holds part.
func (r *rig) refused(status int, part, method, path, body string) {
	r.t.Helper()
	before := r.changes
	a := r.do(method, path, body)
	if a.status != status || !strings.Contains(a.message(), part) {
		r.t.Errorf("%s %s %s: %d %q, want %d with %q", method, path, body, a.status, a.message(), status, part)
	}
	if _, ok := a.body["result"]; ok {
		r.t.Errorf("%s %s: an error has a result: %s", method, path, a.raw)
	}
	if r.changes != before {
		r.t.Errorf("%s %s: a refused request was announced as a change", method, path)
	}
}

func (a answer) message() string {
	failure, _ := a.body["error"].(map[string]any)
	message, _ := failure["message"].(string)
	return message
}

// make creates an object and returns its uuid.
func (r *rig) make(kind, body string) string {
	r.t.Helper()
	uuid, _ := r.ok(http.MethodPost, "/ob/"+kind, body)["uuid"].(string)
	if uuid == "" {
		r.t.Fatalf("POST /ob/%s: no uuid", kind)
	}
	return uuid
}

// startable creates a campaign that can be started.
func (r *rig) startable() string {
	r.t.Helper()
	plan := r.make("plans", `{"dial_mode":1}`)
	dest := r.make("destinations", `{"type":1,"application":"queue","data":"sales_1"}`)
	list := r.make("dlmas", `{}`)
	return r.make("campaigns", `{"plan":"`+plan+`","dest":"`+dest+`","dlma":"`+list+`"}`)
}
