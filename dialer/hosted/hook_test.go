package hosted

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/outpace/outpace/dialer"
)

// hookedPBX lets in what has the header Apikey with "right", and reads bodies
// that are not "garbage".
type hookedPBX struct{ PBX }

func (hookedPBX) Connect(context.Context) error                          { return nil }
func (hookedPBX) Agents(context.Context, []dialer.Pool) ([]Agent, error) { return nil, nil }
func (hookedPBX) Rows(context.Context, Window) ([]Row, error)            { return nil, nil }

func (hookedPBX) Offer(r *http.Request) (offer, lasting string) {
	return r.Header.Get("Apikey"), r.Header.Get("Apikey")
}

func (hookedPBX) Hook(r *http.Request, body []byte) ([]News, string, error) {
	switch {
	case r.Header.Get("Apikey") == "stale":
		return nil, "Digest stale=true", fmt.Errorf("hook: %w", ErrStale)
	case r.Header.Get("Apikey") != "right":
		return nil, "Digest", fmt.Errorf("hook: %w", ErrForbidden)
	case string(body) == "garbage":
		return nil, "", errors.New("not JSON")
	}
	return nil, "", nil
}

// hookDesk is a gateway with hooks whose log can be read. A hook is limited once
// blocked is set.
type hookDesk struct {
	*Gateway

	log     bytes.Buffer
	tried   []string
	right   []bool
	blocked time.Duration
}

func newHookDesk(t *testing.T) *hookDesk {
	t.Helper()
	d := &hookDesk{}
	s := Settings{Name: "lab", BaseURL: "http://pbx.example", Logger: slog.New(slog.NewTextHandler(&d.log, nil))}
	client, err := NewClient(s)
	if err != nil {
		t.Fatal(err)
	}
	if d.Gateway, err = New(s, Kind{Name: "kind", PBX: hookedPBX{}, Client: client}); err != nil {
		t.Fatal(err)
	}
	return d
}

func (d *hookDesk) post(offer, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, "/hooks/lab", strings.NewReader(body))
	r.Header.Set("Apikey", offer)
	w := httptest.NewRecorder()
	d.Hook(w, r, func(offer, lasting string, check func() bool) time.Duration {
		if d.blocked == 0 {
			d.tried = append(d.tried, offer+" "+lasting)
			d.right = append(d.right, check())
		}
		return d.blocked
	})
	return w
}

// lines are those about refused hooks.
func (d *hookDesk) lines() []string {
	var list []string
	for line := range strings.Lines(d.log.String()) {
		if _, rest, ok := strings.Cut(line, `msg="hooks were refused" `); ok {
			list = append(list, strings.TrimSpace(rest))
		}
	}
	return list
}

func TestAnswersToHooks(t *testing.T) {
	for name, tt := range map[string]struct {
		offer, body string
		blocked     time.Duration
		status      int
		challenge   string
		retry       string
		tried       string
		right       bool
	}{
		"right":                 {"right", "{}", 0, 204, "", "", "right right", true},
		"unreadable":            {"right", "garbage", 0, 400, "", "", "right right", true},
		"stale":                 {"stale", "{}", 0, 401, "Digest stale=true", "", "stale stale", true},
		"wrong":                 {"wrong", "{}", 0, 401, "Digest", "", "wrong wrong", false},
		"limited":               {"right", "{}", 5500 * time.Millisecond, 429, "", "6", "", false},
		"nothing is no guess":   {"", "{}", 0, 401, "Digest", "", "", false},
		"nor is it held up":     {"", "{}", time.Second, 401, "Digest", "", "", false},
		"too large, not a try":  {"right", strings.Repeat("x", hookLimit+1), 0, 413, "", "", "", false},
		"large, all of it read": {"right", strings.Repeat("x", hookLimit), 0, 204, "", "", "right right", true},
	} {
		d := newHookDesk(t)
		d.blocked = tt.blocked
		w := d.post(tt.offer, tt.body)
		if w.Code != tt.status || w.Header().Get("WWW-Authenticate") != tt.challenge || w.Header().Get("Retry-After") != tt.retry {
			t.Errorf("%s: %d, %v", name, w.Code, w.Header())
		}
		if got := strings.Join(d.tried, "; "); got != tt.tried || len(d.right) == 1 && d.right[0] != tt.right {
			t.Errorf("%s: tried %q, right %v", name, got, d.right)
		}
	}
}

// TestRefusedHooksAreToldOfOnceAMinute by one line, which says how many.
func TestRefusedHooksAreToldOfOnceAMinute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newHookDesk(t)
		for range 1000 {
			d.post("wrong", "{}")
		}
		d.blocked = time.Second
		for range 500 {
			d.post("wrong", "{}")
		}
		d.blocked = 0
		d.post("right", "garbage")
		d.post("", "{}")
		pass(59 * time.Second)
		d.post("wrong", "{}")
		want := []string{"gateway=lab count=1 wrong_secret=1 no_secret=0 too_many_wrong=0 unreadable=0"}
		if got := d.lines(); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("within a minute the log has\n%s", strings.Join(got, "\n"))
		}
		pass(time.Second)
		d.post("wrong", "{}")
		want = append(want, `gateway=lab count=1503 wrong_secret=1001 no_secret=1 too_many_wrong=500 unreadable=1 error="not JSON"`)
		if got := d.lines(); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("after it the log has\n%s", strings.Join(got, "\n"))
		}

		// Those at the end are told of though no other comes.
		pass(time.Second)
		d.post("wrong", "{}")
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- d.Run(ctx, func(dialer.Event) {}) }()
		pass(2 * time.Minute)
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		want = append(want, "gateway=lab count=1 wrong_secret=1 no_secret=0 too_many_wrong=0 unreadable=0")
		if got := d.lines(); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("at the end the log has\n%s", strings.Join(got, "\n"))
		}
	})
}

// TestAskingForAChallengeIsNoRefusal: a client of Digest authentication posts
// each hook without anything first. A PBX that never comes back is told of.
func TestAskingForAChallengeIsNoRefusal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newHookDesk(t)
		hooks := func(n int, right bool) {
			for range n {
				d.post("", "{}")
				if right {
					d.post("right", "{}")
				}
				pass(10 * time.Second)
			}
		}
		hooks(30, true)
		if got := d.lines(); len(got) != 0 {
			t.Errorf("the log has\n%s", strings.Join(got, "\n"))
		}
		hooks(30, false)
		got := d.lines()
		if len(got) < 3 || len(got) > 5 || !strings.Contains(got[0], "wrong_secret=0 no_secret=") {
			t.Errorf("in five minutes without any that is let in the log has\n%s", strings.Join(got, "\n"))
		}
	})
}

// pass lets time go by, of a synctest bubble.
func pass(d time.Duration) { <-time.After(d) }
