package store_test

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/outpace/outpace/dlma"
	"github.com/outpace/outpace/results"
	"github.com/outpace/outpace/store"
)

// fill puts n entries into a list by SQL: a tenth ready at each of two totals,
// two fifths waiting, a fifth used up under max 3, a fifth answered.
func fill(tb testing.TB, s *store.Store, list string, n int, at time.Time) {
	tb.Helper()
	series := "generate_series(1, ?) AS g(i)"
	if s.Kind() == "sqlite" {
		series = "(WITH RECURSIVE g(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM g WHERE i < ?) SELECT i FROM g) AS g"
	}
	spent := int64(3)
	for range 7 {
		spent = spent<<7 | 3
	}
	spent |= 1 << 57
	us := at.UnixMicro()
	err := s.Exec(tb.Context(), `INSERT INTO dls (uuid, dlma_uuid, number_1, trycnt_1, tries, tm_last_hangup, res_dial, spent, tm_create)
		SELECT CAST(? AS text) || '-' || i, CAST(? AS text), '49' || (CAST(? AS bigint) + i), t, t, CASE WHEN t = 0 THEN 0 WHEN k IN (1, 8, 9) THEN CAST(? AS bigint) - 1000000000 - i ELSE CAST(? AS bigint) - i END,
			CASE WHEN k IN (8, 9) THEN 4 ELSE 5 END, CASE WHEN t = 3 THEN CAST(? AS bigint) ELSE 0 END, CAST(? AS bigint)
		FROM (SELECT i, i % 10 AS k, CASE i % 10 WHEN 0 THEN 0 WHEN 6 THEN 3 WHEN 7 THEN 3 ELSE 1 END AS t FROM `+series+`) AS e`,
		list[:8], list, us, us, us, spent, us, n)
	if err != nil {
		tb.Fatal(err)
	}
}

// analyze lets Postgres look at what its tables hold.
func analyze(tb testing.TB, s *store.Store) {
	tb.Helper()
	if s.Kind() != "postgres" {
		return
	}
	if err := s.Exec(tb.Context(), "ANALYZE dls, dialings, results, abandons"); err != nil {
		tb.Fatal(err)
	}
}

func benchPick(list string, at time.Time, n int) dlma.Pick {
	p := pickOf(list, n, 3)
	p.Now, p.RetryDelay, p.AbandonLock = at, 10*time.Minute, 72*time.Hour

	return p
}

var (
	touched = regexp.MustCompile(`rows=(\d+) loops=(\d+)`)
	removed = regexp.MustCompile(`Rows Removed by Filter: (\d+)`)
)

// lockNumbers lets calls have been abandoned a second before at: to the first
// of the entries of list that were never called, and to many strangers.
func lockNumbers(tb testing.TB, s *store.Store, list string, ours, strangers int, at time.Time) {
	tb.Helper()
	series := "generate_series(1, ?) AS g(i)"
	if s.Kind() == "sqlite" {
		series = "(WITH RECURSIVE g(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM g WHERE i < ?) SELECT i FROM g) AS g"
	}
	us := at.Add(-time.Second).UnixMicro()
	err := s.Exec(tb.Context(), "INSERT INTO abandons (number, tm) SELECT 's' || i, CAST(? AS bigint) FROM "+series, us, strangers)
	if err == nil {
		err = s.Exec(tb.Context(), `INSERT INTO abandons (number, tm)
			SELECT number_1, CAST(? AS bigint) FROM dls WHERE dlma_uuid = ? AND tries = 0 ORDER BY id LIMIT ?`, us, list, ours)
	}
	if err != nil {
		tb.Fatal(err)
	}
}

