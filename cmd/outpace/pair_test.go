package main

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/outpace/outpace/dialer/pbxsim"
	"github.com/outpace/outpace/store/storetest"
)

// TestTwoServersOnOneDatabase: one of them owns the gateway, either one's API
// may be asked, and the other takes over, with the call that is up, when the
// first one ends.
func TestTwoServersOnOneDatabase(t *testing.T) {
	sim := simulate(t)
	url := storetest.PostgresURL(t)
	first, second := newPlace(t, sim, url), newPlace(t, sim, url)
	a := first.start(t)
	b := second.start(t)
	campaign := b.campaign(nil, "1100001", "2000002")
	b.status(campaign, 1)
	a.awaitTalk(campaign, 1)
	b.awaitTalk(campaign, 1)
	a.kill()

	b.status(campaign, 30)
	b.awaitStatus(campaign, 0)
	b.Drain()
	if err := b.wait(); err != nil {
		t.Fatal(err)
	}
	if placed := len(sim.Originates()); placed != 2 {
		t.Errorf("the PBX was asked for %d calls, want 2", placed)
	}
	all := strings.Join(second.lines(t), "\n")
	if _, lines, err := sumUp(strings.NewReader(all)); err != nil || len(lines) != 2 {
		t.Errorf("the log of the second one has %d results, want all 2: %v\n%s", len(lines), err, all)
	}
	if filepath.Dir(first.settings.Results.Path) == filepath.Dir(second.settings.Results.Path) {
		t.Error("the two write into one file, so the test shows nothing")
	}
}

// TestGatewaysOfTwoServers: each has its share of the gateways, campaigns run
// where their gateway is, and one who is left alone has all.
func TestGatewaysOfTwoServers(t *testing.T) {
	t.Parallel()
	sims := []*pbxsim.Server{simulate(t), simulate(t)}
	url := storetest.PostgresURL(t)
	server := func() *running {
		p := newPlace(t, sims[0], url)
		p.settings.Gateways = nil
		for i, sim := range sims {
			other := newPlace(t, sim, url).settings.Gateways[0]
			other.Name = fmt.Sprint("pbx-", i+1)
			p.settings.Gateways = append(p.settings.Gateways, other)
		}
		return p.start(t)
	}
	db, err := sql.Open("pgx", url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	awaitShares := func(engines int) {
		t.Helper()
		eventually(t, func() string {
			var names, holders int
			if err := db.QueryRowContext(t.Context(), `SELECT count(*), count(DISTINCT holder) FROM leases
				WHERE name IN ('gateway:pbx-1', 'gateway:pbx-2') AND expires_at > clock_timestamp()`).Scan(&names, &holders); err != nil {
				t.Fatal(err)
			}
			if names != 2 || holders != engines {
				return fmt.Sprintf("%d engines have %d of two gateways, want %d with both", holders, names, engines)
			}
			return ""
		})
	}

	a := server()
	awaitShares(1)
	b := server()
	awaitShares(2)
	one := a.campaign(map[string]any{"gateway": "pbx-1"}, "1100001")
	two := a.campaign(map[string]any{"gateway": "pbx-2"}, "1100002")
	for _, c := range []string{one, two} {
		a.status(c, 1)
		b.awaitTalk(c, 1)
	}
	for i, sim := range sims {
		if n := len(sim.Originates()); n != 1 {
			t.Errorf("PBX %d was asked for %d calls", i+1, n)
		}
	}

	a.kill() // in this process: it gives back what it has
	awaitShares(1)
	for _, c := range []string{one, two} {
		b.awaitTalk(c, 1)
		b.status(c, 30)
		b.awaitStatus(c, 0)
	}
}
