package store_test

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/outpace/outpace/dlma"
	"github.com/outpace/outpace/results"
	"github.com/outpace/outpace/store"
)

func TestClaimTakesAndRecordFrees(t *testing.T) {
	both(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		list, token := newList(t, s), lease(t, s, "gw")
		e := newEntry(t, s, list, "", "100", "200")
		pick := pickOf(list, 10, 2)

		var seen dlma.Entry
		calls := must[[]results.Dialing](t)(s.Claim(ctx, "gw", token, pick, func(e dlma.Entry, number, try int) results.Dialing {
			if number != 2 || try != 1 {
				t.Errorf("number %d, try %d", number, try)
			}
			seen = e
			d := plain(e, number, try)
			d.Info = results.Info{Plan: json.RawMessage(`{"a":1}`), Entry: json.RawMessage(`{"b":2}`)}

			return d
		}))
		if len(calls) != 1 {
			t.Fatalf("claimed %d", len(calls))
		}
		if diff := cmp.Diff(e, seen); diff != "" {
			t.Errorf("entry before the claim: %s", diff)
		}
		d := calls[0]
		if d.DialAddr != "100" || d.DialIndex != 2 || d.DialTry != 1 || d.Entry != e.UUID || d.List != list || d.Owner != token || d.Gateway != "gw" {
			t.Errorf("dialing %+v", d)
		}
		got := must[dlma.Entry](t)(s.Entry(ctx, e.UUID))
		if got.Status != dlma.Dialing || got.Tries[1] != 1 || got.Dialing != d.UUID || got.DialingCampaign != "c" || got.DialingPlan != "p" || !got.TmLastDial.Equal(pick.Now) {
			t.Errorf("entry while dialing %+v", got)
		}
		if diff := cmp.Diff(d, must[results.Dialing](t)(s.Dialing(ctx, d.UUID))); diff != "" {
			t.Errorf("stored dialing: %s", diff)
		}
		if again := claim(t, s, token, pick); len(again) != 0 {
			t.Errorf("claimed an entry that is being dialed")
		}

		end := pick.Now.Add(time.Second)
		r := resultOf(d, results.Busy, 5, end)
		r.ResDialDetail, r.ResHangup, r.ResHangupDetail = "busy", 17, "User busy"
		if err := s.Record(ctx, token, nil, []results.Result{r}); err != nil {
			t.Fatal(err)
		}
		got = must[dlma.Entry](t)(s.Entry(ctx, e.UUID))
		if got.Status != dlma.Idle || got.Dialing != "" || got.DialingCampaign != "" || got.ResDial != 5 || got.ResHangup != 17 ||
			got.ResDialDetail != "busy" || got.ResHangupDetail != "User busy" || !got.TmLastHangup.Equal(end) || got.Tries[1] != 1 {
			t.Errorf("entry after the call %+v", got)
		}
		if _, err := s.Dialing(ctx, d.UUID); !errors.Is(err, results.ErrNotFound) {
			t.Errorf("dialing is still there: %v", err)
		}
	})
}

func TestClaimHonoursRetryDelayStrictly(t *testing.T) {
	both(t, func(t *testing.T, s *store.Store) {
		list, token := newList(t, s), lease(t, s, "gw")
		newEntry(t, s, list, "100")
		pick := pickOf(list, 10, 3)
		pick.RetryDelay = time.Minute
		calls := claim(t, s, token, pick)
		hung := pick.Now.Add(5 * time.Second)
		if err := s.Record(t.Context(), token, nil, []results.Result{resultOf(calls[0], results.Busy, 5, hung)}); err != nil {
			t.Fatal(err)
		}
		pick.Now = hung.Add(time.Minute)
		if got := claim(t, s, token, pick); len(got) != 0 {
			t.Error("dialed when exactly the delay had passed")
		}
		out := must[dlma.Outlook](t)(s.Outlook(t.Context(), pick))
		if want := hung.Add(time.Minute + time.Microsecond); out.Ready != 0 || !out.Next.Equal(want) || out.Open != 0 {
			t.Errorf("outlook %+v, want next %v", out, want)
		}
		pick.Now = out.Next
		if got := claim(t, s, token, pick); len(got) != 1 {
			t.Error("not dialed at the time that the outlook gave")
		}
	})
}

