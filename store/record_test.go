package store_test

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/outpace/outpace/campaign"
	"github.com/outpace/outpace/dlma"
	"github.com/outpace/outpace/results"
	"github.com/outpace/outpace/store"
)

func record(tb testing.TB, s *store.Store, token string, ended ...results.Result) {
	tb.Helper()
	if err := s.Record(tb.Context(), token, nil, ended); err != nil {
		tb.Fatal(err)
	}
}

func TestRecordKeepsAllOfAResult(t *testing.T) {
	both(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		list, token := newList(t, s), lease(t, s, "gw")
		newEntry(t, s, list, "1")
		pick := pickOf(list, 1, 1)
		d := must[[]results.Dialing](t)(s.Claim(ctx, "gw", token, pick, func(e dlma.Entry, n, try int) results.Dialing {
			d := plain(e, n, try)
			d.Plan, d.Destination, d.Ukey, d.DialChannel, d.DialTimeout, d.DialType = "p", "d", "u", "PJSIP/1@t", 30*time.Second, 1
			d.DialContext, d.DialExten, d.DialPriority, d.DialApplication, d.DialData = "c", "e", "1", "Queue", "q,x"
			d.DialVariables, d.CallerID, d.Codecs, d.EarlyMedia, d.Queue, d.Patience = hostile, "cid", "alaw", true, "q", 2*time.Second
			d.Info = results.Info{
				Campaign: json.RawMessage(`{"c":"😀"}`), Plan: json.RawMessage(`{}`), Destination: json.RawMessage(`{}`),
				List: json.RawMessage(`null`), Entry: json.RawMessage(`{"e":1}`),
			}

			return d
		}))[0]
		d.Status, d.Channel, d.Agent, d.ResDial, d.ResDialDetail = results.StatusChannel, "PJSIP/t-01", "PJSIP/a", 4, "Answer"
		d.TmDial, d.TmRing, d.TmAnswer, d.TmAgent, d.TmUpdate = now(), now(), now(), now(), now()
		d.Abandoned = true
		if err := s.Record(ctx, token, []results.Dialing{d}, nil); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(d, must[results.Dialing](t)(s.Dialing(ctx, d.UUID))); diff != "" {
			t.Errorf("live row: %s", diff)
		}
		if diff := cmp.Diff([]results.Dialing{d}, must[[]results.Dialing](t)(s.TakeOver(ctx, "gw", token))); diff != "" {
			t.Errorf("live row, taken over: %s", diff)
		}
		abandoned := true
		want := results.Result{
			Attempt: d.Attempt, Status: results.StatusHangup, Channel: d.Channel, Agent: d.Agent, ResDial: 4, ResDialDetail: "Answer",
			ResHangup: 16, ResHangupDetail: "Normal Clearing", Disposition: results.Abandoned, Abandoned: &abandoned,
			TmDial: d.TmDial, TmRing: d.TmRing, TmAnswer: d.TmAnswer, TmAgent: d.TmAgent, TmHangup: now(), TmUpdate: now(),
			Ring: 1234567 * time.Microsecond, Wait: time.Millisecond, Talk: time.Hour, Billsec: 3600, Recording: "r.wav",
		}
		record(t, s, token, want)
		if n := must[int](t)(s.Number(ctx, lease(t, s, "results"), 10)); n != 1 {
			t.Fatalf("numbered %d", n)
		}
		want.Seq = 1
		got := must[[]results.Result](t)(s.Numbered(ctx, 0, 10))
		if diff := cmp.Diff([]results.Result{want}, got); diff != "" {
			t.Errorf("result: %s", diff)
		}
	})
}

func TestRecordTwiceChangesNothingTwice(t *testing.T) {
	both(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		list, token := newList(t, s), lease(t, s, "gw")
		e := newEntry(t, s, list, "1")
		d := claim(t, s, token, pickOf(list, 1, 3))[0]
		r := resultOf(d, results.NotPlaced, 0, now())
		for range 3 {
			record(t, s, token, r, r)
		}
		got := must[dlma.Entry](t)(s.Entry(ctx, e.UUID))
		if got.Tries[0] != 0 || got.Status != dlma.Idle {
			t.Errorf("the try was given back %d times", 1-got.Tries[0])
		}
		if tally := must[results.Tally](t)(s.Tally(ctx, "c")); tally.By[results.NotPlaced] != 1 {
			t.Errorf("tally %+v", tally)
		}
	})
}

func TestRecordNamesItsClaim(t *testing.T) {
	both(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		list, token := newList(t, s), lease(t, s, "gw")
		e := newEntry(t, s, list, "1")
		d := claim(t, s, token, pickOf(list, 1, 3))[0]
		late := d
		late.Status = results.StatusHangup
		if err := s.Record(ctx, "somebody else's", []results.Dialing{late}, []results.Result{resultOf(d, results.Busy, 5, now())}); err != nil {
			t.Fatal(err)
		}
		if got := must[results.Dialing](t)(s.Dialing(ctx, d.UUID)); got.Status != 0 {
			t.Error("a foreign claim wrote the live row")
		}
		if got := must[dlma.Entry](t)(s.Entry(ctx, e.UUID)); got.Status != dlma.Dialing {
			t.Error("a foreign claim freed the entry")
		}
	})
}

