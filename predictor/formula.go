package predictor

// Formula is the documented slot formula of predictive dial mode: as many calls
// as there are agents who have none on its way, plus the service level. It
// learns nothing, and the service level is all that makes it call ahead of free
// agents: it is added only while every window is under its limit and the view of
// the agents is not older than 2 s. Without a window it is always added. While
// customers find nobody though agents are shown as free it places single calls.
//
// The calls that count against the agents are those that no agent has yet. A
// call that an agent talks in is counted by his not being free, and must not
// be counted a second time.
type Formula struct{ breaker breaker }

// NewFormula returns the slot formula.
func NewFormula() *Formula { return &Formula{} }

// Decide places Idle - Strangers - Ringing - Waiting + ServiceLevel calls, at
// least 0, at most Ready and what each limit allows.
func (f *Formula) Decide(s Snapshot) Decision {
	s = s.tame()
	return f.breaker.decide(s, s.Idle-s.taken(), s.ServiceLevel)
}

// Observe takes in whether customers find the agents who are shown as free.
func (f *Formula) Observe(o Outcome) { f.breaker.observe(o) }

// decide is how pacers decide that learn nothing else: want for the free agents,
// ahead calls more where that may be.
func (b *breaker) decide(s Snapshot, want, ahead int) Decision {
	if h := b.hold(s); h.why != "" {
		return decideFor(s, min(want, h.most), CodeQueue, h.why)
	}
	if code, why := s.progressive(); why != "" && ahead > 0 {
		return decideFor(s, want, code, why)
	}
	return decide(s, want+ahead)
}

// taken is how many agents the calls on their way and the waiting callers take up.
func (s Snapshot) taken() int { return len(s.Ringing) + len(s.Waiting) + s.Strangers }
