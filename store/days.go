package store

import (
	"context"
	"fmt"

	"github.com/outpace/outpace/results"
)

// Days sums up what counts for abandonment in each day of a campaign from the
// day from (YYYY-MM-DD) on, oldest first. Days without results are left out.
func (s *Store) Days(ctx context.Context, campaign, from string) ([]results.Day, error) {
	if !storable(campaign) {
		return nil, nil
	}
	var days []results.Day
	err := s.engine(ctx).Raw(`SELECT day AS date, CAST(sum(live) AS bigint) AS live, CAST(sum(abandoned) AS bigint) AS abandoned
		FROM tallies WHERE campaign_uuid = ? AND day >= ? GROUP BY day ORDER BY day`, campaign, from).Scan(&days).Error
	if err != nil {
		return nil, fmt.Errorf("read days: %w", err)
	}

	return days, nil
}
