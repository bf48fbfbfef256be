package store

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"github.com/outpace/outpace/dlma"
)

type entryRow struct {
	Base base `gorm:"embedded"`

	DlmaUUID   string
	Name       string
	Detail     string
	Email      string
	Ukey       string
	ResvTarget string
	Status     int
	Number1    string `gorm:"column:number_1"`
	Number2    string `gorm:"column:number_2"`
	Number3    string `gorm:"column:number_3"`
	Number4    string `gorm:"column:number_4"`
	Number5    string `gorm:"column:number_5"`
	Number6    string `gorm:"column:number_6"`
	Number7    string `gorm:"column:number_7"`
	Number8    string `gorm:"column:number_8"`
	Trycnt1    int    `gorm:"column:trycnt_1"`
	Trycnt2    int    `gorm:"column:trycnt_2"`
	Trycnt3    int    `gorm:"column:trycnt_3"`
	Trycnt4    int    `gorm:"column:trycnt_4"`
	Trycnt5    int    `gorm:"column:trycnt_5"`
	Trycnt6    int    `gorm:"column:trycnt_6"`
	Trycnt7    int    `gorm:"column:trycnt_7"`
	Trycnt8    int    `gorm:"column:trycnt_8"`
	Tries      int    // the sum of the above
	Spent      int64  // see the package comment
	Unknown    int
	Variables  *string

	// While a call is open: its uuid, the number that is called, and what the
	// claim has overwritten.
	DialingUUID    string
	DialingIndex   *int
	PrevTmUpdate   *int64
	PrevTmLastDial *int64

	ResDial         int
	ResDialDetail   string
	ResHangup       int
	ResHangupDetail string
	TmLastDial      int64
	TmLastHangup    int64
}

// TableName names the table to gorm.
func (*entryRow) TableName() string { return "dls" }

func (r *entryRow) head() *base { return &r.Base }

func entryRowOf(e dlma.Entry, b base) entryRow {
	n, t := e.Number, e.Tries
	tries := 0
	for _, v := range t {
		tries += v
	}
	spent := rule(0)
	if n == [dlma.Numbers]string{} {
		spent = everything
	}

	return entryRow{
		Base: b, DlmaUUID: e.List, Name: e.Name, Detail: e.Detail, Email: e.Email, Ukey: e.Ukey, ResvTarget: e.ResvTarget,
		Status:  int(e.Status),
		Number1: n[0], Number2: n[1], Number3: n[2], Number4: n[3], Number5: n[4], Number6: n[5], Number7: n[6], Number8: n[7],
		Trycnt1: t[0], Trycnt2: t[1], Trycnt3: t[2], Trycnt4: t[3], Trycnt5: t[4], Trycnt6: t[5], Trycnt7: t[6], Trycnt8: t[7],
		Tries: tries, Spent: int64(spent), Unknown: bit(e.Unknown), Variables: jsonMap(e.Variables),
		ResDial: e.ResDial, ResDialDetail: e.ResDialDetail, ResHangup: e.ResHangup, ResHangupDetail: e.ResHangupDetail,
		TmLastDial: micros(e.TmLastDial), TmLastHangup: micros(e.TmLastHangup),
	}
}

// object lacks the campaign and plan of an open call: see withCalls.
func (r *entryRow) object() dlma.Entry {
	return dlma.Entry{
		UUID: r.Base.UUID, List: r.DlmaUUID, Name: r.Name, Detail: r.Detail, Email: r.Email, Ukey: r.Ukey, ResvTarget: r.ResvTarget,
		Status: dlma.Status(r.Status), Number: r.numbers(), Tries: r.trycnts(), Variables: mapOf(r.Variables), Dialing: r.DialingUUID,
		ResDial: r.ResDial, ResDialDetail: r.ResDialDetail, ResHangup: r.ResHangup, ResHangupDetail: r.ResHangupDetail,
		Unknown: r.Unknown != 0, TmLastDial: timeOf(r.TmLastDial), TmLastHangup: timeOf(r.TmLastHangup),
		InUse: r.Base.InUse != 0, TmCreate: timeOf(r.Base.TmCreate), TmUpdate: timeOf(r.Base.TmUpdate), TmDelete: timeOf(r.Base.TmDelete),
	}
}

func (r *entryRow) numbers() [dlma.Numbers]string {
	return [...]string{r.Number1, r.Number2, r.Number3, r.Number4, r.Number5, r.Number6, r.Number7, r.Number8}
}

