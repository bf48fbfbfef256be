package store_test

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/outpace/outpace/dlma"
	"github.com/outpace/outpace/results"
	"github.com/outpace/outpace/store"
	"github.com/outpace/outpace/store/storetest"
)

// abandonedAt ends a call as abandoned.
func abandonedAt(d results.Dialing, at time.Time) results.Result {
	r := resultOf(d, results.Abandoned, results.DialAnswered, at)
	abandoned := true
	r.Abandoned = &abandoned

	return r
}

// locking is pickOf with a lock of three days.
func locking(list string, count, tries int, at time.Time) dlma.Pick {
	p := pickOf(list, count, tries)
	p.Now, p.AbandonLock = at, 72*time.Hour

	return p
}

// TestAnAbandonedPersonIsLeftAlone: whichever list he stands in, and under
// whichever of his numbers, until the lock is over to the microsecond.
func TestAnAbandonedPersonIsLeftAlone(t *testing.T) {
	const lock = 72 * time.Hour
	cases := map[string]struct {
		numbers []string // of the entry that is to be called; "1" was abandoned
		lock    time.Duration
		after   time.Duration // since the hang-up
		lives   bool          // the call was not abandoned
		called  bool
	}{
		"at once":                    {numbers: []string{"1"}, lock: lock},
		"at the last moment":         {numbers: []string{"1"}, lock: lock, after: lock - time.Microsecond},
		"when it is over":            {numbers: []string{"1"}, lock: lock, after: lock, called: true},
		"by another of his phones":   {numbers: []string{"2", "1"}, lock: lock},
		"by his eighth":              {numbers: []string{"2", "", "", "", "", "", "", "1"}, lock: lock},
		"somebody else":              {numbers: []string{"2", "3"}, lock: lock, called: true},
		"a plan without a lock":      {numbers: []string{"1"}, called: true},
		"a shorter lock":             {numbers: []string{"1"}, lock: time.Hour, after: time.Hour, called: true},
		"who had an agent":           {numbers: []string{"1"}, lock: lock, lives: true, called: true},
		"a number that contains his": {numbers: []string{"11"}, lock: lock, called: true},
	}
	both(t, func(t *testing.T, s *store.Store) {
		token, at := lease(t, s, "gw"), now()
		for name, c := range cases {
			t.Run(name, func(t *testing.T) {
				if err := s.Exec(t.Context(), "DELETE FROM abandons"); err != nil {
					t.Fatal(err)
				}
				list, other := newList(t, s), newList(t, s)
				newEntry(t, s, list, "1")
				r := abandonedAt(claim(t, s, token, pickOf(list, 1, 1))[0], at)
				*r.Abandoned = !c.lives
				record(t, s, token, r)
				newEntry(t, s, other, c.numbers...)
				pick := locking(other, 1, 1, at.Add(c.after))
				pick.AbandonLock = c.lock
				out := must[dlma.Outlook](t)(s.Outlook(t.Context(), pick))
				counts := must[dlma.Counts](t)(s.Counts(t.Context(), pick))
				if c.called != (out.Ready == 1) || c.called != (counts.Idle == 1) || c.called == (counts.Waiting == 1) {
					t.Errorf("outlook %+v, counts %+v", out, counts)
				}
				if over := at.Add(c.lock); !c.called && (out.Ended() || !out.Next.Equal(over)) {
					t.Errorf("outlook %+v, want next %v", out, over)
				}
				calls := claim(t, s, token, pick)
				if c.called != (len(calls) == 1) {
					t.Errorf("claimed %d", len(calls))
				}
				for _, d := range calls {
					record(t, s, token, resultOf(d, results.Busy, results.DialBusy, at))
				}
			})
		}
	})
}

// TestTheLaterAbandonmentCounts: results may be committed in another order
// than calls ended.
func TestTheLaterAbandonmentCounts(t *testing.T) {
	both(t, func(t *testing.T, s *store.Store) {
		list, token, at := newList(t, s), lease(t, s, "gw"), now()
		for i, ago := range []time.Duration{time.Hour, 0, 2 * time.Hour} {
			newEntry(t, s, list, "1")
			d := claim(t, s, token, pickOf(list, 1, 1))[0]
			record(t, s, token, abandonedAt(d, at.Add(-ago)), abandonedAt(d, at.Add(time.Hour))) // the second is no new result
			want := at.Add(-ago)
			if i > 0 {
				want = at
			}
			got := must[[]int64](t)(store.Query[int64](t.Context(), s, "SELECT tm FROM abandons WHERE number = '1'"))
			if diff := cmp.Diff([]int64{want.UnixMicro()}, got); diff != "" {
				t.Errorf("after %d: %s", i+1, diff)
			}
		}
	})
}

