package store_test

import (
	"context"
	"testing"
	"time"

	"github.com/outpace/outpace/campaign"
	"github.com/outpace/outpace/dlma"
	"github.com/outpace/outpace/results"
	"github.com/outpace/outpace/store"
)

// TestReadsOfTheAPIDoNotHoldUpTheScheduler: while every connection of the
// API's is taken, as by lists that are counted, the scheduler sees what it has
// to.
func TestReadsOfTheAPIDoNotHoldUpTheScheduler(t *testing.T) {
	both(t, func(t *testing.T, s *store.Store) {
		list, token := newList(t, s), lease(t, s, "results")
		finishAll(t, s, lease(t, s, "gw"), list, "c", now(), results.Busy)
		pick, uuids := pickOf(list, 1, 3), []string{list}
		c := must[campaign.Campaign](t)(s.CreateCampaign(t.Context(), campaign.Campaign{Name: "c"}))
		defer must[func()](t)(s.HoldReads(t.Context()))()
		ctx := soon(t)
		reads(t, "Working")(s.Working(ctx))
		reads(t, "Campaign")(s.Campaign(ctx, c.UUID))
		reads(t, "Plans")(s.Plans(ctx, uuids))
		reads(t, "Destinations")(s.Destinations(ctx, uuids))
		reads(t, "Lists")(s.Lists(ctx, uuids))
		reads(t, "OpenCalls")(s.OpenCalls(ctx, "c"))
		reads(t, "HangupsAsked")(s.HangupsAsked(ctx, "gw"))
		reads(t, "Overdue")(s.Overdue(ctx, nil, now(), time.Minute, time.Hour))
		reads(t, "Outlook")(s.Outlook(ctx, pick))
		reads(t, "Reconcile")(s.Reconcile(ctx, pick))
		reads(t, "Days")(s.Days(ctx, "c", "2026-01-01"))
		reads(t, "Number")(s.Number(ctx, token, 10))
		reads(t, "Numbered")(s.Numbered(ctx, 0, 10))
		reads(t, "Recent")(s.Recent(ctx, "c", 10))
		reads(t, "Logged")(s.Logged(ctx, "host"))
	})
}

// TestTheAPIReadsBesideTheScheduler: what may take the API long takes none of
// the scheduler's connections.
func TestTheAPIReadsBesideTheScheduler(t *testing.T) {
	both(t, func(t *testing.T, s *store.Store) {
		list := newList(t, s)
		entry := newEntry(t, s, list, "1")
		defer must[func()](t)(s.HoldEngine(t.Context()))()
		ctx := soon(t)
		reads(t, "Ping")(nil, s.Ping(ctx))
		reads(t, "Counts")(s.Counts(ctx, pickOf(list, 1, 3)))
		reads(t, "Tally")(s.Tally(ctx, "c"))
		reads(t, "Entry")(s.Entry(ctx, entry.UUID))
		for _, q := range []results.Query{{Count: 10}, {Campaign: "c", Count: 10}} {
			readsPage(t, "Results")(s.Results(ctx, q))
		}
		for _, q := range []dlma.Query{{List: list, Count: 10}, {List: list, Number: "1", Count: 10}} {
			readsPage(t, "ListEntries")(s.ListEntries(ctx, q))
		}
		readsPage(t, "ListDialings")(s.ListDialings(ctx, "", 10))
		readsPage(t, "ListCampaigns")(s.ListCampaigns(ctx, "", 10))
		readsPage(t, "ListPlans")(s.ListPlans(ctx, "", 10))
		readsPage(t, "ListDestinations")(s.ListDestinations(ctx, "", 10))
		readsPage(t, "ListLists")(s.ListLists(ctx, "", 10))
		readsPage(t, "Live")(s.Live(ctx, "c"))
	})
}

// soon is when reads must have ended that wait for nobody.
func soon(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	t.Cleanup(cancel)

	return ctx
}

// reads fails the test if a read failed, as one does that has to wait for a
// connection.
func reads(t *testing.T, name string) func(_ any, err error) {
	return func(_ any, err error) {
		t.Helper()
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// readsPage is reads for what returns something more.
func readsPage(t *testing.T, name string) func(_ any, _ bool, err error) {
	return func(v any, _ bool, err error) {
		t.Helper()
		reads(t, name)(v, err)
	}
}
