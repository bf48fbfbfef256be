package api

import (
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/outpace/outpace/plan"
)

// planView is a plan on the wire.
type planView struct {
	AbandonDestination *string           `json:"abandon_destination"`
	AbandonLockHours   int64             `json:"abandon_lock_hours"`
	AbandonPatience    int64             `json:"abandon_patience"` // milliseconds
	AbandonTarget      float64           `json:"abandon_target"`   // per cent
	AbandonWindow      int               `json:"abandon_window"`   // days
	CallerID           *string           `json:"caller_id"`
	Codecs             *string           `json:"codecs"`
	Detail             *string           `json:"detail"`
	DialMode           int               `json:"dial_mode"`
	DialTimeout        int64             `json:"dial_timeout"` // milliseconds
	DlEndHandle        int               `json:"dl_end_handle"`
	EarlyMedia         *string           `json:"early_media"`
	Gateway            *string           `json:"gateway"`
	InUse              int               `json:"in_use"`
	MaxCalls           *int              `json:"max_calls"`
	MaxCPS             *int              `json:"max_cps"`
	MaxRetryCnt1       int               `json:"max_retry_cnt_1"`
	MaxRetryCnt2       int               `json:"max_retry_cnt_2"`
	MaxRetryCnt3       int               `json:"max_retry_cnt_3"`
	MaxRetryCnt4       int               `json:"max_retry_cnt_4"`
	MaxRetryCnt5       int               `json:"max_retry_cnt_5"`
	MaxRetryCnt6       int               `json:"max_retry_cnt_6"`
	MaxRetryCnt7       int               `json:"max_retry_cnt_7"`
	MaxRetryCnt8       int               `json:"max_retry_cnt_8"`
	Name               *string           `json:"name"`
	Pacing             string            `json:"pacing"`
	Ratio              *float64          `json:"ratio"`
	RedialUnknown      int               `json:"redial_unknown"`
	RetryDelay         int64             `json:"retry_delay"` // seconds
	ServiceLevel       int               `json:"service_level"`
	TechName           *string           `json:"tech_name"`
	TmCreate           *string           `json:"tm_create"`
	TmDelete           *string           `json:"tm_delete"`
	TmUpdate           *string           `json:"tm_update"`
	TrunkName          *string           `json:"trunk_name"`
	UUID               string            `json:"uuid"`
	Variables          map[string]string `json:"variables"`
	Warnings           []string          `json:"warnings"`
}

func viewPlan(p plan.Plan) any {
	return planView{
		AbandonDestination: orNull(p.AbandonDestination),
		AbandonLockHours:   int64(p.AbandonLock / time.Hour),
		AbandonPatience:    p.AbandonPatience.Milliseconds(),
		AbandonTarget:      p.AbandonTarget,
		AbandonWindow:      p.AbandonWindow,
		CallerID:           orNull(p.CallerID),
		Codecs:             orNull(p.Codecs),
		Detail:             orNull(p.Detail),
		DialMode:           p.Mode,
		DialTimeout:        p.DialTimeout.Milliseconds(),
		DlEndHandle:        p.EndHandle,
		EarlyMedia:         orNull(p.EarlyMedia),
		Gateway:            orNull(p.Gateway),
		InUse:              flag(p.InUse),
		MaxCalls:           p.MaxCalls,
		MaxCPS:             p.MaxCPS,
		MaxRetryCnt1:       p.MaxRetry[0],
		MaxRetryCnt2:       p.MaxRetry[1],
		MaxRetryCnt3:       p.MaxRetry[2],
		MaxRetryCnt4:       p.MaxRetry[3],
		MaxRetryCnt5:       p.MaxRetry[4],
		MaxRetryCnt6:       p.MaxRetry[5],
		MaxRetryCnt7:       p.MaxRetry[6],
		MaxRetryCnt8:       p.MaxRetry[7],
		Name:               orNull(p.Name),
		Pacing:             p.Pacing,
		Ratio:              ratioOrNull(p.Ratio),
		RedialUnknown:      flag(p.RedialUnknown),
		RetryDelay:         int64(p.RetryDelay / time.Second),
		ServiceLevel:       p.ServiceLevel,
		TechName:           orNull(p.Tech),
		TmCreate:           timeOrNull(p.TmCreate),
		TmDelete:           timeOrNull(p.TmDelete),
		TmUpdate:           timeOrNull(p.TmUpdate),
		TrunkName:          orNull(p.Trunk),
		UUID:               p.UUID,
		Variables:          p.Variables,
		Warnings:           append([]string{}, p.Warnings()...), // never nil: none is [] on the wire
	}
}