func (r *entryRow) trycnts() [dlma.Numbers]int {
	return [...]int{r.Trycnt1, r.Trycnt2, r.Trycnt3, r.Trycnt4, r.Trycnt5, r.Trycnt6, r.Trycnt7, r.Trycnt8}
}

// entryColumns are what a new entry is inserted with.
var (
	allEntryColumns = columnsOf[entryRow]()
	entryColumns    = columnsOf[entryRow]("id")
)

func checkEntry(e dlma.Entry) error {
	fields := texts{
		"dlma_uuid", e.List, "name", e.Name, "detail", e.Detail, "email", e.Email, "ukey", e.Ukey, "resv_target", e.ResvTarget,
		"res_dial_detail", e.ResDialDetail, "res_hangup_detail", e.ResHangupDetail,
	}.variables(e.Variables)
	for i, n := range e.Number {
		fields = append(fields, fmt.Sprintf("number_%d", i+1), n)
	}
	if bad := fields.bad(); bad != "" {
		return dlma.Invalid{Field: bad, Message: unstorable}
	}

	return nil
}

// holdList makes sure that a list that entries are put into is live and stays
// so until the transaction ends.
func holdList(tx *gorm.DB, list string) error {
	live, err := hold(tx, "dlmas", list)
	if err != nil {
		return err
	}
	if !live {
		return dlma.Invalid{Field: "dlma_uuid", Message: "does not exist"}
	}

	return nil
}

// CreateEntry keeps a new entry under a uuid of its own.
func (s *Store) CreateEntry(ctx context.Context, e dlma.Entry) (dlma.Entry, error) {
	return s.createEntry(ctx, e, func(*gorm.DB) error { return nil })
}

// CreateEntryOnce is CreateEntry, but a dlma.Conflict if the list has a live
// entry with the same ukey. Of any number of calls with one ukey, at once or
// after another, one makes an entry: so whoever does not know what became of a
// call may make it again.
func (s *Store) CreateEntryOnce(ctx context.Context, e dlma.Entry) (dlma.Entry, error) {
	if e.Ukey == "" {
		return dlma.Entry{}, dlma.Invalid{Field: "ukey", Message: "is needed: it tells entries apart"}
	}

	return s.createEntry(ctx, e, func(tx *gorm.DB) error {
		if s.dialect == postgresDialect {
			// There is no row yet that could be locked. SQLite's writer is alone anyway.
			if err := tx.Exec("SELECT pg_advisory_xact_lock(hashtextextended(?, 0))", e.List+" "+e.Ukey).Error; err != nil {
				return fmt.Errorf("lock ukey: %w", err)
			}
		}
		var same []string
		err := tx.Raw("SELECT uuid FROM dls WHERE dlma_uuid = ? AND ukey = ? AND ukey <> '' AND in_use = 1 LIMIT 1", e.List, e.Ukey).Scan(&same).Error
		if err != nil {
			return fmt.Errorf("look for the ukey: %w", err)
		}
		if len(same) > 0 {
			return dlma.Conflict("ukey is that of a dl that the list has already: " + same[0])
		}

		return nil
	})
}

// createEntry keeps a new entry if check, in the same transaction, lets it.
func (s *Store) createEntry(ctx context.Context, e dlma.Entry, check func(tx *gorm.DB) error) (dlma.Entry, error) {
	if err := checkEntry(e); err != nil {
		return dlma.Entry{}, err
	}
	var out dlma.Entry
	err := s.tx(ctx, func(tx *gorm.DB) error {
		if err := holdList(tx, e.List); err != nil {
			return err
		}
		if err := check(tx); err != nil {
			return err
		}
		row := entryRowOf(e, base{})
		row.Base.made(s.nowMicros())
		if err := insert(tx, &row); err != nil {
			return err
		}
		out = row.object()

		return nil
	})

	return out, err
}

// addBatch is how many entries go into one statement.
const addBatch = 1000

// AddEntries keeps many new entries, in one transaction for each thousand and
// in the order given. It stops at the first error: added is how many are kept
// then.
func (s *Store) AddEntries(ctx context.Context, entries []dlma.Entry) (added int, err error) {
	for i, e := range entries {
		if err := checkEntry(e); err != nil {
			return 0, fmt.Errorf("entry %d: %w", i+1, err)
		}
	}
	for added < len(entries) {
		batch := entries[added:min(added+addBatch, len(entries))]
		if err := s.addEntries(ctx, batch); err != nil {
			return added, err
		}
		added += len(batch)
	}

	return added, nil
}

