package store

import (
	"context"
	"fmt"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/outpace/outpace/campaign"
)

type campaignRow struct {
	Base base `gorm:"embedded"`

	Name             string
	Detail           string
	Status           int
	PlanUUID         string
	DestUUID         string
	DlmaUUID         string
	NextCampaign     string
	Variables        *string
	ScMode           int
	ScTimezone       string
	ScTimeStart      string
	ScTimeEnd        string
	ScDateStart      string
	ScDateEnd        string
	ScDateList       string
	ScDateListExcept string
	ScDayList        string
	Edge             int64
	Reason           string
}

// TableName names the table to gorm.
func (*campaignRow) TableName() string { return "campaigns" }

func (r *campaignRow) head() *base { return &r.Base }

func campaignRowOf(c campaign.Campaign, b base) campaignRow {
	k := c.Calendar

	return campaignRow{
		Base: b, Name: c.Name, Detail: c.Detail, Status: int(c.Status), PlanUUID: c.Plan, DestUUID: c.Destination, DlmaUUID: c.List,
		NextCampaign: c.Next, Variables: jsonMap(c.Variables), ScMode: k.Mode, ScTimezone: k.Zone, ScTimeStart: k.TimeStart,
		ScTimeEnd: k.TimeEnd, ScDateStart: k.DateStart, ScDateEnd: k.DateEnd, ScDateList: k.DateList,
		ScDateListExcept: k.DateListExcept, ScDayList: k.DayList, Edge: micros(c.Edge), Reason: c.Reason,
	}
}

func (r *campaignRow) object() campaign.Campaign {
	return campaign.Campaign{
		UUID: r.Base.UUID, Name: r.Name, Detail: r.Detail, Status: campaign.Status(r.Status), Plan: r.PlanUUID, Destination: r.DestUUID,
		List: r.DlmaUUID, Next: r.NextCampaign, Variables: mapOf(r.Variables),
		Calendar: campaign.Calendar{
			Mode: r.ScMode, Zone: r.ScTimezone, TimeStart: r.ScTimeStart, TimeEnd: r.ScTimeEnd, DateStart: r.ScDateStart,
			DateEnd: r.ScDateEnd, DateList: r.ScDateList, DateListExcept: r.ScDateListExcept, DayList: r.ScDayList,
		},
		Edge: timeOf(r.Edge), Reason: r.Reason,
		InUse: r.Base.InUse != 0, TmCreate: timeOf(r.Base.TmCreate), TmUpdate: timeOf(r.Base.TmUpdate), TmDelete: timeOf(r.Base.TmDelete),
	}
}

func checkCampaign(c campaign.Campaign) error {
	k := c.Calendar
	bad := texts{
		"name", c.Name, "detail", c.Detail, "plan", c.Plan, "dest", c.Destination, "dlma", c.List, "next_campaign", c.Next,
		"sc_timezone", k.Zone, "sc_time_start", k.TimeStart, "sc_time_end", k.TimeEnd, "sc_date_start", k.DateStart,
		"sc_date_end", k.DateEnd, "sc_date_list", k.DateList, "sc_date_list_except", k.DateListExcept, "sc_day_list", k.DayList,
		"reason", c.Reason,
	}.variables(c.Variables).bad()
	if bad != "" {
		return campaign.Invalid{Field: bad, Message: unstorable}
	}

	return nil
}

// checkReferences makes sure that what c refers to exists and is live, and
// stays so until the transaction ends. What was has already is not looked at.
func checkReferences(tx *gorm.DB, was, c campaign.Campaign) error {
	for _, ref := range []struct{ field, table, was, is string }{
		{"plan", "plans", was.Plan, c.Plan},
		{"dest", "destinations", was.Destination, c.Destination},
		{"dlma", "dlmas", was.List, c.List},
		{"next_campaign", "campaigns", was.Next, c.Next},
	} {
		if ref.is == "" || ref.is == ref.was {
			continue
		}
		live, err := hold(tx, ref.table, ref.is)
		if err != nil {
			return err
		}
		if !live {
			return campaign.Invalid{Field: ref.field, Message: "does not exist"}
		}
	}

	return nil
}

// hold reports whether an object is live, and keeps others from deleting it
// before the transaction ends.
func hold(tx *gorm.DB, table, uuid string) (bool, error) {
	if !storable(uuid) {
		return false, nil
	}
	var ids []int64
	err := tx.Table(table).Clauses(clause.Locking{Strength: clause.LockingStrengthShare}).
		Where("uuid = ? AND in_use = 1", uuid).Limit(1).Select("id").Scan(&ids).Error
	if err != nil {
		return false, fmt.Errorf("look up reference: %w", err)
	}

	return len(ids) > 0, nil
}

