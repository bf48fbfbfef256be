package main

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/outpace/outpace/dialer/hosted/hostedsim"
	"github.com/outpace/outpace/dialer/pbxsim"
	"github.com/outpace/outpace/dlma"
)

// mixed is one engine with an Asterisk and one PBX of each hosted kind.
type mixed struct {
	t         *testing.T
	app       *App
	api       *client
	asterisk  *demoAsterisk
	hosted    map[string]*demoHosted
	campaigns map[string]string // gateway to campaign
	logPath   string
}

// TestMixedRun: campaigns on all kinds of gateways at once, with faults. Every
// call that a PBX was asked for has exactly one result, and no PBX was asked
// for more. OUTPACE_MIXED=10m makes it last.
func TestMixedRun(t *testing.T) {
	length, entries := 5*time.Second, 12
	text, long := os.LookupEnv("OUTPACE_MIXED")
	if long {
		var err error
		if length, err = time.ParseDuration(text); err != nil {
			t.Fatal(err)
		}
		entries = 40 * max(1, int(length/(5*time.Second)))
	}
	m := newMixed(t, entries)
	for gateway := range m.campaigns {
		m.status(gateway, 1)
	}
	m.disturb(length)
	deadline := time.Now().Add(4 * time.Minute)
	if long { // else the lists are short enough to end by themselves
		for gateway := range m.campaigns {
			m.status(gateway, 0)
		}
	}
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for gateway, campaign := range m.campaigns {
		for m.present(campaign) != 0 {
			if time.Now().After(deadline) {
				t.Fatalf("the campaign on %s does not come to rest", gateway)
			}
			<-tick.C
		}
	}
	m.judge()
}

func newMixed(t *testing.T, entries int) *mixed {
	t.Helper()
	dir := t.TempDir()
	logger := slog.New(slog.DiscardHandler)
	m := &mixed{t: t, hosted: map[string]*demoHosted{}, campaigns: map[string]string{}, logPath: filepath.Join(dir, "results.json")}
	down := new(teardown)
	t.Cleanup(func() {
		if err := down.run(logger); err != nil {
			t.Error(err)
		}
	})
	cmd := demoCmd{Agents: 4, Speed: 60, Seed: 7, Gateway: "asterisk"}
	var err error
	if m.asterisk, err = newDemoAsterisk(cmd, logger, down); err != nil {
		t.Fatal(err)
	}
	settings, err := m.asterisk.settings(layer{
		Listen: new("127.0.0.1:0"), Database: new("sqlite:" + filepath.Join(dir, "db")), Results: &m.logPath,
	})
	if err != nil {
		t.Fatal(err)
	}
	for kind := range demoKinds {
		cmd.Gateway = kind
		if m.hosted[kind], err = newDemoHosted(t.Context(), cmd, down); err != nil {
			t.Fatal(err)
		}
		own, err := m.hosted[kind].settings(layer{Listen: new("127.0.0.1:0"), Database: new("sqlite:x"), Results: new("x")})
		if err != nil {
			t.Fatal(err)
		}
		settings.Gateways = append(settings.Gateways, own.Gateways...)
	}
	if m.app, err = New(t.Context(), settings, logger); err != nil {
		t.Fatal(err)
	}
	down.add("server", m.app.Close)
	m.api = newClient(m.app.URL(), "")
	down.add("client", func() error { m.api.Close(); return nil })
	m.begin(down)
	for _, g := range settings.Gateways {
		m.load(g.Name, entries)
	}
	return m
}

// begin runs the parts until the test ends, the server first to end.
func (m *mixed) begin(down *teardown) {
	pbxs, stopPBXs := context.WithCancel(context.Background())
	ctx, stop := context.WithCancel(context.Background())
	var parts, server sync.WaitGroup
	parts.Go(func() { m.report(m.asterisk.run(pbxs, m.app)) })
	for _, h := range m.hosted {
		parts.Go(func() { m.report(h.run(pbxs, m.app)) })
	}
	server.Go(func() { m.report(m.app.Run(ctx)) })
	down.add("parts", func() error {
		stop()
		server.Wait()
		stopPBXs()
		parts.Wait()
		return nil
	})
	if err := poll(m.t.Context(), 20*time.Millisecond, func() (bool, error) { return m.api.ready(m.t.Context()), nil }); err != nil {
		m.t.Fatal(err)
	}
}

func (m *mixed) report(err error) {
	if err != nil {
		m.t.Error(err)
	}
}

func (m *mixed) load(gateway string, entries int) {
	m.t.Helper()
	ctx := m.t.Context()
	create := func(path string, body map[string]any) string {
		uuid, err := m.api.create(ctx, path, body)
		if err != nil {
			m.t.Fatal(err)
		}
		return uuid
	}
	destination := create("/ob/destinations", map[string]any{"name": gateway, "type": 1, "application": "Queue", "data": demoQueue})
	plan := create("/ob/plans", map[string]any{
		"name": gateway, "dial_mode": 1, "tech_name": "PJSIP", "trunk_name": "trunk", "dial_timeout": 20_000, "retry_delay": 1,
		"dl_end_handle": 1, "service_level": 2, "gateway": gateway, "max_retry_cnt_1": 2, "max_retry_cnt_2": 0, "max_retry_cnt_3": 0,
		"max_retry_cnt_4": 0, "max_retry_cnt_5": 0, "max_retry_cnt_6": 0, "max_retry_cnt_7": 0, "max_retry_cnt_8": 0,
	})
	list := create("/ob/dlmas", map[string]any{"name": gateway})
	rows := make([]dlma.Entry, entries)
	for i := range rows {
		rows[i] = dlma.Entry{List: list, Name: fmt.Sprint("Customer ", i), Number: [dlma.Numbers]string{
			fmt.Sprintf("09%02d%06d", len(m.campaigns), i+1),
		}}
	}
	if _, err := m.app.store.AddEntries(ctx, rows); err != nil {
		m.t.Fatal(err)
	}
	m.campaigns[gateway] = create("/ob/campaigns", map[string]any{"name": gateway, "plan": plan, "dest": destination, "dlma": list})
}

