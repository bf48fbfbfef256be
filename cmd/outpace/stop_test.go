package main

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/outpace/outpace/dialer/pbxsim"
)

// busyCampaign starts a campaign that dials as fast as it may for a while and
// waits until it does.
func busyCampaign(t *testing.T, r *running, sim *pbxsim.Server) (uuid string) {
	t.Helper()
	var numbers []string
	for i := range 400 {
		numbers = append(numbers, fmt.Sprintf("200%05d", i)) // busy
	}
	uuid = r.campaign(nil, numbers...)
	r.status(uuid, 1)
	eventually(t, func() string {
		if len(sim.Originates()) < 20 {
			return "there are no calls"
		}
		return ""
	})
	return uuid
}

// after counts the calls that the PBX was asked for from a time on.
func after(sim *pbxsim.Server, from time.Time) (n int, latest time.Duration) {
	for _, o := range sim.Originates() {
		if !o.At.Before(from) {
			n++
			latest = max(latest, o.At.Sub(from))
		}
	}
	return n, latest
}

// TestNobodyIsCalledAfterAStop: a stop is acted on within a second, as is all
// that users ask for.
func TestNobodyIsCalledAfterAStop(t *testing.T) {
	for status, rest := range map[int]int{0: 0, 2: 2, 30: 0} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			sim := simulate(t)
			r := newPlace(t, sim, "").start(t)
			campaign := busyCampaign(t, r, sim)
			r.status(campaign, status)
			stopped := time.Now()
			r.awaitStatus(campaign, rest)
			before := len(sim.Originates())
			r.Drain()
			if err := r.wait(); err != nil {
				t.Fatal(err)
			}
			if _, latest := after(sim, stopped); latest > time.Second {
				t.Errorf("a call was placed %s after the stop", latest)
			}
			if n := len(sim.Originates()); n != before || n == 400 {
				t.Errorf("%d calls when the campaign was at rest, %d later", before, n)
			}
		})
	}
}

// TestNobodyIsCalledOutsideHours: not even a moment after the calendar closes.
func TestNobodyIsCalledOutsideHours(t *testing.T) {
	sim := simulate(t)
	r := newPlace(t, sim, "").start(t)
	campaign := busyCampaign(t, r, sim)
	now := time.Now().UTC()
	closes := now.Add(5 * time.Second).Truncate(time.Second)
	if closes.Day() != now.Day() {
		closes = closes.Truncate(24 * time.Hour) // a window may end at midnight
	}
	calendar := map[string]any{"sc_mode": 1, "sc_time_start": closes.Add(-time.Hour).Format(time.TimeOnly), "sc_time_end": closes.Format(time.TimeOnly)}
	if err := r.do(t.Context(), http.MethodPut, "/ob/campaigns/"+campaign, calendar, nil); err != nil {
		t.Fatal(err)
	}
	r.awaitStatus(campaign, 0)
	if time.Now().Before(closes) {
		t.Error("the campaign stopped before the calendar closed")
	}
	if n, latest := after(sim, closes); n > 0 {
		t.Errorf("%d calls were placed after the calendar closed, the last %s later", n, latest)
	}
	if n := len(sim.Originates()); n < 10 || n == 400 {
		t.Errorf("%d calls were placed in all", n)
	}
}
