package oncall

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/outpace/outpace/dialer/hosted"
)

const hookPath = "/hooks/oc"

// post makes a request as the server of hooks gets it.
func post(authorization string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, hookPath, http.NoBody)
	r.Header.Set("Content-Type", "application/json")
	if authorization != "" {
		r.Header.Set("Authorization", authorization)
	}
	return r
}

func basic(user, password string) string {
	r := post("")
	r.SetBasicAuth(user, password)
	return r.Header.Get("Authorization")
}

// digestAnswer answers a challenge as a client does.
type digestAnswer struct {
	user, password, uri, nc, algorithm, qop string
}

func (d digestAnswer) to(challenge string) string {
	p := parameters(strings.TrimPrefix(challenge, "Digest "))
	h := hashOf(d.algorithm)
	a1, a2 := h(d.user, realm, d.password), h("POST", d.uri)
	response := h(a1, p["nonce"], d.nc, "c0ffee", d.qop, a2)
	if d.qop == "" {
		response = h(a1, p["nonce"], a2)
	}
	s := fmt.Sprintf(`Digest username=%q, realm=%q, nonce=%q, uri=%q, response=%q, nc=%s, cnonce="c0ffee"`,
		d.user, realm, p["nonce"], d.uri, response, d.nc)
	if d.qop != "" {
		s += ", qop=" + d.qop
	}
	if d.algorithm != "" {
		s += ", algorithm=" + d.algorithm
	}
	return s
}

func TestHookAuthentication(t *testing.T) {
	right := digestAnswer{"events", "s3cret", hookPath, "00000001", "", "auth"}
	change := func(f func(*digestAnswer)) digestAnswer { d := right; f(&d); return d }
	for name, tt := range map[string]struct {
		answer digestAnswer
		good   bool
	}{
		"right":                   {right, true},
		"SHA-256":                 {change(func(d *digestAnswer) { d.algorithm = "SHA-256" }), true},
		"MD5":                     {change(func(d *digestAnswer) { d.algorithm = "md5" }), true},
		"as RFC 2069 had it":      {change(func(d *digestAnswer) { d.qop, d.nc = "", "00000000" }), true},
		"another password":        {change(func(d *digestAnswer) { d.password = "x" }), false},
		"another user":            {change(func(d *digestAnswer) { d.user = "x" }), false},
		"for another address":     {change(func(d *digestAnswer) { d.uri = "/hooks/other" }), false},
		"another kind of hashing": {change(func(d *digestAnswer) { d.qop = "auth-int" }), false},
		"no count":                {change(func(d *digestAnswer) { d.nc = "0" }), false},
	} {
		c := newChallenger("events", "s3cret")
		now := time.Now()
		challenge, in, _ := c.check(post(""), now)
		if in || !strings.HasPrefix(challenge, "Digest ") || !strings.Contains(challenge, "Basic ") {
			t.Fatalf("%s: %q %t", name, challenge, in)
		}
		if _, good, _ := c.check(post(tt.answer.to(challenge)), now.Add(time.Second)); good != tt.good {
			t.Errorf("%s: %t", name, good)
		}
	}

	c := newChallenger("events", "s3cret")
	for authorization, want := range map[string]bool{
		basic("events", "s3cret"): true, basic("events", "s3cre"): false, basic("", ""): false, basic("event", "s3cret"): false,
		"Bearer s3cret": false, "Digest": false, "Digest nonce": false, "s3cret": false, "Basic !": false,
	} {
		if _, good, _ := c.check(post(authorization), time.Now()); good != want {
			t.Errorf("%q: %t", authorization, good)
		}
	}
	for _, authorization := range []string{"", basic("", ""), basic("events", "")} {
		if challenge, good, _ := newChallenger("", "").check(post(authorization), time.Now()); good || challenge != "" {
			t.Errorf("without a password in the settings %q is let in", authorization)
		}
	}
}

// TestDigestOnce: an answer that was overheard is good for nothing.
func TestDigestOnce(t *testing.T) {
	c := newChallenger("events", "s3cret")
	now := time.Now()
	challenge, _, _ := c.check(post(""), now)
	answer := func(nc string) string {
		return digestAnswer{"events", "s3cret", hookPath, nc, "", "auth"}.to(challenge)
	}
	for i, tt := range []struct {
		nc   string
		good bool
	}{{"00000001", true}, {"00000001", false}, {"00000003", true}, {"00000002", false}, {"00000004", true}} {
		challenge, good, stale := c.check(post(answer(tt.nc)), now)
		if good != tt.good || stale == good || strings.Contains(challenge, "stale=true") == good {
			t.Errorf("%d: count %s is let in: %t, then %q", i, tt.nc, good, challenge)
		}
	}
	fresh, _, _ := c.check(post(""), now)
	late := digestAnswer{"events", "s3cret", hookPath, "00000001", "", "auth"}.to(fresh)
	if challenge, good, stale := c.check(post(late), now.Add(nonceLife+time.Second)); good || !stale || !strings.Contains(challenge, "stale=true") {
		t.Errorf("an old nonce is let in, or not called stale: %q", challenge)
	}
	if _, good, _ := newChallenger("events", "s3cret").check(post(late), now); good {
		t.Error("a nonce of somebody else's is let in")
	}
}

