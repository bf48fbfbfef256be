package store

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"

	"github.com/outpace/outpace/dlma"
)

// lookAgain is when an entry that waits for somebody else's call to end is
// looked at again; nobody knows when it ends.
const lookAgain = time.Second

// outlookSQL counts through the index: the cost depends on pick.Count, not on
// the length of the list.
func (d dialect) outlookSQL() string {
	return "WITH RECURSIVE " + levels + ",\n" + d.picked(false) + `
SELECT (SELECT count(*) FROM picked) AS ready,
	(SELECT min(w.hung) FROM (SELECT (
		SELECT d.tm_last_hangup FROM dls d WHERE ` + at + ` AND d.tm_last_hangup >= @cutoff AND ` + triesLeft + `
		ORDER BY d.tm_last_hangup, d.id LIMIT 1) AS hung FROM levels l WHERE l.t IS NOT NULL) w) AS waiting,
	CASE WHEN (SELECT count(*) FROM picked) = 0 AND EXISTS (
		SELECT 1 FROM levels l CROSS JOIN dls d WHERE l.t IS NOT NULL AND ` + at + ` AND d.tm_last_hangup < @cutoff
		AND ` + triesLeft + ` AND ` + busy + `) THEN 1 ELSE 0 END AS held,
	(SELECT count(*) FROM dialings x WHERE x.dlma_uuid = @list ) AS open`
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
	var row struct {
		Ready, Open, Held int
		Waiting           *int64
	}
	params := pickParams(pick)
	params["n"] = max(pick.Count, 1) // "nothing is ready" needs a look at one
	err := s.walk(ctx, func(tx *gorm.DB) error { return tx.Raw(s.dialect.outlookSQL(), params).Scan(&row).Error })
	if err != nil {
		return dlma.Outlook{}, fmt.Errorf("look ahead in list: %w", err)
	}
	out := dlma.Outlook{Ready: min(row.Ready, max(pick.Count, 0)), Open: row.Open}
	if row.Ready > 0 && out.Ready == 0 {
		out.Next = pick.Now
	}
	if row.Waiting != nil {
		// Ready is "more than" the delay after the hang-up.
		out.Next = timeOf(*row.Waiting).Add(pick.RetryDelay + time.Microsecond)
	}
	if at := pick.Now.Add(lookAgain); row.Held != 0 && (out.Next.IsZero() || at.Before(out.Next)) {
		out.Next = at
	}

	return out, nil
}

// walk runs a read whose statements want the first few rows of an index: see
// leaseHolds.
func (s *Store) walk(ctx context.Context, fn func(tx *gorm.DB) error) error {
	if s.dialect == sqliteDialect {
		return fn(s.read(ctx))
	}

	s.usage.transactions.Add(1)

	return s.read(ctx).Transaction(func(tx *gorm.DB) error {
		err := tx.Exec("SELECT set_config('enable_bitmapscan', 'off', true), set_config('enable_seqscan', 'off', true)").Error
		if err != nil {
			return fmt.Errorf("prepare the planner: %w", err)
		}

		return fn(tx)
	})
}

// countsSQL puts each entry of a list into one class.
var countsSQL = `SELECT CASE
		WHEN d.status = 1 THEN 'dialing'
		WHEN d.res_dial = 4 THEN 'answered'
		WHEN d.unknown = 1 AND @redial = 0 THEN 'unknown'
		WHEN NOT ` + triesLeft + ` THEN 'used_up'
		WHEN d.status <> 0 THEN 'reserved'
		WHEN d.tm_last_hangup >= @cutoff THEN 'waiting'
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
	if err := s.read(ctx).Raw(countsSQL, pickParams(pick)).Scan(&rows).Error; err != nil {
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
