package main

import (
	"path/filepath"
	"strings"
	"testing"

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