func (s *Store) addEntries(ctx context.Context, batch []dlma.Entry) error {
	now := s.nowMicros()
	rows := make([]entryRow, len(batch))
	lists := map[string]bool{}
	for i, e := range batch {
		rows[i] = entryRowOf(e, base{UUID: uuid.NewString(), InUse: 1, TmCreate: now})
		lists[e.List] = true
	}
	sql := fmt.Sprintf("INSERT INTO dls (%s) SELECT %s FROM %s", entryColumns.names(""), entryColumns.names("x."), s.dialect.rows("rows", entryColumns))

	return s.tx(ctx, func(tx *gorm.DB) error {
		for list := range lists {
			if err := holdList(tx, list); err != nil {
				return err
			}
		}
		if err := tx.Exec(sql, map[string]any{"rows": encode(s.dialect, entryColumns, rows)}).Error; err != nil {
			return fmt.Errorf("insert entries: %w", err)
		}

		return nil
	})
}

// Entry returns a live entry, dlma.ErrNotFound if there is none of that uuid.
func (s *Store) Entry(ctx context.Context, uuid string) (dlma.Entry, error) {
	e, err := get[dlma.Entry, entryRow](s.read(ctx), uuid, dlma.ErrNotFound)
	if err != nil {
		return dlma.Entry{}, err
	}
	list := []dlma.Entry{e}
	err = withCalls(s.read(ctx), list)

	return list[0], err
}

// ListEntries returns the live entries that q selects, oldest first, and
// whether there are more.
func (s *Store) ListEntries(ctx context.Context, q dlma.Query) (list []dlma.Entry, more bool, err error) {
	if !storable(q.List) || !storable(q.Number) || !storable(q.Ukey) {
		return nil, false, nil // nothing is called that
	}
	read := func(tx *gorm.DB) (err error) {
		list, more, err = page[dlma.Entry, entryRow](selectedEntries(tx, q), q.After, q.Count, dlma.Invalid{Field: "after", Message: afterUnknown})

		return err
	}
	if q.Number == "" {
		err = s.walk(s.read(ctx), read)
	} else { // those of a number are few, and want to be sorted
		err = read(s.read(ctx))
	}
	if err != nil {
		return nil, false, err
	}

	return list, more, withCalls(s.read(ctx), list)
}

// selectedEntries is the query for what q selects.
func selectedEntries(db *gorm.DB, q dlma.Query) *gorm.DB {
	db = db.Where("dlma_uuid = ?", q.List)
	if q.Status != nil {
		db = db.Where("status = ?", int(*q.Status))
		if *q.Status != dlma.Idle {
			db = db.Where("status <> 0") // says that the index will do
		}
	}
	if q.ResDial != nil {
		db = db.Where("res_dial = ?", *q.ResDial)
	}
	if q.Number != "" {
		db = db.Where(numberIs, map[string]any{"list": q.List, "number": q.Number})
	}
	if q.Ukey != "" {
		db = db.Where("ukey = ? AND ukey <> ''", q.Ukey)
	}

	return db
}

// numberIs finds the entries of a list by any of their numbers, each through
// its own index. Materialized, since Postgres, while it does not know the table,
// would look for all eight again for each entry of the list.
var numberIs = func() string {
	sql := "id IN (WITH hits(id) AS MATERIALIZED ("
	for i := range dlma.Numbers {
		if i > 0 {
			sql += " UNION ALL "
		}
		sql += fmt.Sprintf("SELECT id FROM dls WHERE dlma_uuid = @list AND number_%d = @number AND number_%d <> '' AND in_use = 1", i+1, i+1)
	}

	return sql + ") SELECT id FROM hits)"
}()

// withCalls adds the campaign and plan of their open calls to entries.
func withCalls(db *gorm.DB, list []dlma.Entry) error {
	var open []string
	for i := range list {
		if list[i].Dialing != "" {
			open = append(open, list[i].Dialing)
		}
	}
	if len(open) == 0 {
		return nil
	}
	var calls []struct{ UUID, CampaignUUID, PlanUUID string }
	for len(open) > 0 {
		n := min(len(open), addBatch)
		err := db.Raw("SELECT uuid, campaign_uuid, plan_uuid FROM dialings WHERE uuid IN ?", open[:n]).Scan(&calls).Error
		if err != nil {
			return fmt.Errorf("read open calls: %w", err)
		}
		open = open[n:]
		for _, c := range calls {
			for i := range list {
				if list[i].Dialing == c.UUID {
					list[i].DialingCampaign, list[i].DialingPlan = c.CampaignUUID, c.PlanUUID
				}
			}
		}
	}

	return nil
}
