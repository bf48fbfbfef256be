package campaign

import "time"

// Campaign ties a plan, a destination and a dial list together. Empty strings
// stand for "not set" (null on the wire); a zero time for "never".
type Campaign struct {
	UUID   string // lower-case v4
	Name   string
	Detail string
	Status Status

	Plan        string // uuid of the plan, "" if none
	Destination string // uuid of the destination, "" if none
	List        string // uuid of the dial list, "" if none
	Next        string // uuid of the campaign that follows when the list has ended, "" if none

	Variables map[string]string // nil if not set
	Calendar  Calendar

	// Edge is the calendar's edge on which the scheduler acted last: the start of
	// a window (see Calendar.Window), or a moment after a closing (zero in a
	// campaign that never had one). EdgePending means that the calendar is new or
	// changed and its present state has to be acted on.
	Edge time.Time

	// Reason says in one sentence why the engine stopped the campaign by
	// itself, "" if it did not.
	Reason string

	InUse    bool
	TmCreate time.Time
	TmUpdate time.Time
	TmDelete time.Time
}

// ClosingDone reports whether the calendar's last closing has been acted on,
// and no opening since.
func (c Campaign) ClosingDone() bool {
	return !c.Edge.Equal(EdgePending) && !c.Calendar.Open(c.Edge)
}

// EdgePending marks a calendar whose present state has not been acted on yet.
var EdgePending = time.Unix(1, 0).UTC()

// Live is what the engine that runs a campaign sees of it at this moment; it
// is stored about once a second, so that any engine's API can show it.
type Live struct {
	Campaign string    `json:"campaign"` // uuid
	At       time.Time `json:"at"`
	Calls    Calls     `json:"calls"`
	Agents   Agents    `json:"agents"`
	// Why says in one sentence what holds dialing back now, "" if nothing does.
	Why string `json:"why"`
	// Pacing is what was decided last, nil if nothing has been yet.
	Pacing *Pacing `json:"pacing,omitempty"`
}

// Calls counts the open calls of a campaign.
type Calls struct {
	Ringing int `json:"ringing"` // placed, not answered yet
	Waiting int `json:"waiting"` // answered, no agent yet
	Talking int `json:"talking"` // with an agent, or in a destination without agents
}

// Agents counts the agents of a campaign's destination, each one once.
type Agents struct {
	LoggedIn int `json:"logged_in"`
	Free     int `json:"free"`
	Busy     int `json:"busy"` // ringing or talking
	WrapUp   int `json:"wrap_up"`
	Paused   int `json:"paused"`
}
