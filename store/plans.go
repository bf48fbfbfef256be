package store

import (
	"context"
	"time"

	"gorm.io/gorm"

	"github.com/outpace/outpace/campaign"
	"github.com/outpace/outpace/plan"
)

type planRow struct {
	Base base `gorm:"embedded"`

	Name          string
	Detail        string
	DialMode      int
	Gateway       string
	TechName      string
	TrunkName     string
	DialTimeout   int // ms
	DlEndHandle   int
	RetryDelay    int // s
	CallerID      string
	ServiceLevel  int
	EarlyMedia    string
	Codecs        string
	Variables     *string
	Max1          int `gorm:"column:max_retry_cnt_1"`
	Max2          int `gorm:"column:max_retry_cnt_2"`
	Max3          int `gorm:"column:max_retry_cnt_3"`
	Max4          int `gorm:"column:max_retry_cnt_4"`
	Max5          int `gorm:"column:max_retry_cnt_5"`
	Max6          int `gorm:"column:max_retry_cnt_6"`
	Max7          int `gorm:"column:max_retry_cnt_7"`
	Max8          int `gorm:"column:max_retry_cnt_8"`
	RedialUnknown int
	MaxCalls      *int
	MaxCps        *int

	Pacing             string
	Ratio              float64
	AbandonTarget      float64 // %
	AbandonPatience    int     // ms
	AbandonWindow      int     // days
	AbandonDestination string
	AbandonLockHours   int
}

// TableName names the table to gorm.
func (*planRow) TableName() string { return "plans" }

func (r *planRow) head() *base { return &r.Base }

func planRowOf(p plan.Plan, b base) planRow {
	m := p.MaxRetry

	return planRow{
		Base: b, Name: p.Name, Detail: p.Detail, DialMode: p.Mode, Gateway: p.Gateway, TechName: p.Tech, TrunkName: p.Trunk,
		DialTimeout: int(p.DialTimeout.Milliseconds()), DlEndHandle: p.EndHandle, RetryDelay: int(p.RetryDelay / time.Second),
		CallerID: p.CallerID, ServiceLevel: p.ServiceLevel, EarlyMedia: p.EarlyMedia, Codecs: p.Codecs, Variables: jsonMap(p.Variables),
		Max1: m[0], Max2: m[1], Max3: m[2], Max4: m[3], Max5: m[4], Max6: m[5], Max7: m[6], Max8: m[7],
		RedialUnknown: bit(p.RedialUnknown), MaxCalls: p.MaxCalls, MaxCps: p.MaxCPS,
		Pacing: p.Pacing, Ratio: p.Ratio, AbandonTarget: p.AbandonTarget, AbandonPatience: int(p.AbandonPatience.Milliseconds()),
		AbandonWindow: p.AbandonWindow, AbandonDestination: p.AbandonDestination, AbandonLockHours: int(p.AbandonLock / time.Hour),
	}
}

func (r *planRow) object() plan.Plan {
	return plan.Plan{
		UUID: r.Base.UUID, Name: r.Name, Detail: r.Detail, Mode: r.DialMode, Gateway: r.Gateway, Tech: r.TechName, Trunk: r.TrunkName,
		DialTimeout: time.Duration(r.DialTimeout) * time.Millisecond, EndHandle: r.DlEndHandle,
		RetryDelay: time.Duration(r.RetryDelay) * time.Second, CallerID: r.CallerID, ServiceLevel: r.ServiceLevel,
		EarlyMedia: r.EarlyMedia, Codecs: r.Codecs, Variables: mapOf(r.Variables),
		MaxRetry:      [plan.Numbers]int{r.Max1, r.Max2, r.Max3, r.Max4, r.Max5, r.Max6, r.Max7, r.Max8},
		RedialUnknown: r.RedialUnknown != 0, MaxCalls: r.MaxCalls, MaxCPS: r.MaxCps,
		Pacing: r.Pacing, Ratio: r.Ratio, AbandonTarget: r.AbandonTarget,
		AbandonPatience: time.Duration(r.AbandonPatience) * time.Millisecond, AbandonWindow: r.AbandonWindow,
		AbandonDestination: r.AbandonDestination, AbandonLock: time.Duration(r.AbandonLockHours) * time.Hour,
		InUse: r.Base.InUse != 0, TmCreate: timeOf(r.Base.TmCreate), TmUpdate: timeOf(r.Base.TmUpdate), TmDelete: timeOf(r.Base.TmDelete),
	}
}

