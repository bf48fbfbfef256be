package store

import (
	"context"
	"errors"
	"fmt"
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

	// Every statement but one (see whole) wants a few rows, which an index has in
	// the order that is wanted. A planner without statistics, as after an
	// import, or with those from before a list came, may rather read all of the
	// list and sort it, or hash a whole table; so it is told to walk.
	"enable_seqscan":    "off",
	"enable_bitmapscan": "off",
	"enable_sort":       "off",
	"enable_hashjoin":   "off",
	"enable_mergejoin":  "off",
}

// onePlan keeps the plan of a long statement for the other values that it is run
// with, until the transaction ends: planning a claim takes longer than the claim.
const onePlan = "set_config('plan_cache_mode', 'force_generic_plan', true)"

// whole lets the planner read whole tables until the transaction ends.
const whole = "set_config('enable_seqscan', 'on', true), set_config('enable_bitmapscan', 'on', true), set_config('enable_sort', 'on', true)"

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
	// looks at a page, do not hold up a claim or the renewal of a lease.
	reads := max(n*2/5, 1)
	if s.w, err = s.postgresPool(cfg, max(n-reads, 1)); err != nil {
		return err
	}
	if s.r, err = s.postgresPool(cfg, reads); err != nil {
		return err
	}

	return errors.Join(s.usage.count(s.w), s.usage.count(s.r))
}

// postgresPool opens up to n connections.
func (s *Store) postgresPool(cfg *pgx.ConnConfig, n int) (*gorm.DB, error) {
	db := stdlib.OpenDB(*cfg, stdlib.OptionAfterConnect(durable))
	s.own(db)
	db.SetMaxOpenConns(n)
	db.SetMaxIdleConns(max(n/2, 1))
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
