package sim

import (
	"slices"
	"time"

	"github.com/outpace/outpace/results"
)

// aftermath is how long after the end of a fault calls may still go unseen: a
// link comes back.
const aftermath = 3 * time.Second

// unseen: a call may be unknown only where something that hides calls has
// touched its time.
func (j *judge) unseen() {
	if j.o.Has(Clock) {
		return // the times of results do not say when they were
	}
	skew := time.Duration(max(j.o.Skew, -j.o.Skew)) * time.Second
	asked := map[string]time.Time{}
	for _, c := range j.e.Originates {
		asked[c.Call] = c.At.Round(0)
	}
	for _, r := range j.e.Results {
		if r.Disposition != results.Unknown {
			continue
		}
		from, to := r.TmCreate.Round(0).Add(-skew), r.TmUpdate.Round(0).Add(skew)
		if at, ok := asked[r.UUID]; ok {
			from = at
		}
		if !j.hidden(from, to) {
			j.say("the call %s is unknown, though nothing hid it from %s to %s", r.UUID, from.Sub(Start), to.Sub(Start))
		}
	}
}

// hidden reports whether a call of a time may have gone unseen.
func (j *judge) hidden(from, to time.Time) bool {
	// Who begins, or goes on, does not know what has been.
	if slices.ContainsFunc(j.e.Breaks, func(at time.Time) bool { return !at.Before(from) && !at.After(to) }) {
		return true
	}
	return slices.ContainsFunc(j.o.Faults, func(f Fault) bool {
		begin, end, ok := j.o.hides(f)
		return ok && !to.Before(Start.Add(begin)) && !from.After(Start.Add(end+aftermath))
	})
}

// hides returns the time in which a fault may hide a call, if it may at all.
func (o Ordeal) hides(f Fault) (from, to time.Duration, ok bool) {
	switch f.Kind {
	case LinkCut, LinkFrozen, LinkDeaf, EventsLate, Restarted:
		return f.At, f.At + f.For, true
	case Busy:
		return f.At, f.At + f.For + time.Duration(f.N)*time.Second, true
	case DropBefore, DropAfter, ReplyLost, ReplyLate:
		return f.At, o.Over() + f.For, true // whenever it strikes
	}
	return 0, 0, false
}
