package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/labstack/echo/v5"

	"github.com/outpace/outpace/results"
)

func TestRoutesAnswerUnderBothPrefixes(t *testing.T) {
	r := newRig(t, nil)
	uuid := r.startable()
	list := r.set(uuid, 0).List
	for _, path := range []string{
		"/plans", "/destinations", "/dlmas", "/dls", "/dialings", "/campaigns", "/results", "/plans/" + r.set(uuid, 0).Plan,
		"/campaigns/" + uuid, "/campaign/" + uuid, "/campaigns/" + uuid + "/stats", "/dlmas/" + list,
	} {
		var first string
		for _, prefix := range prefixes {
			for _, slash := range []string{"", "/"} {
				got := string(mustJSON(t, r.ok(http.MethodGet, prefix+path+slash+"?dlma_uuid="+list, "")))
				if first == "" {
					first = got
				}
				if got != first {
					t.Errorf("%s%s%s answers in another way: %s", prefix, path, slash, got)
				}
			}
		}
	}
}

func TestHeadAnswersWhereGetDoes(t *testing.T) {
	r := newRig(t, withTokens)
	for _, path := range []string{"/healthz", "/readyz"} {
		if a := r.do(http.MethodHead, path, ""); a.status != http.StatusOK {
			t.Errorf("HEAD %s: %d, want 200", path, a.status)
		}
	}
	if a := r.do(http.MethodHead, "/ob/plans", ""); a.status != http.StatusUnauthorized {
		t.Errorf("HEAD /ob/plans without a token: %d, want 401", a.status)
	}
	r.token = viewerSecret
	if a := r.do(http.MethodHead, "/ob/plans", ""); a.status != http.StatusOK {
		t.Errorf("HEAD /ob/plans: %d, want 200", a.status)
	}
}

func TestUnknownRoutesAndVerbs(t *testing.T) {
	r := newRig(t, nil)
	for _, path := range []string{"/", "/ob", "/ob/", "/ob/nothing", "/plans", "/v2/ob/plans", "/ob/plans/x/y", "/ob/campaign", "/ob/campaigns/x/stats/y"} {
		r.refused(http.StatusNotFound, "There is no such", http.MethodGet, path, "")
	}
	for _, tt := range []struct{ method, path, allow string }{
		{"PATCH", "/ob/plans", "GET, POST"},
		{"DELETE", "/ob/plans", "GET, POST"},
		{"PUT", "/v1/ob/campaigns/", "GET, POST"},
		{"POST", "/ob/plans/42b72a18-a6c5-43bf-b9aa-6043ff32128d", "GET, PUT, DELETE"},
		{"POST", "/ob/dialings", "GET"},
		{"PUT", "/ob/dialings/42b72a18-a6c5-43bf-b9aa-6043ff32128d", "GET, DELETE"},
		{"DELETE", "/ob/results", "GET"},
		{"POST", "/ob/campaigns/42b72a18-a6c5-43bf-b9aa-6043ff32128d/stats", "GET"},
		{"POST", "/healthz", "GET"},
		{"TRACE", "/ob/plans", "GET, POST"},
	} {
		a := r.do(tt.method, tt.path, "{}")
		if a.status != http.StatusMethodNotAllowed {
			t.Errorf("%s %s: %d, want 405", tt.method, tt.path, a.status)
		}
		for method := range strings.SplitSeq(tt.allow, ", ") {
			if !strings.Contains(a.header.Get("Allow"), method) {
				t.Errorf("%s %s: Allow is %q, want %s in it", tt.method, tt.path, a.header.Get("Allow"), method)
			}
		}
	}
	if a := r.do(http.MethodOptions, "/ob/plans", ""); a.header.Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("OPTIONS lets other origins in: %v", a.header)
	}
}

