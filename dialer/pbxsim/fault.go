package pbxsim

import (
	"fmt"
	"slices"
	"time"
)

// Fault is something that goes wrong.
type Fault int

// The faults. Those of an action strike when one comes in, and only an
// Originate unless the words say otherwise.
const (
	_ Fault = iota
	// DropBefore cuts the link before the originate is looked at: no phone rings.
	DropBefore
	// DropAfter cuts the link when the originate is under way, before the reply.
	DropAfter
	// LateReply holds the reply to any action back for Faults.Late.
	LateReply
	// LoseReply does what any action says and never replies.
	LoseReply
	// Refuse answers an originate with an Error; no phone rings.
	Refuse
	// RepeatHangup sends a call's Hangup twice.
	RepeatHangup
	// RepeatResponse sends an OriginateResponse twice.
	RepeatResponse
	// Reorder sends a failed call's OriginateResponse on the other side of its
	// Hangup, and that of an answered call late, maybe after its Hangup.
	Reorder
	// DelayEvents holds all events of a link back for Faults.Late, from some
	// event on.
	DelayEvents
)

// Faults are the probabilities, 0 to 1, with which things go wrong by
// themselves. Server.Arm makes one go wrong on request.
type Faults struct {
	DropBefore, DropAfter        float64
	LateReply, LoseReply, Refuse float64
	RepeatHangup, RepeatResponse float64
	Reorder                      float64
	DelayEvents                  float64 // for each event

	Late time.Duration // in real time, default 1 s
}

func (f *Faults) check() error {
	for name, p := range map[string]float64{
		"DropBefore": f.DropBefore, "DropAfter": f.DropAfter, "LateReply": f.LateReply, "LoseReply": f.LoseReply,
		"Refuse": f.Refuse, "RepeatHangup": f.RepeatHangup, "RepeatResponse": f.RepeatResponse,
		"Reorder": f.Reorder, "DelayEvents": f.DelayEvents,
	} {
		if p < 0 || p > 1 {
			return fmt.Errorf("pbxsim: Faults.%s %v is not between 0 and 1", name, p)
		}
	}
	return nil
}

func (f *Faults) probability(what Fault) float64 {
	switch what {
	case DropBefore:
		return f.DropBefore
	case DropAfter:
		return f.DropAfter
	case LateReply:
		return f.LateReply
	case LoseReply:
		return f.LoseReply
	case Refuse:
		return f.Refuse
	case RepeatHangup:
		return f.RepeatHangup
	case RepeatResponse:
		return f.RepeatResponse
	case Reorder:
		return f.Reorder
	case DelayEvents:
		return f.DelayEvents
	}
	return 0
}

// strikes tells whether a fault happens now.
func (p *pbx) strikes(what Fault) bool {
	strikes := p.armed[what] > 0
	if strikes {
		p.armed[what]--
	} else {
		chance := p.faults.probability(what)
		strikes = chance > 0 && p.ill.Float64() < chance
	}
	if strikes && what != DelayEvents { // of which the events are counted
		p.struck[what]++
	}
	return strikes
}

func (p *pbx) late() time.Duration {
	if p.faults.Late > 0 {
		return p.faults.Late
	}
	return time.Second
}

// again sends an event a second time, a moment later.
func (p *pbx) again(m *message) {
	if m.off {
		return
	}
	of, copied := m.of, slices.Clone(m.buf)
	p.afterReal(10*time.Millisecond, func() {
		for _, c := range p.conns {
			if c.mask&of != 0 {
				c.event(copied)
			}
		}
		p.line(copied)
	})
}

func (p *pbx) repeatHangup(c *call, m *message) {
	if !c.stranger && p.strikes(RepeatHangup) {
		p.again(m)
	}
}

// faultyStream may begin to hold back the events of a link.
func (p *pbx) faultyStream() {
	if !p.strikes(DelayEvents) {
		return
	}
	for _, c := range p.conns {
		if c.quiet || !c.loggedIn {
			continue
		}
		c.quiet = true
		p.afterReal(p.late(), func() {
			c.quiet = false
			c.release()
		})
		return
	}
}
