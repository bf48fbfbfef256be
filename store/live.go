package store

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/outpace/outpace/campaign"
)

type liveRow struct {
	CampaignUUID string
	Body         string
	TmUpdate     int64
}

var liveRowColumns = columnsOf[liveRow]()

// PutLive stores what the engine that holds lease sees of its campaigns, in one
// statement; nothing if it does not hold it any more. No campaign may stand in
// it twice.
func (s *Store) PutLive(ctx context.Context, lease string, live []campaign.Live) error {
	if len(live) == 0 {
		return nil
	}
	rows := make([]liveRow, len(live))
	for i, l := range live {
		body, err := json.Marshal(l)
		if err != nil {
			return fmt.Errorf("encode live statistics: %w", err)
		}
		rows[i] = liveRow{CampaignUUID: l.Campaign, Body: string(body), TmUpdate: micros(l.At)}
	}
	holds := "true"
	if s.dialect == postgresDialect {
		holds = leaseLive
	}
	sql := fmt.Sprintf(`INSERT INTO live (%s) SELECT %s FROM %s WHERE %s
		ON CONFLICT (campaign_uuid) DO UPDATE SET body = excluded.body, tm_update = excluded.tm_update`,
		liveRowColumns.names(""), liveRowColumns.names("x."), s.dialect.rows("rows", liveRowColumns), holds)
	if err := s.w.WithContext(ctx).Exec(sql, map[string]any{"rows": encode(s.dialect, liveRowColumns, rows), "lease": lease}).Error; err != nil {
		return fmt.Errorf("store live statistics: %w", err)
	}

	return nil
}

// Live returns what the engine saw last of a campaign; ok is false if it never
// ran.
func (s *Store) Live(ctx context.Context, uuid string) (live campaign.Live, ok bool, err error) {
	if !storable(uuid) {
		return campaign.Live{}, false, nil
	}
	var bodies []string
	if err := s.read(ctx).Raw("SELECT body FROM live WHERE campaign_uuid = ?", uuid).Scan(&bodies).Error; err != nil {
		return campaign.Live{}, false, fmt.Errorf("read live statistics: %w", err)
	}
	if len(bodies) == 0 {
		return campaign.Live{}, false, nil
	}
	if err := json.Unmarshal([]byte(bodies[0]), &live); err != nil {
		return campaign.Live{}, false, fmt.Errorf("decode live statistics: %w", err)
	}

	return live, true, nil
}
