package results

import "errors"

// ErrNotFound is returned for a uuid that is unknown or deleted.
var ErrNotFound = errors.New("not found")

// Invalid says what is wrong with a value that a user gave.
type Invalid struct {
	Field   string // the name of the field on the wire
	Message string // what is wrong, without the field's name
}

func (e Invalid) Error() string { return e.Field + " " + e.Message }

// Conflict says, in a sentence for users, why something cannot be done now.
type Conflict string

func (e Conflict) Error() string { return string(e) }

// ErrLeaseLost is returned by writes whose lease is held by somebody else or
// has run out.
var ErrLeaseLost = errors.New("lease lost")
