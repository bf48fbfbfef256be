package store

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"gorm.io/gorm"
)

const (
	// longestLock is the longest abandon lock that a plan may have. A number
	// that was abandoned longer ago is forgotten: it is personal data.
	longestLock = 8760 * time.Hour
	// forgetEvery is how often such numbers are looked for.
	forgetEvery = time.Hour
	// forgetStep is how many of them are removed in one statement.
	forgetStep = 1000
)

// abandonRow is when a call to a number was last abandoned.
type abandonRow struct {
	Number string
	Tm     int64
}

var abandonColumns = columnsOf[abandonRow]()

// abandonedSince says that a number, an SQL expression, was abandoned after
// another one. A subquery for one number is found by its key and nothing else,
// whatever the planner thinks of the table.
func abandonedSince(number, after string) string {
	return "COALESCE((SELECT a.tm FROM abandons a WHERE a.number = " + number + " ), 0) > " + after
}

// lockEnd is the last time after an SQL expression at which a call to a number
// of d was abandoned, NULL if there was none. "+ 0" keeps the planner from the
// index by time, in which it would walk over everybody's.
func lockEnd(after string) string {
	return "(SELECT max(a.tm + 0) FROM abandons a WHERE a.number IN (" + numbersOf + ") AND a.tm + 0 > " + after + " )"
}

// locked says that d must not be dialed because a call to one of its numbers
// was abandoned.
//
// Whoever was abandoned himself has answered and is in no stretch of dls_claim
// any more. So what a claim walks over for nothing are the other entries with
// his numbers: of other lists, entered twice, or set back by hand. Those stay
// in front of the entries that the list still has, since nothing changes them
// until their lock is over. Each costs a claim about 10 µs, so that ten
// thousand of them cost a tenth of a second: see docs/performance.md. One number
// after the other is asked for, since a list of all eight takes SQLite five
// times as long.
var locked = "(@locking = 1 AND (" + each("d.number_{i} <> '' AND "+abandonedSince("d.number_{i}", "@unlocked"), " OR ") + " ))"

// keepAbandoned remembers the numbers whose calls were abandoned, of the
// results that were written.
func (s *Store) keepAbandoned(tx *gorm.DB, rows []resultRow, written map[string]bool, dialings map[string]goneRow) error {
	var list []abandonRow
	for i := range rows {
		r := &rows[i]
		if written[r.Attempt.UUID] && r.Abandoned != nil && *r.Abandoned != 0 {
			// No two of them are of one number, which no two dialings ever have.
			list = append(list, abandonRow{dialings[r.Attempt.UUID].DialAddr, r.TmHangup})
		}
	}
	if len(list) == 0 {
		return nil
	}
	slices.SortFunc(list, func(a, b abandonRow) int { return cmp.Compare(a.Number, b.Number) }) // one order of locks for all engines
	sql := fmt.Sprintf(`INSERT INTO abandons (%s) SELECT %s FROM %s WHERE true
		ON CONFLICT (number) DO UPDATE SET tm = excluded.tm WHERE excluded.tm > abandons.tm`,
		abandonColumns.names(""), abandonColumns.names("x."), s.dialect.rows("rows", abandonColumns))
	if err := tx.Exec(sql, map[string]any{"rows": encode(s.dialect, abandonColumns, list)}).Error; err != nil {
		return fmt.Errorf("remember abandoned numbers: %w", err)
	}

	return nil
}

// forgets is when numbers were last forgotten, in microseconds.
type forgets struct{ last atomic.Int64 }

func (f *forgets) due(now int64) bool {
	last := f.last.Load()

	return now < last || now-last >= forgetEvery.Microseconds()
}

// forget removes, once in a while and some at a time, the numbers whose lock
// is over under any plan.
func (s *Store) forget(ctx context.Context) error {
	now := s.nowMicros()
	if !s.forgets.due(now) {
		return nil
	}
	// The time is asked for twice: a number may be abandoned again meanwhile.
	q := s.w.WithContext(ctx).Exec(`DELETE FROM abandons WHERE tm < @old
		AND number IN (SELECT number FROM abandons WHERE tm < @old ORDER BY tm LIMIT @step )`,
		map[string]any{"old": now - longestLock.Microseconds(), "step": forgetStep})
	if q.Error != nil {
		return fmt.Errorf("forget abandoned numbers: %w", q.Error)
	}
	if q.RowsAffected < forgetStep {
		s.forgets.last.Store(now)
	}

	return nil
}