func checkPlan(p plan.Plan) error {
	bad := texts{
		"name", p.Name, "detail", p.Detail, "gateway", p.Gateway, "tech_name", p.Tech, "trunk_name", p.Trunk,
		"caller_id", p.CallerID, "early_media", p.EarlyMedia, "codecs", p.Codecs, "pacing", p.Pacing,
		"abandon_destination", p.AbandonDestination,
	}.variables(p.Variables).bad()
	if bad != "" {
		return plan.Invalid{Field: bad, Message: unstorable}
	}

	return nil
}

// checkAbandonDestination makes sure that a plan's new abandon_destination is a
// live extension, and stays so until the transaction ends. What was there
// already is not looked at.
func checkAbandonDestination(tx *gorm.DB, was, is string) error {
	const field = "abandon_destination"
	if is == "" || is == was {
		return nil
	}
	live, err := hold(tx, "destinations", is)
	if err != nil {
		return err
	}
	if !live {
		return plan.Invalid{Field: field, Message: "does not exist"}
	}
	d, err := get[campaign.Destination, destinationRow](tx, is, campaign.ErrNotFound)
	if err != nil {
		return err
	}
	if d.Type != campaign.TypeExten {
		return plan.Invalid{Field: field, Message: "must be a destination of type 0 (extension)"}
	}

	return nil
}

// CreatePlan keeps a new plan under a uuid of its own.
func (s *Store) CreatePlan(ctx context.Context, p plan.Plan) (plan.Plan, error) {
	if err := checkPlan(p); err != nil {
		return plan.Plan{}, err
	}
	var out plan.Plan
	err := s.tx(ctx, func(tx *gorm.DB) error {
		if err := checkAbandonDestination(tx, "", p.AbandonDestination); err != nil {
			return err
		}
		row := planRowOf(p, base{})
		row.Base.made(s.nowMicros())
		if err := insert(tx, &row); err != nil {
			return err
		}
		out = row.object()

		return nil
	})

	return out, err
}

// Plan returns a live plan, plan.ErrNotFound if there is none of that uuid.
func (s *Store) Plan(ctx context.Context, uuid string) (plan.Plan, error) {
	return get[plan.Plan, planRow](s.read(ctx), uuid, plan.ErrNotFound)
}

// Plans returns the live plans among uuids.
func (s *Store) Plans(ctx context.Context, uuids []string) (map[string]plan.Plan, error) {
	return several[plan.Plan, planRow](s.engine(ctx), uuids)
}

// ListPlans returns up to count live plans after the one named, oldest first,
// and whether there are more.
func (s *Store) ListPlans(ctx context.Context, after string, count int) (list []plan.Plan, more bool, err error) {
	return page[plan.Plan, planRow](s.read(ctx), after, count, plan.Invalid{Field: "after", Message: afterUnknown})
}

// UpdatePlan lets edit change a plan in one transaction. What edit returns as
// an error is returned as it is; uuid and times are not edit's to change. A new
// reference must exist.
func (s *Store) UpdatePlan(ctx context.Context, uuid string, edit func(*plan.Plan) error) (plan.Plan, error) {
	var out plan.Plan
	err := s.tx(ctx, func(tx *gorm.DB) error {
		row, err := find[plan.Plan, planRow](tx, uuid, true, plan.ErrNotFound)
		if err != nil {
			return err
		}
		p := row.object()
		if err := edit(&p); err != nil {
			return err
		}
		if err := checkPlan(p); err != nil {
			return err
		}
		if err := checkAbandonDestination(tx, row.AbandonDestination, p.AbandonDestination); err != nil {
			return err
		}
		changed := planRowOf(p, row.Base)
		changed.Base.TmUpdate = after(s.nowMicros(), row.Base.TmUpdate)
		out = changed.object()

		return save(tx, &changed)
	})

	return out, err
}

// DeletePlan deletes a plan. While a live campaign names it, it is a
// plan.Conflict without force; with it the campaigns' references are cleared.
func (s *Store) DeletePlan(ctx context.Context, uuid string, force bool) (plan.Plan, error) {
	var out plan.Plan
	err := s.tx(ctx, func(tx *gorm.DB) error {
		row, err := find[plan.Plan, planRow](tx, uuid, true, plan.ErrNotFound)
		if err != nil {
			return err
		}
		n, err := s.release(tx, "campaigns", "plan_uuid", uuid, force)
		if err != nil {
			return err
		}
		if n > 0 && !force {
			return plan.Conflict(inUse("plan", n))
		}
		row.Base.deleted(s.nowMicros())
		out = row.object()

		return save(tx, row)
	})

	return out, err
}
