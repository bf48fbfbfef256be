package store_test

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/outpace/outpace/results"
	"github.com/outpace/outpace/store"
	"github.com/outpace/outpace/store/storetest"
)

// finishAll dials all entries of a list once and finishes them with those
// dispositions in turn, a second apart.
func finishAll(tb testing.TB, s *store.Store, token, list, campaign string, at time.Time, dispositions ...results.Disposition) {
	tb.Helper()
	for i := range dispositions {
		newEntry(tb, s, list, "n"+campaign+string(rune('a'+i)))
	}
	calls := claim(tb, s, token, pickOf(list, len(dispositions), 1))
	if len(calls) != len(dispositions) {
		tb.Fatalf("claimed %d of %d", len(calls), len(dispositions))
	}
	for i, d := range calls {
		d.Campaign = campaign
		r := resultOf(d, dispositions[i], 0, at.Add(time.Duration(i)*time.Second))
		if dispositions[i] == results.Abandoned || dispositions[i] == results.Answered {
			abandoned := dispositions[i] == results.Abandoned
			r.Abandoned = &abandoned
		}
		record(tb, s, token, r)
	}
}

func TestNumbersHaveNoGaps(t *testing.T) {
	both(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		token, ledger := lease(t, s, "gw"), lease(t, s, "results")
		finishAll(t, s, token, newList(t, s), "a", now(), results.Busy, results.Busy, results.Busy, results.Busy, results.Busy)
		if got, _, err := s.Results(ctx, results.Query{Count: 10}); len(got) != 0 || err != nil {
			t.Errorf("results are shown before they are numbered: %d, %v", len(got), err)
		}
		for _, want := range []int{2, 2, 1, 0} {
			if n := must[int](t)(s.Number(ctx, ledger, 2)); n != want {
				t.Errorf("numbered %d, want %d", n, want)
			}
		}
		finishAll(t, s, token, newList(t, s), "b", now(), results.Busy)
		must[int](t)(s.Number(ctx, ledger, 2))
		seqs := ids(must[[]results.Result](t)(s.Numbered(ctx, 1, 10)), func(r results.Result) string { return string(rune('0' + r.Seq)) })
		if diff := cmp.Diff([]string{"2", "3", "4", "5", "6"}, seqs); diff != "" {
			t.Error(diff)
		}
	})
}

func TestNumberNeedsTheLease(t *testing.T) {
	s := databases["postgres"](t)
	finishAll(t, s, lease(t, s, "gw"), newList(t, s), "a", now(), results.Busy)
	if _, err := s.Number(t.Context(), "nobody's", 10); !errors.Is(err, results.ErrLeaseLost) {
		t.Errorf("numbered without a lease: %v", err)
	}
}

func TestResultsQuery(t *testing.T) {
	both(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		token, at := lease(t, s, "gw"), now()
		finishAll(t, s, token, newList(t, s), "a", at, results.Busy, results.Answered, results.Busy)
		finishAll(t, s, token, newList(t, s), "b", at, results.Answered, results.Abandoned)
		must[int](t)(s.Number(ctx, lease(t, s, "results"), 100))
		for name, c := range map[string]struct {
			query results.Query
			want  []int64
			more  bool
		}{
			"all":         {results.Query{Count: 10}, []int64{1, 2, 3, 4, 5}, false},
			"page":        {results.Query{Count: 2, After: 1}, []int64{2, 3}, true},
			"last page":   {results.Query{Count: 2, After: 3}, []int64{4, 5}, false},
			"campaign":    {results.Query{Count: 10, Campaign: "b"}, []int64{4, 5}, false},
			"disposition": {results.Query{Count: 10, Disposition: results.Answered}, []int64{2, 4}, false},
			"from":        {results.Query{Count: 10, From: at.Add(time.Second)}, []int64{2, 3, 5}, false},
			"to":          {results.Query{Count: 10, To: at.Add(time.Second)}, []int64{1, 4}, false},
			"from + 1 ns": {results.Query{Count: 10, From: at.Add(time.Second + time.Nanosecond)}, []int64{3}, false},
			"hostile":     {results.Query{Count: 10, Campaign: "a\x00", Disposition: "' OR 1=1"}, nil, false},
		} {
			list, more, err := s.Results(ctx, c.query)
			var got []int64
			for _, r := range list {
				got = append(got, r.Seq)
			}
			if diff := cmp.Diff(c.want, got); diff != "" || more != c.more || err != nil {
				t.Errorf("%s: %s, %v, %v", name, diff, more, err)
			}
		}
		tally := must[results.Tally](t)(s.Tally(ctx, "b"))
		want := results.Tally{By: map[results.Disposition]int{results.Answered: 1, results.Abandoned: 1}, Live: 2, Abandoned: 1}
		if diff := cmp.Diff(want, tally); diff != "" {
			t.Error(diff)
		}
	})
}

