package ami

import (
	"strings"
	"time"
)

// Action is a command to the PBX.
type Action struct {
	Name string // such as "Originate"
	// Headers go out after Action and ActionID, in this order. An ActionID
	// among them (at most 100 bytes) is used instead of one of the client's;
	// it must differ from those in flight.
	Headers Message
	// Before, if set, runs right before the bytes are written to the
	// connection, when all waiting is over. If it fails nothing is written and
	// the caller gets a *NotSentError that wraps its error. It holds up every
	// other action, so it must not wait, and it must not call the client.
	Before func() error
}

const (
	// MaxActionID is the longest ActionID in bytes. Asterisk loses line ends
	// in some events when it exceeds 243.
	MaxActionID = 100
	// MaxActionLine is the longest header line of an action that Asterisk
	// reads, in bytes without the line end.
	MaxActionLine = 1022
	// MaxActionHeaders is the most headers of an action that Asterisk reads,
	// Action and ActionID included.
	MaxActionHeaders = 128
)

// encode returns the action's bytes with the given id, checked against what
// Asterisk can read.
func (a Action) encode(id string) ([]byte, error) {
	m := make(Message, 0, len(a.Headers)+2)
	m.Add("Action", a.Name)
	m.Add("ActionID", id)
	for _, h := range a.Headers {
		switch {
		case sameKey(h.Key, "ActionID"):
			continue
		case sameKey(h.Key, "Action"):
			return nil, &InvalidValueError{Header: h.Key, Reason: "is given by the name of the action"}
		}
		m = append(m, h)
	}
	if strings.TrimSpace(a.Name) == "" {
		return nil, &InvalidValueError{Header: "Action", Reason: "is empty"}
	}
	if len(m) > MaxActionHeaders {
		return nil, &LimitError{What: "headers", Limit: MaxActionHeaders}
	}
	for _, h := range m {
		if len(h.Key)+len(": ")+len(h.Value) > MaxActionLine {
			return nil, &InvalidValueError{Header: h.Key, Reason: "is longer than Asterisk reads"}
		}
	}
	return m.AppendTo(nil)
}

// actionID returns the caller's id, or "".
func (a Action) actionID() (string, error) {
	id, given := a.Headers.Lookup("ActionID")
	switch {
	case !given:
		return "", nil
	case strings.TrimSpace(id) != id || id == "":
		return "", &InvalidValueError{Header: "ActionID", Reason: "is empty or has a blank around it"}
	case len(id) > MaxActionID:
		return "", &InvalidValueError{Header: "ActionID", Reason: "is longer than 100 bytes"}
	}
	return id, nil
}

// callState is the life of an action: it waits for the writer, is handed to
// the connection, is settled.
type callState uint8

const (
	callQueued callState = iota
	callSent
	callSettled
)

// call is an action in flight. The session's lock guards all below id.
type call struct {
	name   string
	id     string
	bytes  []byte
	before func() error
	list   bool

	state     callState
	announced bool    // the reply said that a list follows
	events    []Event // of the list
	sent      time.Time
	replied   time.Time
	reply     Message
	err       error
	done      chan struct{} // closed when settled
}

// fail makes the error that fits how far the call got.
func (c *call) fail(cause error) error {
	if c.state == callQueued {
		return &NotSentError{Action: c.name, Err: cause}
	}
	return &OutcomeUnknownError{Action: c.name, Err: cause}
}

// announcesList tells whether a reply is followed by events that belong to it.
// Asterisk before 12 says so only in its text.
func announcesList(r routing, m Message) bool {
	if r.list != "" {
		return strings.EqualFold(r.list, "start")
	}
	text := strings.ToLower(m.Get("Message"))
	return strings.Contains(text, "will follow") || strings.Contains(text, "following are")
}

// endsList tells whether an event is the last of its list.
func endsList(r routing) bool {
	if r.list != "" {
		return !strings.EqualFold(r.list, "start")
	}
	return strings.HasSuffix(r.event, "Complete")
}