func TestLocksAndDelaysTogether(t *testing.T) {
	at := now()
	// Entries were called "hung" ago, were abandoned elsewhere "lost" ago; the
	// retry delay is 10 minutes, the lock an hour.
	type entry struct{ hung, lost time.Duration }
	cases := map[string]struct {
		entries []entry
		ready   int
		next    time.Duration // from now
	}{
		"the lock outlasts the delay":           {[]entry{{8 * time.Minute, 30 * time.Minute}}, 0, 30 * time.Minute},
		"the delay outlasts the lock":           {[]entry{{2 * time.Minute, 55 * time.Minute}}, 0, 8*time.Minute + time.Microsecond},
		"the first that waits is locked longer": {[]entry{{8 * time.Minute, 20 * time.Minute}, {6 * time.Minute, 0}}, 0, 4*time.Minute + time.Microsecond},
		"one that waits is locked as shortly":   {[]entry{{8 * time.Minute, 57 * time.Minute}, {6 * time.Minute, 0}}, 0, 3 * time.Minute},
		"two are locked":                        {[]entry{{20 * time.Minute, 30 * time.Minute}, {30 * time.Minute, 20 * time.Minute}}, 0, 30 * time.Minute},
		"one is ready, one waits":               {[]entry{{20 * time.Minute, 0}, {8 * time.Minute, 30 * time.Minute}, {6 * time.Minute, 0}}, 1, 4*time.Minute + time.Microsecond},
		"one is ready, one locked":              {[]entry{{20 * time.Minute, 0}, {21 * time.Minute, 30 * time.Minute}}, 1, 0},
	}
	both(t, func(t *testing.T, s *store.Store) {
		token := lease(t, s, "gw")
		for name, c := range cases {
			t.Run(name, func(t *testing.T) {
				list := newList(t, s)
				for i, e := range c.entries {
					number := fmt.Sprint(name, i)
					entry := newEntry(t, s, list, number)
					must[dlma.Entry](t)(s.UpdateEntry(t.Context(), entry.UUID, func(d *dlma.Entry) error {
						d.TmLastHangup = at.Add(-e.hung)

						return nil
					}))
					if e.lost == 0 {
						continue
					}
					if err := s.Exec(t.Context(), "INSERT INTO abandons (number, tm) VALUES (?, ?)", number, at.Add(-e.lost).UnixMicro()); err != nil {
						t.Fatal(err)
					}
				}
				pick := locking(list, 9, 1, at)
				pick.RetryDelay, pick.AbandonLock = 10*time.Minute, time.Hour
				out := must[dlma.Outlook](t)(s.Outlook(t.Context(), pick))
				var want time.Time
				if c.next > 0 {
					want = at.Add(c.next)
				}
				if out.Ready != c.ready || !out.Next.Equal(want) {
					t.Fatalf("outlook %+v, want %d ready, next %v", out, c.ready, want)
				}
				if c.ready > 0 {
					return
				}
				pick.Now = out.Next.Add(-time.Microsecond)
				if n := len(claim(t, s, token, pick)); n != 0 {
					t.Errorf("claimed %d before the time that the outlook gave", n)
				}
				pick.Now = out.Next
				if n := len(claim(t, s, token, pick)); n != 1 {
					t.Errorf("claimed %d at the time that the outlook gave", n)
				}
			})
		}
	})
}

// TestNoGapBetweenCallAndLock claims all the time while a call to the same
// person ends as abandoned: his number is busy until the lock holds.
func TestNoGapBetweenCallAndLock(t *testing.T) {
	both(t, func(t *testing.T, s *store.Store) {
		ctx, token := t.Context(), lease(t, s, "gw")
		for i := range 10 {
			list, other := newList(t, s), newList(t, s)
			newEntry(t, s, list, fmt.Sprint(i))
			newEntry(t, s, other, fmt.Sprint(i))
			d := claim(t, s, token, pickOf(list, 1, 1))[0]
			var recorded atomic.Bool
			var others sync.WaitGroup
			others.Go(func() {
				for last := false; !last; {
					last = recorded.Load() // one more after it
					got, err := s.Claim(ctx, "gw", token, locking(other, 1, 1, now()), plain)
					if err != nil || len(got) > 0 {
						t.Errorf("%d calls, %v", len(got), err)

						return
					}
				}
			})
			record(t, s, token, abandonedAt(d, now()))
			recorded.Store(true)
			others.Wait()
		}
	})
}

