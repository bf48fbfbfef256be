package store_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/outpace/outpace/results"
	"github.com/outpace/outpace/store"
)

func TestDays(t *testing.T) {
	both(t, func(t *testing.T, s *store.Store) {
		ctx, token := t.Context(), lease(t, s, "gw")
		day := func(d int) time.Time { return time.Date(2026, 3, d, 12, 0, 0, 0, time.UTC) }
		finish := func(campaign string, at time.Time, dispositions ...results.Disposition) {
			finishAll(t, s, token, newList(t, s), campaign, at, dispositions...)
		}
		finish("a", day(11), results.Answered, results.Abandoned, results.Answered, results.Busy)
		finish("a", day(9), results.Abandoned)
		finish("a", day(10), results.Busy)
		finish("a", day(8), results.Answered)
		finish("b", day(11), results.Answered)
		for from, want := range map[string][]results.Day{
			"2026-03-09": {{Date: "2026-03-09", Live: 1, Abandoned: 1}, {Date: "2026-03-10"}, {Date: "2026-03-11", Live: 3, Abandoned: 1}},
			"2026-03-11": {{Date: "2026-03-11", Live: 3, Abandoned: 1}},
			"2026-03-12": nil,
		} {
			if diff := cmp.Diff(want, must[[]results.Day](t)(s.Days(ctx, "a", from)), cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("from %s: %s", from, diff)
			}
		}
		for _, nobody := range []string{"c", "a\x00", "' OR 1=1"} {
			if days := must[[]results.Day](t)(s.Days(ctx, nobody, "2026-03-01")); len(days) > 0 {
				t.Errorf("%q has days: %v", nobody, days)
			}
		}
	})
}