func TestClaimLeavesOutWhatMayNotBeDialed(t *testing.T) {
	both(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		list, other, token := newList(t, s), newList(t, s), lease(t, s, "gw")
		edit := func(e dlma.Entry, f func(*dlma.Entry)) {
			must[dlma.Entry](t)(s.UpdateEntry(ctx, e.UUID, func(e *dlma.Entry) error { f(e); return nil }))
		}
		edit(newEntry(t, s, list, "1"), func(e *dlma.Entry) { e.Status = dlma.Reserved })
		edit(newEntry(t, s, list, "2"), func(e *dlma.Entry) { e.ResDial = dlma.Answered })
		edit(newEntry(t, s, list, "3"), func(e *dlma.Entry) { e.Tries[0] = 2 })
		edit(newEntry(t, s, list, "4"), func(e *dlma.Entry) { e.Unknown = true })
		newEntry(t, s, list)
		must[dlma.Entry](t)(s.DeleteEntry(ctx, newEntry(t, s, list, "5").UUID))
		newEntry(t, s, other, "6", "7")
		newEntry(t, s, list, "8", "6") // its second number is in a call of the other list
		if got := claim(t, s, token, pickOf(other, 1, 2)); len(got) != 1 {
			t.Fatal("nothing claimed from the other list")
		}
		if got := claim(t, s, token, pickOf(list, 10, 2)); len(got) != 0 {
			t.Errorf("claimed %s", got[0].DialAddr)
		}
		out := must[dlma.Outlook](t)(s.Outlook(ctx, pickOf(list, 10, 2)))
		if out.Ended() || out.Ready != 0 {
			t.Errorf("an entry whose number is busy elsewhere may still be dialed: %+v", out)
		}
		pick := pickOf(list, 10, 2)
		pick.RedialUnknown = true
		if got := claim(t, s, token, pick); len(got) != 1 || got[0].DialAddr != "4" {
			t.Errorf("redial_unknown: claimed %d", len(got))
		}
	})
}

func TestClaimOneOfTwoWithANumberInCommon(t *testing.T) {
	both(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		list, token := newList(t, s), lease(t, s, "gw")
		newEntry(t, s, list, "1", "2")
		second := newEntry(t, s, list, "3", "1")
		newEntry(t, s, list, "4")
		calls := claim(t, s, token, pickOf(list, 10, 1))
		if len(calls) != 2 || calls[0].DialAddr != "1" || calls[1].DialAddr != "4" {
			t.Fatalf("claimed %v", calls)
		}
		if diff := cmp.Diff(second, must[dlma.Entry](t)(s.Entry(ctx, second.UUID))); diff != "" {
			t.Errorf("the one set back is not what it was: %s", diff)
		}
	})
}

func TestClaimNeedsTheLease(t *testing.T) {
	s := databases["postgres"](t)
	ctx := t.Context()
	list := newList(t, s)
	newEntry(t, s, list, "1")
	if _, err := s.Claim(ctx, "gw", "nobody's", pickOf(list, 1, 1), plain); !errors.Is(err, results.ErrLeaseLost) {
		t.Errorf("claim without a lease: %v", err)
	}
	token := lease(t, s, "gw")
	if err := s.Exec(ctx, "UPDATE leases SET expires_at = now() - interval '1 second'"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Claim(ctx, "gw", token, pickOf(list, 1, 1), plain); !errors.Is(err, results.ErrLeaseLost) {
		t.Errorf("claim with a lease that has run out: %v", err)
	}
	if _, err := s.TakeOver(ctx, "gw", token); !errors.Is(err, results.ErrLeaseLost) {
		t.Errorf("take over with a lease that has run out: %v", err)
	}
	if got := claim(t, s, lease(t, s, "gw"), pickOf(list, 1, 1)); len(got) != 1 {
		t.Error("the entry was not left as it was")
	}
}
