package predictor

import (
	"slices"
	"time"
)

const (
	cohortShare = 0.98             // of the failed calls, that a cohort waits for
	cohortMost  = 60 * time.Second // that it waits, and waits while nothing is known
	heldMost    = 4096             // calls that are held
)

// cohort holds calls that have ended until those that were placed at the same
// time have ended too. Answers come sooner than failures: learned as they come,
// a wave of calls would look at first as if nearly all were answered, and when
// the rest runs into the time-out as if hardly any were; and the first ring
// times known would be the short ones.
type cohort struct {
	held []heldCall // by the time when they were placed
}

// heldCall is a call that has ended.
type heldCall struct {
	placed   time.Time
	after    float64 // seconds until it ended
	class    Class
	answered bool
}

func (c *cohort) add(h heldCall) {
	i := len(c.held)
	for i > 0 && c.held[i-1].placed.After(h.placed) {
		i--
	}
	c.held = slices.Insert(c.held, i, h)
}

// release gives those to learn that were placed wait before now, and the oldest
// where there are too many.
func (c *cohort) release(now time.Time, wait time.Duration, learn func(heldCall)) {
	n := 0
	for n < len(c.held) && (now.Sub(c.held[n].placed) >= wait || len(c.held)-n > heldMost) {
		learn(c.held[n])
		n++
	}
	c.held = slices.Delete(c.held, 0, n)
}
