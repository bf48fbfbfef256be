package store

import (
	"context"
	"fmt"
	"slices"

	"github.com/outpace/outpace/results"
)

// Recent returns up to count of the latest numbered results of a campaign,
// oldest first.
func (s *Store) Recent(ctx context.Context, campaign string, count int) ([]results.Result, error) {
	if !storable(campaign) {
		return nil, nil
	}
	var rows []resultRow
	err := s.read(ctx).Where("campaign_uuid = ? AND seq IS NOT NULL", campaign).Order("seq DESC").Limit(count).Find(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("read recent results: %w", err)
	}
	list := make([]results.Result, len(rows))
	for i := range rows {
		list[i] = rows[i].result()
	}
	slices.Reverse(list)

	return list, nil
}