// release counts the live objects of a table whose column names uuid and, with
// force, clears it there.
func (s *Store) release(tx *gorm.DB, table, column, uuid string, force bool) (int64, error) {
	var n int64
	q := tx.Table(table).Where(column+" = ? AND in_use = 1", uuid)
	if err := q.Count(&n).Error; err != nil {
		return 0, fmt.Errorf("count references: %w", err)
	}
	if !force {
		return n, nil
	}
	now := s.nowMicros()
	// Deleted campaigns may still be stopping; they lose it too.
	err := tx.Exec("UPDATE "+table+" SET "+column+" = '', tm_update = CASE WHEN tm_update >= ? THEN tm_update + 1 ELSE ? END WHERE "+
		column+" = ?", now, now, uuid).Error
	if err != nil {
		return 0, fmt.Errorf("clear references: %w", err)
	}

	return n, nil
}

// inUse is the sentence for an object that campaigns name.
func inUse(what string, n int64) string {
	if n == 1 {
		return "a campaign uses the " + what + "; force=1 takes it out of the campaign"
	}

	return fmt.Sprintf("%d campaigns use the %s; force=1 takes it out of them", n, what)
}

// CreateCampaign keeps a new campaign under a uuid of its own. Its calendar,
// if it is on, counts as new.
func (s *Store) CreateCampaign(ctx context.Context, c campaign.Campaign) (campaign.Campaign, error) {
	if err := checkCampaign(c); err != nil {
		return campaign.Campaign{}, err
	}
	if c.Calendar.Mode != 0 {
		c.Edge = campaign.EdgePending
	}
	var out campaign.Campaign
	err := s.tx(ctx, func(tx *gorm.DB) error {
		if err := checkReferences(tx, campaign.Campaign{}, c); err != nil {
			return err
		}
		row := campaignRowOf(c, base{})
		row.Base.made(s.nowMicros())
		if err := insert(tx, &row); err != nil {
			return err
		}
		out = row.object()

		return nil
	})

	return out, err
}

// Campaign returns a live campaign, campaign.ErrNotFound if there is none of
// that uuid.
func (s *Store) Campaign(ctx context.Context, uuid string) (campaign.Campaign, error) {
	return get[campaign.Campaign, campaignRow](s.engine(ctx), uuid, campaign.ErrNotFound)
}

// ListCampaigns returns up to count live campaigns after the one named, oldest
// first, and whether there are more.
func (s *Store) ListCampaigns(ctx context.Context, after string, count int) (list []campaign.Campaign, more bool, err error) {
	return page[campaign.Campaign, campaignRow](s.read(ctx), after, count, campaign.Invalid{Field: "after", Message: afterUnknown})
}

// UpdateCampaign lets edit change a campaign in one transaction, as UpdatePlan
// does. New references must exist; a changed calendar becomes pending.
func (s *Store) UpdateCampaign(ctx context.Context, uuid string, edit func(*campaign.Campaign) error) (campaign.Campaign, error) {
	var out campaign.Campaign
	err := s.tx(ctx, func(tx *gorm.DB) error {
		row, err := find[campaign.Campaign, campaignRow](tx, uuid, true, campaign.ErrNotFound)
		if err != nil {
			return err
		}
		was := row.object()
		c := row.object()
		if err := edit(&c); err != nil {
			return err
		}
		if err := checkCampaign(c); err != nil {
			return err
		}
		if err := checkReferences(tx, was, c); err != nil {
			return err
		}
		if c.Calendar != was.Calendar {
			c.Edge = campaign.EdgePending
		}
		changed := campaignRowOf(c, row.Base)
		changed.Base.TmUpdate = after(s.nowMicros(), row.Base.TmUpdate)
		out = changed.object()

		return save(tx, &changed)
	})

	return out, err
}

// DeleteCampaign deletes a campaign. One that is neither stopped nor paused is
// a campaign.Conflict without force; with it, it is left stopping, and the
// scheduler ends it gracefully.
func (s *Store) DeleteCampaign(ctx context.Context, uuid string, force bool) (campaign.Campaign, error) {
	var out campaign.Campaign
	err := s.tx(ctx, func(tx *gorm.DB) error {
		row, err := find[campaign.Campaign, campaignRow](tx, uuid, true, campaign.ErrNotFound)
		if err != nil {
			return err
		}
		switch campaign.Status(row.Status) {
		case campaign.Stopped, campaign.Paused:
		case campaign.ForceStopping, campaign.Stopping:
			if !force {
				return campaign.Conflict("the campaign is stopping; wait for its calls to end, or use force=1")
			}
		default:
			if !force {
				return campaign.Conflict("the campaign is running; stop it first, or use force=1")
			}
			row.Status = int(campaign.Stopping)
		}
		now := s.nowMicros()
		err = tx.Exec(`UPDATE campaigns SET next_campaign = '', tm_update = CASE WHEN tm_update >= ? THEN tm_update + 1 ELSE ? END
			WHERE next_campaign = ? AND uuid <> ?`, now, now, uuid, uuid).Error
		if err != nil {
			return fmt.Errorf("clear references: %w", err)
		}
		row.Base.deleted(now)
		out = row.object()

		return save(tx, row)
	})

	return out, err
}
