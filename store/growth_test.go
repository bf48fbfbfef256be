package store_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/outpace/outpace/dlma"
	"github.com/outpace/outpace/results"
	"github.com/outpace/outpace/store"
	"github.com/outpace/outpace/store/storetest"
)

// growthShares is of which entries a list is made, in parts of 1000: never
// called, called once and ready again, called once and waiting for the retry
// delay, used up, answered.
var growthShares = map[string][5]int{
	"mixed":    {100, 100, 400, 200, 200},
	"waiting":  {5, 5, 990, 0, 0},
	"used-up":  {5, 5, 0, 990, 0},
	"answered": {5, 5, 0, 0, 990},
}

// BenchmarkClaimGrowth claims 50 entries by turns from a short list and from
// longer ones in the same tables, so that whatever else the machine does hits
// all of them, under a plan with an abandon lock and under one without, while
// 100,000 numbers of others are locked. It reports the medians with the lock,
// how they compare with the shortest list, and with those without the lock.
// The lists have OUTPACE_BENCH_ENTRIES (default 10000,100000) entries of which
// most wait, are used up or were answered.
func BenchmarkClaimGrowth(b *testing.B) {
	var sizes []int
	for size := range strings.SplitSeq(benchSizes(), ",") {
		n, err := strconv.Atoi(size)
		if err != nil {
			b.Fatalf("OUTPACE_BENCH_ENTRIES: %v", err)
		}
		sizes = append(sizes, n)
	}
	for _, name := range []string{"postgres", "sqlite"} {
		for _, kind := range []string{"mixed", "waiting", "used-up", "answered"} {
			b.Run(name+"/"+kind, func(b *testing.B) { benchGrowth(b, withoutTimeout(b, name), sizes, growthShares[kind]) })
		}
	}
}

// withoutTimeout opens a database in which an index may take its time.
func withoutTimeout(b *testing.B, name string) *store.Store {
	b.Helper()
	if name == "sqlite" {
		return storetest.NewSQLite(b)
	}

	return storetest.Open(b, storetest.PostgresURL(b)+"&statement_timeout=0", store.Options{})
}

func benchSizes() string {
	if sizes := os.Getenv("OUTPACE_BENCH_ENTRIES"); sizes != "" {
		return sizes
	}

	return "10000,100000"
}

func benchGrowth(b *testing.B, s *store.Store, sizes []int, shares [5]int) {
	at := now()
	lists := make([]string, len(sizes))
	restore := withoutIndexes(b, s)
	start := time.Now()
	for i, n := range sizes {
		lists[i] = newList(b, s)
		fillShares(b, s, lists[i], n, shares, at)
	}
	restore()
	lockNumbers(b, s, lists[0], 0, 100_000, at)
	b.Logf("filled and indexed in %.0f s", time.Since(start).Seconds())
	claims, outlooks := make([][]time.Duration, len(sizes)), make([][]time.Duration, len(sizes))
	free := make([][]time.Duration, len(sizes)) // claims without the lock
	for b.Loop() {
		for _, i := range rand.Perm(2 * len(sizes)) {
			pick, into := benchPick(lists[i/2], at, 50), claims
			if i%2 == 1 {
				pick.AbandonLock, into = 0, free
			}
			claimed, looked := claimAndLook(b, s, pick)
			into[i/2] = append(into[i/2], claimed)
			if i%2 == 0 {
				outlooks[i/2] = append(outlooks[i/2], looked)
			}
		}
	}
	for i, n := range sizes {
		b.ReportMetric(median(claims[i]), fmt.Sprintf("claim-%d-ms", n))
		b.ReportMetric(median(claims[i])/median(claims[0]), fmt.Sprintf("claim-%d-ratio", n))
		b.ReportMetric(median(claims[i])/median(free[i]), fmt.Sprintf("claim-%d-lock-ratio", n))
		b.ReportMetric(median(outlooks[i]), fmt.Sprintf("outlook-%d-ms", n))
	}
	last := lists[len(lists)-1]
	start = time.Now()
	must[dlma.Counts](b)(s.Counts(b.Context(), benchPick(last, at, 50)))
	b.ReportMetric(float64(time.Since(start).Milliseconds()), fmt.Sprintf("counts-%d-ms", sizes[len(sizes)-1]))
}

// BenchmarkClaimBehindLocked claims 50 entries from a list in which that many
// stand in front of them whose numbers are locked: they are walked over each
// time.
func BenchmarkClaimBehindLocked(b *testing.B) {
	for name, open := range databases {
		for _, n := range []int{0, 1000, 10_000} {
			b.Run(fmt.Sprintf("%s/%d", name, n), func(b *testing.B) {
				s, at := open(b), now()
				list := newList(b, s)
				fill(b, s, list, 110_000, at)
				analyze(b, s)
				lockNumbers(b, s, list, n, 100_000, at)
				var claims, outlooks []time.Duration
				for b.Loop() {
					claimed, looked := claimAndLook(b, s, benchPick(list, at, 50))
					claims, outlooks = append(claims, claimed), append(outlooks, looked)
				}
				b.ReportMetric(median(claims), "claim-ms")
				b.ReportMetric(median(outlooks), "outlook-ms")
			})
		}
	}
}

