package localpg_test

import (
	"database/sql"
	"os"
	"testing"

	"github.com/outpace/outpace/store/localpg"
)

// TestCrashAndAgain: what was committed before a crash is there after it.
func TestCrashAndAgain(t *testing.T) {
	s, err := localpg.Start(t.Context(), localpg.Options{})
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skip("NOT TESTED: ", err)
	}
	t.Cleanup(func() {
		if err := s.Stop(); err != nil {
			t.Error(err)
		}
	})
	db, err := sql.Open("pgx", s.URL())
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(t.Context(), "CREATE TABLE kept AS SELECT 1 AS n"); err != nil {
		t.Fatal(err)
	}
	if err := s.Crash(); err != nil {
		t.Fatal(err)
	}
	if err := db.PingContext(t.Context()); err == nil {
		t.Error("the server answers after its crash")
	}
	if err := s.Again(t.Context()); err != nil {
		t.Fatal(err)
	}
	var n int
	if err := db.QueryRowContext(t.Context(), "SELECT n FROM kept").Scan(&n); err != nil || n != 1 {
		t.Errorf("kept %d: %v", n, err)
	}
}
