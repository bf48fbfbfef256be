package store_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/outpace/outpace/campaign"
	"github.com/outpace/outpace/dlma"
	"github.com/outpace/outpace/results"
	"github.com/outpace/outpace/store"
)

func TestWhatMayNotChangeWhileDialing(t *testing.T) {
	both(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		list, other, token := newList(t, s), newList(t, s), lease(t, s, "gw")
		e := newEntry(t, s, list, "1")
		d := claim(t, s, token, pickOf(list, 1, 3))[0]
		for name, edit := range map[string]func(*dlma.Entry){
			"status":            func(e *dlma.Entry) { e.Status = dlma.Idle },
			"number_4":          func(e *dlma.Entry) { e.Number[3] = "5" },
			"trycnt_1":          func(e *dlma.Entry) { e.Tries[0] = 0 },
			"dlma_uuid":         func(e *dlma.Entry) { e.List = other },
			"res_dial":          func(e *dlma.Entry) { e.ResDial = 1 },
			"res_dial_detail":   func(e *dlma.Entry) { e.ResDialDetail = "x" },
			"res_hangup":        func(e *dlma.Entry) { e.ResHangup = 1 },
			"res_hangup_detail": func(e *dlma.Entry) { e.ResHangupDetail = "x" },
			"tm_last_dial":      func(e *dlma.Entry) { e.TmLastDial = time.Time{} },
			"tm_last_hangup":    func(e *dlma.Entry) { e.TmLastHangup = now() },
		} {
			_, err := s.UpdateEntry(ctx, e.UUID, func(e *dlma.Entry) error { edit(e); return nil })
			if !is[dlma.Conflict](err) || !strings.HasPrefix(err.Error(), name+" ") {
				t.Errorf("%s: %v", name, err)
			}
		}
		got := must[dlma.Entry](t)(s.UpdateEntry(ctx, e.UUID, func(e *dlma.Entry) error {
			e.Name, e.Variables, e.Dialing, e.DialingPlan = "new", map[string]string{"a": "b"}, "x", "y"

			return nil
		}))
		if got.Name != "new" || got.Dialing != d.UUID || got.DialingPlan != "p" || got.Status != dlma.Dialing {
			t.Errorf("edited %+v", got)
		}
		if diff := cmp.Diff(got, must[dlma.Entry](t)(s.Entry(ctx, e.UUID))); diff != "" {
			t.Error(diff)
		}
		record(t, s, token, resultOf(d, results.Busy, 5, now()))
		if _, err := s.UpdateEntry(ctx, e.UUID, func(e *dlma.Entry) error { e.Status = dlma.Dialing; return nil }); !is[dlma.Invalid](err) {
			t.Errorf("dialing by hand: %v", err)
		}
		if _, err := s.UpdateEntry(ctx, e.UUID, func(e *dlma.Entry) error { e.List = "nowhere"; return nil }); !is[dlma.Invalid](err) {
			t.Errorf("into no list: %v", err)
		}
		moved := must[dlma.Entry](t)(s.UpdateEntry(ctx, e.UUID, func(e *dlma.Entry) error { e.List = other; return nil }))
		if got := claim(t, s, token, pickOf(other, 1, 3)); len(got) != 1 || got[0].Entry != moved.UUID {
			t.Error("not dialed in its new list")
		}
	})
}

