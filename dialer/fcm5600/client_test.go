package fcm5600

import (
	"crypto/tls"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/outpace/outpace/dialer"
	"github.com/outpace/outpace/dialer/hosted"
)

func TestTokenIsRenewedAfterA401(t *testing.T) {
	for name, refuse := range map[string]func(http.ResponseWriter){
		"status": func(w http.ResponseWriter) { w.WriteHeader(http.StatusUnauthorized) },
		"code":   func(w http.ResponseWriter) { _, _ = io.WriteString(w, `{"code":401,"message":"login"}`) },
	} {
		b := newBench(t, func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Authorization") == "Bearer tok-1" {
				refuse(w)
				return
			}
			_, _ = io.WriteString(w, `{"code":0,"data":[]}`)
		})
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				if _, err := b.pbx.Agents(t.Context(), nil); err != nil {
					t.Errorf("%s: %v", name, err)
				}
			})
		}
		wg.Wait()
		if b.loginCount() != 2 {
			t.Errorf("%s: %d logins", name, b.loginCount())
		}
	}
}

func TestTokenThatIsNeverGood(t *testing.T) {
	b := newBench(t, reply(401, ""))
	if _, err := b.pbx.Agents(t.Context(), nil); err == nil || len(b.requests()) > 4 {
		t.Errorf("%v after %d requests", err, len(b.requests()))
	}
}

// A refused login is not repeated at once: the device might lock us out.
func TestRefusedLoginIsNotRepeated(t *testing.T) {
	for name, answer := range map[string]http.HandlerFunc{
		"code": reply(200, `{"code":400,"message":"not equal","data":""}`), "status": reply(400, `{"message":"not equal"}`),
	} {
		var asked atomic.Int32
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			asked.Add(1)
			answer(w, r)
		}))
		defer server.Close()
		p := newTestPBX(t, server.URL)
		for range 5 {
			err := p.Connect(t.Context())
			if err == nil || !strings.Contains(err.Error(), "username and password") || strings.Contains(err.Error(), "s3cret") {
				t.Errorf("%s: %v", name, err)
			}
			if _, err := p.Place(t.Context(), order()); !errors.Is(err, dialer.ErrNotSent) {
				t.Errorf("%s: placed without a login: %v", name, err)
			}
		}
		if asked.Load() != 1 {
			t.Errorf("%s: asked %d times", name, asked.Load())
		}
		p.refused.at = p.refused.at.Add(-loginPause)
		if err := p.Connect(t.Context()); err == nil || asked.Load() != 2 {
			t.Errorf("%s: after a pause: %v, asked %d times", name, err, asked.Load())
		}
	}
}

func TestLoginsThatBringNoToken(t *testing.T) {
	for _, body := range []string{`{"code":0,"data":""}`, `{"code":0,"data":"Bearer "}`, `{"code":0}`, `{"code":0,"data":{}}`, `Bearer x`, `{}`} {
		server := httptest.NewServer(reply(200, body))
		defer server.Close()
		if err := newTestPBX(t, server.URL).Connect(t.Context()); err == nil {
			t.Errorf("%s is a login", body)
		}
	}
}

func TestTokensComeWithAndWithoutBearer(t *testing.T) {
	for word, want := range map[string]string{"Bearer a.b": "a.b", "bearer  a.b ": "a.b", "a.b": "a.b", "": "", "Bearer": "Bearer"} {
		if got := bare(word); got != want {
			t.Errorf("%q is %q", word, got)
		}
	}
}

func TestCertificates(t *testing.T) {
	server := httptest.NewUnstartedServer(reply(200, `{"code":0,"data":"Bearer x"}`))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	defer server.Close()
	pin := Fingerprint(server.Certificate().Raw)
	other := strings.Repeat("ab:", 31) + "ab"
	for name, c := range map[string]struct {
		pin      string
		insecure bool
		taken    bool
	}{
		"not known": {}, "any": {insecure: true, taken: true},
		"pinned": {pin: pin, taken: true}, "pinned in capitals": {pin: strings.ToUpper(strings.TrimPrefix(pin, "sha256:")), taken: true},
		"another one pinned": {pin: other},
	} {
		cfg := config(server.URL)
		cfg.TLSPin, cfg.InsecureTLS = c.pin, c.insecure
		p, err := newPBX(&cfg)
		if err != nil {
			t.Fatal(err)
		}
		// The way that calls are placed on has a handshake of its own.
		err = p.client.Send(t.Context(), hosted.Request{Method: http.MethodPost, Path: "/x"}, nil, nil)
		if c.taken && err != nil || !c.taken && !errors.Is(err, dialer.ErrNotSent) {
			t.Errorf("%s: %v", name, err)
		}
		_, err = p.login(t.Context())
		if (err == nil) != c.taken {
			t.Errorf("%s: %v", name, err)
		}
		switch name {
		case "another one pinned":
			if !strings.Contains(err.Error(), pin) {
				t.Errorf("the error does not tell the fingerprint: %v", err)
			}
		case "not known":
			if _, ok := errors.AsType[*tls.CertificateVerificationError](err); !ok {
				t.Errorf("%s: %v", name, err)
			}
			if found := p.Check(t.Context()); len(found) != 1 || !strings.Contains(found[0].Err.Error(), pin) {
				t.Errorf("the check does not tell the fingerprint: %+v", found)
			}
		}
	}
}

func TestConfigIsChecked(t *testing.T) {
	for name, change := range map[string]func(*Config){
		"no username":       func(c *Config) { c.Username = "" },
		"no password":       func(c *Config) { c.Password = "" },
		"login path":        func(c *Config) { c.LoginPath = "login" },
		"no url":            func(c *Config) { c.BaseURL = "" },
		"pin without https": func(c *Config) { c.TLSPin = strings.Repeat("ab", 32) },
		"insecure http":     func(c *Config) { c.InsecureTLS = true },
		"short pin":         func(c *Config) { c.BaseURL, c.TLSPin = "https://pbx.example", "abcd" },
		"no pin":            func(c *Config) { c.BaseURL, c.TLSPin = "https://pbx.example", "xyz" },
		"both": func(c *Config) {
			c.BaseURL, c.TLSPin, c.InsecureTLS = "https://pbx.example", strings.Repeat("ab", 32), true
		},
	} {
		cfg := config("http://pbx.example")
		change(&cfg)
		if _, err := newPBX(&cfg); err == nil {
			t.Errorf("%s: taken", name)
		} else if strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s: the error shows a secret", name)
		}
	}
}
