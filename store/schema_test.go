package store_test

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/outpace/outpace/dlma"
	"github.com/outpace/outpace/plan"
	"github.com/outpace/outpace/store"
	"github.com/outpace/outpace/store/storetest"
)

func TestRowsAndTablesAgree(t *testing.T) {
	both(t, func(t *testing.T, s *store.Store) {
		for table, want := range store.RowColumns() {
			query := "SELECT name FROM pragma_table_info('" + table + "')"
			if s.Kind() == "postgres" {
				query = "SELECT CAST(column_name AS text) FROM information_schema.columns WHERE table_schema = current_schema() AND table_name = '" + table + "'"
			}
			got := must[[]string](t)(store.Query[string](t.Context(), s, query))
			slices.Sort(got)
			slices.Sort(want)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s: %s", table, diff)
			}
		}
	})
}

func TestDurability(t *testing.T) {
	s := databases["sqlite"](t)
	for pragma, want := range map[string]string{"journal_mode": "wal", "synchronous": "2"} {
		if got := must[[]string](t)(store.Query[string](t.Context(), s, "PRAGMA "+pragma)); len(got) != 1 || got[0] != want {
			t.Errorf("%s is %v, want %s", pragma, got, want)
		}
	}
	url := storetest.PostgresURL(t)
	if err := s.Exec(t.Context(), "SELECT 1"); err != nil {
		t.Fatal(err)
	}
	for set, want := range map[string]string{"off": "on", "local": "on", "remote_apply": "remote_apply", "on": "on"} {
		p := storetest.Open(t, url+"&synchronous_commit="+set, store.Options{})
		if got := must[[]string](t)(store.Query[string](t.Context(), p, "SHOW synchronous_commit")); len(got) != 1 || got[0] != want {
			t.Errorf("synchronous_commit %s became %v, want %s", set, got, want)
		}
	}
}

func TestOneServeToAFile(t *testing.T) {
	ctx, url := t.Context(), storetest.SQLiteURL(t)
	first := storetest.Open(t, url, store.Options{Exclusive: true})
	if _, err := store.Open(ctx, url, store.Options{Exclusive: true}); err == nil || !strings.Contains(err.Error(), "in use by another outpace serve") {
		t.Errorf("a second serve: %v", err)
	}
	tool := storetest.Open(t, url, store.Options{})
	must[dlma.List](t)(tool.CreateList(ctx, dlma.List{Name: "from a tool"}))
	if list, _, err := first.ListLists(ctx, "", 10); err != nil || len(list) != 1 {
		t.Errorf("serve does not see what a tool wrote: %d, %v", len(list), err)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	storetest.Open(t, url, store.Options{Exclusive: true})
}

func TestFilesWithHardNames(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a b?c=d%20#ü.db")
	s := storetest.Open(t, "sqlite:"+path, store.Options{})
	if err := s.Ping(t.Context()); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Error(err)
	}
}

func TestSchemaVersions(t *testing.T) {
	for name, url := range map[string]func(testing.TB) string{"sqlite": storetest.SQLiteURL, "postgres": storetest.PostgresURL} {
		t.Run(name, func(t *testing.T) {
			ctx, url := t.Context(), url(t)
			if _, err := store.Open(ctx, url, store.Options{KeepSchema: true}); err == nil || !strings.Contains(err.Error(), "run outpace migrate") {
				t.Errorf("an empty database with KeepSchema: %v", err)
			}
			var wg sync.WaitGroup
			for range 3 { // together
				wg.Go(func() {
					s, err := store.Open(ctx, url, store.Options{})
					if err != nil {
						if name == "postgres" || !strings.Contains(err.Error(), "migrate") {
							t.Errorf("open: %v", err)
						}

						return
					}
					if err := s.Close(); err != nil {
						t.Error(err)
					}
				})
			}
			wg.Wait()
			s := storetest.Open(t, url, store.Options{KeepSchema: true})
			must[plan.Plan](t)(s.CreatePlan(ctx, plan.Plan{}))
			if err := s.Exec(ctx, "INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, true)"); err != nil {
				t.Fatal(err)
			}
			if _, err := store.Open(ctx, url, store.Options{}); err == nil || !strings.Contains(err.Error(), "newer outpace") {
				t.Errorf("a newer schema: %v", err)
			}
		})
	}
}

func TestWrongURLsAreSentences(t *testing.T) {
	for url, want := range map[string]string{
		"":                                "sqlite:PATH",
		"mysql://x":                       "sqlite:PATH",
		"sqlite:":                         "needs a file",
		"sqlite::memory:":                 "needs a file",
		"sqlite:/nowhere/at/all.db":       "no such file",
		"postgres://u:SECRET@[::1:bad/db": "cannot be read",
		"postgres://u:SECRET@127.0.0.1:1/db?connect_timeout=2": "refused",
	} {
		_, err := store.Open(t.Context(), url, store.Options{})
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "SECRET") {
			t.Errorf("%q: %v", url, err)
		}
	}
}

// TestRules: what is spent under joined limits is spent under each of them,
// and under nothing else by that.
func TestRules(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	random := func() (p dlma.Pick) {
		for i := range p.MaxTries {
			p.MaxTries[i] = rnd.IntN(4)
		}
		p.RedialUnknown = rnd.IntN(2) == 0

		return p
	}
	join := func(a, b dlma.Pick) dlma.Pick {
		for i := range a.MaxTries {
			a.MaxTries[i] = max(a.MaxTries[i], b.MaxTries[i])
		}
		a.RedialUnknown = a.RedialUnknown || b.RedialUnknown

		return a
	}
	for range 1000 {
		a, b := random(), random()
		if got, want := store.Joined(a, b), store.Joined(join(a, b), join(a, b)); got != want {
			t.Fatalf("%v joined with %v is %s, want %s", a, b, got, want)
		}
		want := join(a, b) == a
		if got := store.Covers(a, b); got != want {
			t.Fatalf("%v covers %v: %v", a, b, got)
		}
	}
	most := dlma.Pick{MaxTries: [8]int{100, 100, 100, 100, 100, 100, 100, 100}}
	if store.Covers(most, dlma.Pick{RedialUnknown: true}) || !store.Covers(most, dlma.Pick{}) {
		t.Error("the highest limits are packed wrongly")
	}
}

// Nobody else on the host may read whom we call.
func TestFilesAreNotForEverybody(t *testing.T) {
	path := filepath.Join(t.TempDir(), "o.db")
	s := storetest.Open(t, "sqlite:"+path, store.Options{})
	newEntry(t, s, newList(t, s), "1")
	for _, name := range []string{path, path + "-wal", path + "-shm"} {
		info, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		if others := info.Mode().Perm() & 0o077; others != 0 && runtime.GOOS != "windows" {
			t.Errorf("%s: others may %o", filepath.Base(name), others)
		}
	}
}
