package store

import (
	"context"
	"database/sql"
	"fmt"
	"math"
	"strconv"
	"time"

	"gorm.io/gorm"

	"github.com/outpace/outpace/dlma"
)

// lookAgain is when an entry that waits for somebody else's call to end is
// looked at again; nobody knows when it ends.
const lookAgain = time.Second

// outlookSQL looks through the index: the cost depends on pick.Count and on how
// many entries are locked, not on the length of the list. It returns a row for
// each entry that is ready, or one without, all with the same figures beside
// them: waiting is the last hang-up of the first entry that will be ready as
// soon as its retry delay is over.
func (d dialect) outlookSQL() string {
	return "WITH RECURSIVE " + levels + ",\n" + d.picked(false) + `
SELECT p.idx, p.tried, p.res_dial,
	(SELECT min(w.hung) FROM (SELECT (
		SELECT d.tm_last_hangup FROM dls d WHERE ` + at + ` AND d.tm_last_hangup >= @cutoff AND ` + triesLeft + `
		AND (@locking = 0 OR ` + lockEnd("d.tm_last_hangup + @early") + ` IS NULL)
		ORDER BY d.tm_last_hangup, d.id LIMIT 1) AS hung FROM levels l WHERE l.t IS NOT NULL) w) AS waiting,
	(SELECT count(*) FROM dialings x WHERE x.dlma_uuid = @list ) AS open
FROM (SELECT 1) AS one LEFT JOIN picked p ON true
ORDER BY p.tries, p.hung, p.id`
}

// heldSQL finds, in a list of which nothing is ready, the least lock that keeps
// an entry waiting which would come before @waiting, and whether one waits for
// somebody else's call. It walks over what picked has walked over in vain. Each
// stretch is asked by a subquery of its own, since in a join the planner might
// read the whole list.
var heldSQL = "WITH RECURSIVE " + levels + `
SELECT CASE WHEN @locking = 1 THEN (SELECT min(e.tm) FROM (SELECT (
		SELECT min(CASE WHEN d.tm_last_hangup < @cutoff THEN ` + lockEnd("@unlocked") + ` ELSE ` + lockEnd("d.tm_last_hangup + @early") + ` END)
		FROM dls d WHERE ` + at + ` AND ` + triesLeft + ` AND d.tm_last_hangup < @waiting
		) AS tm FROM levels l WHERE l.t IS NOT NULL) e) END AS locked,
	(SELECT max(h.held) FROM (SELECT (
		SELECT 1 FROM dls d WHERE ` + at + ` AND d.tm_last_hangup < @cutoff AND ` + triesLeft + ` AND NOT ` + locked + ` AND ` + busy + `
		LIMIT 1) AS held FROM levels l WHERE l.t IS NOT NULL) h) AS held`

// outlookRow is a row of outlookSQL.
type outlookRow struct {
	Idx, Tried, ResDial *int // NULL if nothing is ready
	Waiting             *int64
	Open                int
}

// heldRow is the row of heldSQL.
type heldRow struct {
	Locked *int64
	Held   *int
}

// Outlook tells what a list still holds under pick. An entry that has waited
// long enough but whose number is in a call of another list counts as becoming
// ready in a second.
func (s *Store) Outlook(ctx context.Context, pick dlma.Pick) (dlma.Outlook, error) {
	if !storable(pick.List) {
		return dlma.Outlook{}, nil
	}
	if pick.Now.IsZero() {
		pick.Now = s.clock()
	}
	var rows []outlookRow
	var held heldRow
	params := pickParams(pick)
	params["n"] = max(pick.Count, 1) // "nothing is ready" needs a look at one
	err := s.walk(s.engine(ctx), func(tx *gorm.DB) error {
		if err := tx.Raw(s.dialect.outlookSQL(), params).Scan(&rows).Error; err != nil || rows[0].Idx != nil {
			return err
		}
		params["waiting"] = int64(math.MaxInt64)
		if rows[0].Waiting != nil {
			params["waiting"] = *rows[0].Waiting
		}

		return tx.Raw(heldSQL, params).Scan(&held).Error
	})
	if err != nil {
		return dlma.Outlook{}, fmt.Errorf("look ahead in list: %w", err)
	}
	out := dlma.Outlook{Open: rows[0].Open, Next: nextOf(pick, rows[0].Waiting, held)}
	switch {
	case rows[0].Idx == nil:
	case pick.Count <= 0:
		out.Next = pick.Now
	default:
		out.Ready, out.Upcoming = len(rows), upcoming(rows)
	}

	return out, nil
}

