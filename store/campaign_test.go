package store_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/outpace/outpace/campaign"
	"github.com/outpace/outpace/dlma"
	"github.com/outpace/outpace/plan"
	"github.com/outpace/outpace/results"
	"github.com/outpace/outpace/store"
)

func TestCampaignReferencesMustExist(t *testing.T) {
	both(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		gone := must[plan.Plan](t)(s.CreatePlan(ctx, plan.Plan{}))
		must[plan.Plan](t)(s.DeletePlan(ctx, gone.UUID, false))
		for field, c := range map[string]campaign.Campaign{
			"plan": {Plan: gone.UUID}, "dest": {Destination: "x"}, "dlma": {List: "a'b"}, "next_campaign": {Next: gone.UUID},
		} {
			_, err := s.CreateCampaign(ctx, c)
			if !is[campaign.Invalid](err) || !strings.HasPrefix(err.Error(), field+" ") {
				t.Errorf("%s: %v", field, err)
			}
		}
		c := must[campaign.Campaign](t)(s.CreateCampaign(ctx, campaign.Campaign{}))
		_, err := s.UpdateCampaign(ctx, c.UUID, func(c *campaign.Campaign) error { c.Plan = gone.UUID; return nil })
		if !is[campaign.Invalid](err) {
			t.Errorf("update: %v", err)
		}
	})
}

func TestDeletingWhatACampaignNames(t *testing.T) {
	both(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		p := must[plan.Plan](t)(s.CreatePlan(ctx, plan.Plan{}))
		d := must[campaign.Destination](t)(s.CreateDestination(ctx, campaign.Destination{}))
		l := newList(t, s)
		e := newEntry(t, s, l, "1")
		c := must[campaign.Campaign](t)(s.CreateCampaign(ctx, campaign.Campaign{Plan: p.UUID, Destination: d.UUID, List: l}))

		if _, err := s.DeletePlan(ctx, p.UUID, false); !is[plan.Conflict](err) {
			t.Errorf("plan: %v", err)
		}
		if _, err := s.DeleteDestination(ctx, d.UUID, false); !is[campaign.Conflict](err) {
			t.Errorf("destination: %v", err)
		}
		for _, o := range []struct{ force, entries bool }{{false, false}, {true, false}, {false, true}} {
			if _, err := s.DeleteList(ctx, l, o.force, o.entries); !is[dlma.Conflict](err) {
				t.Errorf("list with %+v: %v", o, err)
			}
		}
		if got := must[campaign.Campaign](t)(s.Campaign(ctx, c.UUID)); got.List != l || got.Plan != p.UUID {
			t.Errorf("a refused delete changed the campaign: %+v", got)
		}
		must[plan.Plan](t)(s.DeletePlan(ctx, p.UUID, true))
		must[campaign.Destination](t)(s.DeleteDestination(ctx, d.UUID, true))
		gone := must[dlma.List](t)(s.DeleteList(ctx, l, true, true))
		if gone.InUse || gone.TmDelete.IsZero() {
			t.Errorf("deleted list %+v", gone)
		}
		got := must[campaign.Campaign](t)(s.Campaign(ctx, c.UUID))
		if got.Plan != "" || got.Destination != "" || got.List != "" || got.TmUpdate.IsZero() {
			t.Errorf("references stayed: %+v", got)
		}
		if _, err := s.Entry(ctx, e.UUID); err == nil {
			t.Error("the list's entry is still there")
		}
		if _, err := s.CreateEntry(ctx, dlma.Entry{List: l}); !is[dlma.Invalid](err) {
			t.Errorf("entry into a deleted list: %v", err)
		}
		if _, err := s.AddEntries(ctx, []dlma.Entry{{List: l}}); !is[dlma.Invalid](err) {
			t.Errorf("entries into a deleted list: %v", err)
		}
	})
}

