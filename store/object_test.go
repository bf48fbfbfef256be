package store_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/outpace/outpace/campaign"
	"github.com/outpace/outpace/dlma"
	"github.com/outpace/outpace/plan"
	"github.com/outpace/outpace/store"
)

// hostile texts must come back as they were given.
var hostile = map[string]string{
	"quotes": `'"; DROP TABLE plans; --`, "marks": `? @list $1 :x %s \`, "lines": "a\r\nb\tc", "emoji": "😀 ünï 漢字", "json": `{"a":[null]}`,
}

func TestObjectsReadBackAsGiven(t *testing.T) {
	calls, cps := 7, 3
	both(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		p := plan.Plan{
			Name: hostile["quotes"], Detail: hostile["lines"], Mode: 1, Gateway: "gw", Tech: "PJSIP", Trunk: "t", DialTimeout: 30500 * time.Millisecond,
			EndHandle: 1, RetryDelay: 90 * time.Second, CallerID: hostile["emoji"], ServiceLevel: 2, EarlyMedia: "true", Codecs: "alaw", Variables: hostile,
			MaxRetry: [8]int{1, 2, 3, 4, 5, 6, 7, 8}, RedialUnknown: true, MaxCalls: &calls, MaxCPS: &cps,
			Pacing: plan.PacingRatio, Ratio: 1.1, AbandonTarget: 2.9, AbandonPatience: 1999 * time.Millisecond, AbandonWindow: 28,
			AbandonDestination: must[campaign.Destination](t)(s.CreateDestination(ctx, campaign.Destination{})).UUID, AbandonLock: 73 * time.Hour,
		}
		made := must[plan.Plan](t)(s.CreatePlan(ctx, p))
		if made.UUID == "" || !made.InUse || made.TmCreate.IsZero() || !made.TmUpdate.IsZero() {
			t.Errorf("made %+v", made)
		}
		if diff := cmp.Diff(made, must[plan.Plan](t)(s.Plan(ctx, made.UUID))); diff != "" {
			t.Error(diff)
		}
		p.UUID, p.InUse, p.TmCreate = made.UUID, true, made.TmCreate
		if diff := cmp.Diff(p, made); diff != "" {
			t.Error(diff)
		}
		d := must[campaign.Destination](t)(s.CreateDestination(ctx, campaign.Destination{
			Name: hostile["marks"], Type: 1, Application: "Queue", Data: hostile["json"], Context: "c", Exten: "e", Priority: "1", Wrapup: 9,
		}))
		if diff := cmp.Diff(d, must[campaign.Destination](t)(s.Destination(ctx, d.UUID))); diff != "" || d.Data != hostile["json"] || d.Variables != nil {
			t.Error(diff, d)
		}
		l := must[dlma.List](t)(s.CreateList(ctx, dlma.List{Name: "l", Detail: hostile["quotes"], Variables: map[string]string{}}))
		if diff := cmp.Diff(l, must[dlma.List](t)(s.List(ctx, l.UUID))); diff != "" || l.Variables == nil {
			t.Error(diff, l)
		}
		c := must[campaign.Campaign](t)(s.CreateCampaign(ctx, campaign.Campaign{
			Name: "c", Detail: hostile["emoji"], Plan: made.UUID, Destination: d.UUID, List: l.UUID,
			Calendar: campaign.Calendar{Mode: 1, Zone: "Asia/Tokyo", TimeStart: "08:00:00", TimeEnd: "09:00:00", DateStart: "2026-01-01", DateEnd: "2026-02-01", DateList: "2026-01-05", DateListExcept: "2026-01-06", DayList: "1,2"},
		}))
		if diff := cmp.Diff(c, must[campaign.Campaign](t)(s.Campaign(ctx, c.UUID))); diff != "" || !c.Edge.Equal(campaign.EdgePending) {
			t.Error(diff, c.Edge)
		}
		e := dlma.Entry{
			List: l.UUID, Name: hostile["lines"], Detail: hostile["marks"], Email: "a@b", Ukey: hostile["quotes"], ResvTarget: "r", Status: dlma.Reserved,
			Number: [8]string{"1", "", "3", "4", "5", "6", "7", "8"}, Tries: [8]int{1, 2, 3, 4, 5, 6, 7, 8}, Variables: hostile,
			ResDial: 3, ResDialDetail: "x", ResHangup: 16, ResHangupDetail: hostile["emoji"], Unknown: true, TmLastDial: now(), TmLastHangup: now(),
		}
		entry := must[dlma.Entry](t)(s.CreateEntry(ctx, e))
		if diff := cmp.Diff(entry, must[dlma.Entry](t)(s.Entry(ctx, entry.UUID))); diff != "" {
			t.Error(diff)
		}
		e.UUID, e.InUse, e.TmCreate = entry.UUID, true, entry.TmCreate
		if diff := cmp.Diff(e, entry); diff != "" {
			t.Error(diff)
		}
		several := must[map[string]plan.Plan](t)(s.Plans(ctx, []string{made.UUID, "nobody", ""}))
		if len(several) != 1 || several[made.UUID].Name != made.Name {
			t.Errorf("several: %v", several)
		}
	})
}

// kind drives the five methods of one kind of object.
type kind struct {
	create    func(context.Context, string) (string, error)
	get       func(context.Context, string) (string, error)
	rename    func(context.Context, string, string, error) (time.Time, error)
	remove    func(context.Context, string) error
	list      func(ctx context.Context, after string, count int) ([]string, bool, error)
	notFound  error
	isInvalid func(error) bool
}

func kinds(s *store.Store, list string) map[string]kind {
	return map[string]kind{
		"plan": {
			create: func(ctx context.Context, n string) (string, error) {
				v, err := s.CreatePlan(ctx, plan.Plan{Name: n})
				return v.UUID, err
			},
			get: func(ctx context.Context, id string) (string, error) { v, err := s.Plan(ctx, id); return v.Name, err },
			rename: func(ctx context.Context, id, n string, e error) (time.Time, error) {
				v, err := s.UpdatePlan(ctx, id, func(v *plan.Plan) error { v.Name, v.UUID = n, "other"; return e })
				return v.TmUpdate, err
			},
			remove: func(ctx context.Context, id string) error { _, err := s.DeletePlan(ctx, id, false); return err },
			list: func(ctx context.Context, a string, n int) ([]string, bool, error) {
				v, m, err := s.ListPlans(ctx, a, n)
				return ids(v, func(v plan.Plan) string { return v.UUID }), m, err
			},
			notFound:  plan.ErrNotFound,
			isInvalid: is[plan.Invalid],
		},
		"destination": {
			create: func(ctx context.Context, n string) (string, error) {
				v, err := s.CreateDestination(ctx, campaign.Destination{Name: n})
				return v.UUID, err
			},
			get: func(ctx context.Context, id string) (string, error) {
				v, err := s.Destination(ctx, id)
				return v.Name, err
			},
			rename: func(ctx context.Context, id, n string, e error) (time.Time, error) {
				v, err := s.UpdateDestination(ctx, id, func(v *campaign.Destination) error { v.Name, v.UUID = n, "other"; return e })
				return v.TmUpdate, err
			},
			remove: func(ctx context.Context, id string) error { _, err := s.DeleteDestination(ctx, id, false); return err },
			list: func(ctx context.Context, a string, n int) ([]string, bool, error) {
				v, m, err := s.ListDestinations(ctx, a, n)
				return ids(v, func(v campaign.Destination) string { return v.UUID }), m, err
			},
			notFound:  campaign.ErrNotFound,
			isInvalid: is[campaign.Invalid],
		},
		"list": {
			create: func(ctx context.Context, n string) (string, error) {
				v, err := s.CreateList(ctx, dlma.List{Name: n})
				return v.UUID, err
			},
			get: func(ctx context.Context, id string) (string, error) { v, err := s.List(ctx, id); return v.Name, err },
			rename: func(ctx context.Context, id, n string, e error) (time.Time, error) {
				v, err := s.UpdateList(ctx, id, func(v *dlma.List) error { v.Name, v.UUID = n, "other"; return e })
				return v.TmUpdate, err
			},
			remove: func(ctx context.Context, id string) error { _, err := s.DeleteList(ctx, id, false, false); return err },
			list: func(ctx context.Context, a string, n int) ([]string, bool, error) {
				v, m, err := s.ListLists(ctx, a, n)
				return ids(v, func(v dlma.List) string { return v.UUID }), m, err
			},
			notFound:  dlma.ErrNotFound,
			isInvalid: is[dlma.Invalid],
		},
		"campaign": {
			create: func(ctx context.Context, n string) (string, error) {
				v, err := s.CreateCampaign(ctx, campaign.Campaign{Name: n})
				return v.UUID, err
			},
			get: func(ctx context.Context, id string) (string, error) {
				v, err := s.Campaign(ctx, id)
				return v.Name, err
			},
			rename: func(ctx context.Context, id, n string, e error) (time.Time, error) {
				v, err := s.UpdateCampaign(ctx, id, func(v *campaign.Campaign) error { v.Name, v.UUID = n, "other"; return e })
				return v.TmUpdate, err
			},
			remove: func(ctx context.Context, id string) error { _, err := s.DeleteCampaign(ctx, id, false); return err },
			list: func(ctx context.Context, a string, n int) ([]string, bool, error) {
				v, m, err := s.ListCampaigns(ctx, a, n)
				return ids(v, func(v campaign.Campaign) string { return v.UUID }), m, err
			},
			notFound:  campaign.ErrNotFound,
			isInvalid: is[campaign.Invalid],
		},
		"entry": {
			create: func(ctx context.Context, n string) (string, error) {
				v, err := s.CreateEntry(ctx, dlma.Entry{List: list, Name: n})
				return v.UUID, err
			},
			get: func(ctx context.Context, id string) (string, error) { v, err := s.Entry(ctx, id); return v.Name, err },
			rename: func(ctx context.Context, id, n string, e error) (time.Time, error) {
				v, err := s.UpdateEntry(ctx, id, func(v *dlma.Entry) error { v.Name, v.UUID = n, "other"; return e })
				return v.TmUpdate, err
			},
			remove: func(ctx context.Context, id string) error { _, err := s.DeleteEntry(ctx, id); return err },
			list: func(ctx context.Context, a string, n int) ([]string, bool, error) {
				v, m, err := s.ListEntries(ctx, dlma.Query{List: list, After: a, Count: n})
				return ids(v, func(v dlma.Entry) string { return v.UUID }), m, err
			},
			notFound:  dlma.ErrNotFound,
			isInvalid: is[dlma.Invalid],
		},
	}
}

func is[E error](err error) bool { _, ok := errors.AsType[E](err); return ok }

func ids[T any](list []T, id func(T) string) []string {
	out := make([]string, len(list))
	for i, v := range list {
		out[i] = id(v)
	}

	return out
}

func TestEachKindOfObject(t *testing.T) {
	both(t, func(t *testing.T, s *store.Store) {
		for name, k := range kinds(s, newList(t, s)) {
			t.Run(name, func(t *testing.T) { exercise(t, k) })
		}
	})
}

func exercise(t *testing.T, k kind) {
	ctx := t.Context()
	before, _, err := k.list(ctx, "", 100)
	if err != nil {
		t.Fatal(err)
	}
	var made []string
	for i := range 5 {
		made = append(made, must[string](t)(k.create(ctx, fmt.Sprint("n", i))))
	}
	wrong := errors.New("wrong")
	if _, err := k.rename(ctx, made[0], "x", wrong); !errors.Is(err, wrong) {
		t.Errorf("the error of edit came back as %v", err)
	}
	if n := must[string](t)(k.get(ctx, made[0])); n != "n0" {
		t.Errorf("a refused edit was kept: %q", n)
	}
	first := must[time.Time](t)(k.rename(ctx, made[0], "new", nil))
	second := must[time.Time](t)(k.rename(ctx, made[0], "newer", nil))
	if n := must[string](t)(k.get(ctx, made[0])); n != "newer" || !second.After(first) || first.IsZero() {
		t.Errorf("after two edits: %q, %v, %v", n, first, second)
	}
	for _, bad := range []string{"a\x00b", "\xff"} {
		if _, err := k.create(ctx, bad); !k.isInvalid(err) {
			t.Errorf("%q was taken: %v", bad, err)
		}
		if _, err := k.rename(ctx, made[0], bad, nil); !k.isInvalid(err) {
			t.Errorf("%q was taken: %v", bad, err)
		}
		if _, err := k.get(ctx, bad); !errors.Is(err, k.notFound) {
			t.Errorf("%q: %v", bad, err)
		}
	}

	if err := k.remove(ctx, made[2]); err != nil {
		t.Fatal(err)
	}
	for what, err := range map[string]error{
		"get":         failed(k.get(ctx, made[2])),
		"rename":      failed(k.rename(ctx, made[2], "x", nil)),
		"remove":      k.remove(ctx, made[2]),
		"get unknown": failed(k.get(ctx, "'nobody")),
	} {
		if !errors.Is(err, k.notFound) {
			t.Errorf("%s of what is not there: %v", what, err)
		}
	}
	want := append(before, made[0], made[1], made[3], made[4])
	var got []string
	for after, more := "", true; more; {
		var list []string
		list, more, err = k.list(ctx, after, 2)
		if err != nil || len(list) == 0 {
			t.Fatal(len(list), err)
		}
		got = append(got, list...)
		after = list[len(list)-1]
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("list: %s", diff)
	}
	rest, more, err := k.list(ctx, made[2], 10)
	if diff := cmp.Diff([]string{made[3], made[4]}, rest); diff != "" || more || err != nil {
		t.Errorf("after a deleted one: %s, %v, %v", diff, more, err)
	}
	if _, _, err := k.list(ctx, "nobody", 10); !k.isInvalid(err) {
		t.Errorf("after an unknown one: %v", err)
	}
}

func failed[T any](_ T, err error) error { return err }

// tm_update tells of the last change to what an object says; its end has a
// time of its own.
func TestDeletingIsNoUpdate(t *testing.T) {
	both(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		p := must[plan.Plan](t)(s.CreatePlan(ctx, plan.Default()))
		if gone := must[plan.Plan](t)(s.DeletePlan(ctx, p.UUID, false)); !gone.TmUpdate.IsZero() || gone.TmDelete.IsZero() || gone.InUse {
			t.Errorf("never changed, deleted: %+v", gone)
		}
		c := must[campaign.Campaign](t)(s.CreateCampaign(ctx, campaign.Campaign{}))
		c = must[campaign.Campaign](t)(s.UpdateCampaign(ctx, c.UUID, func(c *campaign.Campaign) error { c.Name = "new"; return nil }))
		if gone := must[campaign.Campaign](t)(s.DeleteCampaign(ctx, c.UUID, false)); !gone.TmUpdate.Equal(c.TmUpdate) || gone.TmDelete.IsZero() {
			t.Errorf("changed, deleted: %+v, want the update of %v", gone, c.TmUpdate)
		}
		list := newList(t, s)
		if gone := must[dlma.Entry](t)(s.DeleteEntry(ctx, newEntry(t, s, list, "1").UUID)); !gone.TmUpdate.IsZero() || gone.TmDelete.IsZero() {
			t.Errorf("deleted: %+v", gone)
		}
		if gone := must[dlma.List](t)(s.DeleteList(ctx, list, false, true)); !gone.TmUpdate.IsZero() || gone.TmDelete.IsZero() {
			t.Errorf("deleted: %+v", gone)
		}
	})
}
