package store

import (
	"context"
	"fmt"

	"gorm.io/gorm"

	"github.com/outpace/outpace/dlma"
)

type listRow struct {
	Base base `gorm:"embedded"`

	Name      string
	Detail    string
	Variables *string
}

// TableName names the table to gorm.
func (*listRow) TableName() string { return "dlmas" }

func (r *listRow) head() *base { return &r.Base }

func listRowOf(l dlma.List, b base) listRow {
	return listRow{Base: b, Name: l.Name, Detail: l.Detail, Variables: jsonMap(l.Variables)}
}

func (r *listRow) object() dlma.List {
	return dlma.List{
		UUID: r.Base.UUID, Name: r.Name, Detail: r.Detail, Variables: mapOf(r.Variables),
		InUse: r.Base.InUse != 0, TmCreate: timeOf(r.Base.TmCreate), TmUpdate: timeOf(r.Base.TmUpdate), TmDelete: timeOf(r.Base.TmDelete),
	}
}

func checkList(l dlma.List) error {
	if bad := (texts{"name", l.Name, "detail", l.Detail}).variables(l.Variables).bad(); bad != "" {
		return dlma.Invalid{Field: bad, Message: unstorable}
	}

	return nil
}

// CreateList keeps a new dial list under a uuid of its own.
func (s *Store) CreateList(ctx context.Context, l dlma.List) (dlma.List, error) {
	if err := checkList(l); err != nil {
		return dlma.List{}, err
	}
	row := listRowOf(l, base{})
	row.Base.made(s.nowMicros())
	if err := insert(s.w.WithContext(ctx), &row); err != nil {
		return dlma.List{}, err
	}

	return row.object(), nil
}

// List returns a live dial list, dlma.ErrNotFound if there is none of that uuid.
func (s *Store) List(ctx context.Context, uuid string) (dlma.List, error) {
	return get[dlma.List, listRow](s.read(ctx), uuid, dlma.ErrNotFound)
}

// Lists returns the live dial lists among uuids.
func (s *Store) Lists(ctx context.Context, uuids []string) (map[string]dlma.List, error) {
	return several[dlma.List, listRow](s.read(ctx), uuids)
}

// ListLists returns up to count live dial lists after the one named, oldest
// first, and whether there are more.
func (s *Store) ListLists(ctx context.Context, after string, count int) (list []dlma.List, more bool, err error) {
	return page[dlma.List, listRow](s.read(ctx), after, count, dlma.Invalid{Field: "after", Message: afterUnknown})
}

// UpdateList lets edit change a dial list in one transaction, as UpdatePlan does.
func (s *Store) UpdateList(ctx context.Context, uuid string, edit func(*dlma.List) error) (dlma.List, error) {
	var out dlma.List
	err := s.tx(ctx, func(tx *gorm.DB) error {
		row, err := find[dlma.List, listRow](tx, uuid, true, dlma.ErrNotFound)
		if err != nil {
			return err
		}
		l := row.object()
		if err := edit(&l); err != nil {
			return err
		}
		if err := checkList(l); err != nil {
			return err
		}
		changed := listRowOf(l, row.Base)
		changed.Base.TmUpdate = after(s.nowMicros(), row.Base.TmUpdate)
		out = changed.object()

		return save(tx, &changed)
	})

	return out, err
}

// DeleteList deletes a dial list. It is a dlma.Conflict while a live campaign
// names it, unless force is set, which clears their references, and while it
// has live entries, unless entries is set, which deletes them too.
func (s *Store) DeleteList(ctx context.Context, uuid string, force, entries bool) (dlma.List, error) {
	var out dlma.List
	err := s.tx(ctx, func(tx *gorm.DB) error {
		row, err := find[dlma.List, listRow](tx, uuid, true, dlma.ErrNotFound)
		if err != nil {
			return err
		}
		n, err := s.release(tx, "campaigns", "dlma_uuid", uuid, force)
		if err != nil {
			return err
		}
		if n > 0 && !force {
			return dlma.Conflict(inUse("dial list", n))
		}
		now := s.nowMicros()
		if err := s.deleteEntries(tx, uuid, entries, now); err != nil {
			return err
		}
		row.Base.deleted(now)
		out = row.object()

		return save(tx, row)
	})

	return out, err
}

// deleteEntries deletes the live entries of a list, or refuses if there are any.
func (s *Store) deleteEntries(tx *gorm.DB, list string, allowed bool, now int64) error {
	if !allowed {
		var one []int64
		if err := tx.Raw("SELECT id FROM dls WHERE dlma_uuid = ? AND in_use = 1 LIMIT 1", list).Scan(&one).Error; err != nil {
			return fmt.Errorf("look for entries: %w", err)
		}
		if len(one) > 0 {
			return dlma.Conflict("the dial list still has entries; delete_dls=1 deletes them too")
		}

		return nil
	}
	if s.dialect == postgresDialect {
		// A list may be long; the user asked for all of it.
		if err := tx.Exec("SET LOCAL statement_timeout = 0").Error; err != nil {
			return fmt.Errorf("lift statement time-out: %w", err)
		}
	}
	err := tx.Exec("UPDATE dls SET in_use = 0, tm_delete = ? WHERE dlma_uuid = ? AND in_use = 1", now, list).Error
	if err != nil {
		return fmt.Errorf("delete entries: %w", err)
	}

	return nil
}
