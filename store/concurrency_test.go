package store_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/outpace/outpace/dlma"
	"github.com/outpace/outpace/results"
	"github.com/outpace/outpace/store"
)

// TestClaimsAtOnce lets several engines claim from two lists that share
// numbers. No entry and no number may be claimed twice, and none forgotten.
func TestClaimsAtOnce(t *testing.T) {
	both(t, func(t *testing.T, s *store.Store) {
		const entries, workers = 300, 6
		ctx := t.Context()
		token := lease(t, s, "gw")
		lists := []string{newList(t, s), newList(t, s)}
		for _, list := range lists {
			var add []dlma.Entry
			for i := range entries {
				// Every number stands in both lists and, as a second number, in a neighbour.
				add = append(add, dlma.Entry{List: list, Number: [8]string{fmt.Sprint(i), "", fmt.Sprint((i + 1) % entries)}})
			}
			must[int](t)(s.AddEntries(ctx, add))
		}
		var mu sync.Mutex
		byEntry, byNumber := map[string]int{}, map[string]int{}
		var wg sync.WaitGroup
		for w := range workers {
			wg.Go(func() {
				for range 40 {
					calls, err := s.Claim(ctx, "gw", token, pickOf(lists[w%2], 7, 1), plain)
					if err != nil {
						t.Errorf("claim: %v", err)

						return
					}
					mu.Lock()
					for _, d := range calls {
						byEntry[d.Entry]++
						byNumber[d.DialAddr]++
					}
					mu.Unlock()
				}
			})
		}
		wg.Wait()
		for n, times := range byNumber {
			if times > 1 {
				t.Errorf("number %s was claimed %d times at once", n, times)
			}
		}
		for e, times := range byEntry {
			if times > 1 {
				t.Errorf("entry %s was claimed %d times at once", e, times)
			}
		}
		open := must[[]int](t)(store.Query[int](ctx, s, "SELECT count(*) FROM dialings"))
		busy := must[[]int](t)(store.Query[int](ctx, s, "SELECT count(*) FROM dls WHERE status = 1"))
		tried := must[[]int](t)(store.Query[int](ctx, s, "SELECT count(*) FROM dls WHERE tries = 1"))
		if open[0] != len(byEntry) || busy[0] != open[0] || tried[0] != open[0] || open[0] < entries/3 {
			t.Errorf("%d calls, %d dialings, %d entries being dialed, %d tried", len(byEntry), open[0], busy[0], tried[0])
		}
		for _, list := range lists {
			if out := must[dlma.Outlook](t)(s.Outlook(ctx, pickOf(list, 1, 1))); out.Ready != 0 {
				t.Errorf("something is left that could be dialed: %+v", out)
			}
		}
	})
}

// TestFullTurns claims, records and edits at once until all is used up.
func TestFullTurns(t *testing.T) {
	both(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		token, ledger := lease(t, s, "gw"), lease(t, s, "results")
		list := newList(t, s)
		var add []dlma.Entry
		for i := range 120 {
			add = append(add, dlma.Entry{List: list, Number: [8]string{fmt.Sprint("a", i), fmt.Sprint("b", i)}})
		}
		must[int](t)(s.AddEntries(ctx, add))
		stop := make(chan struct{})
		var side, wg sync.WaitGroup
		side.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				if _, err := s.Number(ctx, ledger, 50); err != nil {
					t.Errorf("number: %v", err)

					return
				}
				if _, err := s.Reconcile(ctx, pickOf(list, 1, 1)); err != nil { // a stricter plan on the same list
					t.Errorf("reconcile: %v", err)

					return
				}
			}
		})
		for range 4 {
			wg.Go(func() {
				for {
					calls, err := s.Claim(ctx, "gw", token, pickOf(list, 10, 2), plain)
					if err != nil {
						t.Errorf("claim: %v", err)

						return
					}
					var ended []results.Result
					for _, d := range calls {
						ended = append(ended, resultOf(d, results.Busy, 5, now()))
					}
					if err := s.Record(ctx, token, calls, ended); err != nil {
						t.Errorf("record: %v", err)

						return
					}
					if len(calls) > 0 {
						continue
					}
					out, err := s.Outlook(ctx, pickOf(list, 1, 2))
					if err != nil || out.Ended() {
						return
					}
				}
			})
		}
		wg.Wait()
		close(stop)
		side.Wait()
		for n := 1; n > 0; {
			n = must[int](t)(s.Number(ctx, ledger, 50))
		}
		got := must[[]results.Result](t)(s.Numbered(ctx, 0, 1000))
		perTry := map[string]int{}
		for i, r := range got {
			if r.Seq != int64(i+1) {
				t.Fatalf("result %d has number %d", i, r.Seq)
			}
			perTry[fmt.Sprint(r.DialAddr, " try ", r.DialTry)]++
		}
		if len(got) != 480 || len(perTry) != 480 {
			t.Errorf("%d results of %d tries, want 480", len(got), len(perTry))
		}
		if tally := must[results.Tally](t)(s.Tally(ctx, "c")); tally.By[results.Busy] != 480 {
			t.Errorf("tally %+v", tally)
		}
	})
}