func TestRecent(t *testing.T) {
	both(t, func(t *testing.T, s *store.Store) {
		ctx, token, ledger, at := t.Context(), lease(t, s, "gw"), lease(t, s, "results"), now()
		finishAll(t, s, token, newList(t, s), "a", at, results.Busy, results.Answered, results.Busy)
		finishAll(t, s, token, newList(t, s), "b", at, results.Answered)
		finishAll(t, s, token, newList(t, s), "a", at, results.Abandoned)
		must[int](t)(s.Number(ctx, ledger, 5))
		finishAll(t, s, token, newList(t, s), "a", at, results.Busy) // has no number yet
		for _, c := range []struct {
			campaign string
			count    int
			want     []int64
		}{
			{"a", 2, []int64{3, 5}}, {"a", 4, []int64{1, 2, 3, 5}}, {"a", 9, []int64{1, 2, 3, 5}}, {"b", 9, []int64{4}},
			{"c", 9, nil}, {"", 9, nil}, {"a", 0, nil}, {"a", -1, nil}, {"a\x00", 9, nil},
		} {
			var got []int64
			for _, r := range must[[]results.Result](t)(s.Recent(ctx, c.campaign, c.count)) {
				got = append(got, r.Seq)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("%d of %q: %s", c.count, c.campaign, diff)
			}
		}
		all := must[[]results.Result](t)(s.Numbered(ctx, 4, 1))
		if diff := cmp.Diff(all, must[[]results.Result](t)(s.Recent(ctx, "a", 1))); diff != "" {
			t.Errorf("not the whole result: %s", diff)
		}
	})
}

// TestRecentGoesThroughItsIndex: a campaign that has not called for long is
// not looked for among the results of all others.
func TestRecentGoesThroughItsIndex(t *testing.T) {
	both(t, func(t *testing.T, s *store.Store) {
		series := "generate_series(1, 8000) AS g(i)"
		if s.Kind() == "sqlite" {
			series = "(WITH RECURSIVE g(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM g WHERE i < 8000) SELECT i FROM g) AS g"
		}
		err := s.Exec(t.Context(), `INSERT INTO results (uuid, campaign_uuid, seq)
			SELECT 'r' || i, CASE WHEN i <= 2000 THEN 'old' ELSE 'new' END, CASE WHEN i <= 7000 THEN i END FROM `+series)
		if err == nil {
			err = s.Exec(t.Context(), "ANALYZE results")
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, campaign := range []string{"old", "new", "none"} {
			text := must[string](t)(s.ExplainRecent(t.Context(), campaign, 100))
			if !strings.Contains(text, "results_campaign") || strings.Contains(text, "Sort") || strings.Contains(text, "TEMP B-TREE") {
				t.Errorf("%s: not through the index:\n%s", campaign, text)
			}
			for _, m := range touched.FindAllStringSubmatch(text, -1) {
				if must[int](t)(strconv.Atoi(m[1])) > 100 {
					t.Errorf("%s: %s rows are read for 100:\n%s", campaign, m[1], text)
				}
			}
			if removed.MatchString(text) {
				t.Errorf("%s: rows are read for nothing:\n%s", campaign, text)
			}
			if len(must[[]results.Result](t)(s.Recent(t.Context(), campaign, 100))) != map[string]int{"old": 100, "new": 100}[campaign] {
				t.Errorf("%s: not all found", campaign)
			}
		}
	})
}

func TestTallyDayIsTheCampaigns(t *testing.T) {
	both(t, func(t *testing.T, s *store.Store) {
		// 23:30 UTC is the next day in Berlin, which plain() names.
		finishAll(t, s, lease(t, s, "gw"), newList(t, s), "a", time.Date(2026, 1, 31, 23, 30, 0, 0, time.UTC), results.Busy)
		days := must[[]string](t)(store.Query[string](t.Context(), s, "SELECT day FROM tallies"))
		if diff := cmp.Diff([]string{"2026-02-01"}, days); diff != "" {
			t.Error(diff)
		}
	})
}

func TestResultLogIsForPeople(t *testing.T) {
	both(t, func(t *testing.T, s *store.Store) {
		at := time.Date(2026, 1, 31, 23, 30, 0, 123456000, time.UTC)
		finishAll(t, s, lease(t, s, "gw"), newList(t, s), "a", at, results.Busy)
		got := must[[]string](t)(store.Query[string](t.Context(), s, "SELECT CAST(tm_hangup AS text) FROM result_log WHERE tm_answer IS NULL"))
		want := map[string]string{"sqlite": "2026-01-31T23:30:00.123456Z", "postgres": "2026-01-31 23:30:00.123456+00"}[s.Kind()]
		if len(got) != 1 || got[0] != want {
			t.Errorf("got %v, want %s", got, want)
		}
	})
}

func TestLogged(t *testing.T) {
	both(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		if n := must[int64](t)(s.Logged(ctx, "h")); n != 0 {
			t.Errorf("logged %d", n)
		}
		for _, n := range []int64{5, 9} {
			if err := s.SetLogged(ctx, "h", n); err != nil {
				t.Fatal(err)
			}
		}
		if n, other := must[int64](t)(s.Logged(ctx, "h")), must[int64](t)(s.Logged(ctx, "i")); n != 9 || other != 0 {
			t.Errorf("logged %d, %d", n, other)
		}
	})
}

