package store_test

import (
	"testing"

	"github.com/outpace/outpace/dlma"
	"github.com/outpace/outpace/results"
	"github.com/outpace/outpace/store"
)

// TestColumnsOfANewerVersion: the first of several engines that is upgraded
// brings the schema forward under the others.
func TestColumnsOfANewerVersion(t *testing.T) {
	both(t, func(t *testing.T, s *store.Store) {
		for _, table := range []string{"dls", "dialings", "results", "plans"} {
			if err := s.Exec(t.Context(), "ALTER TABLE "+table+" ADD COLUMN of_next_version text NOT NULL DEFAULT 'x'"); err != nil {
				t.Fatal(err)
			}
		}
		ctx, list, token := t.Context(), newList(t, s), lease(t, s, "gw")
		newEntry(t, s, list, "1")
		calls := claim(t, s, token, pickOf(list, 1, 1))
		if open := must[[]results.Dialing](t)(s.TakeOver(ctx, "gw", token)); len(open) != 1 || open[0].UUID != calls[0].UUID {
			t.Errorf("took over %v", open)
		}
		record(t, s, token, resultOf(calls[0], results.Busy, 0, now()))
		must[int](t)(s.Number(ctx, lease(t, s, "results"), 10))
		if list := must[[]results.Result](t)(s.Numbered(ctx, 0, 10)); len(list) != 1 {
			t.Errorf("numbered %v", list)
		}
		if entries, _, err := s.ListEntries(ctx, dlma.Query{List: list, Count: 10}); len(entries) != 1 || err != nil {
			t.Errorf("%d entries, %v", len(entries), err)
		}
	})
}
