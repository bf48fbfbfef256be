package scheduler

import (
	"fmt"
	"math"
	"time"

	"github.com/outpace/outpace/results"
)

// unlimited stands for no limit in counts of calls.
const unlimited = math.MaxInt32

const (
	breakerTrips = 20 // calls in a row that reached no phone
	breakerFirst = 30 * time.Second
	breakerMost  = 5 * time.Minute
)

// breaker pauses dialing on a way out (gateway and trunk) through which
// nothing reaches a phone, so that our own faults do not use up the list.
type breaker struct {
	way   string // for people
	row   int    // calls in a row that reached no phone
	pause time.Duration
	until time.Time
}

// undialable reports whether a call ended before it was placed because its own
// number or variables cannot be dialed.
func undialable(res results.Result) bool {
	return res.Disposition == results.Failed && (res.Status == results.StatusSendFailed || res.Status == results.StatusQueueFailed)
}

// note takes in how a call ended. It reports whether that began a pause.
func (b *breaker) note(res results.Result, now time.Time) bool {
	switch {
	case undialable(res):
		return false // of the way nothing was learned
	case !res.Disposition.TryGivenBack():
		b.row, b.pause, b.until = 0, 0, time.Time{}
		return false
	}
	b.row++
	if b.row < breakerTrips || now.Before(b.until) {
		return false
	}
	b.pause = min(max(2*b.pause, breakerFirst), breakerMost)
	b.until = now.Add(b.pause)
	return true
}

// allows is how many calls may be placed now: all, none, or one to try out
// whether the way is open again. out is how many calls are on their way.
func (b *breaker) allows(now time.Time, out int) (n int, why string) {
	switch {
	case b.row < breakerTrips:
		return unlimited, ""
	case now.Before(b.until):
		return 0, fmt.Sprintf("%d calls in a row reached no phone through %s; placing there pauses until %s.",
			b.row, b.way, b.until.UTC().Format("15:04:05 UTC"))
	default:
		return max(0, 1-out), fmt.Sprintf("One call is tried through %s, after %d in a row reached no phone.", b.way, b.row)
	}
}
