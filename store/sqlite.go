package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"

	"github.com/glebarez/sqlite"
	"github.com/gofrs/flock"
	"gorm.io/gorm"
)

// How many reads may run beside the writer: those of the API, and the engine's.
const (
	sqliteReaders = 4
	sqliteEngine  = 2
)

// openSQLite opens the file: one connection that writes and a few that only
// read. With WAL they don't wait for each other.
func (s *Store) openSQLite(ctx context.Context, path string, opts Options) error {
	s.dialect = sqliteDialect
	if path == "" || strings.Contains(path, ":memory:") {
		return errors.New("an SQLite database needs a file: sqlite:PATH")
	}
	lock, err := lockFile(path + ".lock")
	switch {
	case err != nil:
		return err
	case lock != nil && opts.Exclusive:
		s.close = append(s.close, lock.Close)
	case lock != nil:
		// Held while migrating only; that it cannot be given back shows at its next taking.
		defer func() { _ = lock.Close() }()
	case opts.Exclusive:
		return fmt.Errorf("%s is in use by another outpace serve; stop it first", path)
	default:
		// Whoever holds it has migrated the schema.
		opts.KeepSchema = true
	}

	if err := makeFile(path); err != nil {
		return err
	}
	writer, err := s.sqlitePool(path, "immediate", "synchronous(FULL)", 1)
	if err != nil {
		return err
	}
	if err := migrate(ctx, writer, sqliteDialect, opts.KeepSchema); err != nil {
		return err
	}
	reader, err := s.sqlitePool(path, "deferred", "query_only(1)", sqliteReaders)
	if err != nil {
		return err
	}
	engine, err := s.sqlitePool(path, "deferred", "query_only(1)", sqliteEngine)
	if err != nil {
		return err
	}
	if s.w, err = gorm.Open(&sqlite.Dialector{Conn: writer}, gormConfig()); err != nil {
		return err
	}
	if s.r, err = gorm.Open(&sqlite.Dialector{Conn: reader}, gormConfig()); err != nil {
		return err
	}
	if s.e, err = gorm.Open(&sqlite.Dialector{Conn: engine}, gormConfig()); err != nil {
		return err
	}

	return errors.Join(s.usage.count(s.w), s.usage.count(s.r), s.usage.count(s.e))
}

// makeFile makes the database's file if there is none, so that nobody else
// on the host may read whom we call. SQLite gives the files beside it the same
// rights.
func makeFile(path string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return fmt.Errorf("make the file: %w", err)
	}

	return f.Close()
}

// sqlitePool opens up to n connections with a pragma of their own.
func (s *Store) sqlitePool(path, txlock, pragma string, n int) (*sql.DB, error) {
	q := url.Values{
		"_txlock": {txlock},
		"_pragma": {"busy_timeout(10000)", "journal_mode(WAL)", "foreign_keys(1)", "temp_store(MEMORY)", "cache_size(-32000)", pragma},
	}
	name := "file:" + (&url.URL{Path: path}).EscapedPath() + "?" + q.Encode()
	db, err := sql.Open(sqlite.DriverName, name)
	if err != nil {
		return nil, err
	}
	s.own(db)
	db.SetMaxOpenConns(n)
	db.SetMaxIdleConns(n)
	db.SetConnMaxIdleTime(0)
	db.SetConnMaxLifetime(0)

	return db, nil
}

// lockFile takes the advisory lock of the operating system on a file beside
// the database; it ends with the process, however that ends. nil: another
// process has it. The file stays: removing it would let two processes lock two
// files of one name.
func lockFile(path string) (*flock.Flock, error) {
	lock := flock.New(path, flock.SetPermissions(0o600))
	switch taken, err := lock.TryLock(); {
	case err != nil:
		return nil, fmt.Errorf("lock %s: %w", path, err)
	case !taken:
		return nil, nil //nolint:nilnil // nobody is at fault
	}

	return lock, nil
}
