package sim

import (
	"fmt"
	"slices"
	"time"

	"github.com/outpace/outpace/campaign"
)

// Stop is a time in which a user wants no calls to be placed; To is zero if
// the user has not ended it. The calendar ends it too when it opens, unless it
// is a Pause.
type Stop struct {
	From, To time.Time
	Pause    bool
}

// holds reports whether a call placed at a time was placed in spite of the
// stop, grace after its beginning.
func (s Stop) holds(o Ordeal, at time.Time, grace time.Duration) bool {
	if !at.After(s.From.Add(grace)) || !s.To.IsZero() && !at.Before(s.To) {
		return false
	}
	if s.Pause || o.Calendar.Mode == 0 {
		return true
	}
	// Where the clock is put, the calendar may open at any time.
	early := time.Duration(max(o.Skew, 0)) * time.Second
	return !o.Has(Clock) && at.Before(opening(o.Calendar, s.From).Add(-early))
}

// opening is when the calendar, which closes once in an ordeal, opens after a time.
func opening(c campaign.Calendar, after time.Time) time.Time {
	edge := c.NextEdge(after)
	if c.Open(after) {
		edge = c.NextEdge(edge)
	}
	return edge
}

// Timely says, in a sentence each, which calls were placed when none may be, or
// faster than they may. steps says that the step driver has played the ordeal,
// with the faults that are its own.
func Timely(o Ordeal, e Evidence, stops []Stop, steps bool) (wrong []string) {
	if o.Has(LinkFrozen) || steps && o.Has(Busy) {
		return nil // what was sent arrives whenever the link lives again
	}
	// A stop is acted on within a second, and what was claimed before is not
	// placed later than its claim allows.
	grace := 1500 * time.Millisecond
	if o.Engines > 1 || o.Has(StoreDown, StoreSlow, LogFull, LogGone, Killed, KilledAt, KilledInLog, KilledInClaim) || steps && o.Has(Frozen, FrozenAt, FrozenInClaim, FrozenInPlace) {
		grace = 7 * time.Second
	}
	for _, c := range e.Originates {
		for _, s := range stops {
			if s.holds(o, c.At, grace) {
				wrong = append(wrong, fmt.Sprintf("the call %s was placed %s after a stop", c.Call, c.At.Sub(s.From)))
			}
		}
		held := steps && o.Has(FrozenInPlace) && o.open(c.At.Add(-PlaceHeld))
		if !o.Has(Clock) && !o.open(c.At) && !held {
			wrong = append(wrong, fmt.Sprintf("the call %s was placed at %s, when the calendar is closed", c.Call, c.At.UTC().Format(time.TimeOnly)))
		}
	}
	most := o.MaxCPS
	if o.PlanCPS > 0 {
		most = min(most, o.PlanCPS)
	}
	if n := rate(e.Originates, e.Breaks); n > most {
		wrong = append(wrong, fmt.Sprintf("%d calls were placed within a second, max_cps is %d", n, most))
	}
	return wrong
}

// open reports whether the calendar is, by the clock of one engine at least.
func (o Ordeal) open(at time.Time) bool {
	for slot := range o.Engines {
		if o.Calendar.Open(at.Add(time.Duration(o.Ahead(slot)) * time.Second)) {
			return true
		}
	}
	return false
}

// jitter is how late a request may leave that was to leave at a time.
const jitter = 20 * time.Millisecond

// rate returns the most originates within any second without a break: who
// begins does not know what another one has placed just before, and who was
// stopped catches up.
func rate(list []Originate, breaks []time.Time) int {
	most := 0
	for i, from := range list {
		n := 0
		for _, c := range list[i:] {
			parted := slices.ContainsFunc(breaks, func(p time.Time) bool { return p.After(from.At) && !p.After(c.At) })
			if parted || c.At.Sub(from.At) >= time.Second-jitter {
				break
			}
			n++
		}
		most = max(most, n)
	}
	return most
}
