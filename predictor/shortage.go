package predictor

import "math"

// exactMost is up to how many busy agents and ringing calls together the chance
// of a shortage is worked out exactly.
const exactMost = 80

// spreadLeast is from which share of the variance on it counts that the answer
// chance is not known exactly.
const spreadLeast = 0.01

// shortage works out the chance that at one horizon all agents are taken: that
// the calls answered by then are no fewer than the agents who are free. The
// agents and calls are independent and each has a chance of its own, so that
// both numbers are Poisson-binomial.
type shortage struct {
	idle  int // free agents less the customers who wait, now
	exact bool

	frees   []float64 // chance of each number of agents coming free
	answers []float64 // chance of each number of answers

	mean     float64 // of free agents at the horizon
	vari     float64
	third    float64 // third central moment
	expected float64 // answers by the horizon
	unsure   float64 // relative variance of the answer chance, which all calls share
}

func (s *shortage) reset(idle int, exact bool, unsure float64) {
	s.idle, s.exact, s.unsure = idle, exact, unsure
	s.frees = append(s.frees[:0], 1)
	s.answers = append(s.answers[:0], 1)
	s.mean, s.vari, s.third, s.expected = float64(idle), 0, 0, 0
}

func (s *shortage) addAgent(q float64) {
	s.mean += q
	if s.exact {
		s.frees = convolve(s.frees, q)
	}
	v := q * (1 - q)
	s.vari += v
	s.third += v * (1 - 2*q)
}

func (s *shortage) addCall(p float64) {
	s.mean -= p
	s.expected += p
	if s.exact {
		s.answers = convolve(s.answers, p)
	}
	v := p * (1 - p)
	s.vari += v
	s.third -= v * (1 - 2*p)
}

// convolve adds one more trial that succeeds with chance p.
func convolve(dist []float64, p float64) []float64 {
	if p <= 0 {
		return dist
	}
	if n := len(dist); dist[n-1]*p > 1e-9 { // more than that many are as good as impossible
		dist = append(dist, 0)
	}
	before := dist[0]
	dist[0] *= 1 - p
	for k := 1; k < len(dist); k++ {
		was := dist[k]
		dist[k] = was + p*(before-was)
		before = was
	}
	return dist
}

// chance is the chance that nobody is free for one more customer. That the
// answer chance is not known exactly makes all answers more or fewer together;
// to the exact chance is added what that adds to the normal one.
func (s *shortage) chance() float64 {
	spread := s.unsure * s.expected * s.expected
	if !s.exact {
		return s.normalChance(spread, 0)
	}
	c := s.exactChance(0)
	if spread > spreadLeast*s.vari {
		c += s.normalChance(spread, 0) - s.normalChance(0, 0)
	}
	return min(max(c, 0), 1)
}

// lost is the chance that k customers or more, of the calls counted in, find
// nobody: that so many more answer than there are agents.
func (s *shortage) lost(k int) float64 {
	if s.exact {
		return min(max(s.exactChance(k), 0), 1)
	}
	return s.normalChance(s.unsure*s.expected*s.expected, k)
}

// exactChance is the chance that the answers are more by over than all agents, or as many.
func (s *shortage) exactChance(over int) float64 {
	// below[k] = chance of fewer than k answers, summed as k grows with the frees.
	need := s.idle + over // answers that take everybody, with no agent coming free
	fewer, k := 0.0, 0
	sum := 0.0
	for f, pf := range s.frees {
		for k < len(s.answers) && k < need+f {
			fewer += s.answers[k]
			k++
		}
		sum += pf * (1 - fewer)
	}
	return min(max(sum, 0), 1)
}

// normalChance is the normal approximation with the first term of Edgeworth's
// series for the skewness, and half a step for whole numbers. spread is added to
// the variance; over is as in exactChance.
func (s *shortage) normalChance(spread float64, over int) float64 {
	vari := s.vari + spread
	if vari < 1e-9 {
		if s.mean < 0.5-float64(over) {
			return 1
		}
		return 0
	}
	sd := math.Sqrt(vari)
	x := (0.5 - float64(over) - s.mean) / sd
	skew := s.third / (sd * vari)
	phi := math.Exp(-x*x/2) / math.Sqrt(2*math.Pi)
	return min(max(0.5*math.Erfc(-x/math.Sqrt2)-skew/6*(x*x-1)*phi, 0), 1)
}