func TestTakeOver(t *testing.T) {
	both(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		list, token := newList(t, s), lease(t, s, "gw")
		newEntry(t, s, list, "1")
		newEntry(t, s, list, "2")
		d := must[[]results.Dialing](t)(s.Claim(ctx, "gw", token, pickOf(list, 2, 3), func(e dlma.Entry, n, try int) results.Dialing {
			d := plain(e, n, try)
			d.Info = results.Info{Campaign: json.RawMessage(`{"a":"b"}`), Entry: json.RawMessage(`1`)}

			return d
		}))
		got := must[[]results.Dialing](t)(s.TakeOver(ctx, "gw", token))
		if diff := cmp.Diff(d, got); diff != "" {
			t.Errorf("taken over: %s", diff)
		}
		if got := must[[]results.Dialing](t)(s.TakeOver(ctx, "other", token)); len(got) != 0 {
			t.Error("took over the calls of another gateway")
		}
		if n := must[int](t)(s.OpenCalls(ctx, "c")); n != 2 {
			t.Errorf("%d open calls", n)
		}
	})
}

func TestTakenOverCallsAreLostToTheirOldOwner(t *testing.T) {
	s := databases["postgres"](t)
	ctx := t.Context()
	list, old := newList(t, s), lease(t, s, "gw")
	newEntry(t, s, list, "1")
	d := claim(t, s, old, pickOf(list, 1, 1))[0]
	if err := s.Release(ctx, "gw", old); err != nil {
		t.Fatal(err)
	}
	fresh, ok, err := s.Acquire(ctx, "gw", "somebody else", time.Minute)
	if err != nil || !ok || fresh == old {
		t.Fatal(fresh, ok, err)
	}
	must[[]results.Dialing](t)(s.TakeOver(ctx, "gw", fresh))
	record(t, s, old, resultOf(d, results.Busy, 5, now()))
	if got := must[results.Dialing](t)(s.Dialing(ctx, d.UUID)); got.Owner != fresh {
		t.Errorf("owner %s", got.Owner)
	}
	record(t, s, fresh, resultOf(d, results.Busy, 5, now()))
	if _, err := s.Dialing(ctx, d.UUID); !errors.Is(err, results.ErrNotFound) {
		t.Error("the new owner could not finish the call")
	}
}

func TestEndsAndWhatTheyLeave(t *testing.T) {
	for name, c := range map[string]struct {
		disposition results.Disposition
		resDial     int
		redial      bool
		tries       int
		unknown     bool
		again       bool
	}{
		"busy":             {results.Busy, 5, false, 1, false, true},
		"answered":         {results.Answered, 4, false, 1, false, false},
		"not placed":       {results.NotPlaced, 0, false, 0, false, true},
		"agent no answer":  {results.AgentNoAnswer, 0, false, 0, false, true},
		"unknown":          {results.Unknown, 0, false, 1, true, false},
		"unknown, redial":  {results.Unknown, 0, true, 1, true, true},
		"cancelled by us ": {results.Cancelled, 0, false, 1, false, true},
	} {
		t.Run(name, func(t *testing.T) {
			both(t, func(t *testing.T, s *store.Store) {
				ctx := t.Context()
				list, token := newList(t, s), lease(t, s, "gw")
				e := newEntry(t, s, list, "1")
				pick := pickOf(list, 5, 2)
				pick.RedialUnknown = c.redial
				d := claim(t, s, token, pick)[0]
				if out := must[dlma.Outlook](t)(s.Outlook(ctx, pick)); out.Ended() || out.Open != 1 {
					t.Errorf("outlook with an open call: %+v", out)
				}
				record(t, s, token, resultOf(d, c.disposition, c.resDial, pick.Now))
				got := must[dlma.Entry](t)(s.Entry(ctx, e.UUID))
				if got.Tries[0] != c.tries || got.Unknown != c.unknown || got.ResDial != c.resDial {
					t.Errorf("entry %+v", got)
				}
				pick.Now = pick.Now.Add(time.Second)
				if out := must[dlma.Outlook](t)(s.Outlook(ctx, pick)); out.Ended() == c.again {
					t.Errorf("outlook %+v", out)
				}
				if n := len(claim(t, s, token, pick)); (n == 1) != c.again {
					t.Errorf("claimed %d", n)
				}
			})
		})
	}
}