func TestAbandonDestinationMustBeALiveExtension(t *testing.T) {
	both(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		exten := must[campaign.Destination](t)(s.CreateDestination(ctx, campaign.Destination{}))
		queue := must[campaign.Destination](t)(s.CreateDestination(ctx, campaign.Destination{Type: campaign.TypeApplication}))
		gone := must[campaign.Destination](t)(s.CreateDestination(ctx, campaign.Destination{}))
		must[campaign.Destination](t)(s.DeleteDestination(ctx, gone.UUID, false))
		p := must[plan.Plan](t)(s.CreatePlan(ctx, plan.Plan{AbandonDestination: exten.UUID}))
		for what, uuid := range map[string]string{"an application": queue.UUID, "a deleted one": gone.UUID, "no uuid": "a'b", "not a text": "a\x00"} {
			_, err := s.CreatePlan(ctx, plan.Plan{AbandonDestination: uuid})
			if !is[plan.Invalid](err) || !strings.HasPrefix(err.Error(), "abandon_destination ") {
				t.Errorf("a plan with %s: %v", what, err)
			}
			_, err = s.UpdatePlan(ctx, p.UUID, func(p *plan.Plan) error { p.AbandonDestination = uuid; return nil })
			if !is[plan.Invalid](err) || !strings.HasPrefix(err.Error(), "abandon_destination ") {
				t.Errorf("a plan that changes to %s: %v", what, err)
			}
		}
		if got := must[plan.Plan](t)(s.Plan(ctx, p.UUID)); got.AbandonDestination != exten.UUID {
			t.Errorf("refused changes left %q", got.AbandonDestination)
		}
	})
}

func TestChangingWhatAPlanNames(t *testing.T) {
	both(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		d := must[campaign.Destination](t)(s.CreateDestination(ctx, campaign.Destination{}))
		p := must[plan.Plan](t)(s.CreatePlan(ctx, plan.Plan{AbandonDestination: d.UUID}))
		c := must[campaign.Campaign](t)(s.CreateCampaign(ctx, campaign.Campaign{Destination: d.UUID}))
		become := func(kind int) error {
			return failed(s.UpdateDestination(ctx, d.UUID, func(d *campaign.Destination) error { d.Type, d.UUID = kind, "other"; return nil }))
		}
		if err := become(campaign.TypeApplication); !is[campaign.Conflict](err) {
			t.Errorf("made an application: %v", err)
		}
		if err := become(campaign.TypeExten); err != nil {
			t.Errorf("left an extension: %v", err)
		}
		for range 2 { // the campaign refuses first, then the plan alone
			if _, err := s.DeleteDestination(ctx, d.UUID, false); !is[campaign.Conflict](err) {
				t.Errorf("deleted: %v", err)
			}
			must[campaign.Campaign](t)(s.UpdateCampaign(ctx, c.UUID, func(c *campaign.Campaign) error { c.Destination = ""; return nil }))
		}
		if got := must[plan.Plan](t)(s.Plan(ctx, p.UUID)); got.AbandonDestination != d.UUID || !got.TmUpdate.IsZero() {
			t.Errorf("a refused delete changed the plan: %+v", got)
		}
		must[campaign.Destination](t)(s.DeleteDestination(ctx, d.UUID, true))
		if got := must[plan.Plan](t)(s.Plan(ctx, p.UUID)); got.AbandonDestination != "" || got.TmUpdate.IsZero() {
			t.Errorf("the reference stayed: %+v", got)
		}
		free := must[campaign.Destination](t)(s.CreateDestination(ctx, campaign.Destination{}))
		last := must[plan.Plan](t)(s.CreatePlan(ctx, plan.Plan{AbandonDestination: free.UUID}))
		must[plan.Plan](t)(s.DeletePlan(ctx, last.UUID, false))
		must[campaign.Destination](t)(s.DeleteDestination(ctx, free.UUID, false)) // a deleted plan holds nothing
	})
}

