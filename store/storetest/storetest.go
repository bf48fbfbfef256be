package storetest

import (
	"crypto/rand"
	"database/sql"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/outpace/outpace/store"
)

// SQLiteURL returns the URL of a new SQLite file that goes with the test.
func SQLiteURL(tb testing.TB) string {
	tb.Helper()

	return "sqlite:" + filepath.Join(tb.TempDir(), "outpace.db")
}

// PostgresURL returns the URL of a new schema that goes with the test.
func PostgresURL(tb testing.TB) string {
	tb.Helper()
	base := server(tb)
	schema := "t_" + strings.ToLower(rand.Text())
	admin, err := sql.Open("pgx", base)
	if err != nil {
		tb.Fatalf("open test database: %v", err)
	}
	tb.Cleanup(func() { _ = admin.Close() })
	if _, err := admin.ExecContext(tb.Context(), "CREATE SCHEMA "+schema); err != nil {
		tb.Fatalf("create schema: %v", err)
	}
	tb.Cleanup(func() {
		if _, err := admin.Exec("SET client_min_messages = warning; DROP SCHEMA " + schema + " CASCADE"); err != nil { //nolint:noctx // the test's context has ended
			tb.Errorf("drop schema: %v", err)
		}
	})
	u, err := url.Parse(base)
	if err != nil {
		tb.Fatalf("read OUTPACE_TEST_DATABASE: not a URL")
	}
	q := u.Query()
	q.Set("search_path", schema)
	u.RawQuery = q.Encode()

	return u.String()
}

// Open opens the store at url and closes it with the test.
func Open(tb testing.TB, url string, opts store.Options) *store.Store {
	tb.Helper()
	s, err := store.Open(tb.Context(), url, opts)
	if err != nil {
		tb.Fatalf("open store: %v", err)
	}
	tb.Cleanup(func() {
		if err := s.Close(); err != nil {
			tb.Errorf("close store: %v", err)
		}
	})

	return s
}

// NewSQLite returns a store on a new SQLite file.
func NewSQLite(tb testing.TB) *store.Store {
	tb.Helper()

	return Open(tb, SQLiteURL(tb), store.Options{})
}

// NewPostgres returns a store on a new Postgres schema. Where there is no
// Postgres it skips the test loudly, or fails it if CI is set.
func NewPostgres(tb testing.TB) *store.Store {
	tb.Helper()

	return Open(tb, PostgresURL(tb), store.Options{})
}

// server returns the URL of a Postgres server.
func server(tb testing.TB) string {
	tb.Helper()
	if u := os.Getenv("OUTPACE_TEST_DATABASE"); u != "" {
		return u
	}
	u, err := shared.start()
	if err == nil {
		return u
	}
	if os.Getenv("CI") != "" {
		tb.Fatalf("no Postgres for tests: %v", err)
	}
	tb.Skipf("NOT TESTED ON POSTGRES: %v. Install its server binaries or set OUTPACE_TEST_DATABASE.", err)

	return ""
}
