package predictor

import (
	"fmt"
	"math"
)

// Ratio calls a fixed number of lines for each free agent: the oldest way of
// dialing ahead, here to compare with. It learns nothing. While a window is not
// under its limit, or the view of the agents is older than 2 s, it calls one line
// for each free agent and adds no service level, and it places single calls while
// customers find nobody though agents are shown as free.
type Ratio struct {
	lines   float64
	breaker breaker
}

// NewRatio returns a pacer that keeps lines calls on their way for each free
// agent: 1 never calls ahead, 1.5 has three calls for two agents. Less than 1
// would leave agents without a call for good, so 1 is the least and 20 the most.
func NewRatio(lines float64) (*Ratio, error) {
	if !(lines >= 1 && lines <= 20) { // also refuses NaN
		return nil, fmt.Errorf("lines for each free agent must be 1 to 20, not %v", lines)
	}
	return &Ratio{lines: lines}, nil
}

// Decide places as many calls as are missing. Callers who wait have their
// agents already; the lines are counted for the agents that are left, and parts
// of a line are left out.
func (r *Ratio) Decide(s Snapshot) Decision {
	s = s.tame()
	free := max(0, s.Idle-len(s.Waiting)-s.Strangers)
	lines := int(math.Floor(float64(free) * r.lines))
	return r.breaker.decide(s, free-len(s.Ringing), lines-free+s.ServiceLevel)
}

// Observe takes in whether customers find the agents who are shown as free.
func (r *Ratio) Observe(o Outcome) { r.breaker.observe(o) }
