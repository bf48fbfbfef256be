package oncall

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/outpace/outpace/dialer"
	"github.com/outpace/outpace/dialer/hosted"
)

const callPath = "/api/extensions/call"

func TestPlaceAnswers(t *testing.T) {
	tests := map[string]struct {
		answer answer
		want   error
		fault  hosted.Fault
		code   string
	}{
		"empty":                    {answer: ok("")},
		"an object":                {answer: ok("{}")},
		"no JSON":                  {answer: ok("<html>OK</html>")},
		"accepted":                 {answer: answer{202, "queued"}},
		"success that is an error": {answer: ok(`{"err_code": "1028", "msg": "x"}`), want: dialer.ErrOutcomeUnknown},
		"unknown extension":        {answer: bad(`{"err_code": "1028"}`), want: dialer.ErrRefused, fault: hosted.AgentOffline, code: "1028"},
		"code as a number":         {answer: bad(`{"err_code": 1041004}`), want: dialer.ErrRefused, code: "1041004"},
		"bad parameter":            {answer: bad(`{"err_code": "1040001"}`), want: dialer.ErrRefused, code: "1040001"},
		"no permission":            {answer: bad(`{"err_code": "1043001"}`), want: dialer.ErrRefused, code: "1043001"},
		"another code":             {answer: bad(`{"err_code": "77", "msg": "0909123456"}`), want: dialer.ErrRefused, code: "400"},
		"no code":                  {answer: bad("no"), want: dialer.ErrRefused, code: "400"},
		"unauthorized":             {answer: answer{401, ""}, want: dialer.ErrRefused, code: "401"},
		"too many":                 {answer: answer{429, ""}, want: dialer.ErrRefused, code: "429"},
		"request time-out":         {answer: answer{408, ""}, want: dialer.ErrOutcomeUnknown},
		"server error":             {answer: answer{500, ""}, want: dialer.ErrOutcomeUnknown},
		"bad gateway":              {answer: answer{502, ""}, want: dialer.ErrOutcomeUnknown},
		"gateway time-out":         {answer: answer{504, ""}, want: dialer.ErrOutcomeUnknown},
		"redirect":                 {answer: answer{302, ""}, want: dialer.ErrOutcomeUnknown},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, nil)
			b.on(callPath, tt.answer)
			_, err := b.pbx.Place(t.Context(), hosted.Order{Agent: "101", Number: "0909123456"})
			if !errors.Is(err, tt.want) {
				t.Fatalf("error %v, want %v", err, tt.want)
			}
			if r, ok := errors.AsType[*hosted.Refusal](err); ok != (tt.code != "") || ok && (r.Fault != tt.fault || r.Code != tt.code) {
				t.Errorf("refusal %+v", r)
			}
			if n := len(b.asked(callPath)); n != 1 {
				t.Errorf("asked %d times", n)
			}
			for _, secret := range []string{"0909123456", "dOk25mk", "123456"} {
				if err != nil && strings.Contains(err.Error(), secret) {
					t.Errorf("%q is in the error %q", secret, err)
				}
			}
		})
	}
}

// TestPlaceLost closes the connection once the request is there.
func TestPlaceLost(t *testing.T) {
	var requests atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		requests.Add(1)
		panic(http.ErrAbortHandler)
	}))
	defer server.Close()
	p := newBench(t, func(c *Config) { c.BaseURL = server.URL }).pbx
	_, err := p.Place(t.Context(), hosted.Order{Agent: "101", Number: "0909123456"})
	if !errors.Is(err, dialer.ErrOutcomeUnknown) || requests.Load() != 1 {
		t.Errorf("error %v after %d requests", err, requests.Load())
	}
}

// TestPlaceHeldBack asks for a call that is too old when it is written.
func TestPlaceHeldBack(t *testing.T) {
	b := newBench(t, nil)
	b.on(callPath, ok(""))
	stale := errors.New("the claim is too old")
	_, err := b.pbx.Place(t.Context(), hosted.Order{Agent: "101", Number: "1", Before: func() error { return stale }})
	if !errors.Is(err, dialer.ErrNotSent) || !errors.Is(err, stale) || len(b.asked(callPath)) != 0 {
		t.Errorf("error %v, %d requests", err, len(b.asked(callPath)))
	}
}

func TestConfig(t *testing.T) {
	for name, change := range map[string]func(*Config){
		"username":           func(c *Config) { c.Username = "" },
		"password":           func(c *Config) { c.Password = "" },
		"domain":             func(c *Config) { c.Domain = "" },
		"auth_extension":     func(c *Config) { c.AuthExtension = "" },
		"auth_password":      func(c *Config) { c.AuthPassword = "" },
		"hook_username":      func(c *Config) { c.HookPassword = "" },
		"hook_password":      func(c *Config) { c.HookUsername = "" },
		"recording_base_url": func(c *Config) { c.RecordingBaseURL = "https://me:x@files.example" },
		"base_url":           func(c *Config) { c.BaseURL = "ftp://pbx" },
	} {
		cfg := config("https://pbx.example")
		change(&cfg)
		_, err := New(cfg)
		if err == nil || !strings.Contains(err.Error(), name) || strings.Contains(err.Error(), "me:x") {
			t.Errorf("%s: error %v", name, err)
		}
	}
	cfg := config("https://pbx.example")
	cfg.RecordingBaseURL = "https://files.example:8443/x"
	checked, _, err := cfg.check()
	if err != nil || len(checked.RecordingHosts) != 1 || checked.RecordingHosts[0] != "files.example:8443" {
		t.Errorf("%v, %v", checked.RecordingHosts, err)
	}
	if g, err := New(cfg); err != nil || !g.Capabilities().AgentFirst || g.Capabilities().Hangup {
		t.Errorf("%+v, %v", g, err)
	}
}