// TestAnEditMakesAnEntryDialable: what was used up or unknown comes back.
func TestAnEditMakesAnEntryDialable(t *testing.T) {
	for name, c := range map[string]struct {
		end  results.Disposition
		edit func(*dlma.Entry)
		back bool
	}{
		"nothing":             {results.Busy, func(*dlma.Entry) {}, false},
		"fewer tries":         {results.Busy, func(e *dlma.Entry) { e.Tries[0] = 0 }, true},
		"another number":      {results.Busy, func(e *dlma.Entry) { e.Number[1] = "2" }, true},
		"unknown":             {results.Unknown, func(*dlma.Entry) {}, false},
		"unknown, fewer":      {results.Unknown, func(e *dlma.Entry) { e.Tries[0] = 0 }, true},
		"unknown, res_dial":   {results.Unknown, func(e *dlma.Entry) { e.ResDial, e.Number[1] = 3, "2" }, true},
		"unknown, set by API": {results.Unknown, func(e *dlma.Entry) { e.Unknown, e.Number[1] = false, "2" }, true},
	} {
		t.Run(name, func(t *testing.T) {
			both(t, func(t *testing.T, s *store.Store) {
				list, token := newList(t, s), lease(t, s, "gw")
				e := newEntry(t, s, list, "1")
				record(t, s, token, resultOf(claim(t, s, token, pickOf(list, 1, 1))[0], c.end, 0, now().Add(-time.Minute)))
				must[dlma.Entry](t)(s.UpdateEntry(t.Context(), e.UUID, func(e *dlma.Entry) error { c.edit(e); return nil }))
				if got := claim(t, s, token, pickOf(list, 1, 1)); (len(got) == 1) != c.back {
					t.Errorf("claimed %d", len(got))
				}
			})
		})
	}
}

func TestEntryQuery(t *testing.T) {
	both(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		list, other := newList(t, s), newList(t, s)
		var add []dlma.Entry
		for i := range 20 {
			e := dlma.Entry{List: list, Ukey: fmt.Sprint("k", i%4), ResDial: i % 3}
			e.Number[i%8] = fmt.Sprint(i % 5)
			if i%5 == 0 {
				e.Status = dlma.Reserved
			}
			add = append(add, e)
		}
		add = append(add, dlma.Entry{List: other, Ukey: "k1", Number: [8]string{"1"}})
		if n := must[int](t)(s.AddEntries(ctx, add)); n != 21 {
			t.Fatalf("added %d", n)
		}
		reserved, three, idle := dlma.Reserved, 2, dlma.Idle
		for name, c := range map[string]struct {
			query dlma.Query
			want  int
		}{
			"all":     {dlma.Query{List: list}, 20},
			"status":  {dlma.Query{List: list, Status: &reserved}, 4},
			"idle":    {dlma.Query{List: list, Status: &idle}, 16},
			"result":  {dlma.Query{List: list, ResDial: &three}, 6},
			"number":  {dlma.Query{List: list, Number: "1"}, 4},
			"ukey":    {dlma.Query{List: list, Ukey: "k1"}, 5},
			"two":     {dlma.Query{List: list, Ukey: "k1", Number: "1"}, 1},
			"hostile": {dlma.Query{List: list, Ukey: "' OR ''='", Number: "@list ?"}, 0},
			"NUL":     {dlma.Query{List: list, Ukey: "\x00"}, 0},
			"unknown": {dlma.Query{List: "nowhere"}, 0},
		} {
			c.query.Count = 3
			n := 0
			for more := true; more; {
				var got []dlma.Entry
				var err error
				got, more, err = s.ListEntries(ctx, c.query)
				if err != nil || len(got) > 3 {
					t.Fatal(name, len(got), err)
				}
				n += len(got)
				if more {
					c.query.After = got[len(got)-1].UUID
				}
			}
			if n != c.want {
				t.Errorf("%s: %d, want %d", name, n, c.want)
			}
		}
	})
}

func TestAddEntriesRefusesBadTextByPlace(t *testing.T) {
	s := databases["sqlite"](t)
	list := newList(t, s)
	n, err := s.AddEntries(t.Context(), []dlma.Entry{{List: list}, {List: list, Name: "\x00"}})
	if n != 0 || !is[dlma.Invalid](err) || err.Error() != "entry 2: name must be UTF-8 text without NUL" {
		t.Errorf("%d, %v", n, err)
	}
}

