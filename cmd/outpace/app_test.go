package main

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"reflect"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/outpace/outpace/store/storetest"
)

// TestWholeProgram: REST in, calls out, results in the file and in the table.
func TestWholeProgram(t *testing.T) {
	for name, database := range map[string]func(testing.TB) string{
		"sqlite":   storetest.SQLiteURL,
		"postgres": storetest.PostgresURL,
	} {
		t.Run(name, func(t *testing.T) {
			sim := simulate(t)
			p := newPlace(t, sim, database(t))
			r := p.start(t)
			campaign := r.campaign(nil, "1110001", "2000002", "4000003", "6000004", "3000005", "5000006")
			r.status(campaign, 1)
			r.awaitStatus(campaign, 0)
			r.Drain()
			if err := r.wait(); err != nil {
				t.Fatal(err)
			}
			got := map[string]string{}
			for _, line := range p.lines(t) {
				var result struct {
					Ukey        string `json:"ukey"`
					Disposition string `json:"disposition"`
				}
				if err := json.Unmarshal([]byte(line), &result); err != nil {
					t.Fatal(err)
				}
				if result.Disposition != "not_placed" { // a disk that stands still for seconds; it is placed again
					got[result.Ukey] += result.Disposition
				}
			}
			early := got["5000006"] // hangs up at once; the link may bring that before or after the queue
			delete(got, "5000006")
			want := map[string]string{"1110001": "answered", "2000002": "busy", "4000003": "congestion",
				"6000004": "unallocated", "3000005": "no_answer"}
			if !reflect.DeepEqual(got, want) || early != "hung_up_early" {
				t.Errorf("results are %v and %q, want %v and hung_up_early", got, early, want)
			}
			if placed := len(sim.Originates()); placed != 6 {
				t.Errorf("the PBX was asked for %d calls, want 6", placed)
			}

			// The table says the same, also after a restart.
			again := p.start(t)
			var page struct {
				List []json.RawMessage `json:"list"`
			}
			again.get("/ob/results?campaign="+campaign, &page)
			for i, line := range p.lines(t) {
				if i >= len(page.List) || string(page.List[i]) != line {
					t.Fatalf("line %d of the file is not the row of the table:\n%s\n%s", i+1, line, page.List)
				}
			}
		})
	}
}

func TestSecondServerOnTheSameFileIsRefused(t *testing.T) {
	p := newPlace(t, simulate(t), "")
	r := p.start(t)
	second, err := New(t.Context(), p.settings, testLogger(t))
	if err == nil {
		t.Error("a second server opened the same SQLite file")
		if err := second.Close(); err != nil {
			t.Error(err)
		}
	} else if !strings.Contains(err.Error(), "outpace.db") {
		t.Errorf("the error does not name the file: %v", err)
	}
	r.kill()
	third, err := New(t.Context(), p.settings, testLogger(t))
	if err != nil {
		t.Fatalf("after the first server's end: %v", err)
	}
	if err := third.Close(); err != nil {
		t.Error(err)
	}
}

func TestDrainWaitsForCalls(t *testing.T) {
	p := newPlace(t, simulate(t), "")
	r := p.start(t)
	campaign := r.campaign(nil, "1190001") // talks for up to a minute of the simulated time
	r.status(campaign, 1)
	r.awaitTalk(campaign, 1)
	r.Drain()
	if err := r.wait(); err != nil {
		t.Fatal(err)
	}
	if lines := p.lines(t); len(lines) != 1 || !strings.Contains(lines[0], `"disposition":"answered"`) {
		t.Errorf("after the drain the log has %q, want the call that was up", lines)
	}
}

