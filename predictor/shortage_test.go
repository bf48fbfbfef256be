package predictor

import (
	"math"
	"math/rand/v2"
	"testing"
)

// enumerate works the chance of a shortage out over all outcomes.
func enumerate(idle int, agents, calls []float64) float64 {
	all := append(append([]float64{}, agents...), calls...)
	sum := 0.0
	for mask := range 1 << len(all) {
		p, free := 1.0, idle
		for i, q := range all {
			switch hit := mask>>i&1 == 1; {
			case !hit:
				p *= 1 - q
			case i < len(agents):
				p *= q
				free++
			default:
				p *= q
				free--
			}
		}
		if free <= 0 {
			sum += p
		}
	}
	return sum
}

func TestShortageIsExactForSmallTeams(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 1))
	for range 200 {
		agents, calls := make([]float64, r.IntN(6)), make([]float64, r.IntN(6))
		idle := r.IntN(6) - 2
		var s shortage
		s.reset(idle, true, 0)
		for i := range agents {
			agents[i] = r.Float64()
			s.addAgent(agents[i])
		}
		for i := range calls {
			calls[i] = r.Float64()
			s.addCall(calls[i])
		}
		near(t, "chance of a shortage", s.chance(), enumerate(idle, agents, calls), 1e-6)
	}
}

func TestShortageIsCloseForLargeTeams(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 2))
	for range 100 {
		var exact, normal shortage
		idle := r.IntN(8)
		exact.reset(idle, true, 0)
		normal.reset(idle, false, 0)
		for range 100 {
			q := 0.25 * r.Float64()
			exact.addAgent(q)
			normal.addAgent(q)
		}
		for range 20 + r.IntN(30) {
			p := 0.5 * r.Float64()
			exact.addCall(p)
			normal.addCall(p)
		}
		near(t, "normal approximation", normal.chance(), exact.chance(), 0.003)
	}
}

func TestShortageOfNothing(t *testing.T) {
	for idle, want := range map[int]float64{-1: 1, 0: 1, 1: 0, 5: 0} {
		for _, exact := range []bool{true, false} {
			var s shortage
			s.reset(idle, exact, 0)
			near(t, "nobody busy, nothing ringing", s.chance(), want, 0)
		}
	}
}

// That the answer chance is not known exactly makes a shortage likelier, by as
// much as the mean of many worlds with a chance of their own.
func TestShortageOfAnUnsureAnswerChance(t *testing.T) {
	const sure, spread = 0.25, 0.3 // relative standard deviation
	at := func(p, unsure float64, exact bool) float64 {
		var s shortage
		s.reset(3, exact, unsure)
		for range 20 {
			s.addAgent(0.2)
		}
		for range 12 {
			s.addCall(p)
		}
		return s.chance()
	}
	want := 0.0
	const worlds = 400
	for i := range worlds { // normal quantiles
		z := math.Sqrt2 * math.Erfinv(2*(float64(i)+0.5)/worlds-1)
		want += at(min(max(sure*(1+spread*z), 0), 1), 0, true) / worlds
	}
	for _, exact := range []bool{true, false} {
		near(t, "chance of a shortage", at(sure, spread*spread, exact), want, 0.01)
	}
	if known := at(sure, 0, true); want-known < 0.015 {
		t.Errorf("the test shows nothing: %.4f when known, %.4f when not", known, want)
	}
}

// Two agents come free with one half each, three calls are answered with one
// half each: two find nobody when all answer and one agent is there at most.
func TestShortageCountsHowManyAreLost(t *testing.T) {
	var s shortage
	s.reset(0, true, 0)
	for range 2 {
		s.addAgent(0.5)
	}
	for range 3 {
		s.addCall(0.5)
	}
	near(t, "chance of two lost or more", s.lost(2), 1./8*3/4+3./8*1/4, 1e-12)
	near(t, "chance of three lost", s.lost(3), 1./8*1/4, 1e-12)
	near(t, "chance of four lost", s.lost(4), 0, 1e-12)
	s.reset(0, false, 0)
	for range 100 {
		s.addAgent(0.5)
		s.addCall(0.5)
	}
	near(t, "chance of ten lost or more of a hundred", s.lost(10), 0.0895, 0.002)
}