func TestErrorsOfTheStore(t *testing.T) {
	const secret = "dial tcp: password=hunter2 number 4930123456"
	for _, tt := range []struct {
		err    error
		status int
		part   string
	}{
		{errors.New(secret), http.StatusInternalServerError, "Something went wrong inside"},
		{fmt.Errorf("op: %w", results.ErrNotFound), http.StatusNotFound, "There is no such"},
		{fmt.Errorf("op: %w", results.Conflict("Not now")), http.StatusConflict, "Not now."},
		{fmt.Errorf("op: %w", results.Invalid{Field: "x", Message: "is wrong"}), http.StatusBadRequest, "x is wrong."},
		{fmt.Errorf("op: %w", context.DeadlineExceeded), http.StatusServiceUnavailable, "took too long"},
		{fmt.Errorf("op: %w", context.Canceled), http.StatusServiceUnavailable, "given up"},
	} {
		r := newRig(t, nil)
		uuid := r.startable()
		r.store.broken = tt.err
		for path, methods := range map[string][]string{
			"/ob/plans": {"GET", "POST"}, "/ob/destinations": {"GET", "POST"}, "/ob/dlmas": {"GET", "POST"}, "/ob/campaigns": {"GET", "POST"},
			"/ob/dialings": {"GET"}, "/ob/results": {"GET"}, "/ob/campaigns/" + uuid + "/stats": {"GET"},
			"/ob/dls?dlma_uuid=42b72a18-a6c5-43bf-b9aa-6043ff32128d": {"GET"},
			"/ob/plans/" + uuid:        {"GET", "PUT", "DELETE"},
			"/ob/destinations/" + uuid: {"GET", "PUT", "DELETE"},
			"/ob/dlmas/" + uuid:        {"GET", "PUT", "DELETE"},
			"/ob/dls/" + uuid:          {"GET", "PUT", "DELETE"},
			"/ob/campaigns/" + uuid:    {"GET", "PUT", "DELETE"},
			"/ob/dialings/" + uuid:     {"GET", "DELETE"},
		} {
			for _, method := range methods {
				r.refused(tt.status, tt.part, method, path, `{}`)
			}
		}
		if tt.status != http.StatusInternalServerError {
			continue
		}
		if log := r.log.String(); !strings.Contains(log, "hunter2") || strings.Contains(log, "4930123456") || !strings.Contains(log, "********56") {
			t.Errorf("the log must hold the cause without the number:\n%s", log)
		}
	}
}

func TestRequestsHaveATimeLimit(t *testing.T) {
	r := newRig(t, func(c *Config) { c.Timeout = time.Nanosecond })
	r.refused(http.StatusServiceUnavailable, "took too long", http.MethodGet, "/ob/plans", "")
	r.refused(http.StatusServiceUnavailable, "took too long", http.MethodPost, "/ob/plans", "{}")
}

func TestPanicsAreContained(t *testing.T) {
	r := newRig(t, nil)
	r.store.before = func(string) { panic("boom 4930123456") }
	r.refused(http.StatusInternalServerError, "Something went wrong", http.MethodGet, "/ob/plans", "")
	if log := r.log.String(); !strings.Contains(log, "boom") || !strings.Contains(log, "goroutine") || strings.Contains(log, "4930123456") {
		t.Errorf("the log must hold the panic and its stack:\n%s", log)
	}
	r.store.before = func(string) { panic(http.ErrAbortHandler) }
	defer func() {
		if cause := recover(); cause != http.ErrAbortHandler { //nolint:errorlint // compared by identity on purpose
			t.Errorf("recovered %v, want http.ErrAbortHandler", cause)
		}
	}()
	r.handler.ServeHTTP(httptest.NewRecorder(), r.request(http.MethodGet, "/ob/plans", ""))
}

func TestLogsHoldNoSecrets(t *testing.T) {
	r := newRig(t, withTokens)
	r.send(r.request(http.MethodGet, "/ob/plans?authtoken="+viewerSecret, ""))
	r.send(r.request(http.MethodGet, "/ob/nothing/"+viewerSecret+"?authtoken=wrong-4711", ""))
	r.token = adminSecret
	list := r.make("dlmas", `{}`)
	r.make("dls", `{"dlma_uuid":"`+list+`","number_1":"4930123456"}`)
	r.ok(http.MethodGet, "/ob/dls?number=4930123456&dlma_uuid="+list, "")
	log := r.log.String()
	for _, secret := range []string{viewerSecret, adminSecret, "wrong-4711", "4930123456"} {
		if strings.Contains(log, secret) {
			t.Errorf("the log holds %q:\n%s", secret, log)
		}
	}
	for _, part := range []string{"route=/ob/plans ", "route=unknown", "status=401", "status=200", "role=viewer", "role=admin", "method=GET", "duration="} {
		if !strings.Contains(log, part) {
			t.Errorf("the log lacks %q:\n%s", part, log)
		}
	}
	if !strings.Contains(log, `level=DEBUG msg=request method=GET route=/ob/plans status=200`) {
		t.Errorf("success is not logged at debug level:\n%s", log)
	}
}

func TestChangesAreAnnounced(t *testing.T) {
	r := newRig(t, nil)
	want := 0
	step := func(by int, method, path, body string) {
		t.Helper()
		r.ok(method, path, body)
		if want += by; r.changes != want {
			t.Errorf("%s %s: %d changes announced, want %d", method, path, r.changes, want)
		}
	}
	list := r.make("dlmas", `{}`)
	want = r.changes
	for kind, body := range map[string]string{"plans": `{}`, "destinations": `{}`, "dlmas": `{}`, "campaigns": `{}`, "dls": `{"dlma_uuid":"` + list + `"}`} {
		uuid := r.make(kind, body)
		want++
		path := "/ob/" + kind + "/" + uuid
		step(0, http.MethodGet, path, "")
		step(1, http.MethodPut, path, `{"name":"n"}`)
		step(1, http.MethodDelete, path, "")
	}
}

