package scheduler

import "time"

// spacing keeps the requests of any second within a limit. A rate.Limiter
// alone does not: what it has saved up comes on top of its rate, and claims
// that take unequally long shift their calls towards each other.
type spacing struct {
	sent []time.Time // the latest, as many as a second may have; a ring
	next int         // the oldest of them
}

func newSpacing(perSecond int) *spacing { return &spacing{sent: make([]time.Time, perSecond)} }

// earliest is when the next request may be sent, not before now.
func (s *spacing) earliest(now time.Time) time.Time {
	last := s.sent[(s.next+len(s.sent)-1)%len(s.sent)]
	for _, t := range []time.Time{last, s.sent[s.next].Add(time.Second)} {
		if t.After(now) {
			now = t
		}
	}
	return now
}

// take notes a request that is sent at a time from earliest on.
func (s *spacing) take(at time.Time) {
	s.sent[s.next] = at
	s.next = (s.next + 1) % len(s.sent)
}

// sendAt is when a call of a plan may be sent that is ready now.
func (f *floor) sendAt(now time.Time, planUUID string) time.Time {
	at := f.spacing.earliest(now)
	own := f.planCPS[planUUID].spacing
	if own != nil {
		at = own.earliest(at)
		own.take(at)
	}
	f.spacing.take(at)
	return at
}
