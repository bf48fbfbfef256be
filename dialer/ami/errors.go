package ami

import (
	"errors"
	"fmt"
	"strings"
)

var (
	// ErrClosed says that the client was closed or its Run has returned.
	ErrClosed = errors.New("ami: client is closed")
	// ErrNotConnected says that there is no session with the PBX now.
	ErrNotConnected = errors.New("ami: no session")
	// ErrNotSent matches every *NotSentError.
	ErrNotSent = errors.New("ami: action was not sent")
	// ErrOutcomeUnknown matches every *OutcomeUnknownError.
	ErrOutcomeUnknown = errors.New("ami: action was sent, its outcome is unknown")
	// ErrLagged ends a subscription whose reader was too slow.
	ErrLagged = errors.New("ami: subscription lagged behind")
	// ErrDuplicateActionID refuses an action whose ActionID is in flight.
	ErrDuplicateActionID = errors.New("ami: ActionID is in use by an action in flight")
	// ErrTooManyActions refuses an action while Config.MaxInFlight are in flight.
	ErrTooManyActions = errors.New("ami: too many actions in flight")
	// ErrNotAList says that the PBX did accept the action given to List, but
	// answered without a list of events.
	ErrNotAList = errors.New("ami: the reply announces no list")
	// ErrIdle ends a session in which nothing, not even the answer to a ping,
	// came for PingInterval + PingTimeout.
	ErrIdle = errors.New("ami: nothing received from the PBX")
)

// NotSentError says that not one byte of the action was written to the
// connection: it surely has no effect and may be tried again.
type NotSentError struct {
	Action string // name of the action
	Err    error  // why
}

// Error implements error.
func (e *NotSentError) Error() string {
	return fmt.Sprintf("ami: %s was not sent: %v", e.Action, e.Err)
}

// Unwrap returns the cause.
func (e *NotSentError) Unwrap() error { return e.Err }

// Is makes errors.Is(err, ErrNotSent) true.
func (e *NotSentError) Is(target error) bool { return target == ErrNotSent }

// OutcomeUnknownError says that the action was written, wholly or in part, and
// that no reply came: the session ended or the caller's time was up. The PBX
// may have done it or may still do it. The client never sends it again.
type OutcomeUnknownError struct {
	Action string // name of the action
	Err    error  // why there is no reply
}

// Error implements error.
func (e *OutcomeUnknownError) Error() string {
	return fmt.Sprintf("ami: %s was sent, its outcome is unknown: %v", e.Action, e.Err)
}

// Unwrap returns the cause.
func (e *OutcomeUnknownError) Unwrap() error { return e.Err }

// Is makes errors.Is(err, ErrOutcomeUnknown) true.
func (e *OutcomeUnknownError) Is(target error) bool { return target == ErrOutcomeUnknown }

// ResponseError is a reply with Response: Error. The PBX did not do what the
// action says.
type ResponseError struct {
	Action  string // name of the action
	Message        // the reply, whole
}

// Error implements error with the text of the PBX.
func (e *ResponseError) Error() string {
	return fmt.Sprintf("ami: %s refused: %s", e.Action, e.Text())
}

// Text returns the reason in the words of the PBX, such as "Permission denied".
func (e *ResponseError) Text() string { return strings.TrimSpace(e.Get("Message")) }

// AuthError says that the PBX refused the login. Asterisk has the same text
// for a wrong secret, an unknown user and a forbidden address.
type AuthError struct {
	Text string // in the words of the PBX
}

// Error implements error.
func (e *AuthError) Error() string { return "ami: login refused: " + e.Text }