func TestCommitInDoubt(t *testing.T) {
	for _, made := range []bool{true, false} {
		t.Run(fmt.Sprint("made ", made), func(t *testing.T) {
			both(t, func(t *testing.T, s *store.Store) {
				ctx := t.Context()
				list, token := newList(t, s), lease(t, s, "gw")
				e := newEntry(t, s, list, "1")
				pick := pickOf(list, 1, 5)

				s.FailCommits(1, made)
				calls, err := s.Claim(ctx, "gw", token, pick, plain)
				if made && (err != nil || len(calls) != 1) || !made && !errors.Is(err, store.ErrTestCommit) {
					t.Fatalf("claim: %d calls, %v", len(calls), err)
				}
				if !made {
					if got := must[dlma.Entry](t)(s.Entry(ctx, e.UUID)); got.Tries[0] != 0 || got.Status != dlma.Idle {
						t.Fatalf("entry after a lost claim: %+v", got)
					}
					calls = claim(t, s, token, pick)
				}
				r := resultOf(calls[0], results.NotPlaced, 0, now())
				s.FailCommits(1, made)
				if err := s.Record(ctx, token, nil, []results.Result{r}); !errors.Is(err, store.ErrTestCommit) {
					t.Fatalf("record: %v", err)
				}
				record(t, s, token, r)
				if got := must[dlma.Entry](t)(s.Entry(ctx, e.UUID)); got.Tries[0] != 0 || got.Status != dlma.Idle {
					t.Errorf("entry after both: %+v", got)
				}
				if tally := must[results.Tally](t)(s.Tally(ctx, "c")); tally.By[results.NotPlaced] != 1 {
					t.Errorf("tally %+v", tally)
				}
			})
		})
	}
}

// TestClaimThatStaysInDoubt loses the database at the commit for longer than
// the claim may take.
func TestClaimThatStaysInDoubt(t *testing.T) {
	for _, made := range []bool{true, false} {
		t.Run(fmt.Sprint("made ", made), func(t *testing.T) {
			both(t, func(t *testing.T, s *store.Store) {
				s.SettleAtOnce()
				ctx := t.Context()
				list, token := newList(t, s), lease(t, s, "gw")
				e := newEntry(t, s, list, "1")
				heal := s.LoseConnection(made)
				if calls, err := s.Claim(ctx, "gw", token, pickOf(list, 1, 5), plain); err == nil {
					t.Fatalf("claimed %d without knowing", len(calls))
				}
				if _, err := s.Claim(ctx, "gw", token, pickOf(list, 1, 5), plain); err == nil {
					t.Fatal("claimed before the doubt was settled")
				}
				heal()
				if got := must[[]results.Dialing](t)(s.TakeOver(ctx, "gw", token)); len(got) != 0 {
					t.Errorf("%d calls of which nobody knows", len(got))
				}
				if got := must[dlma.Entry](t)(s.Entry(ctx, e.UUID)); got.Tries[0] != 0 || got.Status != dlma.Idle || !got.TmLastDial.IsZero() {
					t.Errorf("not given back: %+v", got)
				}
				if got := claim(t, s, token, pickOf(list, 1, 5)); len(got) != 1 || got[0].DialTry != 1 {
					t.Errorf("then claimed %v", got)
				}
			})
		})
	}
}

// TestPanicInTheMiddle stops a claim between its statements.
func TestPanicInTheMiddle(t *testing.T) {
	both(t, func(t *testing.T, s *store.Store) {
		list, token := newList(t, s), lease(t, s, "gw")
		e := newEntry(t, s, list, "1")
		func() {
			defer func() {
				if recover() == nil {
					t.Error("no panic")
				}
			}()
			_, _ = s.Claim(t.Context(), "gw", token, pickOf(list, 1, 1), func(dlma.Entry, int, int) results.Dialing { panic("middle") })
		}()
		if got := must[dlma.Entry](t)(s.Entry(t.Context(), e.UUID)); got.Status != dlma.Idle || got.Tries[0] != 0 {
			t.Errorf("half a claim: %+v", got)
		}
		if got := claim(t, s, token, pickOf(list, 1, 1)); len(got) != 1 {
			t.Error("the connection is of no more use")
		}
	})
}