func TestLeases(t *testing.T) {
	s := databases["postgres"](t)
	ctx := t.Context()
	take := func(holder string, ttl time.Duration) (string, bool) {
		token, ok, err := s.Acquire(ctx, "gw", holder, ttl)
		if err != nil {
			t.Fatal(err)
		}

		return token, ok
	}
	first, ok := take("a", time.Minute)
	if !ok {
		t.Fatal("a free lease was refused")
	}
	if again, ok := take("a", time.Minute); !ok || again != first {
		t.Error("renewal changed the token")
	}
	if _, ok := take("b", time.Minute); ok {
		t.Error("a held lease was given away")
	}
	if err := s.Release(ctx, "gw", "nobody's"); err != nil {
		t.Fatal(err)
	}
	if _, ok := take("b", time.Minute); ok {
		t.Error("released by somebody else's token")
	}
	if _, ok := take("a", -time.Second); !ok {
		t.Error("not renewed")
	}
	if late, ok := take("a", -time.Second); !ok || late != first {
		t.Error("a late renewal is a new term though nobody had the lease meanwhile")
	}
	if _, ok := take("b", -time.Second); !ok {
		t.Error("a lease that has run out was refused")
	}
	if back, ok := take("a", time.Minute); !ok || back == first {
		t.Error("no new term after another holder had the lease")
	}
}

func TestHeldByAnother(t *testing.T) {
	ctx, s := t.Context(), databases["postgres"](t)
	held := func(want bool) {
		t.Helper()
		if got := must[bool](t)(s.Held(ctx, "gw", "a")); got != want {
			t.Errorf("held by another is %t", got)
		}
	}
	held(false)
	for _, c := range []struct {
		holder string
		ttl    time.Duration
		want   bool
	}{{"a", -time.Second, false}, {"b", -time.Second, false}, {"b", time.Minute, true}} {
		if _, ok, err := s.Acquire(ctx, "gw", c.holder, c.ttl); err != nil || !ok {
			t.Fatal(ok, err)
		}
		held(c.want)
	}
}

// TestLeasesGoByTheDatabasesClock: not by that of the engine that asks.
func TestLeasesGoByTheDatabasesClock(t *testing.T) {
	ctx, url := t.Context(), storetest.PostgresURL(t)
	right := storetest.Open(t, url, store.Options{})
	if _, ok, err := right.Acquire(ctx, "gw", "right", time.Minute); err != nil || !ok {
		t.Fatal(ok, err)
	}
	for _, off := range []time.Duration{-time.Hour, time.Hour} {
		s := storetest.Open(t, url, store.Options{Clock: func() time.Time { return time.Now().Add(off) }})
		if _, ok, err := s.Acquire(ctx, "gw", "off", time.Minute); err != nil || ok {
			t.Errorf("an engine whose clock is off by %s took a lease that holds: %v", off, err)
		}
		name := "own " + off.String()
		if _, ok, err := s.Acquire(ctx, name, "off", time.Minute); err != nil || !ok {
			t.Fatal(ok, err)
		}
		if _, ok, err := right.Acquire(ctx, name, "right", time.Minute); err != nil || ok {
			t.Errorf("the lease of an engine whose clock is off by %s was taken from it: %v", off, err)
		}
	}
}

func TestEnginesAreCounted(t *testing.T) {
	s := databases["postgres"](t)
	attend := func(holder string, ttl time.Duration, want int) {
		t.Helper()
		if n := must[int](t)(s.Attend(t.Context(), holder, ttl)); n != want {
			t.Errorf("%s for %s: %d engines, want %d", holder, ttl, n, want)
		}
	}
	attend("a", time.Minute, 1)
	attend("a", time.Minute, 1)
	attend("b", time.Minute, 2)
	if _, _, err := s.Acquire(t.Context(), "gateway:x", "c", time.Minute); err != nil { // has no part in it
		t.Fatal(err)
	}
	attend("a", time.Minute, 2)
	attend("b", 0, 2) // leaves
	attend("a", time.Minute, 1)
	attend("d", -2*time.Hour, 2) // long gone
	attend("a", time.Minute, 1)
	if names := must[[]string](t)(store.Query[string](t.Context(), s, "SELECT name FROM leases ORDER BY name")); !slices.Equal(names, []string{"engine:a", "engine:b", "gateway:x"}) {
		t.Errorf("rows of %v", names)
	}
}