// planners are what Postgres may know when a list is dialed.
var planners = map[string]func(t *testing.T, s *store.Store, fill func(list string)) (list string){
	"all is known": func(t *testing.T, s *store.Store, fill func(string)) string {
		list := newList(t, s)
		fill(list)
		analyze(t, s)

		return list
	},
	"statistics are gone": func(t *testing.T, s *store.Store, fill func(string)) string {
		list := newList(t, s)
		fill(list)
		analyze(t, s)
		if err := s.Exec(t.Context(), "DELETE FROM pg_statistic WHERE starelid IN ('dls'::regclass, 'dialings'::regclass, 'abandons'::regclass)"); err != nil {
			t.Fatal(err)
		}

		return list
	},
	"nothing was ever looked at": func(t *testing.T, s *store.Store, fill func(string)) string {
		list := newList(t, s)
		fill(list)

		return list
	},
	"all was empty when it was looked at": func(t *testing.T, s *store.Store, fill func(string)) string {
		analyze(t, s)
		list := newList(t, s)
		fill(list)

		return list
	},
	"the list is newer than the statistics": func(t *testing.T, s *store.Store, fill func(string)) string {
		for range 3 {
			fill(newList(t, s))
		}
		analyze(t, s)
		list := newList(t, s)
		fill(list)

		return list
	},
}

// eachPlanner runs test with a database whose planner knows little or much, and
// that does not learn more while the test goes on.
// Open and ended are how many calls of each list there are already.
func eachPlanner(t *testing.T, entries, open, ended int, test func(t *testing.T, s *store.Store, list string)) {
	t.Helper()
	for name, prepare := range planners {
		t.Run(fmt.Sprintf("%s, %d entries", name, entries), func(t *testing.T) {
			s := databases["postgres"](t)
			for _, table := range []string{"dls", "dialings", "results", "abandons"} {
				if err := s.Exec(t.Context(), "ALTER TABLE "+table+" SET (autovacuum_enabled = false)"); err != nil {
					t.Fatal(err)
				}
			}
			test(t, s, prepare(t, s, func(list string) {
				fill(t, s, list, entries, now())
				callMany(t, s, list, open, ended)
			}))
		})
	}
}

// callMany claims entries and finishes some of the calls.
func callMany(tb testing.TB, s *store.Store, list string, open, ended int) {
	tb.Helper()
	if open+ended == 0 {
		return
	}
	token := lease(tb, s, "gw")
	calls := claim(tb, s, token, benchPick(list, now(), open+ended))
	if len(calls) != open+ended {
		tb.Fatalf("claimed %d of %d", len(calls), open+ended)
	}
	over := make([]results.Result, ended)
	for i := range over {
		over[i] = resultOf(calls[i], results.Busy, 0, now())
	}
	record(tb, s, token, over...)
	must[int](tb)(s.Number(tb.Context(), lease(tb, s, "results"), ended))
}

func TestClaimGoesThroughItsIndex(t *testing.T) {
	for name, c := range map[string]struct{ entries, ours, strangers int }{
		"few abandoned": {13_000, 10, 100}, "many abandoned": {20_000, 40, 20_000},
	} {
		t.Run(name, func(t *testing.T) {
			eachPlanner(t, c.entries, 0, 0, func(t *testing.T, s *store.Store, list string) {
				pick := benchPick(list, now(), 50)
				lockNumbers(t, s, list, c.ours, c.strangers, pick.Now)
				checkSteps(t, "claim", must[string](t)(s.ExplainClaim(t.Context(), pick)))
				checkSteps(t, "outlook", must[string](t)(s.ExplainOutlook(t.Context(), pick)))
				checkPaths(t, "second look", must[string](t)(s.ExplainHeld(t.Context(), pick)))
			})
		})
	}
}

// checkPaths judges which indexes a plan goes through.
func checkPaths(t *testing.T, what, text string) {
	t.Helper()
	if !strings.Contains(text, "using dls_claim on dls d") || strings.Contains(text, "Seq Scan on dls") || strings.Contains(text, "Bitmap") || strings.Contains(text, "Hash Join") {
		t.Errorf("the %s does not walk dls_claim:\n%s", what, text)
	}
	if !strings.Contains(text, "using abandons_pkey on abandons a") || strings.Contains(text, "Seq Scan on abandons") || strings.Contains(text, "abandons_tm") {
		t.Errorf("the %s does not look locks up by number:\n%s", what, text)
	}
}

