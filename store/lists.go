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

// deleteStep is how many entries are deleted in one transaction: while a long
// list is deleted, others write too.
const deleteStep = 2000

// DeleteList deletes a dial list. It is a dlma.Conflict while a live campaign
// names it, unless force is set, which clears their references, and while it
// has live entries, unless entries is set, which deletes them too. They are
// deleted before the list, in several transactions: what ctx cuts off may be
// asked for again, and goes on where it ended.
func (s *Store) DeleteList(ctx context.Context, uuid string, force, entries bool) (out dlma.List, err error) {
	now, last := s.nowMicros(), int64(0)
	for more := true; more; {
		reached := last
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
			ids, err := liveEntries(tx, uuid, last, deleteStep)
			if err != nil {
				return err
			}
			if len(ids) > 0 && !entries {
				return dlma.Conflict("the dial list still has entries; delete_dls=1 deletes them too")
			}
			if more = len(ids) == deleteStep; len(ids) > 0 {
				reached = ids[len(ids)-1]
				if err := deleteEntries(tx, uuid, last, reached, now); err != nil {
					return err
				}
			}
			if more {
				return nil
			}
			row.Base.deleted(now)
			out = row.object()

			return save(tx, row)
		})
		if err != nil {
			return dlma.List{}, err
		}
		last = reached
	}

	return out, nil
}

// liveEntries returns the ids of the first entries of a list after one, in order.
func liveEntries(tx *gorm.DB, list string, after int64, count int) (ids []int64, err error) {
	err = tx.Raw("SELECT id FROM dls WHERE dlma_uuid = ? AND in_use = 1 AND id > ? ORDER BY id LIMIT ?", list, after, count).Scan(&ids).Error
	if err != nil {
		return nil, fmt.Errorf("look for entries: %w", err)
	}

	return ids, nil
}

// deleteEntries deletes the live entries of a list after one id and up to another.
func deleteEntries(tx *gorm.DB, list string, after, last, now int64) error {
	err := tx.Exec("UPDATE dls SET in_use = 0, tm_delete = ? WHERE dlma_uuid = ? AND in_use = 1 AND id > ? AND id <= ?", now, list, after, last).Error
	if err != nil {
		return fmt.Errorf("delete entries: %w", err)
	}

	return nil
}
