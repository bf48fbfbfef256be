package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"
)

// Options say how a store is opened. The zero value is good for tools.
type Options struct {
	// Exclusive refuses to open an SQLite file that another process has
	// opened so. It means nothing on Postgres, where leases do this.
	Exclusive bool
	// KeepSchema refuses to open a database whose schema is not the present
	// one, instead of migrating it.
	KeepSchema bool
	// MaxConns bounds the connections to Postgres, default 20, at least 3: a
	// fifth of them is for the engine's reads, three tenths for the API's.
	MaxConns int
	// Clock is what the store takes its times from, default time.Now.
	Clock func() time.Time
}

// Store keeps everything in one database. Its methods may be called by many
// goroutines at once.
type Store struct {
	dialect dialect
	w       *gorm.DB // writes: on SQLite the one connection that may
	r       *gorm.DB // reads of the API
	e       *gorm.DB // reads of the engine: no list that is counted may keep a stop from being seen
	clock   func() time.Time
	close   []func() error

	// token is the lease token of this process on SQLite.
	token string
	// commit commits tx; tests put faults in its place.
	commit func(tx *gorm.DB) error
	// settleTime is how long a claim in doubt is looked up.
	settleTime time.Duration

	usage    usage
	versions versionCache
	doubts   doubts
	walks    walks
	forgets  forgets

	closeOnce sync.Once
	closeErr  error
}

// Open opens the database at url, "sqlite:PATH" or "postgres://...", and
// brings its schema up to date.
func Open(ctx context.Context, url string, opts Options) (*Store, error) {
	s := &Store{clock: opts.Clock, token: uuid.NewString(), settleTime: defaultSettleTime}
	if s.clock == nil {
		s.clock = time.Now
	}
	s.commit = func(tx *gorm.DB) error { return tx.Commit().Error }

	var err error
	switch {
	case strings.HasPrefix(url, "sqlite:"):
		err = s.openSQLite(ctx, strings.TrimPrefix(url, "sqlite:"), opts)
	case strings.HasPrefix(url, "postgres://"), strings.HasPrefix(url, "postgresql://"):
		err = s.openPostgres(ctx, url, opts)
	default:
		err = errors.New(`the database must be given as "sqlite:PATH" or "postgres://..."`)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open database: %w", err), s.Close())
	}

	return s, nil
}

// Close gives back connections and locks. It may be called more than once.
func (s *Store) Close() error {
	s.closeOnce.Do(func() {
		var errs []error
		for i := len(s.close) - 1; i >= 0; i-- {
			errs = append(errs, s.close[i]())
		}
		s.closeErr = errors.Join(errs...)
	})

	return s.closeErr
}

// Kind is "sqlite" or "postgres".
func (s *Store) Kind() string { return string(s.dialect) }

// Ping checks that the database answers.
func (s *Store) Ping(ctx context.Context) error {
	var one int
	if err := s.read(ctx).Raw("SELECT 1").Scan(&one).Error; err != nil {
		return fmt.Errorf("ping database: %w", err)
	}

	return nil
}

// read returns a handle for statements that change nothing, for as long as they
// may take.
func (s *Store) read(ctx context.Context) *gorm.DB { return s.r.WithContext(ctx) }

// engine returns one for what the scheduler reads. What the API reads as well
// may be read by it if that is short: an object by its uuid, sums by days.
func (s *Store) engine(ctx context.Context) *gorm.DB { return s.e.WithContext(ctx) }

// attempts bounds how often a transaction is run that lost to others.
const attempts = 6

// tx runs fn in a transaction and commits it. A transaction that the database
// sacrificed to another one is run again, so fn must not keep what it has
// gathered in an earlier run.
func (s *Store) tx(ctx context.Context, fn func(tx *gorm.DB) error) error {
	pause := 2 * time.Millisecond
	for n := 1; ; n++ {
		err := s.once(ctx, fn)
		if err == nil || n == attempts || !repeatable(err) {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(pause):
			pause *= 2
		}
	}
}

// once runs fn in one transaction.
func (s *Store) once(ctx context.Context, fn func(tx *gorm.DB) error) error {
	s.usage.transactions.Add(1)
	tx := s.w.WithContext(ctx).Begin()
	if tx.Error != nil {
		return fmt.Errorf("begin: %w", tx.Error)
	}
	done := false
	defer func() {
		if !done { // fn failed or panicked
			tx.Rollback()
		}
	}()
	if err := fn(tx); err != nil {
		return err
	}
	done = true
	if err := s.commit(tx); err != nil {
		s.unstick()

		return commitError(err)
	}

	return nil
}

// unstick ends the transaction that a failed COMMIT leaves open on SQLite's
// only writing connection (a full disk, say). It is an error if there is none.
func (s *Store) unstick() {
	if s.dialect == sqliteDialect {
		_ = s.w.Exec("ROLLBACK").Error
	}
}

// gormConfig is common to both databases.
func gormConfig() *gorm.Config {
	return &gorm.Config{
		SkipDefaultTransaction: true, // transactions are opened where they are needed
		Logger:                 logger.Discard,
		DisableAutomaticPing:   true,
	}
}

// own closes db with the store.
func (s *Store) own(db *sql.DB) { s.close = append(s.close, db.Close) }
