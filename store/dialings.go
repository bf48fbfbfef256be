package store

import (
	"context"
	"fmt"

	"gorm.io/gorm"

	"github.com/outpace/outpace/results"
)

// TakeOver makes lease, the token of the gateway's lease, the owner of all
// open dialings of a gateway and returns them, oldest first;
// results.ErrLeaseLost if it does not hold.
func (s *Store) TakeOver(ctx context.Context, gateway, lease string) ([]results.Dialing, error) {
	if err := s.settleDoubts(ctx); err != nil {
		return nil, err
	}
	var list []results.Dialing
	err := s.tx(ctx, func(tx *gorm.DB) error {
		if err := s.leaseHolds(tx, lease); err != nil {
			return err
		}
		if err := tx.Exec("UPDATE dialings SET owner = ? WHERE gateway = ?", lease, gateway).Error; err != nil {
			return fmt.Errorf("change owner: %w", err)
		}
		rows, err := scan[dialingRow](tx.Model(&dialingRow{}).Where("gateway = ?", gateway).Order("id"))
		if err != nil {
			return fmt.Errorf("read dialings: %w", err)
		}
		list, err = unpack(tx, rows)

		return err
	})
	if err != nil {
		return nil, fmt.Errorf("take over calls: %w", err)
	}

	return list, nil
}

// OpenCalls counts the open calls of a campaign, on any gateway.
func (s *Store) OpenCalls(ctx context.Context, campaign string) (int, error) {
	if !storable(campaign) {
		return 0, nil
	}
	var n int64
	if err := s.engine(ctx).Model(&dialingRow{}).Where("campaign_uuid = ?", campaign).Count(&n).Error; err != nil {
		return 0, fmt.Errorf("count open calls: %w", err)
	}

	return int(n), nil
}

// Dialing returns an open call, results.ErrNotFound if there is none of that
// uuid.
func (s *Store) Dialing(ctx context.Context, uuid string) (results.Dialing, error) {
	if !storable(uuid) {
		return results.Dialing{}, results.ErrNotFound
	}
	db := s.read(ctx)
	rows, err := scan[dialingRow](db.Model(&dialingRow{}).Where("uuid = ?", uuid).Limit(1))
	if err != nil {
		return results.Dialing{}, fmt.Errorf("read dialing: %w", err)
	}
	if len(rows) == 0 {
		return results.Dialing{}, results.ErrNotFound
	}
	list, err := unpack(db, rows)
	if err != nil {
		return results.Dialing{}, err
	}

	return list[0], nil
}

// ListDialings returns up to count open calls after the one named, oldest
// first, and whether there are more. The one named may have ended since.
func (s *Store) ListDialings(ctx context.Context, after string, count int) (list []results.Dialing, more bool, err error) {
	err = s.walk(s.read(ctx), func(tx *gorm.DB) error {
		q := tx.Model(&dialingRow{})
		if after != "" {
			id, ok, err := placeOf(tx, after)
			if err != nil {
				return err
			}
			if !ok {
				return results.Invalid{Field: "after", Message: afterUnknown}
			}
			q = q.Where("id > ?", id)
		}
		rows, err := scan[dialingRow](q.Order("id").Limit(count + 1))
		if err != nil {
			return fmt.Errorf("read dialings: %w", err)
		}
		if more = len(rows) > count; more {
			rows = rows[:count]
		}
		list, err = unpack(tx, rows)

		return err
	})

	return list, more, err
}

// placeOf returns the place of a call, open or ended, in the order of claims.
func placeOf(db *gorm.DB, uuid string) (int64, bool, error) {
	if !storable(uuid) {
		return 0, false, nil
	}
	var ids []int64
	err := db.Raw(`SELECT id FROM dialings WHERE uuid = @uuid
		UNION ALL SELECT dialing_id FROM results WHERE uuid = @uuid `, map[string]any{"uuid": uuid}).Scan(&ids).Error
	if err != nil {
		return 0, false, fmt.Errorf("find place in list: %w", err)
	}
	if len(ids) == 0 {
		return 0, false, nil
	}

	return ids[0], true, nil
}

// AskHangup leaves word for the engine that owns an open call to end it;
// results.ErrNotFound if there is no such call.
func (s *Store) AskHangup(ctx context.Context, uuid string) error {
	if !storable(uuid) {
		return results.ErrNotFound
	}
	q := s.w.WithContext(ctx).Exec("UPDATE dialings SET hangup_asked = 1 WHERE uuid = ?", uuid)
	if q.Error != nil {
		return fmt.Errorf("ask for hang-up: %w", q.Error)
	}
	if q.RowsAffected == 0 {
		return results.ErrNotFound
	}

	return nil
}

// HangupsAsked returns the uuids of a gateway's open calls that a user wants
// ended.
func (s *Store) HangupsAsked(ctx context.Context, gateway string) ([]string, error) {
	var list []string
	err := s.engine(ctx).Raw("SELECT uuid FROM dialings WHERE gateway = ? AND hangup_asked = 1", gateway).Scan(&list).Error
	if err != nil {
		return nil, fmt.Errorf("read hang-ups asked for: %w", err)
	}

	return list, nil
}