// TestASlowClaimSeesTheLock: the whole call to somebody else's entry, from
// claim to abandonment, fits into one claim that had taken its entry before.
// SQLite makes one claim after the other.
func TestASlowClaimSeesTheLock(t *testing.T) {
	s := databases["postgres"](t)
	list, other, token := newList(t, s), newList(t, s), lease(t, s, "gw")
	newEntry(t, s, list, "1")
	slow := newEntry(t, s, other, "1")
	got := must[[]results.Dialing](t)(s.Claim(t.Context(), "gw", token, locking(other, 1, 1, now()), func(e dlma.Entry, number, try int) results.Dialing {
		record(t, s, token, abandonedAt(claim(t, s, token, locking(list, 1, 1, now()))[0], now()))

		return plain(e, number, try)
	}))
	if len(got) != 0 {
		t.Errorf("%s was called again", got[0].DialAddr)
	}
	if diff := cmp.Diff(slow, must[dlma.Entry](t)(s.Entry(t.Context(), slow.UUID))); diff != "" {
		t.Errorf("the entry is not what it was: %s", diff)
	}
}

// TestNumbersAreForgotten: who was abandoned is personal data, and not kept
// for longer than any plan can ask for.
func TestNumbersAreForgotten(t *testing.T) {
	for name, url := range map[string]func(testing.TB) string{"sqlite": storetest.SQLiteURL, "postgres": storetest.PostgresURL} {
		t.Run(name, func(t *testing.T) {
			at := now()
			s := storetest.Open(t, url(t), store.Options{Clock: func() time.Time { return at }})
			ledger := lease(t, s, "results")
			year := 8760 * time.Hour
			list := newList(t, s)
			lockNumbers(t, s, list, 0, 1500, at.Add(-year))
			young := "INSERT INTO abandons (number, tm) VALUES ('young', ?)"
			if err := s.Exec(t.Context(), young, at.Add(-year).UnixMicro()); err != nil {
				t.Fatal(err)
			}
			for i, c := range []struct {
				later time.Duration
				left  int
			}{{0, 501}, {0, 1}, {time.Minute, 1}, {time.Hour, 0}} {
				at = at.Add(c.later)
				must[int](t)(s.Number(t.Context(), ledger, 10))
				n := must[[]int](t)(store.Query[int](t.Context(), s, "SELECT count(*) FROM abandons"))
				if n[0] != c.left {
					t.Errorf("%d numbers are left after %d, want %d", n[0], i+1, c.left)
				}
			}
		})
	}
}

func TestWhatIsCalledNext(t *testing.T) {
	both(t, func(t *testing.T, s *store.Store) {
		list := newList(t, s)
		edit := func(e dlma.Entry, f func(*dlma.Entry)) {
			must[dlma.Entry](t)(s.UpdateEntry(t.Context(), e.UUID, func(e *dlma.Entry) error { f(e); return nil }))
		}
		edit(newEntry(t, s, list, "1", "", "3"), func(e *dlma.Entry) { e.Tries, e.ResDial = [8]int{2, 0, 1}, 5 })
		edit(newEntry(t, s, list, "4"), func(e *dlma.Entry) { e.Tries[0], e.ResDial, e.TmLastHangup = 1, 3, now().Add(-time.Hour) })
		newEntry(t, s, list, "", "", "", "", "", "", "", "5")
		edit(newEntry(t, s, list, "6"), func(e *dlma.Entry) { e.Tries[0], e.ResDial, e.TmLastHangup = 1, 8, now().Add(-time.Minute) })
		all := []dlma.Upcoming{
			{Tries: 0, Number: 8, ResDial: 0}, {Tries: 1, Number: 1, ResDial: 3}, {Tries: 1, Number: 1, ResDial: 8}, {Tries: 1, Number: 3, ResDial: 5},
		}
		for _, n := range []int{0, 1, 3, 9} {
			out := must[dlma.Outlook](t)(s.Outlook(t.Context(), pickOf(list, n, 2)))
			want := all[:min(n, len(all))]
			if diff := cmp.Diff(append([]dlma.Upcoming(nil), want...), out.Upcoming); diff != "" || out.Ready != len(want) || out.Ended() {
				t.Errorf("up to %d: %+v, %s", n, out, diff)
			}
		}
	})
}