// claimAndLook times one claim and one look ahead, and gives back what it has
// claimed.
func claimAndLook(b *testing.B, s *store.Store, pick dlma.Pick) (claimed, looked time.Duration) {
	b.Helper()
	holds, ok, err := s.Acquire(b.Context(), "gw", "bench", time.Hour)
	if err != nil || !ok {
		b.Fatalf("lease: %t, %v", ok, err)
	}
	start := time.Now()
	calls := claim(b, s, holds, pick)
	claimed = time.Since(start)
	if len(calls) != pick.Count {
		b.Fatalf("claimed %d", len(calls))
	}
	start = time.Now()
	must[dlma.Outlook](b)(s.Outlook(b.Context(), pick))
	looked = time.Since(start)
	ended := make([]results.Result, len(calls))
	for k, d := range calls {
		ended[k] = resultOf(d, results.NotPlaced, 0, pick.Now.Add(-time.Hour)) // ready again at once
	}
	record(b, s, holds, ended...)

	return claimed, looked
}

// median is in milliseconds.
func median(list []time.Duration) float64 {
	slices.Sort(list)

	return float64(list[len(list)/2].Microseconds()) / 1000
}

// withoutIndexes drops the indexes of the entries; what it returns makes them
// again. Ten million rows are in sooner so.
func withoutIndexes(b *testing.B, s *store.Store) (restore func()) {
	b.Helper()
	query := "SELECT indexname AS name, indexdef AS def FROM pg_indexes WHERE schemaname = current_schema() AND tablename = 'dls' AND indexname NOT LIKE '%pkey'"
	if s.Kind() == "sqlite" {
		query = "SELECT name, sql AS def FROM sqlite_master WHERE type = 'index' AND tbl_name = 'dls' AND sql IS NOT NULL"
	}
	type index struct{ Name, Def string }
	list := must[[]index](b)(store.Query[index](b.Context(), s, query))
	exec := func(sql string) {
		if err := s.Exec(b.Context(), sql); err != nil {
			b.Fatalf("%s: %v", sql, err)
		}
	}
	for _, x := range list {
		exec("DROP INDEX " + x.Name)
	}

	return func() {
		for _, x := range list {
			exec(x.Def)
		}
		if s.Kind() == "postgres" {
			exec("VACUUM ANALYZE dls")
		}
	}
}

// fillShares puts n entries into a list by SQL, a million at a time.
func fillShares(b *testing.B, s *store.Store, list string, n int, shares [5]int, at time.Time) {
	b.Helper()
	series := "generate_series(CAST(? AS bigint), CAST(? AS bigint)) AS g(i)"
	if s.Kind() == "sqlite" {
		series = "(WITH RECURSIVE g(i) AS (VALUES (CAST(? AS bigint)) UNION ALL SELECT i + 1 FROM g WHERE i < CAST(? AS bigint)) SELECT i FROM g) AS g"
	}
	// Which share an entry belongs to is scattered over the list: 7919 has no
	// factor in common with 1000.
	kind, edge := "CASE", 0
	for k, share := range shares[:4] {
		edge += share
		kind += fmt.Sprintf(" WHEN (i * 7919) %% 1000 < %d THEN %d", edge, k)
	}
	spent := int64(3)
	for range 7 {
		spent = spent<<7 | 3
	}
	spent |= 1 << 57
	us := at.UnixMicro()
	sql := fmt.Sprintf(`INSERT INTO dls (uuid, dlma_uuid, name, ukey, number_1, trycnt_1, tries, tm_last_hangup, res_dial, spent, tm_create)
		SELECT '%[1]s-' || i, '%[2]s', 'Customer ' || i, 'u' || i, '%[3]d' || i, t, t,
			CASE k WHEN 0 THEN 0 WHEN 2 THEN %[4]d - (i %% 500000000) ELSE %[4]d - 1000000000 - i END,
			CASE k WHEN 4 THEN 4 WHEN 0 THEN 0 ELSE 5 END, CASE WHEN t = 3 THEN %[5]d ELSE 0 END, %[4]d
		FROM (SELECT i, k, CASE k WHEN 0 THEN 0 WHEN 3 THEN 3 ELSE 1 END AS t FROM (SELECT i, %[6]s ELSE 4 END AS k FROM %[7]s) AS j) AS e`,
		list[:8], list, rand.Int64N(9000)+1000, us, spent, kind, series)
	const step = 1_000_000
	for first := 1; first <= n; first += step {
		if err := s.Exec(b.Context(), sql, first, min(first+step-1, n)); err != nil {
			b.Fatal(err)
		}
	}
}