func ratioOrNull(ratio float64) *float64 {
	if ratio == 0 {
		return nil
	}
	return &ratio
}

var planFields = func() fields[plan.Plan] {
	text := func(place func(*plan.Plan) *string) setter[plan.Plan] { return at(place, readText) }
	number := func(place func(*plan.Plan) *int) setter[plan.Plan] { return at(place, readInt) }
	f := fields[plan.Plan]{
		"name":          text(func(p *plan.Plan) *string { return &p.Name }),
		"detail":        text(func(p *plan.Plan) *string { return &p.Detail }),
		"gateway":       text(func(p *plan.Plan) *string { return &p.Gateway }),
		"tech_name":     text(func(p *plan.Plan) *string { return &p.Tech }),
		"trunk_name":    text(func(p *plan.Plan) *string { return &p.Trunk }),
		"caller_id":     text(func(p *plan.Plan) *string { return &p.CallerID }),
		"early_media":   text(func(p *plan.Plan) *string { return &p.EarlyMedia }),
		"codecs":        text(func(p *plan.Plan) *string { return &p.Codecs }),
		"dial_mode":     number(func(p *plan.Plan) *int { return &p.Mode }),
		"dl_end_handle": number(func(p *plan.Plan) *int { return &p.EndHandle }),
		"service_level": number(func(p *plan.Plan) *int { return &p.ServiceLevel }),
		"dial_timeout": at(func(p *plan.Plan) *time.Duration { return &p.DialTimeout },
			readUnits(time.Millisecond)),
		"retry_delay": at(func(p *plan.Plan) *time.Duration { return &p.RetryDelay },
			readUnits(time.Second)),
		"redial_unknown": at(func(p *plan.Plan) *bool { return &p.RedialUnknown }, readFlag),
		"max_calls":      at(func(p *plan.Plan) **int { return &p.MaxCalls }, readOptionalInt),
		"max_cps":        at(func(p *plan.Plan) **int { return &p.MaxCPS }, readOptionalInt),
		"pacing":         text(func(p *plan.Plan) *string { return &p.Pacing }),
		"ratio":          at(func(p *plan.Plan) *float64 { return &p.Ratio }, readRatio),
		"abandon_target": at(func(p *plan.Plan) *float64 { return &p.AbandonTarget }, readNumber),
		"abandon_patience": at(func(p *plan.Plan) *time.Duration { return &p.AbandonPatience },
			readUnits(time.Millisecond)),
		"abandon_window":      number(func(p *plan.Plan) *int { return &p.AbandonWindow }),
		"abandon_destination": at(func(p *plan.Plan) *string { return &p.AbandonDestination }, readUUID),
		"abandon_lock_hours": at(func(p *plan.Plan) *time.Duration { return &p.AbandonLock },
			readUnits(time.Hour)),
		"variables": at(func(p *plan.Plan) *map[string]string { return &p.Variables }, readVariables),
	}
	for i := range plan.Numbers {
		f["max_retry_cnt_"+strconv.Itoa(i+1)] = number(func(p *plan.Plan) *int { return &p.MaxRetry[i] })
	}
	return f
}()

// readRatio reads the ratio of a plan, where no number stands for none.
func readRatio(value json.RawMessage) (float64, error) {
	n, err := readNumber(value)
	if err == nil && n == 0 {
		err = fmt.Errorf("must be %d to %d, or null", plan.MinRatio, plan.MaxRatio)
	}
	return n, err
}

// freshPlan is what a POST starts from.
func freshPlan() plan.Plan { return plan.Default() }

// checkPlan completes and validates a plan that a body has changed. Where a
// plan cannot do without a text, an empty one means the default.
func checkPlan(_, p *plan.Plan, _ object) error {
	if p.Tech == "" {
		p.Tech = plan.Default().Tech
	}
	if p.Pacing == "" {
		p.Pacing = plan.Default().Pacing
	}
	return p.Validate()
}
