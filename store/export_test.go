package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"gorm.io/gorm"

	"github.com/outpace/outpace/dlma"
)

// ErrTestCommit is the error of commits that tests let fail.
var ErrTestCommit = errors.New("connection lost")

// FailCommits lets the next n commits report a lost connection, having been
// made or not.
func (s *Store) FailCommits(n int, made bool) {
	s.commit = func(tx *gorm.DB) error {
		if n == 0 {
			return tx.Commit().Error
		}
		n--
		if !made {
			return errors.Join(tx.Rollback().Error, ErrTestCommit)
		}

		return errors.Join(tx.Commit().Error, ErrTestCommit)
	}
}

// FailCommitAfter lets n commits be made, and the next one not.
func (s *Store) FailCommitAfter(n int) {
	s.commit = func(tx *gorm.DB) error {
		if n > 0 {
			n--

			return tx.Commit().Error
		}
		s.FailCommits(0, false)

		return errors.Join(tx.Rollback().Error, ErrTestCommit)
	}
}

// LoseConnection lets the next commit fail and everything after it until heal
// is called, which restores the pool.
func (s *Store) LoseConnection(made bool) (heal func()) {
	good := s.w
	commits := s.commit
	s.commit = func(tx *gorm.DB) error {
		end := tx.Rollback
		if made {
			end = tx.Commit
		}
		err := end().Error
		closed, openErr := sql.Open("pgx", "")
		if openErr != nil {
			return openErr
		}
		gone := good.Session(&gorm.Session{NewDB: true, Context: context.Background()}) // with a statement of its own
		gone.Statement.ConnPool = closed
		s.w = gone

		return errors.Join(err, ErrTestCommit, closed.Close())
	}

	return func() { s.w, s.commit = good, commits }
}

// HoldReads takes all connections for the API's reads until release is called.
func (s *Store) HoldReads(ctx context.Context) (release func(), err error) { return takeAll(ctx, s.r) }

// HoldEngine does the same with those for the engine's.
func (s *Store) HoldEngine(ctx context.Context) (release func(), err error) { return takeAll(ctx, s.e) }

func takeAll(ctx context.Context, pool *gorm.DB) (release func(), err error) {
	db, err := pool.DB()
	if err != nil {
		return nil, err
	}
	var held []*sql.Conn
	release = func() {
		for _, conn := range held {
			_ = conn.Close()
		}
	}
	for range db.Stats().MaxOpenConnections {
		conn, err := db.Conn(ctx)
		if err != nil {
			release()

			return nil, err
		}
		held = append(held, conn)
	}

	return release, nil
}

// SettleAtOnce gives a claim in doubt no time to be looked up in.
func (s *Store) SettleAtOnce() { s.settleTime = time.Millisecond }

// Exec runs SQL on the writer.
func (s *Store) Exec(ctx context.Context, sql string, args ...any) error {
	return s.w.WithContext(ctx).Exec(sql, args...).Error
}

// Query reads one column.
func Query[T any](ctx context.Context, s *Store, sql string, args ...any) ([]T, error) {
	var list []T
	err := s.w.WithContext(ctx).Raw(sql, args...).Scan(&list).Error

	return list, err
}

// ExplainClaim returns the plan of the claim as the database would run it.
func (s *Store) ExplainClaim(ctx context.Context, pick dlma.Pick) (string, error) {
	return s.explain(ctx, s.dialect.claimSQL(), pickParams(pick))
}

// ExplainOutlook is ExplainClaim for the outlook.
func (s *Store) ExplainOutlook(ctx context.Context, pick dlma.Pick) (string, error) {
	return s.explain(ctx, s.dialect.outlookSQL(), pickParams(pick))
}

// ExplainHeld is ExplainClaim for what keeps the entries of a list waiting of
// which nothing is ready.
func (s *Store) ExplainHeld(ctx context.Context, pick dlma.Pick) (string, error) {
	params := pickParams(pick)
	params["waiting"] = params["cutoff"]

	return s.explain(ctx, heldSQL, params)
}

// ExplainRecent is ExplainClaim for the last results of a campaign.
func (s *Store) ExplainRecent(ctx context.Context, campaign string, count int) (string, error) {
	return s.explain(ctx, recentSQL, map[string]any{"campaign": campaign, "after": 0, "n": count})
}

func (s *Store) explain(ctx context.Context, sql string, params map[string]any) (string, error) {
	if s.dialect == sqliteDialect {
		var steps []struct{ Detail string }
		err := s.read(ctx).Raw("EXPLAIN QUERY PLAN "+sql, params).Scan(&steps).Error

		return fmt.Sprint(steps), err
	}
	built := s.r.Session(&gorm.Session{DryRun: true}).Raw(sql, params).Scan(&struct{}{}).Statement

	return explainPrepared(ctx, s.r, true, "EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, SUMMARY OFF)", built.SQL.String(), built.Vars)
}

