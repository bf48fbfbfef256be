package store

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"gorm.io/gorm"
)

// defaultSettleTime is how long a claim whose commit is in doubt is looked up before
// the caller is told that it failed.
const defaultSettleTime = 5 * time.Second

// doubts are claims of which nobody knows whether they were committed. Nobody
// has been told of their calls, so that they can safely be given back.
type doubts struct {
	mu   sync.Mutex
	list []doubt
}

type doubt struct {
	owner string
	marks []claimed
}

func (d *doubts) add(one doubt) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.list = append(d.list, one)
}

func (d *doubts) first() (doubt, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.list) == 0 {
		return doubt{}, false
	}

	return d.list[0], true
}

func (d *doubts) drop(one doubt) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.list = slices.DeleteFunc(d.list, func(o doubt) bool { return o.marks[0].UUID == one.marks[0].UUID })
}

// resolve finds out whether a claim was committed: nil if it was. cause is the
// error of the commit.
func (s *Store) resolve(ctx context.Context, owner string, marks []claimed, cause error) error {
	if len(marks) == 0 {
		return nil // it changed nothing that stands
	}
	// The caller may have given up; the answer is wanted all the same.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.settleTime)
	defer cancel()
	pause := 20 * time.Millisecond
	for {
		stands, err := s.stands(ctx, owner, marks)
		switch {
		case err == nil && stands:
			return nil
		case err == nil:
			return cause
		}
		select {
		case <-ctx.Done():
			s.doubts.add(doubt{owner, marks})

			return fmt.Errorf("%w; and looking it up: %w", cause, err)
		case <-time.After(pause):
			pause = min(2*pause, 500*time.Millisecond)
		}
	}
}

// stands reports whether the dialings of a claim are there. It first locks the
// claim's entries: should the transaction still be on its way to the disk,
// this waits for it, and what is read then is final.
func (s *Store) stands(ctx context.Context, owner string, marks []claimed) (bool, error) {
	var found int64
	err := s.once(ctx, func(tx *gorm.DB) error {
		if err := s.lockEntries(tx, marks); err != nil {
			return err
		}
		err := tx.Model(&dialingRow{}).Where("uuid IN ? AND owner = ?", uuids(marks), owner).Count(&found).Error
		if err != nil {
			return fmt.Errorf("look for dialings: %w", err)
		}

		return nil
	})

	return found == int64(len(marks)), err
}

func (s *Store) lockEntries(tx *gorm.DB, marks []claimed) error {
	ids := make([]int64, len(marks))
	for i, m := range marks {
		ids[i] = m.ID
	}
	var locked []int64
	sql := "SELECT id FROM dls WHERE dlma_uuid = ? AND id IN ? ORDER BY id" + s.dialect.forUpdate()
	if err := tx.Raw(sql, marks[0].DlmaUUID, ids).Scan(&locked).Error; err != nil {
		return fmt.Errorf("lock entries: %w", err)
	}

	return nil
}

func uuids(marks []claimed) []string {
	list := make([]string, len(marks))
	for i, m := range marks {
		list[i] = m.UUID
	}

	return list
}

// settleDoubts gives back what earlier claims may have taken without anybody
// knowing.
func (s *Store) settleDoubts(ctx context.Context) error {
	for {
		one, ok := s.doubts.first()
		if !ok {
			return nil
		}
		err := s.tx(ctx, func(tx *gorm.DB) error {
			if err := s.lockEntries(tx, one.marks); err != nil {
				return err
			}
			var gone []string
			err := tx.Raw("DELETE FROM dialings WHERE uuid IN ? AND owner = ? RETURNING uuid", uuids(one.marks), one.owner).Scan(&gone).Error
			if err != nil {
				return fmt.Errorf("remove dialings: %w", err)
			}
			back := slices.DeleteFunc(slices.Clone(one.marks), func(m claimed) bool { return !slices.Contains(gone, m.UUID) })

			return s.giveBack(tx, back)
		})
		if err != nil {
			return fmt.Errorf("settle an earlier claim in doubt: %w", err)
		}
		s.doubts.drop(one)
	}
}
