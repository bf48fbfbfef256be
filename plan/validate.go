package plan

import (
	"fmt"
	"regexp"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/outpace/outpace/plan/variables"
)

// The limits of a plan's values.
const (
	MaxName   = 255  // characters of a name
	MaxDetail = 4096 // characters of a detail
	MaxLine   = 900  // bytes of what goes to the PBX as one line, which holds 1024

	MinDialTimeout  = time.Second
	MaxDialTimeout  = 120 * time.Second
	MaxRetryDelay   = 31_536_000 * time.Second
	MaxServiceLevel = 10_000
	MaxTries        = 100    // tries of one number
	MaxMaxCalls     = 10_000 // max_calls
	MaxMaxCPS       = 1_000  // max_cps

	MinRatio           = 1 // calls for each free agent
	MaxRatio           = 20
	MaxAbandonTarget   = 100 // per cent
	MinAbandonPatience = 100 * time.Millisecond
	MaxAbandonPatience = time.Minute
	MaxAbandonWindow   = 366 // days
	MaxAbandonLock     = 8760 * time.Hour
)

var (
	gateway = regexp.MustCompile(`^[0-9A-Za-z._-]{1,64}$`)
	codec   = regexp.MustCompile(`^!?[0-9A-Za-z_.-]{1,32}(:[0-9]{1,4})?$`)
)

// Validate checks all values that a user can set. Its error is an Invalid that
// names the first wrong field as it is called on the wire. Whether the gateway
// exists is not for a plan to know.
func (p Plan) Validate() error {
	return firstError(
		text("name", p.Name, MaxName),
		text("detail", p.Detail, MaxDetail),
		between("dial_mode", p.Mode, ModeNone, ModePredictive),
		p.validateRoute(),
		p.validateTimes(),
		between("dl_end_handle", p.EndHandle, 0, 1),
		between("service_level", p.ServiceLevel, 0, MaxServiceLevel),
		p.validateTries(),
		optional("max_calls", p.MaxCalls, MaxMaxCalls),
		optional("max_cps", p.MaxCPS, MaxMaxCPS),
		p.validatePacing(),
		p.validateAbandonment(),
		p.validateCall(),
	)
}

// Startable returns an Invalid if a campaign with this plan cannot start. What
// would keep every number from being dialed is the plan's fault, not that of
// the entries, which would have to pay for it with their tries.
func (p Plan) Startable() error {
	if p.Mode != ModePredictive {
		return Invalid{"dial_mode", "of the plan must be 1 (predictive) before a campaign can start"}
	}
	return p.validateRoute()
}

func (p Plan) validateRoute() error {
	if p.Gateway != "" && !gateway.MatchString(p.Gateway) {
		return Invalid{"gateway", "must be 1 to 64 of the characters 0-9 A-Z a-z . _ -"}
	}
	if _, ok := forms[strings.ToLower(p.Tech)]; !ok {
		return errTech
	}
	if p.Trunk != "" && !trunk.MatchString(p.Trunk) {
		return errTrunk
	}
	return nil
}

func (p Plan) validateTimes() error {
	if p.DialTimeout < MinDialTimeout || p.DialTimeout > MaxDialTimeout || p.DialTimeout%time.Millisecond != 0 {
		return Invalid{"dial_timeout", fmt.Sprintf("must be %d to %d (milliseconds)",
			MinDialTimeout.Milliseconds(), MaxDialTimeout.Milliseconds())}
	}
	if p.RetryDelay < 0 || p.RetryDelay > MaxRetryDelay || p.RetryDelay%time.Second != 0 {
		return Invalid{"retry_delay", fmt.Sprintf("must be 0 to %d (seconds)", MaxRetryDelay/time.Second)}
	}
	return nil
}

func (p Plan) validateTries() error {
	for i, n := range p.MaxRetry {
		if err := between(fmt.Sprintf("max_retry_cnt_%d", i+1), n, 0, MaxTries); err != nil {
			return err
		}
	}
	return nil
}

