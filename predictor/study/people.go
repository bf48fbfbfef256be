package study

import "time"

// Fate is what becomes of one dial.
type Fate struct {
	Answered bool
	Ring     time.Duration // until it is answered or has failed; the ring time-out where nobody picks up
	Talk     time.Duration // of an answered one, and the wrap-up after it
	WrapUp   time.Duration
}

// People are the customers of a scenario, one after the other, as they are in a
// Run with the same seed.
type People struct {
	scenario *Scenario
	draws    draws
}

// NewPeople returns the customers of a scenario that is valid and has no
// classes.
func NewPeople(s *Scenario, seed uint64) *People { return &People{scenario: s, draws: newDraws(seed)} }

// Next is the fate of the next dial, placed at a time of the first shift.
func (p *People) Next(at time.Duration) Fate {
	f := p.scenario.fate(p.draws, 0, 0, at.Seconds())
	return Fate{Answered: f.answered, Ring: seconds(f.ring), Talk: seconds(f.talk), WrapUp: seconds(f.wrap)}
}

// fate is a Fate in seconds.
type fate struct {
	answered         bool
	ring, talk, wrap float64
}

// fate draws what becomes of a dial of a class at second at of a shift; start is
// when the shift started, from the start of the first.
func (s *Scenario) fate(d draws, class int, start, at float64) fate {
	p := s.Answer.answerChance(start, at)
	if len(s.Answer.Classes) > 0 {
		p *= s.Answer.Classes[class].Factor
	}
	p = min(p, 0.95)
	switch u := d.answer.Float64(); {
	case u < p:
		f := fate{talk: s.Talk.draw(d.talk), wrap: s.Wrap.draw(d.wrap)}
		if s.ShortTalk.P > 0 && d.talk.Float64() < s.ShortTalk.P {
			f.talk = s.ShortTalk.Mean * d.talk.ExpFloat64()
		}
		f.ring = s.Ring.draw(d.ring)
		f.answered = f.ring < s.RingTimeout
		f.ring = min(f.ring, s.RingTimeout)
		return f
	case u < p+s.FastFail.P:
		after := s.FastFail.Min + s.FastFail.MeanExtra*d.fail.ExpFloat64()
		return fate{ring: min(after, s.RingTimeout)}
	}
	return fate{ring: s.RingTimeout}
}
