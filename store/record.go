package store

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"gorm.io/gorm"

	"github.com/outpace/outpace/results"
)

// recordBatch is how many rows go into one statement.
const recordBatch = 500

// Record stores the live rows of calls and finishes calls, in one transaction:
// it writes each result, frees its entry, removes the dialing and, if the call
// was abandoned, remembers its number. Calls that are not claimed by lease (any more) are left alone. Repeating it, after an
// error too, changes nothing twice.
func (s *Store) Record(ctx context.Context, lease string, rows []results.Dialing, ended []results.Result) error {
	if len(rows) == 0 && len(ended) == 0 {
		return nil
	}
	err := s.tx(ctx, func(tx *gorm.DB) error {
		for batch := range slices.Chunk(rows, recordBatch) {
			if err := s.recordLive(tx, lease, batch); err != nil {
				return err
			}
		}
		for batch := range slices.Chunk(ended, recordBatch) {
			if err := s.recordEnded(tx, lease, batch); err != nil {
				return err
			}
		}

		return nil
	})
	if err != nil {
		return fmt.Errorf("record calls: %w", err)
	}

	return nil
}

func (s *Store) recordLive(tx *gorm.DB, lease string, batch []results.Dialing) error {
	now := s.nowMicros()
	rows := make([]dialingRow, len(batch))
	for i, d := range batch {
		rows[i] = dialingRowOf(d)
		if rows[i].TmUpdate == 0 {
			rows[i].TmUpdate = now
		}
	}
	cols := slices.Concat(liveKey, liveColumns)
	sql := "UPDATE dialings SET " + liveColumns.sets("x.") + " FROM " + s.dialect.fewRows("rows", cols) +
		" WHERE dialings.dlma_uuid = x.dlma_uuid AND dialings.uuid = x.uuid AND dialings.owner = @lease"
	if err := tx.Exec(sql, map[string]any{"rows": encode(s.dialect, cols, rows), "lease": lease}).Error; err != nil {
		return fmt.Errorf("update dialings: %w", err)
	}

	return nil
}

// goneRow is a dialing that has just been removed.
type goneRow struct {
	ID        int64
	UUID      string
	DlmaUUID  string
	DlUUID    string
	DialAddr  string
	DialIndex int
	Rule      int64
}

// finish is what the end of a call does to its entry.
type finish struct {
	DlmaUUID        string
	DlUUID          string
	UUID            string // of the dialing
	ResDial         int
	ResDialDetail   string
	ResHangup       int
	ResHangupDetail string
	TmLastHangup    int64
	Back            int // the number whose try is given back, 0 if none is
	Unknown         int // 1 or 0, or -1: stays what it was
	Rule            int64
}

var (
	finishColumns = columnsOf[finish]()
	uuidColumn    = pickColumns(dialingColumns, "uuid")
)

// triesOver is how often number {i} counts as tried once x has ended.
const triesOver = "(dls.trycnt_{i} - CASE WHEN x.back = {i} THEN 1 ELSE 0 END)"

// freeEntries sets entries free. An entry becomes spent under the rule of its
// claim if that leaves nothing; if it was held unknown before and no more is,
// earlier marks are void.
var freeEntries = `UPDATE dls SET status = 0,
	res_dial = x.res_dial, res_dial_detail = x.res_dial_detail, res_hangup = x.res_hangup, res_hangup_detail = x.res_hangup_detail,
	tm_last_hangup = x.tm_last_hangup, tm_update = CASE WHEN dls.tm_update >= @now THEN dls.tm_update + 1 ELSE @now END,
	tries = dls.tries - CASE WHEN x.back > 0 THEN 1 ELSE 0 END,
	` + each("trycnt_{i} = "+triesOver, ", ") + `,
	unknown = CASE WHEN x.unknown < 0 THEN dls.unknown ELSE x.unknown END,
	spent = CASE
		WHEN CASE WHEN x.unknown < 0 THEN dls.unknown ELSE x.unknown END = 1 AND ` + fmt.Sprintf("(x.rule >> %d) & 1 = 0", ruleRedialAt) + ` THEN x.rule
		WHEN NOT (` + each("dls.number_{i} <> '' AND "+triesOver+fmt.Sprintf(" < (x.rule >> {shift}) & %d", ruleMax), " OR ") + `) THEN x.rule
		WHEN dls.unknown = 1 AND x.unknown = 0 THEN 0
		ELSE dls.spent END,
	dialing_uuid = '', dialing_index = NULL, prev_tm_update = NULL, prev_tm_last_dial = NULL
FROM `