// validatePacing keeps a ratio that no pacing uses now: it is there when
// somebody goes back to it.
func (p Plan) validatePacing() error {
	switch p.Pacing {
	case PacingPredictive, PacingFormula, PacingRatio:
	default:
		return Invalid{"pacing", fmt.Sprintf("must be %q, %q or %q", PacingPredictive, PacingFormula, PacingRatio)}
	}
	if p.Ratio == 0 {
		if p.Pacing == PacingRatio {
			return Invalid{"ratio", fmt.Sprintf("must be set, %d to %d, when pacing is %q", MinRatio, MaxRatio, PacingRatio)}
		}
		return nil
	}
	return within("ratio", p.Ratio, MinRatio, MaxRatio)
}

// validateAbandonment does not know whether the destination exists.
func (p Plan) validateAbandonment() error {
	if err := within("abandon_target", p.AbandonTarget, 0, MaxAbandonTarget); err != nil {
		return err
	}
	if d := p.AbandonPatience; d < MinAbandonPatience || d > MaxAbandonPatience || d%time.Millisecond != 0 {
		return Invalid{"abandon_patience", fmt.Sprintf("must be %d to %d (milliseconds)",
			MinAbandonPatience.Milliseconds(), MaxAbandonPatience.Milliseconds())}
	}
	if err := between("abandon_window", p.AbandonWindow, 1, MaxAbandonWindow); err != nil {
		return err
	}
	if err := reference("abandon_destination", p.AbandonDestination); err != nil {
		return err
	}
	if p.AbandonLock < 0 || p.AbandonLock > MaxAbandonLock || p.AbandonLock%time.Hour != 0 {
		return Invalid{"abandon_lock_hours", fmt.Sprintf("must be 0 to %d (hours)", MaxAbandonLock/time.Hour)}
	}
	return nil
}

// validateCall checks what goes to the PBX as it is.
func (p Plan) validateCall() error {
	if err := text("caller_id", p.CallerID, MaxName); err != nil {
		return err
	}
	if len(p.CallerID) > MaxLine {
		return Invalid{"caller_id", fmt.Sprintf("must not be longer than %d bytes", MaxLine)}
	}
	if strings.ContainsFunc(p.CallerID, unicode.IsControl) {
		return Invalid{"caller_id", "must not contain control characters"}
	}
	switch p.EarlyMedia {
	case "", "true", "false":
	default:
		return Invalid{"early_media", `must be "true", "false" or null`}
	}
	if err := text("codecs", p.Codecs, MaxName); err != nil {
		return err
	}
	if p.Codecs != "" {
		for name := range strings.SplitSeq(p.Codecs, ",") {
			if !codec.MatchString(strings.Trim(name, " ")) {
				return Invalid{"codecs", "must be names of codecs, separated by commas"}
			}
		}
	}
	if err := variables.Check(p.Variables, variables.WithHeaders); err != nil {
		return Invalid{"variables", err.Error()}
	}
	return nil
}

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// text checks what is stored as it is. NUL is refused since Postgres cannot
// keep it.
func text(field, value string, limit int) error {
	switch {
	case !utf8.ValidString(value) || strings.Contains(value, "\x00"):
		return Invalid{field, "must be valid UTF-8 without NUL"}
	case utf8.RuneCountInString(value) > limit:
		return Invalid{field, fmt.Sprintf("must not be longer than %d characters", limit)}
	}
	return nil
}

func between(field string, value, low, high int) error {
	if value < low || value > high {
		return Invalid{field, fmt.Sprintf("must be %d to %d", low, high)}
	}
	return nil
}

// within refuses what is no number too.
func within(field string, value, low, high float64) error {
	if value >= low && value <= high {
		return nil
	}
	return Invalid{field, fmt.Sprintf("must be %g to %g", low, high)}
}

// reference checks the form of a uuid; "" refers to nothing.
func reference(field, value string) error {
	if value == "" {
		return nil
	}
	id, err := uuid.Parse(value)
	if err != nil || id.String() != value {
		return Invalid{field, "must be a lower-case uuid"}
	}
	return nil
}

func optional(field string, value *int, high int) error {
	if value == nil {
		return nil
	}
	return between(field, *value, 1, high)
}
