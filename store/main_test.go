package store_test

import (
	"os"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/outpace/outpace/dlma"
	"github.com/outpace/outpace/results"
	"github.com/outpace/outpace/store"
	"github.com/outpace/outpace/store/storetest"
)

func TestMain(m *testing.M) {
	code := storetest.Main(m)
	if code == 0 {
		if err := goleak.Find(); err != nil {
			println("goroutines left:", err.Error())
			code = 1
		}
	}
	os.Exit(code)
}

// databases run every test of the contract.
var databases = map[string]func(testing.TB) *store.Store{
	"sqlite":   func(tb testing.TB) *store.Store { return storetest.NewSQLite(tb) },
	"postgres": func(tb testing.TB) *store.Store { return storetest.NewPostgres(tb) },
}

// both runs test on both databases.
func both(t *testing.T, test func(t *testing.T, s *store.Store)) {
	t.Helper()
	for name, open := range databases {
		t.Run(name, func(t *testing.T) { test(t, open(t)) })
	}
}

// must is for calls that cannot fail in a healthy test.
func must[T any](tb testing.TB) func(v T, err error) T {
	return func(v T, err error) T {
		tb.Helper()
		if err != nil {
			tb.Fatal(err)
		}

		return v
	}
}

// now is a time that databases can hold.
func now() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }

// newList makes an empty list.
func newList(tb testing.TB, s *store.Store) string {
	tb.Helper()

	return must[dlma.List](tb)(s.CreateList(tb.Context(), dlma.List{Name: "list"})).UUID
}

// newEntry makes an entry with those numbers.
func newEntry(tb testing.TB, s *store.Store, list string, numbers ...string) dlma.Entry {
	tb.Helper()
	e := dlma.Entry{List: list, Name: "somebody"}
	copy(e.Number[:], numbers)

	return must[dlma.Entry](tb)(s.CreateEntry(tb.Context(), e))
}

// lease takes the lease of a gateway.
func lease(tb testing.TB, s *store.Store, name string) string {
	tb.Helper()
	token, ok, err := s.Acquire(tb.Context(), name, "tester", time.Minute)
	if err != nil || !ok {
		tb.Fatalf("acquire: %v, %v", ok, err)
	}

	return token
}

// pickOf allows each number max tries without a pause.
func pickOf(list string, count, tries int) dlma.Pick {
	p := dlma.Pick{List: list, Now: now(), Count: count}
	for i := range p.MaxTries {
		p.MaxTries[i] = tries
	}

	return p
}

// plain builds a dialing.
func plain(e dlma.Entry, _, _ int) results.Dialing {
	return results.Dialing{Attempt: results.Attempt{Campaign: "c", Plan: "p", Name: e.Name, Ukey: e.Ukey, ActionID: "a-" + e.UUID, Zone: "Europe/Berlin"}}
}

// claim claims on the gateway "gw" and fails the test on an error.
func claim(tb testing.TB, s *store.Store, token string, pick dlma.Pick) []results.Dialing {
	tb.Helper()

	return must[[]results.Dialing](tb)(s.Claim(tb.Context(), "gw", token, pick, plain))
}

// resultOf ends a call.
func resultOf(d results.Dialing, disposition results.Disposition, resDial int, at time.Time) results.Result {
	return results.Result{Attempt: d.Attempt, Status: results.StatusHangup, Disposition: disposition, ResDial: resDial, TmHangup: at}
}