func (s *Store) recordEnded(tx *gorm.DB, lease string, batch []results.Result) error {
	keys := make([]dialingRow, len(batch))
	for i, r := range batch {
		keys[i].Attempt.UUID = r.UUID
	}
	sql := "DELETE FROM dialings WHERE owner = @lease AND uuid IN (SELECT x.uuid FROM " + s.dialect.fewRows("rows", uuidColumn) +
		") RETURNING id, uuid, dlma_uuid, dl_uuid, dial_addr, dial_index, rule"
	gone, err := scan[goneRow](tx.Raw(sql, map[string]any{"rows": encode(s.dialect, uuidColumn, keys), "lease": lease}))
	if err != nil {
		return fmt.Errorf("remove dialings: %w", err)
	}
	if len(gone) == 0 {
		return nil
	}
	dialings := make(map[string]goneRow, len(gone))
	for _, g := range gone {
		dialings[g.UUID] = g
	}
	now := s.nowMicros()
	rows := make([]resultRow, 0, len(gone))
	frees := make([]finish, 0, len(gone))
	ended := make(map[string]results.Result, len(gone))
	for _, r := range batch {
		g, ok := dialings[r.UUID]
		if _, twice := ended[r.UUID]; !ok || twice {
			continue
		}
		ended[r.UUID] = r
		row := resultRowOf(r)
		row.DialingID = g.ID
		row.TmHangup = cmp.Or(row.TmHangup, now)
		row.TmUpdate = cmp.Or(row.TmUpdate, now)
		rows = append(rows, row)
		frees = append(frees, finishOf(row, g, r.Disposition))
	}
	written, err := s.insertResults(tx, rows)
	if err != nil {
		return err
	}
	slices.SortFunc(frees, func(a, b finish) int {
		return cmp.Or(cmp.Compare(a.DlmaUUID, b.DlmaUUID), cmp.Compare(a.DlUUID, b.DlUUID))
	})
	sql = freeEntries + s.dialect.fewRows("rows", finishColumns) + " WHERE dls.dlma_uuid = x.dlma_uuid AND dls.uuid = x.dl_uuid AND dls.dialing_uuid = x.uuid"
	if err := tx.Exec(sql, map[string]any{"rows": encode(s.dialect, finishColumns, frees), "now": now}).Error; err != nil {
		return fmt.Errorf("free entries: %w", err)
	}
	if err := s.keepAbandoned(tx, rows, written, dialings); err != nil {
		return err
	}

	return s.count(tx, rows, written)
}

func finishOf(r resultRow, g goneRow, d results.Disposition) finish {
	f := finish{
		DlmaUUID: g.DlmaUUID, DlUUID: g.DlUUID, UUID: g.UUID, ResDial: r.ResDial, ResDialDetail: r.ResDialDetail,
		ResHangup: r.ResHangup, ResHangupDetail: r.ResHangupDetail, TmLastHangup: r.TmHangup, Rule: g.Rule,
	}
	switch {
	case d == results.Unknown:
		f.Unknown = 1
	case d.TryGivenBack():
		f.Back, f.Unknown = g.DialIndex, -1 // nothing was learned
	}

	return f
}

// insertResults returns the uuids of those that were not there yet.
func (s *Store) insertResults(tx *gorm.DB, rows []resultRow) (map[string]bool, error) {
	sql := fmt.Sprintf("INSERT INTO results (%s) SELECT %s FROM %s WHERE true ON CONFLICT (uuid) DO NOTHING RETURNING uuid",
		resultColumns.names(""), resultColumns.names("x."), s.dialect.rows("rows", resultColumns))
	var list []string
	if err := tx.Raw(sql, map[string]any{"rows": encode(s.dialect, resultColumns, rows)}).Scan(&list).Error; err != nil {
		return nil, fmt.Errorf("write results: %w", err)
	}
	written := make(map[string]bool, len(list))
	for _, id := range list {
		written[id] = true
	}

	return written, nil
}

// tallyRow sums up the results of one kind of a campaign's day.
type tallyRow struct {
	CampaignUUID string
	Day          string // of the hang-up, in the campaign's zone
	Disposition  string
	N            int64
	Live         int64
	Abandoned    int64
}

var tallyColumns = columnsOf[tallyRow]()

// count adds the results that were written to the tallies.
func (s *Store) count(tx *gorm.DB, rows []resultRow, written map[string]bool) error {
	sums := map[[3]string]*tallyRow{}
	for i := range rows {
		r := &rows[i]
		if !written[r.Attempt.UUID] {
			continue
		}
		key := [3]string{r.Attempt.CampaignUUID, dayOf(r.TmHangup, r.Attempt.Zone), r.Disposition}
		sum := sums[key]
		if sum == nil {
			sum = &tallyRow{CampaignUUID: key[0], Day: key[1], Disposition: key[2]}
			sums[key] = sum
		}
		sum.N++
		if r.Abandoned != nil {
			sum.Live++
			sum.Abandoned += int64(*r.Abandoned)
		}
	}
	if len(sums) == 0 {
		return nil
	}
	list := make([]tallyRow, 0, len(sums))
	for _, sum := range sums {
		list = append(list, *sum)
	}
	slices.SortFunc(list, func(a, b tallyRow) int { // one order of locks for all engines
		return cmp.Or(cmp.Compare(a.CampaignUUID, b.CampaignUUID), cmp.Compare(a.Day, b.Day), cmp.Compare(a.Disposition, b.Disposition))
	})
	sql := fmt.Sprintf(`INSERT INTO tallies (%s) SELECT %s FROM %s WHERE true ON CONFLICT (campaign_uuid, day, disposition) DO UPDATE
		SET n = tallies.n + excluded.n, live = tallies.live + excluded.live, abandoned = tallies.abandoned + excluded.abandoned`,
		tallyColumns.names(""), tallyColumns.names("x."), s.dialect.rows("rows", tallyColumns))
	if err := tx.Exec(sql, map[string]any{"rows": encode(s.dialect, tallyColumns, list)}).Error; err != nil {
		return fmt.Errorf("count results: %w", err)
	}

	return nil
}

// zones caches time zones by name; loading one reads a file.
var zones sync.Map

// dayOf is the calendar day of a time in a zone, UTC if there is no such zone.
func dayOf(us int64, zone string) string {
	loc, ok := zones.Load(zone)
	if !ok {
		l, err := time.LoadLocation(zone)
		if err != nil {
			l = time.UTC
		}
		loc, _ = zones.LoadOrStore(zone, l)
	}

	return timeOf(us).In(loc.(*time.Location)).Format(time.DateOnly) //nolint:forcetypeassert // nothing else is stored
}
