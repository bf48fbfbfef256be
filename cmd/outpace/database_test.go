package main

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"github.com/outpace/outpace/store/localpg"
	"github.com/outpace/outpace/store/storetest"
)

// TestDatabase: what may happen to a database, or to the way to it, makes
// nobody be called twice for one try or after an answer, and no result be lost
// or written twice. Among it are transactions of which nobody knows whether
// they were committed.
func TestDatabase(t *testing.T) {
	t.Parallel()
	matrix(t, append([]row{
		{"gone for a while", goneForAWhile}, // the longest one begins first
		{"cut", onWire(2*rounds(), func(s *siege, w *wire) { s.struck("connections cut", w.cut(false)) })},
		{"nothing passes for a while", onWire(rounds(), func(s *siege, w *wire) {
			s.holdUp(w, 4*time.Second)
		})},
		// Answers that never come are given up, and all goes on under a new lease.
		{"deaf", onWire(rounds(), func(s *siege, w *wire) { s.awaited("pieces swallowed", rises(&w.swallowed), w.swallow) })},
		{"slow", onWire(rounds(), func(s *siege, w *wire) {
			s.counted("pieces delayed", rises(&w.delayed), func() {
				w.delay(100 * time.Millisecond)
				s.wait(8 * time.Second)
				w.delay(0)
			})
		})},
		{"restarted", restarted},
		{"connections used up", connectionsUsedUp},
		{"serialization failures", serializationFailures},
		{"disk full, as Postgres says it", diskFullSaid},
	}, onFullDisks(t)...))
}

// goneForAWhile: the last time is a minute, where all rounds are done.
func goneForAWhile(t *testing.T) {
	left := rounds()
	onWire(left, func(s *siege, w *wire) {
		left--
		s.struck("connections cut", w.cut(true))
		s.wait(6 * time.Second)
		switch {
		case left > 0:
			s.soon(10 * time.Second) // or for longer than a lease lasts
		case rounds() >= fullRounds:
			s.wait(time.Minute)
			s.struck("times for a minute", 1)
		}
		w.cut(false)
	})(t)
}

// onWire is a siege on a Postgres to which the way is harmed.
func onWire(n int, harm func(*siege, *wire)) func(*testing.T) {
	return func(t *testing.T) {
		w, through := newDatabaseWire(t, storetest.PostgresURL(t))
		s := newSiege(t, through)
		s.endure(crowd, n, func() { harm(s, w) })
	}
}

// ownPostgres starts a server for one test.
func ownPostgres(t *testing.T, options localpg.Options) *localpg.Server {
	t.Helper()
	server, err := localpg.Start(t.Context(), options)
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skipf("NOT TESTED ON POSTGRES: %v. Install its server binaries.", err)
	}
	t.Cleanup(func() {
		if err := server.Stop(); err != nil {
			t.Error(err)
		}
	})
	return server
}

// restarted: the server dies in the middle of everything and comes again.
func restarted(t *testing.T) {
	server := ownPostgres(t, localpg.Options{})
	s := newSiege(t, server.URL())
	s.endure(crowd, 2*rounds(), func() {
		if err := server.Crash(); err != nil {
			t.Fatal(err)
		}
		if reachable(t, server.URL()) {
			t.Error("the server that has crashed answers")
		}
		s.struck("crashes", 1)
		s.soon(2 * time.Second)
		if err := server.Again(t.Context()); err != nil {
			t.Fatal(err)
		}
	})
}

// reachable tells whether a Postgres answers.
func reachable(t *testing.T, url string) bool {
	t.Helper()
	db, err := sql.Open("pgx", url)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	return db.PingContext(t.Context()) == nil
}

// withQuery sets a parameter of a URL.
func withQuery(t *testing.T, base, name, value string) string {
	t.Helper()
	u, err := url.Parse(base)
	if err != nil {
		t.Fatal(err)
	}
	query := u.Query()
	query.Set(name, value)
	u.RawQuery = query.Encode()
	return u.String()
}

// connectionsUsedUp: others take every connection that the server has.
func connectionsUsedUp(t *testing.T) {
	server := ownPostgres(t, localpg.Options{Settings: []string{"max_connections=20"}})
	s := newSiege(t, server.URL())
	s.endure(crowd, rounds(), func() {
		hog, err := sql.Open("pgx", withQuery(t, server.URL(), "application_name", "hog"))
		if err != nil {
			t.Fatal(err)
		}
		defer hog.Close()
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		var held []*sql.Conn
		defer func() {
			for _, c := range held {
				_ = c.Close()
			}
		}()
		for ctx.Err() == nil { // whoever else wants one gets none meanwhile
			c, err := hog.Conn(ctx)
			if err == nil {
				held = append(held, c)
				continue
			}
			if len(held) > 0 {
				_, _ = held[0].ExecContext(ctx, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname IS NOT NULL AND application_name <> 'hog'")
			}
		}
		if len(held) < 17 {
			t.Errorf("only %d of 20 connections could be used up", len(held))
		}
		s.struck("connections of 20 held by somebody else", len(held))
	})
}

// serializationFailures: every transaction is serializable, so that many of
// those that meet are rolled back.
func serializationFailures(t *testing.T) {
	w, through := newDatabaseWire(t, storetest.PostgresURL(t))
	var failures atomic.Int64
	w.watch(func(up bool, piece []byte) {
		if !up {
			failures.Add(int64(bytes.Count(piece, []byte("C40001\x00"))))
		}
	})
	s := newSiege(t, withQuery(t, through, "default_transaction_isolation", "serializable"))
	for range rounds() {
		s.awaited("transactions rolled back for others", rises(&failures), func() {
			for range 3 {
				s.awaitEnd(s.people(crowd, nil).uuid)
			}
		})
	}
	s.finish(rounds())
}

// diskFullSaid: what would make a table grow fails with the error of a full disk.
func diskFullSaid(t *testing.T) {
	base := storetest.PostgresURL(t)
	s := newSiege(t, base)
	admin, err := sql.Open("pgx", base)
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close()
	run := func(query string) {
		t.Helper()
		if _, err := admin.ExecContext(t.Context(), query); err != nil {
			t.Fatal(err)
		}
	}
	said := func() (n int) {
		t.Helper()
		if err := admin.QueryRowContext(t.Context(), "SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM full_disks").Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	run("CREATE SEQUENCE full_disks") // it counts on where a transaction is rolled back
	run(`CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
		PERFORM nextval('full_disks');
		RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = '53100'; END $$`)
	s.endure(crowd, rounds(), func() {
		tables := []string{"results", "dialings", "tallies"}
		s.dice.Shuffle(len(tables), func(i, k int) { tables[i], tables[k] = tables[k], tables[i] })
		s.awaited("writes refused", said, func() {
			for _, table := range tables {
				run(fmt.Sprintf("CREATE TRIGGER full_disk BEFORE INSERT ON %s FOR EACH ROW EXECUTE FUNCTION full_disk()", table))
				s.soon(2 * time.Second)
			}
		})
		for _, table := range tables {
			run("DROP TRIGGER full_disk ON " + table)
		}
	})
}
