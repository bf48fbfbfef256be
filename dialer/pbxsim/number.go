package pbxsim

import (
	"math/rand/v2"
	"strconv"
	"time"
)

// Outcome is what a called phone does at last.
type Outcome int

// The outcomes.
const (
	Answers Outcome = iota
	Busy
	NoAnswer // rings until the caller gives up
	Congestion
	Unallocated
)

// Fate is what a called number does in one call, where Config.Customer says it.
type Fate struct {
	Does Outcome
	// After is how long it takes until the phone does that: it rings for so
	// long before an answer, and is silent before a failure.
	After time.Duration
	// Talk is how long an answered customer talks before he hangs up: from the
	// moment an agent takes him, without a queue from his answer. Patience is
	// how long he waits in a queue. Zero is endless for both.
	Talk, Patience time.Duration
}

func (f Fate) customer() customer {
	rings := f.Does == Answers || f.Does == NoAnswer
	return customer{does: f.Does, rings: rings, after: f.After, talk: never, withAgent: f.Talk, patience: f.Patience}
}

// never is longer than any run; the customer does not end the call.
const never = 1000 * time.Hour

// customer is what a called number will do in one call.
type customer struct {
	does  Outcome
	rings bool          // the phone rings meanwhile, and says so
	early bool          // or there is early media
	after time.Duration // from the dialing to what it does
	talk  time.Duration // from the answer until the customer hangs up; never = he does not
	// A customer of the crowd talks from the moment an agent speaks to him, and
	// hangs up earlier if he has to wait for one for too long.
	withAgent time.Duration // 0 = talk counts from the answer
	patience  time.Duration // 0 = waits
}

// digit is the digit of number at i, 0 where there is none.
func digit(number string, i int) int {
	if i >= len(number) || number[i] < '0' || number[i] > '9' {
		return 0
	}
	return int(number[i] - '0')
}

const (
	failDelay   = 300 * time.Millisecond
	machineRing = 3 * time.Second
	machineTalk = 30 * time.Second
)

// customer works out what number does when it is called for the nth time.
func (c *Config) customer(number string, r *rand.Rand) customer {
	if c.Customer != nil {
		return c.Customer(number).customer()
	}
	who := customer{rings: true, talk: never}
	if number == "" || number[0] < '0' || number[0] > '9' {
		return customer{does: Unallocated, after: failDelay}
	}
	switch digit(number, 0) {
	case 0:
		return c.Crowd.customer(r)
	case 1:
		who.after = ringTime(digit(number, 1), r)
		who.talk = talkTime(digit(number, 2), r)
		if len(number) < 3 {
			return customer{does: Unallocated, after: failDelay}
		}
	case 2:
		who.does, who.after = Busy, failDelay
		who.rings = false
	case 3:
		who.does = NoAnswer
	case 4:
		who.does, who.after, who.rings = Congestion, failDelay, false
	case 5:
		who.after, who.talk = time.Second, 0
	case 6:
		who.does, who.after, who.rings = Unallocated, failDelay, false
	case 7:
		who.after, who.talk = machineRing, machineTalk
	case 8:
		return c.customer(drawn(r), r)
	case 9:
		who.does, who.rings = NoAnswer, false
		who.early = digit(number, 1) == 1
	}
	return who
}

func ringTime(d int, r *rand.Rand) time.Duration {
	if d == 9 {
		return time.Second + time.Duration(r.Int64N(int64(14*time.Second)))
	}
	return time.Duration(d) * time.Second
}

func talkTime(d int, r *rand.Rand) time.Duration {
	switch d {
	case 0:
		return never
	case 9:
		return 5*time.Second + time.Duration(r.Int64N(int64(55*time.Second)))
	}
	return time.Duration(d) * 5 * time.Second
}

// drawn turns a number of the class 8 into one of the other classes.
func drawn(r *rand.Rand) string {
	switch p := r.IntN(100); {
	case p < 30:
		return "199"
	case p < 35:
		return "700"
	case p < 50:
		return "200"
	case p < 85:
		return "300"
	case p < 90:
		return "400"
	case p < 95:
		return "600"
	}
	return "500"
}

// Crowd says how the people behind the numbers 0... behave. The shares are
// out of 1; what is left of them does not answer. A Crowd without shares means
// DefaultCrowd.
type Crowd struct {
	Answer, Machine, Busy, Unallocated, Congestion float64

	Ring     Dist // until the answer
	Talk     Dist // with an agent
	Patience Dist // waiting for an agent; zero = endless
}

// DefaultCrowd is an afternoon of calls to homes.
func DefaultCrowd() Crowd {
	return Crowd{
		Answer: 0.38, Machine: 0.08, Busy: 0.10, Unallocated: 0.03, Congestion: 0.01,
		Ring:     Lognormal(8*time.Second, 0.5),
		Talk:     Lognormal(45*time.Second, 0.6),
		Patience: Lognormal(20*time.Second, 0.7),
	}
}

func (c Crowd) empty() bool {
	return c.Answer == 0 && c.Machine == 0 && c.Busy == 0 && c.Unallocated == 0 && c.Congestion == 0
}

func (c Crowd) customer(r *rand.Rand) customer {
	who := customer{rings: true, talk: never}
	p := r.Float64()
	if p -= c.Answer; p < 0 {
		who.after = c.Ring.sample(r)
		who.patience = c.Patience.sample(r)
		who.withAgent = max(c.Talk.sample(r), time.Second)
		return who
	}
	if p -= c.Machine; p < 0 {
		who.after, who.talk = machineRing+2*c.Ring.sample(r), machineTalk
		return who
	}
	if p -= c.Busy; p < 0 {
		return customer{does: Busy, after: failDelay}
	}
	if p -= c.Unallocated; p < 0 {
		return customer{does: Unallocated, after: failDelay}
	}
	if p -= c.Congestion; p < 0 {
		return customer{does: Congestion, after: failDelay}
	}
	who.does = NoAnswer
	return who
}

// stream is a source of randomness of its own for the nth use of name.
func (c *Config) stream(name string, n uint64) *rand.Rand {
	const offset, prime = 14695981039346656037, 1099511628211
	h := uint64(offset)
	for _, b := range []byte(name + "#" + strconv.FormatUint(n, 10)) {
		h = (h ^ uint64(b)) * prime
	}
	return rand.New(rand.NewPCG(c.Seed, h))
}
