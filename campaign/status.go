package campaign

import "fmt"

// Status is a campaign's status, in the numbers of the wire.
type Status int

// The statuses. Only Started dials.
const (
	Stopped       Status = 0
	Started       Status = 1
	Paused        Status = 2
	Stopping      Status = 10 // no new calls; becomes Stopped when the last call has ended
	Starting      Status = 11 // only ever asked for; stored as Started
	Pausing       Status = 12 // as Stopping, becomes Paused
	ForceStopping Status = 30 // all calls are being hung up; becomes Stopped
)

// Move is a change of status that is made only from certain ones.
type Move struct {
	From   []Status
	To     Status
	Reason string // why the engine does it; kept until the next start
}

// Valid reports whether s is one of the statuses.
func (s Status) Valid() bool { return statusNames[s] != "" }

// String names the status in one or two words; an unknown one by its number.
func (s Status) String() string {
	if name := statusNames[s]; name != "" {
		return name
	}
	return fmt.Sprintf("status %d", int(s))
}

// Dials reports whether new calls may be placed.
func (s Status) Dials() bool { return s == Started || s == Starting }

// Draining reports whether the status only waits for the last call to end.
func (s Status) Draining() bool { return s.Settled() != s }

// Settled is what a status becomes when no call of the campaign is open any
// more; a status that does not wait for that stays what it is.
func (s Status) Settled() Status {
	switch s {
	case Stopping, ForceStopping:
		return Stopped
	case Pausing:
		return Paused
	default:
		return s
	}
}

var statusNames = map[Status]string{
	Stopped: "stopped", Started: "started", Paused: "paused", Stopping: "stopping",
	Starting: "starting", Pausing: "pausing", ForceStopping: "stopping by force",
}

// wish is what a user wants; two numbers of the wire may stand for one wish.
type wish int

const (
	start wish = iota
	stop
	pause
	force
)

var wishes = map[Status]wish{
	Started: start, Starting: start, Stopped: stop, Stopping: stop, Paused: pause, Pausing: pause, ForceStopping: force,
}

// transitions holds, for each stored status, what a wish makes of it. What is
// absent is refused. A status that maps to itself has the wish fulfilled
// already, or on its way.
var transitions = map[Status]map[wish]Status{
	Stopped:       {stop: Stopped, start: Started},
	Started:       {start: Started, stop: Stopping, pause: Pausing, force: ForceStopping},
	Paused:        {pause: Paused, start: Started, stop: Stopped, force: ForceStopping},
	Stopping:      {stop: Stopping, start: Started, force: ForceStopping},
	Pausing:       {pause: Pausing, start: Started, force: ForceStopping},
	ForceStopping: {force: ForceStopping},
}

var wishTexts = map[wish]string{start: "started", stop: "stopped", pause: "paused", force: "stopped by force"}

// Transition returns the status to store when a user asks a campaign in status
// from for the status to. What is in force already is no change and no error.
// The error is an Invalid for a value that is no status, a Conflict for a move
// that is not possible now.
//
// A campaign that is asked to stop or to pause waits in Stopping or Pausing
// until its last call has ended, even if it has none at the moment: only the
// engine that runs it knows. From Paused it stops at once, since a paused
// campaign has no calls.
func Transition(from, to Status) (Status, error) {
	w, ok := wishes[to]
	if !ok {
		return from, Invalid{"status", "must be one of 0, 1, 2, 10, 11, 12 and 30"}
	}
	if from == Starting {
		from = Started
	}
	next, ok := transitions[from][w]
	if !ok {
		return from, Conflict(fmt.Sprintf("status cannot become %d: a campaign that is %s (%d) cannot be %s.",
			int(to), from, int(from), wishTexts[w]))
	}
	return next, nil
}
