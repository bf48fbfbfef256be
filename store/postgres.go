package store

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"gorm.io/driver/postgres"
	"gorm.io/gorm"
)

// defaultConns bounds the connections of one engine.
const defaultConns = 20

// sessionDefaults are settings of every connection that the URL does not set
// itself. An engine that freezes in a transaction must not hold up the others:
// the server ends its session.
var sessionDefaults = map[string]string{
	"application_name":                    "outpace",
	"statement_timeout":                   "60s",
	"lock_timeout":                        "5s",
	"idle_in_transaction_session_timeout": "3s",
	"default_transaction_isolation":       "read committed",
	"jit":                                 "off",
	"timezone":                            "UTC",
}

// walking tells the planner, until the transaction ends, that the statements
// which follow want a few rows that an index has in the order that is wanted.
// Without statistics, as after an import, or with those from before a list came,
// it might rather read all of the list and sort it, or hash a whole table.
//
// One plan is made for all values: to plan a claim takes longer than the claim.
var walking = strings.Join(append(walkSettings("true"), "set_config('plan_cache_mode', 'force_generic_plan', true)"), ", ")

// walkSettings are those that make the planner walk; local says whether they end with the
// transaction.
func walkSettings(local string) (settings []string) {
	for _, way := range []string{"seqscan", "bitmapscan", "sort", "hashjoin", "mergejoin"} {
		settings = append(settings, fmt.Sprintf("set_config('enable_%s', 'off', %s)", way, local))
	}

	return settings
}

// walkAlways tells it for good to a connection for writes: all of them are of
// rows that are named.
func walkAlways(ctx context.Context, conn *pgx.Conn) error {
	if _, err := conn.Exec(ctx, "SELECT "+strings.Join(walkSettings("false"), ", ")); err != nil {
		return fmt.Errorf("prepare the planner: %w", err)
	}

	return nil
}

// openPostgres opens the pool.
func (s *Store) openPostgres(ctx context.Context, url string, opts Options) error {
	s.dialect = postgresDialect
	cfg, err := pgx.ParseConfig(url)
	if err != nil {
		// The parser's own words may repeat the password.
		return errors.New("the Postgres URL cannot be read")
	}
	if err := s.migratePostgres(ctx, cfg.Copy(), opts.KeepSchema); err != nil {
		return err
	}
	for name, value := range sessionDefaults {
		if _, ok := cfg.RuntimeParams[name]; !ok {
			cfg.RuntimeParams[name] = value
		}
	}
	n := opts.MaxConns
	if n <= 0 {
		n = defaultConns
	}
	// Reads have connections of their own, so that many of them, by whoever
	// looks at a page, do not hold up a claim or the renewal of a lease; and so
	// have the engine's, so that it sees what it has to do meanwhile.
	reads, engine := max(n*3/10, 1), max(n/5, 1)
	if s.w, err = s.postgresPool(cfg, max(n-reads-engine, 1), walkAlways); err != nil {
		return err
	}
	if s.r, err = s.postgresPool(cfg, reads, nil); err != nil {
		return err
	}
	if s.e, err = s.postgresPool(cfg, engine, nil); err != nil {
		return err
	}

	return errors.Join(s.usage.count(s.w), s.usage.count(s.r), s.usage.count(s.e))
}

// postgresPool opens up to n connections; prepare, if not nil, is run on each
// new one.
func (s *Store) postgresPool(cfg *pgx.ConnConfig, n int, prepare func(context.Context, *pgx.Conn) error) (*gorm.DB, error) {
	db := stdlib.OpenDB(*cfg, stdlib.OptionAfterConnect(func(ctx context.Context, conn *pgx.Conn) error {
		if err := durable(ctx, conn); err != nil || prepare == nil {
			return err
		}

		return prepare(ctx, conn)
	}))
	s.own(db)
	db.SetMaxOpenConns(n)
	db.SetMaxIdleConns(n) // a new one costs more than a read
	db.SetConnMaxIdleTime(5 * time.Minute)
	db.SetConnMaxLifetime(time.Hour)

	return gorm.Open(postgres.New(postgres.Config{Conn: db}), gormConfig())
}

// durable makes COMMIT wait for the disk, whatever the server's default is.
func durable(ctx context.Context, conn *pgx.Conn) error {
	_, err := conn.Exec(ctx, `SELECT set_config('synchronous_commit', 'on', false)
		WHERE current_setting('synchronous_commit') IN ('off', 'local')`)
	if err != nil {
		return fmt.Errorf("set synchronous_commit: %w", err)
	}

	return nil
}

// migratePostgres uses a pool of its own, without the time limits of
// statements.
func (s *Store) migratePostgres(ctx context.Context, cfg *pgx.ConnConfig, keep bool) error {
	db := stdlib.OpenDB(*cfg)
	defer db.Close()

	return migrate(ctx, db, postgresDialect, keep)
}
