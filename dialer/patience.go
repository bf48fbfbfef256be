package dialer

import (
	"time"

	"github.com/outpace/outpace/results"
)

// deadline is when an answered customer has waited long enough.
func (c *Call) deadline() time.Time { return c.row.TmAnswer.Add(c.row.Patience) }

// waits tells whether the customer is seen to wait for an agent, and nobody
// has been late for him yet.
func (c *Call) waits() bool {
	s := &c.sight
	return c.phase == Waiting && !c.row.Abandoned && c.row.TmAgent.IsZero() && !c.row.TmAnswer.IsZero() &&
		!c.customer && !c.hangup && !s.blind && !s.lost && !s.down
}

// overdue is called with the time of what has just been heard of the call: if
// the patience had ended by then, and no agent had come, it says so.
func (c *Call) overdue(at time.Time) Change {
	if c.ended || !c.answered || c.row.Abandoned || !at.After(c.deadline()) {
		return 0
	}
	if _, abandoned := c.verdict(); abandoned == nil || !*abandoned {
		return 0
	}
	return c.abandon(at)
}

// abandon notes, once, that no agent took the customer inside his patience.
// What happens to him after that does not undo it.
func (c *Call) abandon(at time.Time) Change {
	if c.row.Abandoned {
		return 0
	}
	c.row.Abandoned = true
	return c.changed(at) | ChangeAbandoned
}

// Redirected says that the PBX has taken a waiting customer out of the queue
// for a message, since nobody took him: he is abandoned, and nothing that the
// queue may still say about him counts. Should an agent have been faster, he
// has had the call until now.
func (c *Call) Redirected(at time.Time) Change {
	if c.ended || !c.answered || c.row.Queue == "" || !c.redirectedAt.IsZero() {
		return 0
	}
	c.redirectedAt = at
	change := c.enter(Talking)
	if c.row.TmAgent.IsZero() {
		change |= c.abandon(at)
	}
	return change
}

// seenWaiting takes a look-up that found the customer in the queue: whatever
// was not seen before, no agent has taken him. It does not help where the
// answer itself was not seen, and with it when the patience began.
func (c *Call) seenWaiting() {
	if c.row.TmAgent.IsZero() && !c.sight.guessed {
		c.sight.blind = false
	}
}

// verdict says whether an answered customer was abandoned; nil where that is
// not counted.
func (c *Call) verdict() (results.Disposition, *bool) {
	abandoned := true
	switch {
	case c.row.Abandoned:
		return results.Abandoned, &abandoned
	case c.row.Queue == "" || c.sight.blind || c.row.TmAnswer.IsZero():
		return results.Answered, nil
	case !c.row.TmAgent.IsZero():
		abandoned = c.row.TmAgent.After(c.deadline())
		if !abandoned {
			return results.Answered, &abandoned
		}
		return results.Abandoned, &abandoned
	}
	oursFirst := !c.cancelledAt.IsZero() && c.cancelledAt.Before(c.customerAt)
	if c.customer && !oursFirst && !c.customerAt.After(c.deadline()) {
		abandoned = false
		return results.HungUpEarly, &abandoned
	}
	return results.Abandoned, &abandoned
}
