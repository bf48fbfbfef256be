package store

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"

	"github.com/outpace/outpace/campaign"
)

// Working returns the campaigns that are neither stopped nor paused, deleted
// ones too, and the live ones whose calendar is on; oldest first.
func (s *Store) Working(ctx context.Context) ([]campaign.Campaign, error) {
	var rows []campaignRow
	err := s.engine(ctx).Where("status NOT IN (?, ?) OR (in_use = 1 AND sc_mode = 1)", campaign.Stopped, campaign.Paused).
		Order("id").Find(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("read working campaigns: %w", err)
	}
	list := make([]campaign.Campaign, len(rows))
	for i := range rows {
		list[i] = rows[i].object()
	}

	return list, nil
}

// Move changes a campaign's status if its present one is among m.From, and
// reports whether it did. It is results.ErrLeaseLost if lease, which the engine
// that wants it holds, is not its own any more. A deleted campaign moves too,
// except to Started.
func (s *Store) Move(ctx context.Context, lease, uuid string, m campaign.Move) (bool, error) {
	moved := false
	err := s.tx(ctx, func(tx *gorm.DB) error {
		if err := s.leaseHolds(tx, lease); err != nil {
			return err
		}
		var err error
		moved, err = s.move(tx, uuid, m)

		return err
	})

	return moved && err == nil, err
}

// move is Move for those who need no lease.
func (s *Store) move(tx *gorm.DB, uuid string, m campaign.Move) (bool, error) {
	if len(m.From) == 0 || !storable(uuid) {
		return false, nil
	}
	now := s.nowMicros()
	set := map[string]any{
		"status":    int(m.To),
		"tm_update": gorm.Expr("CASE WHEN tm_update >= ? THEN tm_update + 1 ELSE ? END", now, now),
	}
	q := tx.Model(&campaignRow{}).Where("uuid = ? AND status IN ?", uuid, m.From)
	if m.To == campaign.Started {
		q = q.Where("in_use = 1")
		set["reason"] = "" // that of the last stop
	}
	if m.Reason != "" {
		set["reason"] = clean(m.Reason)
	}
	q = q.Updates(set)
	if q.Error != nil {
		return false, fmt.Errorf("move campaign: %w", q.Error)
	}

	return q.RowsAffected == 1, nil
}

// MoveEdge sets a live campaign's Edge to edge if it still is was, makes move
// m, if not nil, in the same transaction where it applies, and reports whether
// it set Edge.
func (s *Store) MoveEdge(ctx context.Context, uuid string, was, edge time.Time, m *campaign.Move) (bool, error) {
	if !storable(uuid) {
		return false, nil
	}
	moved := false
	err := s.tx(ctx, func(tx *gorm.DB) error {
		q := tx.Exec("UPDATE campaigns SET edge = ? WHERE uuid = ? AND edge = ? AND in_use = 1", micros(edge), uuid, micros(was))
		if q.Error != nil {
			return fmt.Errorf("move edge: %w", q.Error)
		}
		if moved = q.RowsAffected == 1; !moved || m == nil {
			return nil
		}
		_, err := s.move(tx, uuid, *m)

		return err
	})

	return moved && err == nil, err
}