// nextOf is when an entry that waits becomes ready.
func nextOf(pick dlma.Pick, waiting *int64, held heldRow) time.Time {
	var next time.Time
	sooner := func(at time.Time) {
		if next.IsZero() || at.Before(next) {
			next = at
		}
	}
	if waiting != nil {
		// Ready is "more than" the delay after the hang-up.
		sooner(timeOf(*waiting).Add(pick.RetryDelay + time.Microsecond))
	}
	if held.Locked != nil {
		sooner(timeOf(*held.Locked).Add(pick.AbandonLock))
	}
	if held.Held != nil {
		sooner(pick.Now.Add(lookAgain))
	}

	return next
}

func upcoming(rows []outlookRow) []dlma.Upcoming {
	list := make([]dlma.Upcoming, len(rows))
	for i, r := range rows {
		list[i] = dlma.Upcoming{Tries: *r.Tried, Number: *r.Idx, ResDial: *r.ResDial}
	}

	return list
}

// walk runs reads whose statements want the first few rows of an index: see
// walking. All of them see the database at one moment. db is the API's or the
// engine's.
func (s *Store) walk(db *gorm.DB, fn func(tx *gorm.DB) error) error {
	s.usage.transactions.Add(1)
	if s.dialect == sqliteDialect {
		return db.Transaction(fn)
	}

	return db.Transaction(func(tx *gorm.DB) error {
		if err := tx.Exec("SELECT " + walking).Error; err != nil {
			return fmt.Errorf("prepare the planner: %w", err)
		}

		return fn(tx)
	}, &sql.TxOptions{Isolation: sql.LevelRepeatableRead})
}

// unhurried runs reads of the API's that may take as long as ctx allows, without
// a limit if it has none: on Postgres a connection's own limit would end them
// sooner. The server keeps the time too, for an engine that is cut off from it.
func (s *Store) unhurried(ctx context.Context, fn func(tx *gorm.DB) error) error {
	if s.dialect == sqliteDialect {
		return fn(s.read(ctx))
	}
	limit := int64(0)
	if end, ok := ctx.Deadline(); ok {
		limit = max(time.Until(end).Milliseconds(), 1) // 0 is none
	}
	s.usage.transactions.Add(1)

	return s.read(ctx).Transaction(func(tx *gorm.DB) error {
		if err := tx.Exec("SELECT set_config('statement_timeout', ?, true)", strconv.FormatInt(limit, 10)).Error; err != nil {
			return fmt.Errorf("set the time limit: %w", err)
		}

		return fn(tx)
	}, &sql.TxOptions{ReadOnly: true})
}

// countsSQL puts each entry of a list into one class. Whether anybody was
// abandoned so lately that it could lock an entry is asked once, before each of
// them is asked for.
var countsSQL = `SELECT CASE
		WHEN d.status = 1 THEN 'dialing'
		WHEN d.res_dial = 4 THEN 'answered'
		WHEN d.unknown = 1 AND @redial = 0 THEN 'unknown'
		WHEN NOT ` + triesLeft + ` THEN 'used_up'
		WHEN d.status <> 0 THEN 'reserved'
		WHEN d.tm_last_hangup >= @cutoff OR COALESCE((SELECT max(tm) FROM abandons), 0) > @unlocked AND ` + locked + ` THEN 'waiting'
		ELSE 'idle' END AS class, count(*) AS n
	FROM dls d WHERE d.dlma_uuid = @list AND d.in_use = 1 GROUP BY 1`

// Counts sorts all live entries of a list by what can be done with them under
// pick. It reads the whole list. Reserved entries that could be dialed
// otherwise are in the total only.
func (s *Store) Counts(ctx context.Context, pick dlma.Pick) (dlma.Counts, error) {
	if !storable(pick.List) {
		return dlma.Counts{}, nil
	}
	if pick.Now.IsZero() {
		pick.Now = s.clock()
	}
	var rows []struct {
		Class string
		N     int
	}
	err := s.unhurried(ctx, func(tx *gorm.DB) error { return tx.Raw(countsSQL, pickParams(pick)).Scan(&rows).Error })
	if err != nil {
		return dlma.Counts{}, fmt.Errorf("count entries: %w", err)
	}
	var c dlma.Counts
	for _, r := range rows {
		c.Total += r.N
		switch r.Class {
		case "dialing":
			c.Dialing = r.N
		case "answered":
			c.Answered = r.N
		case "unknown":
			c.Unknown = r.N
		case "used_up":
			c.UsedUp = r.N
		case "waiting":
			c.Waiting = r.N
		case "idle":
			c.Idle = r.N
		}
	}

	return c, nil
}
