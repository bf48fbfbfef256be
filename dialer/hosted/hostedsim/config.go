package hostedsim

import (
	"errors"
	"hash/fnv"
	"strings"
	"time"
)

// Why a call is not placed.
var (
	ErrNoAgent = errors.New("no such agent")
	ErrBusy    = errors.New("the agent is in a call")
	ErrOffline = errors.New("the agent's phone is not registered")
)

// AgentConfig is one agent.
type AgentConfig struct {
	Exten    string
	Name     string
	Password string // of his phone, where a PBX wants it
}

// Queue is one queue, where a PBX knows its queues.
type Queue struct {
	ID, Number, Name string
	Members          []string // extensions
}

// Config is a world.
type Config struct {
	Agents []AgentConfig
	Queues []Queue
	// Fate says how a customer behaves; default Numbers.
	Fate func(number string) Fate
	// Unit is the length of a unit in fates and of an agent's way to his
	// phone; default 1 s.
	Unit time.Duration
	// Zone is what the PBX writes local times in; nil = UTC.
	Zone *time.Location
	// TokenLife is how long tokens are good; default 1 h.
	TokenLife time.Duration
	Seed      uint64 // of the faults' chances
}

// End is how a call ends.
type End int

// The ends.
const (
	Answer End = iota
	Busy
	NoAnswer
	Congestion
	Unallocated
	Rejected
	AgentSilent // the agent does not pick up: the customer is not called
)

// Fate is how a customer behaves. Times are in units.
type Fate struct {
	End   End
	Ring  float64 // until the answer, or until the call fails
	Talk  float64
	NoRow bool // no row is ever written
}

// Numbers is the plan of numbers that the package describes.
func Numbers(number string) Fate {
	switch {
	case strings.HasSuffix(number, "100"):
		return Fate{End: Answer, Ring: 1, Talk: 3}
	case strings.HasSuffix(number, "101"):
		return Fate{End: Answer, Ring: 1, Talk: 8}
	case strings.HasSuffix(number, "200"):
		return Fate{End: Busy, Ring: 0.5}
	case strings.HasSuffix(number, "300"):
		return Fate{End: NoAnswer, Ring: 4}
	case strings.HasSuffix(number, "400"):
		return Fate{End: Congestion, Ring: 0.2}
	case strings.HasSuffix(number, "600"):
		return Fate{End: Unallocated, Ring: 0.2}
	case strings.HasSuffix(number, "700"):
		return Fate{End: Rejected, Ring: 1}
	case strings.HasSuffix(number, "800"):
		return Fate{End: AgentSilent, Ring: 2}
	case strings.HasSuffix(number, "900"):
		return Fate{End: Answer, Ring: 1, Talk: 2, NoRow: true}
	}
	h := fnv.New32a()
	_, _ = h.Write([]byte(number))
	switch n := h.Sum32() % 100; {
	case n < 45:
		return Fate{End: Answer, Ring: 1 + float64(n%3), Talk: 3 + float64(n%7)}
	case n < 60:
		return Fate{End: Busy, Ring: 0.5}
	case n < 93:
		return Fate{End: NoAnswer, Ring: 4}
	case n < 96:
		return Fate{End: Rejected, Ring: 2}
	default:
		return Fate{End: Unallocated, Ring: 0.2}
	}
}

// Faults are what goes wrong, as chances from 0 to 1 for each request, hook or
// row, unless said otherwise. The zero value is a world without faults.
type Faults struct {
	Slow        float64       // the answer comes late,
	Late        time.Duration // by this
	ServerError float64       // 500, nothing was done
	Malformed   float64       // the answer is done, but its JSON is cut off
	Lost        float64       // the request is carried out, the connection closed without an answer
	Expired     float64       // the token is bad from this request on
	Refuse      bool          // every connection is closed at once: the PBX is down

	LostHook   float64
	DoubleHook float64
	MixedHook  float64       // a hook is sent late, so that a later one overtakes it
	RowDelay   time.Duration // a row is written so long after the call's end
	RowFirst   bool          // a call that fails has its row, and its hooks, before the request for it is answered

	Skew time.Duration // the PBX's clock is ahead by this
}
