package store

import "github.com/outpace/outpace/dlma"

// A rule is what a plan allows, packed into one integer that SQL can take
// apart: seven bits for each number's tries, one that unknown entries are
// dialed again, and one that is always set, so that no rule is 0.
type rule int64

const (
	ruleBits     = 7
	ruleMax      = 1<<ruleBits - 1 // more tries than a plan may allow (100)
	ruleRedialAt = ruleBits * dlma.Numbers
	ruleRedial   = rule(1) << ruleRedialAt
	ruleMark     = ruleRedial << 1
)

// ruleOf packs the limits of pick.
func ruleOf(pick dlma.Pick) rule {
	r := ruleMark
	for i, n := range pick.MaxTries {
		r |= rule(min(max(n, 0), ruleMax)) << (ruleBits * i)
	}
	if pick.RedialUnknown {
		r |= ruleRedial
	}

	return r
}

// tries returns how often number i, from 0, may be tried.
func (r rule) tries(i int) int { return int(r >> (ruleBits * i) & ruleMax) }

// redial reports whether unknown entries are dialed again.
func (r rule) redial() bool { return r&ruleRedial != 0 }

// join returns the least rule that allows all that r and o allow. An entry
// that has nothing left under both has nothing left under it either, unless it
// is unknown and only one of them dials unknown entries again.
func (r rule) join(o rule) rule {
	j := (r | o) & (ruleMark | ruleRedial)
	for i := range dlma.Numbers {
		j |= rule(max(r.tries(i), o.tries(i))) << (ruleBits * i)
	}

	return j
}

// covers reports whether r allows all that o allows. An entry that is spent
// under r is then spent under o.
func (r rule) covers(o rule) bool { return r != 0 && r.join(o) == r }

// everything allows more than any plan does: an entry without numbers is spent
// under it.
const everything = ruleMark<<1 - 1
