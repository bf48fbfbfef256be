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
	"gorm.io/gorm"
)

// sqliteReaders is how many reads may run beside the writer.
const sqliteReaders = 4

// openSQLite opens the file: one connection that writes and a few that only
// read. With WAL they don't wait for each other.
func (s *Store) openSQLite(ctx context.Context, path string, opts Options) error {
	s.dialect = sqliteDialect
	if path == "" || strings.Contains(path, ":memory:") {
		return errors.New("an SQLite database needs a file: sqlite:PATH")
	}
	lock, err := lockFile(path + ".lock")
	switch {
	case err == nil:
	case errors.Is(err, errLocked) && opts.Exclusive:
		return fmt.Errorf("%s is in use by another outpace serve; stop it first", path)
	case errors.Is(err, errLocked):
		// Whoever holds it has migrated the schema.
		opts.KeepSchema = true
	default:
		return fmt.Errorf("lock %s: %w", path+".lock", err)
	}
	if lock != nil && opts.Exclusive {
		s.close = append(s.close, lock.Close)
	} else if lock != nil {
		defer lock.Close() // held while migrating only
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
	if s.w, err = gorm.Open(&sqlite.Dialector{Conn: writer}, gormConfig()); err != nil {
		return err
	}
	s.r, err = gorm.Open(&sqlite.Dialector{Conn: reader}, gormConfig())

	return err
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

// fileLock is an advisory lock of the operating system: it ends with the
// process, however that ends.
type fileLock struct{ f *os.File }

// errLocked is returned while another process holds the lock.
var errLocked = errors.New("locked by another process")

// Close gives the lock back. The file stays: removing it would let two
// processes lock two files of one name.
func (l *fileLock) Close() error { return l.f.Close() }

func lockFile(path string) (*fileLock, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := lockHandle(f); err != nil {
		return nil, errors.Join(err, f.Close())
	}

	return &fileLock{f}, nil
}
