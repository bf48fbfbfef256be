package store_test

import (
	"testing"

	"github.com/outpace/outpace/results"
	"github.com/outpace/outpace/store"
)

// TestUsage counts what a few calls of the store ask of the database.
func TestUsage(t *testing.T) {
	both(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		list, token := newList(t, s), lease(t, s, "gw")
		newEntry(t, s, list, "100")
		used := func(do func()) store.Usage {
			before := s.Usage()
			do()
			after := s.Usage()

			return store.Usage{Transactions: after.Transactions - before.Transactions, Statements: after.Statements - before.Statements}
		}
		if u := used(func() { must[bool](t)(true, s.Ping(ctx)) }); u != (store.Usage{Transactions: 1, Statements: 1}) {
			t.Errorf("a ping counts as %+v", u)
		}
		if u := used(func() { must[[]results.Result](t)(s.Numbered(ctx, 0, 1)) }); u != (store.Usage{Transactions: 1, Statements: 1}) {
			t.Errorf("reading results counts as %+v", u)
		}
		var calls []results.Dialing
		if u := used(func() { calls = claim(t, s, token, pickOf(list, 1, 1)) }); u.Transactions != 1 || u.Statements < 2 || len(calls) != 1 {
			t.Errorf("claiming %d calls counts as %+v", len(calls), u)
		}
		if u := used(func() { record(t, s, token, resultOf(calls[0], results.Busy, 5, now())) }); u.Transactions != 1 || u.Statements < 4 {
			t.Errorf("recording a result counts as %+v", u)
		}
	})
}
