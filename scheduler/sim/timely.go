package sim

import (
	"fmt"
	"slices"
	"time"
)

// Stop is a time in which a user wants no calls to be placed; To is zero if it
// has not ended.
type Stop struct{ From, To time.Time }

// Timely says, in a sentence each, which calls were placed when none may be, or
// faster than they may. starts are the times at which engines have started.
func Timely(o Ordeal, e Evidence, starts []time.Time, stops []Stop) (wrong []string) {
	if o.Has(LinkFrozen, Busy) {
		return nil // what was sent arrives whenever the link lives again
	}
	// A stop is acted on within a second, and what was claimed before is not
	// placed later than its claim allows.
	grace := 1500 * time.Millisecond
	if o.Engines > 1 || o.Has(StoreDown, StoreSlow, LogFull, LogGone, Killed, KilledAt, KilledInLog, KilledInClaim) {
		grace = 7 * time.Second
	}
	for _, c := range e.Originates {
		for _, s := range stops {
			if c.At.After(s.From.Add(grace)) && (s.To.IsZero() || c.At.Before(s.To)) {
				wrong = append(wrong, fmt.Sprintf("the call %s was placed %s after a stop", c.Call, c.At.Sub(s.From)))
			}
		}
		if !o.Has(Clock) && !o.Calendar.Open(c.At) {
			wrong = append(wrong, fmt.Sprintf("the call %s was placed at %s, when the calendar is closed", c.Call, c.At.UTC().Format(time.TimeOnly)))
		}
	}
	if n := rate(e.Originates, starts); o.Engines == 1 && n > o.MaxCPS {
		wrong = append(wrong, fmt.Sprintf("%d calls were placed within a second, max_cps is %d", n, o.MaxCPS))
	}
	return wrong
}

// jitter is how late a request may leave that was to leave at a time.
const jitter = 20 * time.Millisecond

// rate returns the most originates within any second that no start of an
// engine parts.
func rate(list []Originate, starts []time.Time) int {
	most := 0
	for i, from := range list {
		n := 0
		for _, c := range list[i:] {
			parted := slices.ContainsFunc(starts, func(p time.Time) bool { return p.After(from.At) && !p.After(c.At) })
			if parted || c.At.Sub(from.At) >= time.Second-jitter {
				break
			}
			n++
		}
		most = max(most, n)
	}
	return most
}