// checkSteps judges the plan of a statement about 50 entries.
func checkSteps(t *testing.T, what, text string) {
	t.Helper()
	checkPaths(t, what, text)
	for line := range strings.Lines(text) {
		m := touched.FindStringSubmatch(line)
		if m == nil || strings.Contains(line, "json") {
			continue
		}
		rows := must[int](t)(strconv.Atoi(m[1])) * must[int](t)(strconv.Atoi(m[2]))
		if rows > 200 {
			t.Errorf("a step of the %s of 50 touches %d rows:\n%s", what, rows, text)
		}
	}
	for _, m := range removed.FindAllStringSubmatch(text, -1) {
		if must[int](t)(strconv.Atoi(m[1])) > 50 {
			t.Errorf("the %s walks over %s rows for nothing:\n%s", what, m[1], text)
		}
	}
}

// TestReconcileKeepsTheTriesOfAnUnknownEntry: a plan that does not redial
// unknown entries has nothing left to do with one, whatever it allows; a plan
// that redials them, with fewer tries, has nothing left either; a third that
// redials with more tries must still find it.
func TestReconcileKeepsTheTriesOfAnUnknownEntry(t *testing.T) {
	both(t, func(t *testing.T, s *store.Store) {
		list, token := newList(t, s), lease(t, s, "gw")
		newEntry(t, s, list, "unknown-1")
		leaves := pickOf(list, 5, 2)
		calls := claim(t, s, token, leaves)
		record(t, s, token, resultOf(calls[0], results.Unknown, 0, leaves.Now.Add(-time.Second)))
		few := pickOf(list, 5, 1)
		few.RedialUnknown = true
		for _, p := range []dlma.Pick{leaves, few, leaves, few} {
			for n := 1; n > 0; {
				n = must[int](t)(s.Reconcile(t.Context(), p))
			}
		}
		more := pickOf(list, 5, 2)
		more.RedialUnknown = true
		if got := claim(t, s, token, more); len(got) != 1 {
			t.Errorf("claimed %d entries, want the one that was hidden by a joined mark", len(got))
		}
	})
}

func TestReconcileMarksAndHidesNothing(t *testing.T) {
	both(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		list, token := newList(t, s), lease(t, s, "gw")
		for i := range 30 {
			e := newEntry(t, s, list, fmt.Sprint("n", i))
			must[dlma.Entry](t)(s.UpdateEntry(ctx, e.UUID, func(e *dlma.Entry) error { e.Tries[0] = i % 3; return nil }))
		}
		spent := func() []int {
			return must[[]int](t)(store.Query[int](ctx, s, "SELECT count(*) FROM dls WHERE spent <> 0 AND dlma_uuid = ?", list))
		}
		run := func(p dlma.Pick) (n int) {
			for step := 1; step > 0; n += step {
				step = must[int](t)(s.Reconcile(ctx, p))
			}

			return n
		}
		strict, loose := pickOf(list, 100, 1), pickOf(list, 100, 2)
		if n := run(strict); n != 20 || spent()[0] != 20 {
			t.Errorf("the strict plan marked %d, %d are marked", n, spent()[0])
		}
		if out := must[dlma.Outlook](t)(s.Outlook(ctx, loose)); out.Ready != 20 {
			t.Errorf("the loose plan sees %d, want 20", out.Ready)
		}
		if n := run(loose); n != 10 {
			t.Errorf("the loose plan marked %d, want 10", n)
		}
		// Neither undoes what the other has found out.
		if n := run(strict) + run(loose); n != 0 {
			t.Errorf("%d marks went back and forth", n)
		}
		looser := pickOf(list, 100, 3)
		if got := claim(t, s, token, looser); len(got) != 30 {
			t.Errorf("a plan that allows more claims %d, want 30", len(got))
		}
	})
}

