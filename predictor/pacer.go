package predictor

import "time"

// Pacer decides how many calls a campaign places. A Pacer belongs to one
// campaign and to one goroutine; the same history gives the same answers.
type Pacer interface {
	Decide(Snapshot) Decision
	Observe(Outcome)
}

// Snapshot is what is known at one moment.
type Snapshot struct {
	Now time.Time
	Age time.Duration // how old the view of the agents is

	// Unlimited: the destination has no agents to run out of; Limit alone
	// holds it back.
	Unlimited bool
	// Idle is how many agents the calls of this campaign's queue may count on,
	// those in Ringing, Waiting and Strangers included: the free ones and
	// those who are being rung for a waiting caller, less those that calls of
	// other queues need.
	Idle int
	Busy []Busy
	// LoggedIn is how many agents are logged in, whatever they are doing.
	LoggedIn int
	// Ringing are the calls for the campaign's queue that are not answered yet,
	// of this campaign and of those it shares the queue with. Waiting is how
	// long each answered customer of theirs has waited for an agent.
	Ringing []Ringing
	Waiting []time.Duration
	// Others is how many of these are other campaigns' calls.
	Others int
	// Strangers is how many callers who are not ours wait for the same agents.
	Strangers int

	// Next are the classes of the entries that would be called next, in order.
	Next []Class
	// Ready is how many entries could be called now, counted up to a bound of
	// the caller's.
	Ready int
	// Windows are the compliance windows in force.
	Windows []Window
	// ServiceLevel is how many calls may be out beyond what the pacer finds
	// right. It is added only while the view of the agents is fresh and every
	// window is under its limit: a target above 0, and nobody abandoned or fewer
	// than Target times Live.
	ServiceLevel int
	// Limits are hard bounds on how many calls may be placed now, each with
	// its name; none may be exceeded.
	Limits []Limit
}

// AgentPhase is what a busy agent is doing.
type AgentPhase int

// The phases of a busy agent.
const (
	AgentRinging AgentPhase = iota
	AgentTalking
	AgentWrapUp
)

// Busy is one agent who is not free.
type Busy struct {
	Phase   AgentPhase
	For     time.Duration // in this phase
	Leaving bool          // pauses or logs out when free
}

// Ringing is one call that has not been answered.
type Ringing struct {
	For   time.Duration // since it was placed
	Class Class
	// Chance is its answer chance as it was when the call was placed, for a
	// call of another campaign: what that campaign's pacer says of it. 0 = it
	// is learned by Class.
	Chance float64
}

// Class is what a call's answer chance is learned by. The zero value is "not known".
type Class struct {
	Tries      int // tries of the entry so far
	Number     int // which number, 1 to 8; 0 = not known
	Hour       int // hour of the day, 0 to 23, in the campaign's zone
	LastResult int // res_dial of the last try
}

// Window counts live answers and abandoned calls in one compliance window.
type Window struct {
	Name      string
	Live      int
	Abandoned int
	Target    float64 // highest rate allowed, a fraction of 1
	// Past are the live answers of earlier windows of this name at their ends,
	// the oldest first. A window may count on half of what the shortest of the
	// latest eight got. nil = nothing is known, or nothing may be counted on
	// since the window may be ended at any moment.
	Past []int
}

// Limit is a hard bound.
type Limit struct {
	Name string // what it is called in Decision.Reason, e.g. "max_calls of the gateway"
	Free int    // how many more calls it allows now; negative counts as 0
}

// Decision is how many calls to place now, and why not more.
type Decision struct {
	Place  int
	Reason string   // one sentence: what limited Place; "" if nothing did
	Code   string   // short form of the reason for machines: agents, limit, list, budget, cold_start, queue
	Facts  []Figure // the figures behind it, in a fixed order
}

// Figure is one number behind a decision.
type Figure struct {
	Name  string
	Value float64
}

// OutcomeKind says what an Outcome tells.
type OutcomeKind int

// The kinds of outcomes.
const (
	CallAnswered  OutcomeKind = iota // a call of Class was answered live after After
	CallFailed                       // a call of Class ended without a live answer after After; also one that a machine answered
	CallAbandoned                    // an answered call found no agent in time; the customer had waited for After
	TalkEnded                        // a talk lasted After
	WrapUpEnded                      // a wrap-up lasted After
	CallTaken                        // an agent took an answered call in time, after After
)

// Outcome is one thing to learn from.
type Outcome struct {
	Kind  OutcomeKind
	At    time.Time
	After time.Duration
	Class Class
	Idle  bool // of CallAbandoned: an agent was shown as free when the patience ended
}