func TestDrainGivesUpAndTheNextStartFollows(t *testing.T) {
	sim := simulate(t)
	p := newPlace(t, sim, "")
	p.settings.DrainTimeout = 100 * time.Millisecond
	r := p.start(t)
	campaign := r.campaign(nil, "1100001") // talks until somebody ends it
	r.status(campaign, 1)
	r.awaitTalk(campaign, 1)
	r.Drain()
	if err := r.wait(); err != nil {
		t.Fatal(err)
	}
	if lines := p.lines(t); len(lines) != 0 {
		t.Errorf("the log has %q of a call that is still up", lines)
	}
	if up := len(sim.Calls()); up != 1 {
		t.Fatalf("%d calls are up at the PBX, want the one that was left to it", up)
	}
	again := p.start(t)
	again.awaitTalk(campaign, 1)
	again.status(campaign, 30)
	again.awaitStatus(campaign, 0)
	again.Drain()
	if err := again.wait(); err != nil {
		t.Fatal(err)
	}
	if lines := p.lines(t); len(lines) != 1 || !strings.Contains(lines[0], `"disposition":"answered"`) {
		t.Errorf("the log has %q, want the call once", lines)
	}
	if placed := len(sim.Originates()); placed != 1 {
		t.Errorf("the PBX was asked for %d calls, want 1", placed)
	}
}

func TestSignals(t *testing.T) {
	p := newPlace(t, simulate(t), "")
	app, err := New(t.Context(), p.settings, testLogger(t))
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := app.Close(); err != nil {
			t.Error(err)
		}
	}()
	signals := make(chan os.Signal, 2)
	ended := make(chan error, 1)
	go func() { ended <- runUntilSignal(t.Context(), app, signals, testLogger(t)) }()
	r := &running{App: app, client: newClient(app.URL(), ""), t: t}
	defer r.client.Close()
	eventually(t, func() string {
		if !r.ready(t.Context()) {
			return "the server did not get ready"
		}
		return ""
	})
	campaign := r.campaign(nil, "1100001")
	r.status(campaign, 1)
	r.awaitTalk(campaign, 1)
	signals <- syscall.SIGTERM
	signals <- syscall.SIGTERM // an echo: whoever signals a process and its group means it once
	eventually(t, func() string {
		if r.ready(t.Context()) {
			return "it is ready while it drains"
		}
		return ""
	})
	select {
	case err := <-ended:
		t.Fatalf("it ended with a call up: %v", err)
	default:
	}
	tick := time.NewTicker(signalEcho)
	defer tick.Stop()
	for len(ended) == 0 {
		select {
		case signals <- syscall.SIGTERM:
		default: // nobody listens any more
		}
		<-tick.C
	}
	if err := <-ended; err == nil || !strings.Contains(err.Error(), errForced.Error()) {
		t.Errorf("after the second signal: %v, want %v", err, errForced)
	}
}

// TestWrongSecretIsSaid: the server starts, says once in its log what is wrong
// with the gateway, and is not ready.
func TestWrongSecretIsSaid(t *testing.T) {
	p := newPlace(t, simulate(t), "")
	own := p.settings.Gateways[0].own.(asteriskSettings)
	own.Secret = NewSecret("not-the-secret")
	p.settings.Gateways[0].own = own
	said := make(chan string, 100)
	app, err := New(t.Context(), p.settings, LogSettings{}.logger(lineSink(said)))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- app.Run(ctx) }()
	api := newClient(app.URL(), "")
	defer api.Close()
	eventually(t, func() string {
		select {
		case line := <-said:
			if strings.Contains(line, "not-the-secret") {
				t.Errorf("the log shows the secret: %s", line)
			}
			if strings.Contains(line, "level=WARN") && strings.Contains(line, "gateway=asterisk") && strings.Contains(line, "Authentication failed") {
				return ""
			}
		default:
		}
		return "the log does not say that the log-in was refused"
	})
	if api.ready(t.Context()) {
		t.Error("it is ready without its gateway")
	}
	cancel()
	if err := errors.Join(<-ended, app.Close()); err != nil {
		t.Error(err)
	}
}

// lineSink sends what is written on, as long as there is room.
type lineSink chan string

func (s lineSink) Write(text []byte) (int, error) {
	select {
	case s <- string(text):
	default:
	}
	return len(text), nil
}