// TestEntriesWithoutNumbersAreNoBurden: they are marked from the start.
func TestEntriesWithoutNumbersAreNoBurden(t *testing.T) {
	both(t, func(t *testing.T, s *store.Store) {
		list := newList(t, s)
		e := newEntry(t, s, list)
		if n := must[[]int](t)(store.Query[int](t.Context(), s, "SELECT count(*) FROM dls WHERE spent <> 0")); n[0] != 1 {
			t.Error("not marked")
		}
		must[dlma.Entry](t)(s.UpdateEntry(t.Context(), e.UUID, func(e *dlma.Entry) error { e.Number[7] = "1"; return nil }))
		if got := claim(t, s, lease(t, s, "gw"), pickOf(list, 1, 1)); len(got) != 1 || got[0].DialIndex != 8 {
			t.Errorf("claimed %v after it was given a number", got)
		}
	})
}

// BenchmarkClaim claims 50 entries and gives their tries back, in lists of
// OUTPACE_BENCH_ENTRIES (default 10000,100000) entries of which a tenth is
// ready: the cost must not grow with the list.
func BenchmarkClaim(b *testing.B) {
	for name, open := range databases {
		for size := range strings.SplitSeq(benchSizes(), ",") {
			n, err := strconv.Atoi(size)
			if err != nil {
				b.Fatalf("OUTPACE_BENCH_ENTRIES: %v", err)
			}
			b.Run(name+"/"+size, func(b *testing.B) { benchClaim(b, open(b), n) })
		}
	}
}

func benchClaim(b *testing.B, s *store.Store, n int) {
	list, token, at := newList(b, s), lease(b, s, "gw"), now()
	fill(b, s, list, n, at)
	analyze(b, s)
	var took time.Duration
	for b.Loop() {
		start := time.Now()
		calls := claim(b, s, token, benchPick(list, at, 50))
		took += time.Since(start)
		if len(calls) != 50 {
			b.Fatalf("claimed %d", len(calls))
		}
		b.StopTimer()
		ended := make([]results.Result, len(calls))
		for i, d := range calls {
			ended[i] = resultOf(d, results.NotPlaced, 0, at.Add(-time.Hour)) // ready again at once
		}
		record(b, s, token, ended...)
		b.StartTimer()
	}
	b.ReportMetric(float64(took.Microseconds())/float64(b.N)/50, "µs/entry")
}

// wholesale is what a plan says that reads more of a table than is wanted: all
// of it, or all that an index has.
var wholesale = regexp.MustCompile(`Seq Scan on (?:dls|dialings|results)|Hash Join|Merge Join|Index (?:Only )?Scan [^\n]*\n(?:\s+Filter[^\n]*\n)*\s*(?:->|$)`)

// TestCallsGoThroughIndexes: what is read and written for each call, and for
// whoever looks on, takes the few rows that it wants, whatever Postgres knows of
// its tables.
func TestCallsGoThroughIndexes(t *testing.T) {
	eachPlanner(t, 13_000, 700, 1300, func(t *testing.T, s *store.Store, list string) {
		ctx := t.Context()
		token, ledger := lease(t, s, "gw"), lease(t, s, "results")
		pick := benchPick(list, now(), 20)
		lockNumbers(t, s, list, 0, 1000, pick.Now)
		plans := must[map[string]string](t)(s.HowItReads(ctx, func() {
			calls := claim(t, s, token, pick)
			if len(calls) != 20 {
				t.Fatalf("claimed %d", len(calls))
			}
			ended := make([]results.Result, len(calls))
			for i, d := range calls {
				ended[i] = resultOf(d, results.Busy, 0, now())
			}
			if err := s.Record(ctx, token, calls, nil); err != nil {
				t.Fatal(err)
			}
			if err := s.Record(ctx, token, nil, ended); err != nil {
				t.Fatal(err)
			}
			must[int](t)(s.Number(ctx, ledger, 100))
			must[[]results.Result](t)(s.Numbered(ctx, 3, 10))
			must[[]results.Result](t)(s.Recent(ctx, "c", 10))
			must[results.Tally](t)(s.Tally(ctx, "c"))
			must[dlma.Entry](t)(s.Entry(ctx, calls[0].Entry))
			if list, _, err := s.ListEntries(ctx, dlma.Query{List: list, Number: calls[0].DialAddr, Count: 10}); err != nil || len(list) != 1 {
				t.Fatalf("%d entries of one number, %v", len(list), err)
			}
			for _, q := range []results.Query{{Count: 10}, {Campaign: "c", After: 3, Count: 10}, {Campaign: "c", Disposition: results.Busy, Count: 10}} {
				if list, _, err := s.Results(ctx, q); err != nil || len(list) != 10 {
					t.Fatalf("%+v: %d results, %v", q, len(list), err)
				}
			}
			if list, _, err := s.ListEntries(ctx, dlma.Query{List: list, Count: 10}); err != nil || len(list) != 10 {
				t.Fatalf("%d entries, %v", len(list), err)
			}
		}))
		for sql, plan := range plans {
			// The index of those without a number holds nothing else.
			if wholesale.MatchString(strings.ReplaceAll(plan, "Scan using results_unnumbered", "")) {
				t.Errorf("%s\n%s", sql, plan)
			}
			// All results by number may be many that are not this campaign's.
			if strings.Contains(sql, "(campaign_uuid, seq)") && !strings.Contains(plan, "using results_campaign") {
				t.Errorf("%s\n%s", sql, plan)
			}
		}
	})
}

