package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/outpace/outpace/dialer/pbxsim"
)

// eventually asks until the answer is "" and fails with the last answer after
// a while.
func eventually(t *testing.T, ask func() string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		answer := ask()
		if answer == "" {
			return
		}
		select {
		case <-ctx.Done():
			t.Fatal(answer)
		case <-tick.C:
		}
	}
}

// testLog writes the program's log into the test's.
type testLog struct {
	mu   sync.Mutex
	t    *testing.T
	done bool
}

func (l *testLog) Write(text []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.done {
		l.t.Log(strings.TrimSpace(string(text)))
	}
	return len(text), nil
}

func testLogger(t *testing.T) *slog.Logger {
	l := &testLog{t: t}
	t.Cleanup(func() { l.mu.Lock(); l.done = true; l.mu.Unlock() })
	return LogSettings{}.logger(l)
}

// simulate runs a PBX that is faster than life until the test ends.
func simulate(t *testing.T) *pbxsim.Server {
	t.Helper()
	sim, err := pbxsim.New(pbxsim.Config{TimeScale: 20, Seed: 1, Secret: "sim-secret",
		Queues: []pbxsim.QueueConfig{simQueue("sales", 0, 4, 0)}})
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- sim.Run(context.Background()) }()
	t.Cleanup(func() {
		if err := sim.Close(); err != nil {
			t.Error(err)
		}
		if err := <-ended; err != nil && !errors.Is(err, pbxsim.ErrClosed) { // closed before it ran
			t.Error(err)
		}
	})
	return sim
}

// place is where a server keeps its things; a second server in the same place
// is the same server after a restart.
type place struct {
	settings Settings
}

func newPlace(t *testing.T, sim *pbxsim.Server, database string) place {
	t.Helper()
	dir := t.TempDir()
	if database == "" {
		database = "sqlite:" + filepath.Join(dir, "outpace.db")
	}
	s, err := loadSettings(layer{}, "", env("OUTPACE_LISTEN=127.0.0.1:0", "OUTPACE_DATABASE="+database,
		"OUTPACE_RESULTS="+filepath.Join(dir, "outbound_result.json"),
		"OUTPACE_AMI_ADDRESS="+sim.Addr(), "OUTPACE_AMI_USERNAME=dialer", "OUTPACE_AMI_SECRET=sim-secret"))
	if err != nil {
		t.Fatal(err)
	}
	return place{s}
}

// running is a server under test.
type running struct {
	*App
	*client
	t     *testing.T
	stop  context.CancelFunc
	ended chan error
	once  sync.Once
	err   error
}

// start starts a server; it is stopped at once when the test ends, if not before.
func (p place) start(t *testing.T) *running {
	t.Helper()
	return p.startChanged(t, testLogger(t), func(*App) {})
}

// startChanged is start of a server that was changed before it runs.
func (p place) startChanged(t *testing.T, logger *slog.Logger, change func(*App)) *running {
	t.Helper()
	app, err := New(t.Context(), p.settings, logger)
	if err != nil {
		t.Fatal(err)
	}
	change(app)
	ctx, cancel := context.WithCancel(context.Background())
	r := &running{App: app, client: newClient(app.URL(), p.settings.API.Token.Reveal()), t: t, stop: cancel, ended: make(chan error, 1)}
	go func() { r.ended <- app.Run(ctx) }()
	t.Cleanup(func() { r.kill() })
	eventually(t, func() string {
		if !r.ready(t.Context()) {
			return "the server did not get ready"
		}
		return ""
	})
	return r
}

// wait waits for Run to return and gives everything back.
func (r *running) wait() error {
	r.once.Do(func() {
		r.err = <-r.ended
		r.stop()
		r.client.Close()
		if err := r.App.Close(); err != nil {
			r.t.Errorf("close: %v", err)
		}
	})
	return r.err
}

// kill stops the server without draining.
func (r *running) kill() {
	r.stop()
	if err := r.wait(); err != nil {
		r.t.Errorf("run: %v", err)
	}
}

// post makes an object. On a machine where a request takes too long it asks
// again, but for an entry: two of those would be two calls.
func (r *running) post(path string, object map[string]any) (made string) {
	r.t.Helper()
	eventually(r.t, func() string {
		var err error
		if made, err = r.create(r.t.Context(), path, object); err == nil {
			return ""
		}
		if answer, ok := errors.AsType[refused](err); !ok || answer.Status != http.StatusServiceUnavailable || path == "/ob/dls" {
			r.t.Fatal(err)
		}
		return err.Error()
	})
	return made
}

// onceEntry makes entries by their ukey, so that asking again makes no second one.
const onceEntry = "/ob/dls?once=1"

func (r *running) get(path string, into any) {
	r.t.Helper()
	if err := r.do(r.t.Context(), http.MethodGet, path, nil, into); err != nil {
		r.t.Fatal(err)
	}
}

// campaign makes a campaign that calls the numbers, one entry each, and sends
// who answers to the queue sales.
func (r *running) campaign(plan map[string]any, numbers ...string) (uuid string) {
	r.t.Helper()
	fields := map[string]any{"name": "p", "dial_mode": 1, "tech_name": "PJSIP", "trunk_name": "trunk",
		"dial_timeout": 20_000, "retry_delay": 0, "service_level": 10, "dl_end_handle": 1}
	for i := range 8 {
		fields[fmt.Sprintf("max_retry_cnt_%d", i+1)] = 1
	}
	maps.Copy(fields, plan)
	list := r.post("/ob/dlmas", map[string]any{"name": "l"})
	for _, number := range numbers {
		r.post(onceEntry, map[string]any{"dlma_uuid": list, "name": "n " + number, "ukey": number, "number_1": number})
	}
	return r.post("/ob/campaigns", map[string]any{"name": "c", "dlma": list,
		"plan": r.post("/ob/plans", fields),
		"dest": r.post("/ob/destinations", map[string]any{"name": "d", "type": 1, "application": "Queue", "data": "sales"})})
}

func (r *running) status(campaign string, status int) {
	r.t.Helper()
	if err := r.do(r.t.Context(), http.MethodPut, "/ob/campaigns/"+campaign, map[string]any{"status": status}, nil); err != nil {
		r.t.Fatal(err)
	}
}

// awaitStatus waits until the campaign has a status.
func (r *running) awaitStatus(campaign string, status int) {
	r.t.Helper()
	eventually(r.t, func() string {
		var now struct {
			Status int `json:"status"`
		}
		r.get("/ob/campaigns/"+campaign, &now)
		if now.Status == status {
			return ""
		}
		var s stats
		r.get("/ob/campaigns/"+campaign+"/stats", &s)
		return fmt.Sprintf("the campaign is at %d, not %d; why: %s; %+v", now.Status, status, either(s.Why, "null"), s)
	})
}

// awaitTalk waits until n calls of the campaign are with an agent.
func (r *running) awaitTalk(campaign string, n int) {
	r.t.Helper()
	eventually(r.t, func() string {
		var s stats
		r.get("/ob/campaigns/"+campaign+"/stats", &s)
		if s.Calls.Talking == n {
			return ""
		}
		return fmt.Sprintf("%d calls talk, want %d; why: %s; %+v", s.Calls.Talking, n, either(s.Why, "null"), s)
	})
}

// lines reads the place's result log.
func (p place) lines(t *testing.T) []string {
	t.Helper()
	f, err := os.Open(p.settings.Results.Path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var all []string
	for s := bufio.NewScanner(f); s.Scan(); {
		all = append(all, s.Text())
	}
	return all
}