// TestOneEntryForAUkey makes entries with few keys from many sides at once: one
// of each key is made, and nothing else is told so.
func TestOneEntryForAUkey(t *testing.T) {
	both(t, func(t *testing.T, s *store.Store) {
		const keys, sides = 12, 5
		list, other := newList(t, s), newList(t, s)
		made := make([]atomic.Int32, keys)
		var sent sync.WaitGroup
		for range sides {
			sent.Go(func() {
				for k := range keys {
					_, err := s.CreateEntryOnce(t.Context(), dlma.Entry{List: list, Ukey: fmt.Sprint("k", k)})
					switch {
					case err == nil:
						made[k].Add(1)
					case !is[dlma.Conflict](err):
						t.Errorf("key %d: %v", k, err)
					}
				}
			})
		}
		sent.Wait()
		for k := range keys {
			if n := made[k].Load(); n != 1 {
				t.Errorf("key %d was made %d times", k, n)
			}
		}
		kept, _, err := s.ListEntries(t.Context(), dlma.Query{List: list, Count: 10 * keys})
		if err != nil || len(kept) != keys {
			t.Fatalf("the list has %d entries, %v; want %d", len(kept), err, keys)
		}
		// What has the key in another list, or had it in this one, is no hindrance.
		must[dlma.Entry](t)(s.CreateEntryOnce(t.Context(), dlma.Entry{List: other, Ukey: "k0"}))
		must[dlma.Entry](t)(s.DeleteEntry(t.Context(), kept[0].UUID))
		must[dlma.Entry](t)(s.CreateEntryOnce(t.Context(), dlma.Entry{List: list, Ukey: kept[0].Ukey}))
		if _, err := s.CreateEntryOnce(t.Context(), dlma.Entry{List: list}); !is[dlma.Invalid](err) {
			t.Errorf("without a key: %v", err)
		}
	})
}

// TestALongListIsDeletedInSteps: who writes beside it waits for one of them at
// most, and what was cut off goes on where it ended.
func TestALongListIsDeletedInSteps(t *testing.T) {
	both(t, func(t *testing.T, s *store.Store) {
		ctx, list := t.Context(), newList(t, s)
		fill(t, s, list, 5000, now())
		deleteList := func() (dlma.List, error) { return s.DeleteList(ctx, list, false, true) }
		s.FailCommits(1, false)
		if _, err := deleteList(); err == nil {
			t.Error("a step that was not committed is no error")
		}
		if n := liveOnes(t, s, list); n != 5000 {
			t.Errorf("%d entries live after a step that was not committed", n)
		}

		s.FailCommitAfter(1)
		if _, err := deleteList(); err == nil {
			t.Error("a second step that was not committed is no error")
		}
		if n := liveOnes(t, s, list); n != 3000 {
			t.Errorf("%d entries live after one step", n)
		}
		// Nobody may take up a list of which half is gone.
		if _, err := s.CreateCampaign(ctx, campaign.Campaign{List: list}); !is[campaign.Invalid](err) {
			t.Errorf("campaign on a list that is being deleted: %v", err)
		}
		if _, err := s.AddEntries(ctx, []dlma.Entry{{List: list}}); !is[dlma.Invalid](err) {
			t.Errorf("entries into a list that is being deleted: %v", err)
		}
		if _, err := s.DeleteList(ctx, list, false, false); !errors.Is(err, dlma.ErrNotFound) {
			t.Errorf("deleted again without its entries: %v", err)
		}

		before := s.Usage().Transactions
		gone := must[dlma.List](t)(deleteList())
		if n := s.Usage().Transactions - before; n != 2 {
			t.Errorf("the rest deleted in %d transactions, want 2", n)
		}
		if n := liveOnes(t, s, list); n != 0 || gone.InUse {
			t.Errorf("%d entries live, the list: %+v", n, gone)
		}
		if _, err := deleteList(); !errors.Is(err, dlma.ErrNotFound) {
			t.Errorf("deleted once more: %v", err)
		}
	})
}

func liveOnes(t *testing.T, s *store.Store, list string) int {
	t.Helper()

	return must[[]int](t)(store.Query[int](t.Context(), s, "SELECT count(*) FROM dls WHERE dlma_uuid = ? AND in_use = 1", list))[0]
}