// explainPrepared returns how Postgres goes about a statement that a session
// prepares: with the plan for any values. Walk says whether it was told to.
func explainPrepared(ctx context.Context, pool *gorm.DB, walk bool, explain, statement string, vars []any) (string, error) {
	db, err := pool.DB()
	if err != nil {
		return "", err
	}
	conn, err := db.BeginTx(ctx, nil)
	if err != nil {
		return "", err
	}
	defer func() { _ = conn.Rollback() }()
	settings := "set_config('plan_cache_mode', 'force_generic_plan', true)"
	if walk {
		settings = walking
	}
	if _, err := conn.ExecContext(ctx, "SELECT "+settings); err != nil {
		return "", err
	}
	if _, err := conn.ExecContext(ctx, "PREPARE explained AS "+statement); err != nil {
		return "", fmt.Errorf("prepare %s: %w", statement, err)
	}
	literals := make([]string, len(vars))
	for i, v := range vars {
		literals[i] = "'" + strings.ReplaceAll(fmt.Sprint(v), "'", "''") + "'"
	}
	execute := explain + " EXECUTE explained"
	if len(vars) > 0 {
		execute += " (" + strings.Join(literals, ", ") + ")"
	}
	rows, err := conn.QueryContext(ctx, execute)
	if err != nil {
		return "", fmt.Errorf("explain %s: %w", statement, err)
	}
	lines, err := firstColumn(rows)
	if err != nil {
		return "", err
	}
	if _, err := conn.ExecContext(ctx, "DEALLOCATE explained"); err != nil {
		return "", err
	}

	return strings.Join(lines, "\n"), conn.Commit()
}

func firstColumn(rows *sql.Rows) (list []string, err error) {
	defer rows.Close()
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			return nil, err
		}
		list = append(list, line)
	}

	return list, rows.Err()
}

// RowColumns returns the columns that each kind of row writes, by table.
func RowColumns() map[string][]string {
	list := func(c columns) []string {
		var names []string
		for _, col := range c {
			names = append(names, col.name)
		}

		return names
	}

	return map[string][]string{
		"plans": list(columnsOf[planRow]()), "destinations": list(columnsOf[destinationRow]()), "dlmas": list(columnsOf[listRow]()),
		"campaigns": list(columnsOf[campaignRow]()), "dls": list(allEntryColumns), "dialings": list(columnsOf[dialingRow]()),
		"results": list(columnsOf[resultRow]()), "tallies": list(tallyColumns), "live": list(liveRowColumns),
		"abandons": list(abandonColumns),
	}
}

// Covers is rule.covers, and Joined rule.join, on the limits of picks.
func Covers(a, b dlma.Pick) bool { return ruleOf(a).covers(ruleOf(b)) }

// Joined packs the joined limits of two picks.
func Joined(a, b dlma.Pick) string { return fmt.Sprint(ruleOf(a).join(ruleOf(b))) }

// HowItReads returns how the database goes about each of the statements that run
// sends, by their texts.
func (s *Store) HowItReads(ctx context.Context, run func()) (map[string]string, error) {
	const name = "test:plans"
	type sent struct {
		sql  string
		vars []any
		pool *gorm.DB
		walk bool
	}
	var statements []sent
	walks := map[gorm.ConnPool]bool{} // transactions
	watch := func(pool, db *gorm.DB) {
		sql := db.Statement.SQL.String()
		if strings.Contains(sql, walking) {
			walks[db.Statement.ConnPool] = true
		} else if strings.Contains(sql, "FROM") || strings.Contains(sql, "UPDATE") {
			statements = append(statements, sent{sql, slices.Clone(db.Statement.Vars), pool, walks[db.Statement.ConnPool]})
		}
	}
	for _, pool := range []*gorm.DB{s.r, s.e, s.w} {
		c, watch := pool.Callback(), func(db *gorm.DB) { watch(pool, db) }
		for _, err := range []error{
			c.Query().After("*").Register(name, watch), c.Row().After("*").Register(name, watch), c.Raw().After("*").Register(name, watch),
		} {
			if err != nil {
				return nil, err
			}
		}
	}
	run()
	for _, pool := range []*gorm.DB{s.r, s.e, s.w} {
		c := pool.Callback()
		for _, err := range []error{c.Query().Remove(name), c.Row().Remove(name), c.Raw().Remove(name)} {
			if err != nil {
				return nil, err
			}
		}
	}
	plans := map[string]string{}
	for _, one := range statements {
		plan, err := explainPrepared(ctx, one.pool, one.walk, "EXPLAIN", one.sql, one.vars)
		if err != nil {
			return nil, err
		}
		plans[one.sql] = plan
	}

	return plans, nil
}