func TestADeletedEntrysCallIsRecorded(t *testing.T) {
	both(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		list, token := newList(t, s), lease(t, s, "gw")
		e := newEntry(t, s, list, "1")
		d := claim(t, s, token, pickOf(list, 1, 3))[0]
		if gone := must[dlma.Entry](t)(s.DeleteEntry(ctx, e.UUID)); gone.InUse || gone.Dialing != d.UUID || gone.DialingCampaign != "c" {
			t.Errorf("deleted %+v", gone)
		}
		record(t, s, token, resultOf(d, results.Busy, 5, now()))
		got := must[[]int](t)(store.Query[int](ctx, s, "SELECT res_dial FROM dls WHERE uuid = ? AND status = 0 AND in_use = 0", e.UUID))
		if len(got) != 1 || got[0] != 5 {
			t.Errorf("its row: %v", got)
		}
		if got := claim(t, s, token, pickOf(list, 1, 3)); len(got) != 0 {
			t.Error("a deleted entry was dialed again")
		}
	})
}

func TestTextsOfThePBXNeverLoseAResult(t *testing.T) {
	both(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		list, token := newList(t, s), lease(t, s, "gw")
		newEntry(t, s, list, "1")
		d := claim(t, s, token, pickOf(list, 1, 1))[0]
		d.Channel, d.Agent = "a\x00b", "\xff"
		r := resultOf(d, results.Busy, 5, now())
		r.Channel, r.ResHangupDetail = "a\x00b\xffc", "\xf0\x28"
		if err := s.Record(ctx, token, []results.Dialing{d}, []results.Result{r}); err != nil {
			t.Fatal(err)
		}
		must[int](t)(s.Number(ctx, lease(t, s, "results"), 1))
		if got := must[[]results.Result](t)(s.Numbered(ctx, 0, 1)); len(got) != 1 || got[0].Channel != "a\uFFFDb\uFFFDc" {
			t.Errorf("kept %+v", got)
		}
	})
}

func TestDialingsAndHangups(t *testing.T) {
	both(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		list, token := newList(t, s), lease(t, s, "gw")
		for _, n := range []string{"1", "2", "3"} {
			newEntry(t, s, list, n)
		}
		calls := claim(t, s, token, pickOf(list, 3, 1))
		page, more, err := s.ListDialings(ctx, "", 2)
		if err != nil || !more || len(page) != 2 {
			t.Fatal(len(page), more, err)
		}
		record(t, s, token, resultOf(page[1], results.Busy, 5, now())) // the cursor's call ends
		rest, more, err := s.ListDialings(ctx, page[1].UUID, 2)
		if err != nil || more || len(rest) != 1 {
			t.Errorf("after an ended call: %d, %v, %v", len(rest), more, err)
		}
		if _, _, err := s.ListDialings(ctx, "nobody", 2); !is[results.Invalid](err) {
			t.Errorf("after an unknown call: %v", err)
		}
		if err := s.AskHangup(ctx, rest[0].UUID); err != nil {
			t.Fatal(err)
		}
		if err := s.AskHangup(ctx, page[1].UUID); !errors.Is(err, results.ErrNotFound) {
			t.Errorf("hang up an ended call: %v", err)
		}
		if got := must[[]string](t)(s.HangupsAsked(ctx, "gw")); len(got) != 1 || got[0] != rest[0].UUID {
			t.Errorf("asked for %v", got)
		}
		// The owner's next write does not forget it.
		if err := s.Record(ctx, token, calls, nil); err != nil {
			t.Fatal(err)
		}
		if d := must[results.Dialing](t)(s.Dialing(ctx, rest[0].UUID)); !d.HangupAsked {
			t.Error("the wish was overwritten")
		}
	})
}

func TestLive(t *testing.T) {
	both(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		if _, ok, err := s.Live(ctx, "a"); ok || err != nil {
			t.Errorf("live before anything ran: %v, %v", ok, err)
		}
		token := lease(t, s, "gateway:gw")
		one := campaign.Live{Campaign: "a", At: now(), Calls: campaign.Calls{Ringing: 1}, Why: hostile["quotes"]}
		two := campaign.Live{Campaign: "b", At: now(), Agents: campaign.Agents{Paused: 3}}
		two.Pacing = &campaign.Pacing{
			Decisions: []campaign.Decision{{At: now(), Place: 2, Code: "agents", Reason: hostile["marks"], Facts: map[string]float64{"idle": 2, hostile["quotes"]: 0.1}}},
			Warnings:  []string{hostile["emoji"]},
		}
		for range 2 {
			one.Calls.Talking++
			if err := s.PutLive(ctx, token, []campaign.Live{one, two}); err != nil {
				t.Fatal(err)
			}
		}
		for _, want := range []campaign.Live{one, two} {
			got, ok, err := s.Live(ctx, want.Campaign)
			if diff := cmp.Diff(want, got); diff != "" || !ok || err != nil {
				t.Error(diff, ok, err)
			}
		}
	})
}