func TestDeletingARunningCampaign(t *testing.T) {
	both(t, func(t *testing.T, s *store.Store) {
		ctx, token := t.Context(), lease(t, s, "gateway:gw")
		for status, left := range map[campaign.Status]campaign.Status{
			campaign.Started: campaign.Stopping, campaign.Stopping: campaign.Stopping,
			campaign.Pausing: campaign.Stopping, campaign.ForceStopping: campaign.ForceStopping,
		} {
			c := must[campaign.Campaign](t)(s.CreateCampaign(ctx, campaign.Campaign{Status: status}))
			before := must[campaign.Campaign](t)(s.CreateCampaign(ctx, campaign.Campaign{Next: c.UUID}))
			if _, err := s.DeleteCampaign(ctx, c.UUID, false); !is[campaign.Conflict](err) {
				t.Errorf("status %d: %v", status, err)
			}
			if gone := must[campaign.Campaign](t)(s.DeleteCampaign(ctx, c.UUID, true)); gone.Status != left || gone.InUse {
				t.Errorf("status %d was left as %+v", status, gone)
			}
			if b := must[campaign.Campaign](t)(s.Campaign(ctx, before.UUID)); b.Next != "" {
				t.Error("the campaign before still names it")
			}
			if ok := must[bool](t)(s.Move(ctx, token, c.UUID, campaign.Move{From: []campaign.Status{left}, To: campaign.Started})); ok {
				t.Error("a deleted campaign was started")
			}
		}
		working := must[[]campaign.Campaign](t)(s.Working(ctx))
		if len(working) != 4 {
			t.Fatalf("%d deleted campaigns are working, want 4", len(working))
		}
		for _, c := range working {
			if ok := must[bool](t)(s.Move(ctx, token, c.UUID, campaign.Move{From: []campaign.Status{c.Status}, To: campaign.Stopped})); !ok {
				t.Error("a deleted campaign could not be stopped")
			}
		}
		if working := must[[]campaign.Campaign](t)(s.Working(ctx)); len(working) != 0 {
			t.Errorf("%d are working still", len(working))
		}
	})
}

func TestMoveAndReason(t *testing.T) {
	both(t, func(t *testing.T, s *store.Store) {
		ctx, token := t.Context(), lease(t, s, "gateway:gw")
		c := must[campaign.Campaign](t)(s.CreateCampaign(ctx, campaign.Campaign{}))
		for i, step := range []struct {
			move   campaign.Move
			done   bool
			status campaign.Status
			reason string
		}{
			{campaign.Move{From: []campaign.Status{campaign.Started}, To: campaign.Stopping}, false, campaign.Stopped, ""},
			{campaign.Move{To: campaign.Started}, false, campaign.Stopped, ""},
			{campaign.Move{From: []campaign.Status{campaign.Stopped, campaign.Paused}, To: campaign.Started}, true, campaign.Started, ""},
			{campaign.Move{From: []campaign.Status{campaign.Started}, To: campaign.Stopping, Reason: "It's over."}, true, campaign.Stopping, "It's over."},
			{campaign.Move{From: []campaign.Status{campaign.Stopping}, To: campaign.Stopped}, true, campaign.Stopped, "It's over."},
			{campaign.Move{From: []campaign.Status{campaign.Stopped}, To: campaign.Started}, true, campaign.Started, ""},
		} {
			if ok := must[bool](t)(s.Move(ctx, token, c.UUID, step.move)); ok != step.done {
				t.Errorf("step %d: moved %v", i, ok)
			}
			if got := must[campaign.Campaign](t)(s.Campaign(ctx, c.UUID)); got.Status != step.status || got.Reason != step.reason {
				t.Errorf("step %d: %d, %q", i, got.Status, got.Reason)
			}
		}
	})
}