// TestPlansOfEmptyTablesAreGoodForFullOnes: a session keeps the plan that it
// made when there was nothing yet, until somebody has looked at the tables.
func TestPlansOfEmptyTablesAreGoodForFullOnes(t *testing.T) {
	s := databases["postgres"](t)
	ctx, list, token := t.Context(), newList(t, s), lease(t, s, "gw")
	newEntry(t, s, list, "1")
	plans := must[map[string]string](t)(s.HowItReads(ctx, func() {
		calls := claim(t, s, token, pickOf(list, 1, 1))
		if err := s.Record(ctx, token, calls, nil); err != nil {
			t.Fatal(err)
		}
		record(t, s, token, resultOf(calls[0], results.Busy, 0, now()))
	}))
	looked := 0
	for sql, plan := range plans {
		rows := strings.Index(plan, "Function Scan on json_to_recordset")
		table := regexp.MustCompile(`(?:Scan using|Bitmap Index Scan on) ((?:dls|dialings)_\w+) `).FindStringSubmatchIndex(plan)
		if rows < 0 || table == nil {
			continue
		}
		looked++
		index := plan[table[2]:table[3]]
		if table[0] < rows || index == "dialings_list" && !strings.Contains(plan, "(uuid = ") && !strings.Contains(plan, "AND (uuid") || !slices.Contains([]string{"dls_uuid", "dls_pkey", "dialings_uuid", "dialings_list", "dialings_addr"}, index) {
			t.Errorf("%s\ndoes not look up each row that is to be written by what is unique:\n%s", sql, plan)
		}
	}
	checkPaths(t, "claim", must[string](t)(s.ExplainClaim(ctx, pickOf(list, 1, 1))))
	checkPaths(t, "outlook", must[string](t)(s.ExplainOutlook(ctx, pickOf(list, 1, 1))))
	if looked < 3 {
		t.Errorf("looked at %d statements, want those of live rows, ends and entries", looked)
	}
}

// TestResultsOfATimeAreFoundByTime: the last of a million are not looked for
// from the first one on.
func TestResultsOfATimeAreFoundByTime(t *testing.T) {
	s := databases["postgres"](t)
	list := newList(t, s)
	fill(t, s, list, 13_000, now())
	callMany(t, s, list, 0, 2000)
	analyze(t, s)
	for _, campaign := range []string{"", "c"} {
		plans := must[map[string]string](t)(s.HowItReads(t.Context(), func() {
			q := results.Query{Campaign: campaign, From: now().Add(-time.Millisecond), To: now().Add(time.Hour), Count: 10}
			if _, _, err := s.Results(t.Context(), q); err != nil {
				t.Fatal(err)
			}
		}))
		for sql, plan := range plans {
			if !strings.Contains(plan, "results_hangup") {
				t.Errorf("%s\n%s", sql, plan)
			}
		}
	}
}
