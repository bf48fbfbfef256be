package hosted

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/outpace/outpace/dialer"
)

func clientTo(t *testing.T, handler http.HandlerFunc) *Client {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	c, err := NewClient(Settings{Name: "lab", BaseURL: server.URL, Timeout: 5 * time.Second, Down: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.http.CloseIdleConnections)
	return c
}

// TestSendIsNeverRepeated: not by us, and not by net/http, which repeats a GET
// whose connection was closed.
func TestSendIsNeverRepeated(t *testing.T) {
	var n atomic.Int32
	c := clientTo(t, func(_ http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/warm" {
			return
		}
		n.Add(1)
		panic(http.ErrAbortHandler)
	})
	if err := c.Do(t.Context(), Request{Method: http.MethodGet, Path: "/warm"}, nil); err != nil {
		t.Fatal(err)
	}
	err := c.Send(t.Context(), Request{Method: http.MethodGet, Path: "/dial"}, nil, nil)
	if !errors.Is(err, dialer.ErrOutcomeUnknown) || n.Load() != 1 {
		t.Errorf("%v after %d requests", err, n.Load())
	}
	if err := c.Do(t.Context(), Request{Method: http.MethodGet, Path: "/list"}, nil); err == nil || n.Load() < 1+tries {
		t.Errorf("a safe request was made %d times: %v", n.Load()-1, err)
	}
}

func TestSendTellsWhatIsSure(t *testing.T) {
	var n atomic.Int32
	c := clientTo(t, func(w http.ResponseWriter, r *http.Request) {
		n.Add(1)
		var status int
		_, _ = fmt.Sscanf(r.URL.Path, "/%d", &status)
		w.WriteHeader(status)
	})
	send := func(path string, before func() error, out any) error {
		return c.Send(t.Context(), Request{Method: http.MethodPost, Path: path}, before, out)
	}
	late := errors.New("late")
	if err := send("/200", func() error { return late }, nil); !errors.Is(err, dialer.ErrNotSent) || !errors.Is(err, late) || n.Load() != 0 {
		t.Errorf("Before failed: %v, %d requests", err, n.Load())
	}
	status, ok := errors.AsType[*StatusError](send("/409", nil, nil))
	if !ok || status.Status != 409 {
		t.Errorf("409: %v", status)
	}
	err := send("/500", nil, nil)
	if _, ok := errors.AsType[*StatusError](err); ok || !errors.Is(err, dialer.ErrOutcomeUnknown) {
		t.Errorf("500 looks like a refusal: %v", err)
	}
	var out struct{}
	if err := send("/200", nil, &out); !errors.Is(err, dialer.ErrOutcomeUnknown) {
		t.Errorf("an empty answer: %v", err)
	}
	if err := send("/302", nil, nil); !errors.Is(err, dialer.ErrOutcomeUnknown) {
		t.Errorf("a redirect: %v", err)
	}
	for range breakerTrips {
		_ = send("/500", nil, nil)
	}
	before := n.Load()
	if err := send("/200", nil, nil); !errors.Is(err, dialer.ErrNotSent) || n.Load() != before || !c.Down() {
		t.Errorf("the PBX is down: %v, down %t", err, c.Down())
	}
}

// TestOneLoginForAll: whoever needs the token, one renewal is under way.
func TestOneLoginForAll(t *testing.T) {
	var logins, good atomic.Int32
	c := clientTo(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/login" {
			_, _ = fmt.Fprintf(w, `"token-%d"`, logins.Add(1))
			return
		}
		if r.Header.Get("Authorization") != fmt.Sprintf("Bearer token-%d", good.Load()) {
			w.WriteHeader(http.StatusUnauthorized)
		}
	})
	s := NewSession(c, nil)
	s.login = func(ctx context.Context) (Token, error) {
		var token string
		err := c.Do(ctx, Request{Method: http.MethodPost, Path: "/login"}, &token)
		return Token{Value: token}, err
	}
	for round := int32(1); round <= 3; round++ {
		good.Store(round)
		var wg sync.WaitGroup
		for range 20 {
			wg.Go(func() {
				if err := s.Do(t.Context(), Request{Method: http.MethodGet, Path: "/x"}, nil); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if logins.Load() != round {
			t.Fatalf("%d logins after %d expiries", logins.Load(), round)
		}
	}
	good.Store(99) // no token is ever good
	if err := s.Do(t.Context(), Request{Method: http.MethodGet, Path: "/x"}, nil); err == nil || logins.Load() != 4 {
		t.Errorf("%v after %d logins", err, logins.Load())
	}
}

func TestTokenIsRenewedBeforeItsEnd(t *testing.T) {
	s := NewSession(nil, nil)
	now := time.Now()
	s.token, s.got = Token{Value: "x", Expires: now.Add(time.Hour)}, now
	for _, c := range []struct {
		at   time.Duration
		good bool
	}{{0, true}, {59 * time.Minute, true}, {time.Hour - 29*time.Second, false}, {2 * time.Hour, false}} {
		if _, good := s.held(now.Add(c.at)); good != c.good {
			t.Errorf("after %v: %t", c.at, good)
		}
	}
}

func TestErrorsShowNoURL(t *testing.T) {
	c, err := NewClient(Settings{Name: "lab", BaseURL: "http://127.0.0.1:1"})
	if err != nil {
		t.Fatal(err)
	}
	err = c.Send(t.Context(), Request{Method: http.MethodGet, Path: "/dial", Query: map[string][]string{"phone": {"0901234567"}}}, nil, nil)
	if !errors.Is(err, dialer.ErrNotSent) || strings.Contains(err.Error(), "0901234567") {
		t.Error(err)
	}
}

func TestClockOfThePBX(t *testing.T) {
	var ahead atomic.Int64
	c := clientTo(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Date", time.Now().Add(time.Duration(ahead.Load())).UTC().Format(http.TimeFormat))
	})
	if _, known := c.Skew(); known {
		t.Error("the clock is known before the first answer")
	}
	for _, want := range []time.Duration{0, 90 * time.Minute, -2 * time.Hour} {
		ahead.Store(int64(want))
		if err := c.Do(t.Context(), Request{Method: http.MethodGet, Path: "/"}, nil); err != nil {
			t.Fatal(err)
		}
		if got, known := c.Skew(); !known || (got-want).Abs() > 3*time.Second {
			t.Errorf("the clock is %v ahead, want %v", got, want)
		}
	}
}