func TestHealth(t *testing.T) {
	for name, tt := range map[string]struct {
		failing string
		status  int
		result  string
	}{
		"ready":     {"", 200, `{"checks":{"asterisk":"ok","database":"ok"},"status":"ready"}`},
		"not ready": {"database", 503, `{"checks":{"asterisk":"ok","database":"failed"},"status":"not ready"}`},
	} {
		t.Run(name, func(t *testing.T) {
			check := func(name string) Check {
				return Check{Name: name, Probe: func(ctx context.Context) error {
					if _, limited := ctx.Deadline(); !limited {
						t.Error("a probe has no deadline")
					}
					if name == tt.failing {
						return errors.New("password=hunter2")
					}
					return nil
				}}
			}
			r := newRig(t, func(c *Config) {
				withTokens(c) // and yet no token is needed
				c.Ready = []Check{check("database"), check("asterisk")}
			})
			a := r.do(http.MethodGet, "/readyz", "")
			if got := string(mustJSON(t, a.body["result"])); a.status != tt.status || got != tt.result {
				t.Errorf("GET /readyz: %d %s, want %d %s", a.status, got, tt.status, tt.result)
			}
			if strings.Contains(string(a.raw), "hunter2") || tt.failing != "" && a.message() != "Not ready: "+tt.failing+"." {
				t.Errorf("GET /readyz: %s", a.raw)
			}
			if tt.failing != "" && !strings.Contains(r.log.String(), "hunter2") {
				t.Errorf("the log lacks the cause: %s", r.log)
			}
			r.do(http.MethodGet, "/readyz", "")
			if warnings := strings.Count(r.log.String(), "level=WARN"); warnings != min(len(tt.failing), 1) {
				t.Errorf("%d warnings, asked twice: %s", warnings, r.log)
			}
			if got := r.ok(http.MethodGet, "/healthz", "")["status"]; got != "alive" {
				t.Errorf("GET /healthz: %v", got)
			}
			r.ok(http.MethodGet, "/healthz/", "")
		})
	}
}

func TestReadyAgain(t *testing.T) {
	err := errors.New("gone")
	r := newRig(t, func(c *Config) {
		c.Ready = []Check{{Name: "database", Probe: func(context.Context) error { return err }}}
	})
	for _, tt := range []struct {
		err      error
		status   int
		up, down int // lines in the log by then
	}{{nil, 200, 0, 0}, {err, 503, 0, 1}, {err, 503, 0, 1}, {nil, 200, 1, 1}, {nil, 200, 1, 1}, {err, 503, 1, 2}} {
		err = tt.err
		a := r.do(http.MethodGet, "/readyz", "")
		up, down := strings.Count(r.log.String(), "ready again"), strings.Count(r.log.String(), "readiness check failed")
		if a.status != tt.status || up != tt.up || down != tt.down {
			t.Errorf("%d, %d up, %d down; want %+v", a.status, up, down, tt)
		}
	}
}

func TestRouteWithoutRoleIsRefused(t *testing.T) {
	e := echo.New()
	s := newRig(t, nil).server
	if err := registerAll(e, []route{{http.MethodGet, "/open", "", s.alive}}); err == nil || !strings.Contains(err.Error(), "/open has no role") {
		t.Errorf("a route without a role: %v", err)
	}
	if _, err := New(Config{}); err == nil {
		t.Error("New without a store: no error")
	}
	if handler, err := New(Config{Store: newFakeStore(t, time.Now)}); err != nil || handler == nil {
		t.Errorf("New with a store alone: %v", err)
	}
}

func TestDialingIsEnded(t *testing.T) {
	r := newRig(t, nil)
	d := exampleDialing(t)
	r.store.dialings.rows = append(r.store.dialings.rows, d)
	path := "/ob/dialings/" + d.UUID
	a := r.do(http.MethodDelete, path, "")
	if _, has := a.body["result"]; a.status != 200 || has || len(a.body) != 3 {
		t.Errorf("DELETE %s: %d %s, want the header alone", path, a.status, a.raw)
	}
	if fmt.Sprint(r.store.asked) != "["+d.UUID+"]" || r.changes != 1 {
		t.Errorf("asked for %v, announced %d", r.store.asked, r.changes)
	}
	r.ok(http.MethodGet, path, "") // until the PBX says that it has ended

	r.store.dialings.rows[0].Gateway = "cloud"
	r.refused(http.StatusConflict, `"cloud" is of a kind (oncall) that does not offer it`, http.MethodDelete, path, "")
	if len(r.store.asked) != 1 {
		t.Errorf("refused, and yet asked for %v", r.store.asked)
	}
	r.store.dialings.rows[0].Gateway = "gone" // another engine may have it
	r.ok(http.MethodDelete, path, "")
	if len(r.store.asked) != 2 {
		t.Errorf("asked for %v", r.store.asked)
	}
}