// TestMoveNeedsTheLease: an engine that stood still for longer than its lease
// moves nothing when it wakes. On SQLite the lock of the file stands for leases.
func TestMoveNeedsTheLease(t *testing.T) {
	both(t, func(t *testing.T, s *store.Store) {
		ctx, postgres := t.Context(), s.Kind() == "postgres"
		c := must[campaign.Campaign](t)(s.CreateCampaign(ctx, campaign.Campaign{Status: campaign.Stopping}))
		rest := campaign.Move{From: []campaign.Status{campaign.Stopping}, To: campaign.Stopped}
		again := campaign.Move{From: []campaign.Status{campaign.Stopped}, To: campaign.Stopping}
		check := func(who, token string, want bool) {
			t.Helper()
			moved, err := s.Move(ctx, token, c.UUID, rest)
			if lost := errors.Is(err, results.ErrLeaseLost); lost == want || err != nil && !lost {
				t.Errorf("%s: %v", who, err)
			}
			now := must[campaign.Campaign](t)(s.Campaign(ctx, c.UUID))
			if moved != want || (now.Status == campaign.Stopped) != want {
				t.Errorf("%s: moved %t, and the campaign is at %d", who, moved, now.Status)
			}
			if moved {
				must[bool](t)(s.Move(ctx, token, c.UUID, again))
			}
		}
		old := lease(t, s, "gateway:gw")
		check("nobody", "", !postgres)
		check("the owner", old, true)
		if !postgres {
			return
		}
		if err := s.Exec(ctx, "UPDATE leases SET expires_at = clock_timestamp() - interval '1 second'"); err != nil {
			t.Fatal(err)
		}
		check("the owner when the lease has run out", old, false)
		token, ok, err := s.Acquire(ctx, "gateway:gw", "somebody else", time.Minute)
		if err != nil || !ok {
			t.Fatal(ok, err)
		}
		check("the owner before", old, false)
		check("the new owner", token, true)
	})
}

func TestEdges(t *testing.T) {
	both(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		c := must[campaign.Campaign](t)(s.CreateCampaign(ctx, campaign.Campaign{Calendar: campaign.Calendar{Mode: 1}}))
		open := now().Truncate(time.Second)
		start := &campaign.Move{From: []campaign.Status{campaign.Stopped}, To: campaign.Started}
		if ok := must[bool](t)(s.MoveEdge(ctx, c.UUID, time.Time{}, open, start)); ok {
			t.Error("moved from an edge that it is not at")
		}
		if got := must[campaign.Campaign](t)(s.Campaign(ctx, c.UUID)); got.Status != campaign.Stopped {
			t.Error("started by an edge that was not moved")
		}
		if ok := must[bool](t)(s.MoveEdge(ctx, c.UUID, campaign.EdgePending, open, start)); !ok {
			t.Error("not moved from pending")
		}
		got := must[campaign.Campaign](t)(s.Campaign(ctx, c.UUID))
		if got.Status != campaign.Started || !got.Edge.Equal(open) {
			t.Errorf("after the edge: %+v", got)
		}
		if ok := must[bool](t)(s.MoveEdge(ctx, c.UUID, open, time.Time{}, nil)); !ok {
			t.Error("not moved to closed")
		}
		if got := must[campaign.Campaign](t)(s.Campaign(ctx, c.UUID)); !got.Edge.IsZero() || got.Status != campaign.Started {
			t.Errorf("after closing: %+v", got)
		}
		update := func(f func(*campaign.Campaign)) campaign.Campaign {
			return must[campaign.Campaign](t)(s.UpdateCampaign(ctx, c.UUID, func(c *campaign.Campaign) error { f(c); return nil }))
		}
		if got := update(func(c *campaign.Campaign) { c.Name = "x" }); !got.Edge.IsZero() {
			t.Error("a new name made the calendar pending")
		}
		if got := update(func(c *campaign.Campaign) { c.Calendar.Zone = "Asia/Tokyo" }); !got.Edge.Equal(campaign.EdgePending) {
			t.Error("a new zone did not make the calendar pending")
		}
	})
}

func TestWorkingHasCalendars(t *testing.T) {
	both(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		must[campaign.Campaign](t)(s.CreateCampaign(ctx, campaign.Campaign{Name: "off"}))
		on := must[campaign.Campaign](t)(s.CreateCampaign(ctx, campaign.Campaign{Calendar: campaign.Calendar{Mode: 1}}))
		gone := must[campaign.Campaign](t)(s.CreateCampaign(ctx, campaign.Campaign{Calendar: campaign.Calendar{Mode: 1}}))
		must[campaign.Campaign](t)(s.DeleteCampaign(ctx, gone.UUID, false))
		started := must[campaign.Campaign](t)(s.CreateCampaign(ctx, campaign.Campaign{Status: campaign.Started}))
		got := ids(must[[]campaign.Campaign](t)(s.Working(ctx)), func(c campaign.Campaign) string { return c.UUID })
		if len(got) != 2 || got[0] != on.UUID || got[1] != started.UUID {
			t.Errorf("working: %v", got)
		}
	})
}
