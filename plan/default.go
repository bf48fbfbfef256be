package plan

import "time"

// Default is a plan with everything that a user may leave out. Its dial mode
// is none: a campaign does not dial before somebody has said so.
func Default() Plan {
	return Plan{
		Mode:        ModeNone,
		Tech:        "SIP",
		DialTimeout: 30 * time.Second,
		EndHandle:   1,
		RetryDelay:  60 * time.Second,
		MaxRetry:    [Numbers]int{5, 5, 5, 5, 5, 5, 5, 5},

		Pacing:          PacingPredictive,
		AbandonTarget:   3,
		AbandonPatience: 2 * time.Second,
		AbandonWindow:   30,
		AbandonLock:     72 * time.Hour,

		InUse: true,
	}
}