func (m *mixed) status(gateway string, status int) {
	m.t.Helper()
	err := m.api.do(m.t.Context(), http.MethodPut, "/ob/campaigns/"+m.campaigns[gateway], map[string]any{"status": status}, nil)
	if err != nil && !strings.Contains(err.Error(), "409") { // it may have ended by itself
		m.t.Fatalf("%s: %v", gateway, err)
	}
}

func (m *mixed) present(campaign string) int {
	m.t.Helper()
	var c struct {
		Status int `json:"status"`
	}
	if err := m.api.do(m.t.Context(), http.MethodGet, "/ob/campaigns/"+campaign, nil, &c); err != nil {
		m.t.Fatal(err)
	}
	return c.Status
}

// disturb lets faults come and go for a while, on one PBX after the other.
func (m *mixed) disturb(length time.Duration) {
	chance := rand.New(rand.NewPCG(7, 7))
	bad := []hostedsim.Faults{
		{Slow: 0.3, Late: 400 * time.Millisecond}, {ServerError: 0.2}, {Expired: 0.2}, {Malformed: 0.2}, {Lost: 0.2}, {Refuse: true},
		{LostHook: 0.5, DoubleHook: 0.5, MixedHook: 0.5}, {RowFirst: true}, {RowDelay: 600 * time.Millisecond}, {},
	}
	tick := time.NewTicker(250 * time.Millisecond)
	defer tick.Stop()
	skew := map[string]time.Duration{}
	for i, kind := range knownKindsOfDemo() {
		skew[kind] = time.Duration(i-1) * 40 * time.Minute
	}
	for end := time.Now().Add(length); time.Now().Before(end); <-tick.C {
		for _, kind := range knownKindsOfDemo() {
			f := bad[chance.IntN(len(bad))]
			f.Skew = skew[kind]
			m.hosted[kind].world.SetFaults(f)
		}
		switch chance.IntN(8) {
		case 0:
			m.asterisk.sim.DropLinks()
		case 1:
			m.asterisk.sim.Arm(pbxsim.LoseReply, 1)
		}
	}
	for kind, h := range m.hosted {
		h.world.SetFaults(hostedsim.Faults{Skew: skew[kind]})
	}
}

func knownKindsOfDemo() []string { return strings.Split(knownHosted(), ",") }

// judge holds the results against what the PBXs were asked for.
func (m *mixed) judge() {
	m.t.Helper()
	var open struct {
		List []any `json:"list"`
	}
	if err := m.api.do(m.t.Context(), http.MethodGet, "/ob/dialings", nil, &open); err != nil || len(open.List) != 0 {
		m.t.Errorf("%d dialings are left, %v", len(open.List), err)
	}
	var sum report
	var lines []logged
	err := poll(m.t.Context(), 100*time.Millisecond, func() (bool, error) {
		var err error
		sum, lines, err = readReport(m.logPath)
		total := 0
		for _, campaign := range m.campaigns {
			var now stats
			if err := m.api.do(m.t.Context(), http.MethodGet, "/ob/campaigns/"+campaign+"/stats", nil, &now); err != nil {
				return false, err
			}
			total += now.dialed()
		}
		return len(lines) >= total, err
	})
	if err != nil {
		m.t.Fatal(err)
	}
	m.t.Logf("%d results: %v", sum.calls, sum.by)
	for kind, h := range m.hosted {
		m.judgeOne(kind, lines, h.asked(lines))
	}
	m.judgeOne("asterisk", lines, m.asterisk.asked(lines))
}

// judgeOne: every call that the PBX was asked for has its result, and one
// that tells of an answer was asked for.
func (m *mixed) judgeOne(gateway string, lines []logged, asked map[string]int) {
	m.t.Helper()
	results, fates := map[string]logged{}, map[string]int{}
	for _, line := range lines {
		if line.Gateway == gateway {
			results[line.UUID] = line
			fates[line.Disposition]++
		}
	}
	m.t.Logf("%s: %v", gateway, fates)
	if fates["answered"] == 0 {
		m.t.Errorf("%s: nobody was reached", gateway)
	}
	for call, n := range asked {
		if _, ours := results[call]; !ours || n > 1 {
			m.t.Errorf("%s: the PBX was asked %d times for the call %s, whose result is %q", gateway, n, call, results[call].Disposition)
		}
	}
	for call, line := range results {
		switch line.Disposition {
		case "not_placed", "unknown":
		default:
			if asked[call] == 0 {
				m.t.Errorf("%s: a result is %s, but the PBX was not asked for the call", gateway, line.Disposition)
			}
		}
	}
}
