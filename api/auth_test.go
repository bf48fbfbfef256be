package api

import (
	"encoding/hex"
	"fmt"
	"maps"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

const (
	viewerSecret   = "viewer-secret-5571"
	operatorSecret = "operator-secret-5572"
	adminSecret    = "admin-secret-5573"
)

func withTokens(c *Config) {
	c.Tokens = []Token{
		{Name: "v", Role: Viewer, Hash: HashToken(viewerSecret)},
		{Name: "o", Role: Operator, Hash: HashToken(operatorSecret)},
		{Name: "a", Role: Admin, Hash: HashToken(adminSecret)},
	}
}

var secrets = map[Role]string{Viewer: viewerSecret, Operator: operatorSecret, Admin: adminSecret}

// leastRoles says, independently of the table in the code, who may do what.
// It holds every verb of every route.
var leastRoles = map[string]Role{
	"GET /ob/plans": Viewer, "POST /ob/plans": Admin,
	"GET /ob/plans/:uuid": Viewer, "PUT /ob/plans/:uuid": Admin, "DELETE /ob/plans/:uuid": Admin,
	"GET /ob/destinations": Viewer, "POST /ob/destinations": Admin,
	"GET /ob/destinations/:uuid": Viewer, "PUT /ob/destinations/:uuid": Admin, "DELETE /ob/destinations/:uuid": Admin,
	"GET /ob/dlmas": Viewer, "POST /ob/dlmas": Admin,
	"GET /ob/dlmas/:uuid": Viewer, "PUT /ob/dlmas/:uuid": Admin, "DELETE /ob/dlmas/:uuid": Admin,
	"GET /ob/dls": Viewer, "POST /ob/dls": Operator,
	"GET /ob/dls/:uuid": Viewer, "PUT /ob/dls/:uuid": Operator, "DELETE /ob/dls/:uuid": Admin,
	"GET /ob/dialings": Viewer, "GET /ob/dialings/:uuid": Viewer, "DELETE /ob/dialings/:uuid": Operator,
	"GET /ob/campaigns": Viewer, "POST /ob/campaigns": Admin,
	"GET /ob/campaigns/:uuid": Viewer, "PUT /ob/campaigns/:uuid": Operator, "DELETE /ob/campaigns/:uuid": Admin,
	"GET /ob/campaigns/:uuid/stats": Viewer, "GET /ob/campaigns/:uuid/pacing": Viewer,
	"GET /ob/campaign/:uuid": Viewer, "PUT /ob/campaign/:uuid": Operator, "DELETE /ob/campaign/:uuid": Admin,
	"GET /ob/results": Viewer, "GET /ob/results/:seq/recording": Operator,
}

// openRoutes are those that need no token, and why. A route that stands neither
// here nor in leastRoles fails.
var openRoutes = map[string]string{
	"GET /healthz":         "what watches the process has no token; it says only that it lives",
	"GET /readyz":          "as above; it names the checks that fail, and the log alone says why",
	"POST /hooks/:gateway": "a PBX has no token; its gateway knows it by a secret of its own",
}

func TestEveryRouteHasItsRole(t *testing.T) {
	r := newRig(t, withTokens)
	e, err := r.server.handler()
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, known := range e.Router().Routes() {
		method := known.Method
		if method == http.MethodHead {
			method = http.MethodGet
		}
		if name := method + " " + strings.TrimSuffix(known.Path, "/"); openRoutes[name] != "" {
			seen[name] = true
			continue
		}
		name := method + " " + strings.TrimSuffix(strings.TrimPrefix(known.Path, "/v1"), "/")
		least, ok := leastRoles[name]
		if !ok {
			t.Errorf("%s %s has no role in this test's table", known.Method, known.Path)
			continue
		}
		seen[name] = true
		if known.Method == http.MethodHead {
			continue
		}
		for _, role := range []Role{"", Viewer, Operator, Admin} {
			r.token = secrets[role]
			// The uuid is unknown, so what is let through ends in 404, 400 or an empty list.
			a := r.do(known.Method, strings.ReplaceAll(known.Path, ":uuid", "42b72a18-a6c5-43bf-b9aa-6043ff32128d"), `{"status":1}`)
			want := "let through"
			switch {
			case role == "":
				want = "401"
			case !role.includes(least):
				want = "403"
			}
			got := fmt.Sprint(a.status)
			if a.status != 401 && a.status != 403 {
				got = "let through"
			}
			if got != want {
				t.Errorf("%s %s as %q: %s, want %s: %s", known.Method, known.Path, role, got, want, a.raw)
			}
		}
	}
	for _, name := range slices.Concat(slices.Collect(maps.Keys(leastRoles)), slices.Collect(maps.Keys(openRoutes))) {
		if !seen[name] {
			t.Errorf("%s is not registered", name)
		}
	}
}

func TestOperatorChangesOnlyTheStatus(t *testing.T) {
	r := newRig(t, withTokens)
	r.token = adminSecret
	uuid := r.startable()
	path := "/ob/campaigns/" + uuid
	r.token = operatorSecret
	r.refused(http.StatusForbidden, `not "name"`, http.MethodPut, path, `{"name":"n"}`)
	r.refused(http.StatusForbidden, `not "name"`, http.MethodPut, path, `{"status":1,"name":"n"}`)
	r.refused(http.StatusForbidden, `not "sc_mode"`, http.MethodPut, "/v1/ob/campaign/"+uuid+"/", `{"status":1,"sc_mode":0}`)
	if got := r.ok(http.MethodPut, path, `{"status":1,"uuid":"`+uuid+`","tm_update":null}`)["status"]; got != 1.0 {
		t.Errorf("status %v, want 1", got)
	}
	r.token = viewerSecret
	r.refused(http.StatusForbidden, "needs the role operator", http.MethodPut, path, `{"status":0}`)
}

func TestTokens(t *testing.T) {
	r := newRig(t, withTokens)
	send := func(change func(*http.Request)) answer {
		req := r.request(http.MethodGet, "/ob/plans", "")
		change(req)
		return r.send(req)
	}
	for name, tt := range map[string]struct {
		want   int
		change func(*http.Request)
	}{
		"bearer":        {200, func(q *http.Request) { q.Header.Set("Authorization", "Bearer "+viewerSecret) }},
		"bearer, small": {200, func(q *http.Request) { q.Header.Set("Authorization", "bearer  "+viewerSecret) }},
		"parameter":     {200, func(q *http.Request) { q.URL.RawQuery = "authtoken=" + viewerSecret }},
		"header wins": {401, func(q *http.Request) {
			q.Header.Set("Authorization", "Bearer no")
			q.URL.RawQuery = "authtoken=" + viewerSecret
		}},
		"none":      {401, func(*http.Request) {}},
		"empty":     {401, func(q *http.Request) { q.URL.RawQuery = "authtoken=" }},
		"wrong":     {401, func(q *http.Request) { q.Header.Set("Authorization", "Bearer "+viewerSecret+"x") }},
		"the hash":  {401, func(q *http.Request) { q.Header.Set("Authorization", "Bearer "+HashToken(viewerSecret)) }},
		"basic":     {401, func(q *http.Request) { q.SetBasicAuth("admin", adminSecret) }},
		"no scheme": {401, func(q *http.Request) { q.Header.Set("Authorization", viewerSecret) }},
		"any host": {200, func(q *http.Request) {
			q.Host = "dialer.example.com"
			q.Header.Set("Authorization", "Bearer "+viewerSecret)
		}},
		"another origin": {200, func(q *http.Request) {
			q.Header.Set("Origin", "https://example.com")
			q.Header.Set("Authorization", "Bearer "+viewerSecret)
		}},
		"forwarded claim": {401, func(q *http.Request) { q.Header.Set("X-Forwarded-For", "127.0.0.1") }},
	} {
		a := send(tt.change)
		if a.status != tt.want {
			t.Errorf("%s: %d, want %d: %s", name, a.status, tt.want, a.raw)
		}
		if challenge := a.header.Get("WWW-Authenticate"); (challenge != "") != (a.status == 401) {
			t.Errorf("%s: %d with WWW-Authenticate %q", name, a.status, challenge)
		}
	}
}

func TestUnknownRoutesNeedATokenToo(t *testing.T) {
	r := newRig(t, withTokens)
	for _, path := range []string{"/", "/ob", "/ob/nothing", "/admin"} {
		r.refused(http.StatusUnauthorized, "token is needed", http.MethodGet, path, "")
	}
	r.token = viewerSecret
	r.refused(http.StatusNotFound, "no such resource", http.MethodGet, "/ob/nothing", "")
}

func TestWithoutTokensOnlyThisHostIsServed(t *testing.T) {
	r := newRig(t, nil)
	for name, tt := range map[string]struct {
		want         int
		host, origin string
		site         string
	}{
		"localhost":         {200, "localhost:8081", "", ""},
		"LOCALHOST.":        {200, "LOCALHOST.", "", ""},
		"127.0.0.1":         {200, "127.0.0.1:8081", "", ""},
		"127.1.2.3":         {200, "127.1.2.3", "", ""},
		"[::1]":             {200, "[::1]:8081", "", ""},
		"[::1], no port":    {200, "[::1]", "", ""},
		"own page":          {200, "localhost:8081", "http://localhost:8081", "same-origin"},
		"a name":            {403, "dialer.example.com:8081", "", ""},
		"a name that lies":  {403, "localhost.example.com", "", ""},
		"an address":        {403, "192.168.1.7:8081", "", ""},
		"no host":           {403, "", "", ""},
		"another port":      {403, "localhost:8081", "http://localhost:3000", ""},
		"another site":      {403, "localhost:8081", "https://example.com", ""},
		"null origin":       {403, "localhost:8081", "null", ""},
		"file":              {403, "localhost:8081", "file://localhost:8081", ""},
		"image of another":  {403, "localhost:8081", "", "cross-site"},
		"typed by the user": {200, "localhost:8081", "", "none"},
	} {
		req := r.request(http.MethodGet, "/ob/plans", "")
		req.Host = tt.host
		if tt.origin != "" {
			req.Header.Set("Origin", tt.origin)
		}
		if tt.site != "" {
			req.Header.Set("Sec-Fetch-Site", tt.site)
		}
		if a := r.send(req); a.status != tt.want {
			t.Errorf("%s: %d, want %d: %s", name, a.status, tt.want, a.raw)
		}
	}
}

func TestFailedLogInsAreLimited(t *testing.T) {
	r := newRig(t, withTokens)
	r.client = "192.0.2.1:1000"
	for i := range failedBurst {
		r.token = viewerSecret // good ones in between count for nothing
		r.ok(http.MethodGet, "/ob/plans", "")
		r.token = fmt.Sprint("guess ", i)
		r.refused(http.StatusUnauthorized, "not known", http.MethodGet, "/ob/plans", "")
	}
	for _, token := range []string{"another guess", "guess 0", adminSecret} { // the right guess too
		r.token = token
		a := r.do(http.MethodGet, "/ob/plans", "")
		if a.status != http.StatusTooManyRequests || a.header.Get("Retry-After") != "6" || !strings.Contains(a.message(), "Too many wrong tokens") {
			t.Errorf("%d, Retry-After %q: %s", a.status, a.header.Get("Retry-After"), a.raw)
		}
	}
	r.token = viewerSecret // who is at work there is not locked out
	r.ok(http.MethodGet, "/ob/plans", "")
	r.client = "192.0.2.2:1000" // others are not concerned
	r.token = adminSecret
	r.ok(http.MethodGet, "/ob/plans", "")
	r.client = "192.0.2.1:2000"
	r.clock.advance(failedEvery)
	r.ok(http.MethodGet, "/ob/plans", "")
	r.token = "guess"
	r.refused(http.StatusUnauthorized, "not known", http.MethodGet, "/ob/plans", "")
	r.refused(http.StatusTooManyRequests, "Try again in 6s", http.MethodGet, "/ob/plans", "")
}

func TestTheSameWrongTokenLocksNobodyOut(t *testing.T) {
	r := newRig(t, withTokens)
	for i := range 5 * failedBurst {
		r.token = "of last year"
		want, part := http.StatusUnauthorized, "not known"
		if i > failedBurst { // the first one was a guess, the others are the same again
			want, part = http.StatusTooManyRequests, "Too many wrong tokens"
		}
		r.refused(want, part, http.MethodGet, "/ob/plans", "")
		r.token = operatorSecret
		r.ok(http.MethodGet, "/ob/plans", "")
	}
}

func TestNetworksOfClients(t *testing.T) {
	for text, want := range map[string]string{
		"192.0.2.7": "192.0.2.7/32", "::ffff:192.0.2.7": "192.0.2.7/32", "2001:db8:1:2:3:4:5:6": "2001:db8:1:2::/64", "fe80::1%eth0": "fe80::/64",
	} {
		if got := networkOf(netip.MustParseAddr(text)).String(); got != want {
			t.Errorf("%s is of %s, want %s", text, got, want)
		}
	}
	if networkOf(netip.Addr{}).IsValid() {
		t.Error("an unknown address has a network")
	}
}

func TestRememberedClientsAreBounded(t *testing.T) {
	clk := &clock{at: startOfTime}
	a := newAttempts(clk.now)
	secret := 0
	fail := func(client netip.Addr) time.Duration {
		secret++
		text := strconv.Itoa(secret)
		_, wait := a.try(place{network: networkOf(client)}, offerOf(text, text), func() bool { return false })
		return wait
	}
	worst := netip.MustParseAddr("198.51.100.1")
	for range failedBurst {
		fail(worst)
	}
	addr := netip.MustParseAddr("10.0.0.0")
	for range failedClients + 100 {
		addr = addr.Next()
		fail(addr)
	}
	if n := len(a.clients); n > failedClients {
		t.Errorf("%d clients are remembered, want at most %d", n, failedClients)
	}
	if fail(worst) <= 0 {
		t.Error("the worst client was forgotten to make room")
	}
	clk.advance(time.Hour)
	fail(addr.Next())
	if n := len(a.clients); n != 1 {
		t.Errorf("%d clients are remembered after an hour, want 1", n)
	}
}

func TestHashes(t *testing.T) {
	// The sum is the one that FIPS 180-2 gives for "abc".
	const abc = "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
	if got := HashToken("abc"); got != abc {
		t.Errorf("HashToken is %s, want %s", got, abc)
	}
	secret, hash, err := NewToken()
	if err != nil || hash != HashToken(secret) || len(secret) < 40 {
		t.Errorf("NewToken: %q, %q, %v", secret, hash, err)
	}
	if again, _, _ := NewToken(); again == secret {
		t.Error("two tokens are the same")
	}
	for _, tt := range []struct {
		token Token
		ok    bool
	}{
		{Token{Role: Viewer, Hash: abc}, true},
		{Token{Role: Admin, Hash: strings.ToUpper(abc[7:])}, false},
		{Token{Role: Admin, Hash: "sha256:" + strings.ToUpper(abc[7:])}, true},
		{Token{Role: "root", Hash: abc}, false},
		{Token{Hash: abc}, false},
		{Token{Role: Viewer, Hash: abc[:70]}, false},
		{Token{Role: Viewer, Hash: abc + "00"}, false},
		{Token{Role: Viewer, Hash: "sha256:" + strings.Repeat("g", hex.EncodedLen(32))}, false},
	} {
		if err := tt.token.Validate(); (err == nil) != tt.ok {
			t.Errorf("%+v: %v", tt.token, err)
		}
		_, err := New(Config{Store: newFakeStore(t, time.Now), Tokens: []Token{tt.token}})
		if (err == nil) != tt.ok {
			t.Errorf("New with %+v: %v", tt.token, err)
		}
	}
}

func TestRoles(t *testing.T) {
	order := []Role{Viewer, Operator, Admin}
	for i, role := range order {
		for j, least := range order {
			if got := role.includes(least); got != (i >= j) {
				t.Errorf("%s includes %s: %v", role, least, got)
			}
		}
		if role.includes("") || Role("").includes(role) {
			t.Errorf("%s and no role include one another", role)
		}
	}
}

// A secret that was right at an address stays so for a day, there alone, and
// only as long as it is one.
func TestGuessersLockOutNobodyAtWork(t *testing.T) {
	r := newRig(t, withTokens)
	r.client = "192.0.2.1:1000"
	get := func(token string) int {
		r.token = token
		return r.do(http.MethodGet, "/ob/plans", "").status
	}
	guess := func() {
		t.Helper()
		for i := range failedBurst + 5 {
			if status := get(fmt.Sprint(r.clock.now(), i)); status == 200 {
				t.Fatal("a guess was right")
			}
		}
	}
	if status := get(operatorSecret); status != 200 {
		t.Fatalf("a good token: %d", status)
	}
	guess()
	if at, new := get(operatorSecret), get(viewerSecret); at != 200 || new != 429 {
		t.Errorf("while somebody guesses: %d to the one at work, %d to a new one; want 200 and 429", at, new)
	}
	r.client = "192.0.2.9:1"
	guess()
	if status := get(operatorSecret); status != 429 {
		t.Errorf("at another address: %d, want 429", status)
	}
	r.client = "192.0.2.1:1000"
	r.clock.advance(trustedFor)
	guess()
	if status := get(operatorSecret); status != 429 {
		t.Errorf("a day later: %d, want 429", status)
	}
	r.clock.advance(failedBurst * failedEvery)
	r.server.ring = r.server.ring[:1] // the operator's token is taken back
	get(viewerSecret)
	if status := get(operatorSecret); status != 401 {
		t.Errorf("a token that was taken back: %d, want 401", status)
	}
}

func TestTrustedSecretsAreBounded(t *testing.T) {
	c := clock{at: startOfTime}
	a := newAttempts(c.now)
	yes := func() bool { return true }
	address := func(i int) place {
		return place{network: networkOf(netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)}))}
	}
	for i := range trustedMost + 10 {
		c.advance(time.Second)
		a.try(address(i), offerOf("s", "s"), yes)
	}
	if n := len(a.trusted); n != trustedMost {
		t.Errorf("%d are remembered, want %d", n, trustedMost)
	}
	for i, want := range map[int]bool{0: false, 9: false, 10: true, trustedMost + 9: true} {
		if _, got := a.trusted[credential{address(i), offerOf("s", "s").lasting}]; got != want {
			t.Errorf("address %d: remembered %v, want %v", i, got, want)
		}
	}
}
