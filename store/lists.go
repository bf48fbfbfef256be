package store

import (
	"context"
	"errors"
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
	return several[dlma.List, listRow](s.engine(ctx), uuids)
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

// deleteStep is how many entries are deleted in one transaction: while a long
// list is deleted, others write too.
const deleteStep = 2000

// DeleteList deletes a dial list. It is a dlma.Conflict while a live campaign
// names it, unless force takes it out of there, and while it has entries,
// unless entries deletes them too. The list goes together with the first of
// them, so that nobody takes up one of which a part is gone. When an error has
// left some of the others, deleting the list with its entries again goes on.
func (s *Store) DeleteList(ctx context.Context, uuid string, force, entries bool) (out dlma.List, err error) {
	now, next := s.nowMicros(), int64(0)
	err = s.tx(ctx, func(tx *gorm.DB) error {
		row, err := find[dlma.List, listRow](tx, uuid, true, dlma.ErrNotFound)
		if errors.Is(err, dlma.ErrNotFound) && entries {
			row, err = halfDeleted(tx, uuid)
		}
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
		if !entries {
			ids, err := liveEntries(tx, uuid, 0, 1)
			if err != nil {
				return err
			}
			if len(ids) > 0 {
				return dlma.Conflict("the dial list still has entries; delete_dls=1 deletes them too")
			}
		}
		if row.Base.InUse == 1 {
			row.Base.deleted(now)
			if err := save(tx, row); err != nil {
				return err
			}
		}
		out = row.object()
		next, err = deleteEntries(tx, uuid, 0, now)

		return err
	})
	for err == nil && next > 0 {
		after := next
		err = s.tx(ctx, func(tx *gorm.DB) (err error) {
			next, err = deleteEntries(tx, uuid, after, now)

			return err
		})
	}
	if err != nil {
		return dlma.List{}, err
	}

	return out, nil
}

// halfDeleted reads a deleted list that still has live entries.
func halfDeleted(tx *gorm.DB, uuid string) (*listRow, error) {
	if !storable(uuid) {
		return nil, dlma.ErrNotFound
	}
	row := &listRow{}
	err := tx.Where("uuid = ?", uuid).Take(row).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return nil, dlma.ErrNotFound
	}
	if err != nil {
		return nil, fmt.Errorf("read deleted dial list: %w", err)
	}
	ids, err := liveEntries(tx, uuid, 0, 1)
	if err != nil {
		return nil, err
	}
	if len(ids) == 0 {
		return nil, dlma.ErrNotFound
	}

	return row, nil
}

// liveEntries returns the ids of the first entries of a list after one, in order.
func liveEntries(tx *gorm.DB, list string, after int64, count int) (ids []int64, err error) {
	err = tx.Raw("SELECT id FROM dls WHERE dlma_uuid = ? AND in_use = 1 AND id > ? ORDER BY id LIMIT ?", list, after, count).Scan(&ids).Error
	if err != nil {
		return nil, fmt.Errorf("look for entries: %w", err)
	}

	return ids, nil
}

// deleteEntries deletes the first deleteStep live entries of a list after an
// id. It returns the last id it reached, or 0 if there are no more.
func deleteEntries(tx *gorm.DB, list string, after, now int64) (int64, error) {
	ids, err := liveEntries(tx, list, after, deleteStep)
	if err != nil || len(ids) == 0 {
		return 0, err
	}
	last := ids[len(ids)-1]
	err = tx.Exec("UPDATE dls SET in_use = 0, tm_delete = ? WHERE dlma_uuid = ? AND in_use = 1 AND id > ? AND id <= ?", now, list, after, last).Error
	if err != nil {
		return 0, fmt.Errorf("delete entries: %w", err)
	}
	if len(ids) < deleteStep {
		return 0, nil
	}

	return last, nil
}