// TestDigestExample is the example of RFC 7616, section 3.9.1.
func TestDigestExample(t *testing.T) {
	const nonce = "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v"
	for algorithm, want := range map[string]string{
		"MD5":     "8ca523f5e9506fed4657c9700eebdbec",
		"SHA-256": "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1",
	} {
		h := hashOf(algorithm)
		a1, a2 := h("Mufasa", "http-auth@example.org", "Circle of Life"), h("GET", "/dir/index.html")
		got := h(a1, nonce, "00000001", "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ", "auth", a2)
		if got != want {
			t.Errorf("%s: %s", algorithm, got)
		}
	}
	if hashOf("SHA-512-256") != nil {
		t.Error("an algorithm is taken that is not there")
	}
}

// TestOffers: what is compared with nothing is no guess, and of Digest the user
// alone is the same in the next event.
func TestOffers(t *testing.T) {
	c := newChallenger("events", "s3cret")
	challenge, _, _ := c.check(post(""), time.Now())
	wrong := digestAnswer{"events", "x", hookPath, "00000001", "", "auth"}.to(challenge)
	foreign, _, _ := newChallenger("events", "s3cret").check(post(""), time.Now())
	beforeRestart := digestAnswer{"events", "s3cret", hookPath, "00000001", "", "auth"}.to(foreign)
	for authorization, want := range map[string][2]string{
		"": {}, "Bearer s3cret": {}, "Digest": {}, "Basic !": {}, `Digest nonce="1-2-3"`: {}, beforeRestart: {},
		basic("events", "x"): {basic("events", "x"), basic("events", "x")},
		wrong:                {wrong, "Digest events"},
	} {
		if offer, lasting := c.offer(post(authorization)); offer != want[0] || lasting != want[1] {
			t.Errorf("%q offers %q, %q", authorization, offer, lasting)
		}
	}
}

func TestHook(t *testing.T) {
	p := newBench(t, nil).pbx
	start := time.Unix(1584340956, 0)
	call := hosted.News{Agent: "101", Number: "0909123456", At: start}
	at := func(stage hosted.Stage) []hosted.News { n := call; n.Stage = stage; return []hosted.News{n} }
	tests := map[string]struct {
		contentType, body string
		want              []hosted.News
		bad               bool
	}{
		"ended":                         {"application/json", `{"caller": "sip:101@test01.oncall", "callee": "sip:0909123456@10.0.0.1", "event_type": "call_ended", "time": "1584340956"}`, at(hosted.Over), false},
		"no content type, numbers":      {"", `{"caller": 101, "callee": "0909123456", "event_type": "CALL_ENDED", "time": 1584340956}`, at(hosted.Over), false},
		"begun":                         {"application/json", `{"caller": "<sip:101@x>;tag=1", "callee": "tel:0909123456", "event_type": "call_start", "time": "1584340956"}`, at(hosted.Begun), false},
		"answered":                      {"application/json", `{"caller": "101", "callee": "0909123456", "event_type": "call_established", "time": "1584340956"}`, at(hosted.Answered), false},
		"a form":                        {"application/x-www-form-urlencoded", "caller=sip%3A101%40x&callee=0909123456&event_type=call_ended&time=1584340956", at(hosted.Over), false},
		"several":                       {"application/json", `[{"caller": "101", "callee": "0909123456", "event_type": "call_ended", "time": "1584340956"}, {"event_type": "?"}]`, at(hosted.Over), false},
		"JSON that calls itself a form": {"application/x-www-form-urlencoded", `{"caller": "101", "callee": "0909123456", "event_type": "call_ended", "time": "1584340956"}`, at(hosted.Over), false},
		"a registration":                {"application/json", `{"event_type": "extension_register", "extension": "sip:102@x"}`, nil, false},
		"an unknown event":              {"application/json", `{"caller": "101", "callee": "0909123456", "event_type": "call_hold"}`, nil, false},
		"a CDR":                         {"application/json", `{"caller": "101", "callee": "0909123456", "end_reason": "NONE"}`, nil, false},
		"empty":                         {"application/json", ``, nil, true},
		"cut off":                       {"application/json", `{"caller": "101"`, nil, true},
		"a tree":                        {"application/json", `{"caller": {"a": 1}}`, nil, true},
		"text":                          {"text/plain", `call_ended`, nil, true},
	}
	for name, tt := range tests {
		r := post(basic("events", "s3cret"))
		r.Header.Set("Content-Type", tt.contentType)
		news, _, err := p.Hook(r, []byte(tt.body))
		if (err != nil) != tt.bad || errors.Is(err, hosted.ErrForbidden) || len(news) != len(tt.want) {
			t.Errorf("%s: %+v, %v", name, news, err)
			continue
		}
		for i := range news {
			if news[i] != tt.want[i] {
				t.Errorf("%s: %+v", name, news[i])
			}
		}
		if err != nil && strings.Contains(err.Error(), "101") {
			t.Errorf("%s: the error quotes the event: %v", name, err)
		}
	}
	challenge, _, _ := p.challenge.check(post(""), time.Now().Add(-nonceLife-time.Minute))
	late := post(digestAnswer{"events", "s3cret", hookPath, "00000001", "", "auth"}.to(challenge))
	if _, _, err := p.Hook(late, []byte(`{}`)); !errors.Is(err, hosted.ErrStale) {
		t.Errorf("an old nonce: %v", err)
	}
	news, challenge, err := p.Hook(post(""), []byte(`{"caller": "101", "callee": "1", "event_type": "call_ended"}`))
	if news != nil || challenge == "" || !errors.Is(err, hosted.ErrForbidden) || errors.Is(err, hosted.ErrStale) {
		t.Errorf("%v, %q, %v", news, challenge, err)
	}
}
