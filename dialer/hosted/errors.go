package hosted

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/outpace/outpace/dialer"
)

// ErrForbidden says that a hook does not come from the PBX.
var ErrForbidden = errors.New("not authenticated")

// ErrStale is the ErrForbidden of a hook whose secret was right, but which has
// to be sent again with a fresh challenge.
var ErrStale = fmt.Errorf("stale: %w", ErrForbidden)

// Fault says whose fault a refusal is, which decides what comes next.
type Fault int

// The faults.
const (
	Other        Fault = iota // anything else: only this call is affected
	AgentBusy                 // the agent is in a call: he is left alone until he is seen free again
	AgentOffline              // the agent's phone is not registered: he is left alone for a while
	AgentSilent               // the agent was rung and did not pick up: the result is agent_no_answer
)

// Refusal is the PBX's word that it does not place a call. It is a
// dialer.ErrRefused: no customer's phone rings.
type Refusal struct {
	Fault Fault
	Code  string // the PBX's own: USER_BUSY, 400
	Text  string // a sentence for people
}

// Error says both.
func (r *Refusal) Error() string {
	if r.Code == "" {
		return fmt.Sprintf("%v: %s", dialer.ErrRefused, r.Text)
	}
	return fmt.Sprintf("%v: %s (%s)", dialer.ErrRefused, r.Text, r.Code)
}

// Is makes it a dialer.ErrRefused.
func (r *Refusal) Is(target error) bool { return target == dialer.ErrRefused }

// StatusError is an HTTP answer other than 2xx.
type StatusError struct {
	Status int
	Body   []byte // the first 64 KiB
}

// Error names the status only: bodies may hold anything.
func (e *StatusError) Error() string {
	return fmt.Sprintf("the PBX answered %d %s", e.Status, http.StatusText(e.Status))
}

// MalformedError is an answer that is not what the page says.
type MalformedError struct {
	Err error
}

// Error says so.
func (e *MalformedError) Error() string { return "the PBX's answer cannot be read: " + e.Err.Error() }

// Unwrap returns what was wrong.
func (e *MalformedError) Unwrap() error { return e.Err }
