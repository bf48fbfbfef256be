package predictor

// Formula is the documented slot formula of predictive dial mode: as many calls
// as there are agents who have none on its way, plus the service level. It has
// no memory, learns nothing, and the service level is all that makes it call
// ahead of free agents.
//
// The calls that count against the agents are those that no agent has yet. A
// call that an agent talks in is counted by his not being free, and must not
// be counted a second time.
type Formula struct{}

// NewFormula returns the slot formula.
func NewFormula() Formula { return Formula{} }

// Decide places Idle - Strangers - Ringing - Waiting + ServiceLevel calls, at
// least 0, at most Ready and what each limit allows.
func (Formula) Decide(s Snapshot) Decision {
	return decide(s, s.Idle-s.taken()+s.ServiceLevel)
}

// Observe does nothing.
func (Formula) Observe(Outcome) {}

// taken is how many agents the calls on their way and the waiting callers take up.
func (s Snapshot) taken() int { return len(s.Ringing) + len(s.Waiting) + s.Strangers }
