package store

import (
	"context"
	"fmt"

	"gorm.io/gorm"

	"github.com/outpace/outpace/results"
)

// Number gives up to limit finished results that have none the next numbers,
// without gaps, and returns how many it numbered. lease is the token of the
// lease "results"; results.ErrLeaseLost if it does not hold. Since it is called
// all the time, by one engine, it also forgets what has become too old.
func (s *Store) Number(ctx context.Context, lease string, limit int) (int, error) {
	_ = s.forget(ctx) // it is tried again; no result may wait for that
	var some []int64
	if err := s.engine(ctx).Raw("SELECT id FROM results WHERE seq IS NULL ORDER BY id LIMIT 1").Scan(&some).Error; err != nil {
		return 0, fmt.Errorf("look for results to number: %w", err)
	}
	if len(some) == 0 || limit <= 0 {
		return 0, nil
	}
	var n int64
	err := s.tx(ctx, func(tx *gorm.DB) error {
		if err := s.leaseHolds(tx, lease); err != nil {
			return err
		}
		// The row is the lock: what is read after it are all numbers given.
		var last int64
		if err := tx.Raw("SELECT value FROM counters WHERE name = 'results'" + s.dialect.forUpdate()).Scan(&last).Error; err != nil {
			return fmt.Errorf("read last number: %w", err)
		}
		q := tx.Exec(`UPDATE results SET seq = x.seq
			FROM (SELECT id, CAST(? AS bigint) + row_number() OVER (ORDER BY id) AS seq
				FROM (SELECT id FROM results WHERE seq IS NULL ORDER BY id LIMIT ?) AS u) AS x
			WHERE results.id = x.id`, last, limit)
		if q.Error != nil {
			return fmt.Errorf("set numbers: %w", q.Error)
		}
		n = q.RowsAffected
		if err := tx.Exec("UPDATE counters SET value = ? WHERE name = 'results'", last+n).Error; err != nil {
			return fmt.Errorf("write last number: %w", err)
		}

		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("number results: %w", err)
	}

	return int(n), nil
}

// Numbered returns up to limit results after seq, in order.
func (s *Store) Numbered(ctx context.Context, after int64, limit int) ([]results.Result, error) {
	list, _, err := s.results(s.engine(ctx), results.Query{After: after, Count: limit})

	return list, err
}

// Results returns the numbered results that q selects, by seq, and whether
// there are more.
func (s *Store) Results(ctx context.Context, q results.Query) (list []results.Result, more bool, err error) {
	return s.results(s.read(ctx), q)
}

// results is Results by db, the API's or the engine's.
func (s *Store) results(db *gorm.DB, q results.Query) (list []results.Result, more bool, err error) {
	if !storable(q.Campaign) || !storable(string(q.Disposition)) {
		return nil, false, nil // nothing is called that
	}
	var rows []resultRow
	read := func(tx *gorm.DB) (err error) { rows, err = scan[resultRow](selected(tx, q)); return err }
	if q.Campaign != "" && q.From.IsZero() && q.To.IsZero() {
		err = s.walk(db, read)
	} else { // whether they are found by time or in order is a matter of how many there are
		err = read(db)
	}
	if err != nil {
		return nil, false, fmt.Errorf("read results: %w", err)
	}
	if more = len(rows) > q.Count; more {
		rows = rows[:q.Count]
	}
	list = make([]results.Result, len(rows))
	for i := range rows {
		list[i] = rows[i].result()
	}

	return list, more, nil
}

// selected is the query for what q selects, and one more.
func selected(db *gorm.DB, q results.Query) *gorm.DB {
	db = db.Model(&resultRow{}).Limit(q.Count + 1)
	if q.Campaign == "" {
		db = db.Where("seq > ?", q.After).Order("seq")
	} else {
		db = db.Where(ofCampaign, map[string]any{"campaign": q.Campaign, "after": q.After}).Order("campaign_uuid, seq")
	}
	if !q.From.IsZero() {
		db = db.Where("tm_hangup >= ?", ceilMicros(q.From))
	}
	if !q.To.IsZero() {
		db = db.Where("tm_hangup < ?", ceilMicros(q.To))
	}
	if q.Disposition != "" {
		db = db.Where("disposition = ?", string(q.Disposition))
	}

	return db
}

// ofCampaign compares pairs, since with an equation for the campaign Postgres
// may walk all results by seq until it has found enough of that campaign's.
const ofCampaign = "(campaign_uuid, seq) > (@campaign , @after ) AND (campaign_uuid, seq) <= (@campaign , 9223372036854775807)"

// recentSQL reads a campaign's last results, the last one first.
const recentSQL = "SELECT * FROM results WHERE " + ofCampaign + " ORDER BY campaign_uuid DESC, seq DESC LIMIT @n "

// Recent returns the last numbered results of a campaign, at most count,
// oldest first.
func (s *Store) Recent(ctx context.Context, campaign string, count int) ([]results.Result, error) {
	if !storable(campaign) || count <= 0 {
		return nil, nil
	}
	var rows []resultRow
	params := map[string]any{"campaign": campaign, "after": 0, "n": count}
	err := s.walk(s.engine(ctx), func(tx *gorm.DB) (err error) { rows, err = scan[resultRow](tx.Raw(recentSQL, params)); return err })
	if err != nil {
		return nil, fmt.Errorf("read recent results: %w", err)
	}
	list := make([]results.Result, len(rows))
	for i := range rows {
		list[len(rows)-1-i] = rows[i].result()
	}

	return list, nil
}

// Logged returns the last seq known to be in the log of host, 0 if none is.
func (s *Store) Logged(ctx context.Context, host string) (int64, error) {
	var seqs []int64
	if err := s.engine(ctx).Raw("SELECT seq FROM logs WHERE host = ?", host).Scan(&seqs).Error; err != nil {
		return 0, fmt.Errorf("read last logged result: %w", err)
	}
	if len(seqs) == 0 {
		return 0, nil
	}

	return seqs[0], nil
}

// SetLogged remembers the last seq known to be in the log of host.
func (s *Store) SetLogged(ctx context.Context, host string, seq int64) error {
	err := s.w.WithContext(ctx).Exec("INSERT INTO logs (host, seq) VALUES (?, ?) ON CONFLICT (host) DO UPDATE SET seq = excluded.seq", host, seq).Error
	if err != nil {
		return fmt.Errorf("store last logged result: %w", err)
	}

	return nil
}

// Tally sums up the results of a campaign since it was made, numbered or not.
func (s *Store) Tally(ctx context.Context, campaign string) (results.Tally, error) {
	tally := results.Tally{By: map[results.Disposition]int{}}
	if !storable(campaign) {
		return tally, nil
	}
	var rows []tallyRow
	err := s.read(ctx).Raw(`SELECT disposition, CAST(sum(n) AS bigint) AS n, CAST(sum(live) AS bigint) AS live,
		CAST(sum(abandoned) AS bigint) AS abandoned FROM tallies WHERE campaign_uuid = ? GROUP BY disposition`, campaign).Scan(&rows).Error
	if err != nil {
		return results.Tally{}, fmt.Errorf("read tally: %w", err)
	}
	for _, r := range rows {
		tally.By[results.Disposition(r.Disposition)] = int(r.N)
		tally.Live += int(r.Live)
		tally.Abandoned += int(r.Abandoned)
	}

	return tally, nil
}
