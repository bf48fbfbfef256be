package ami

import (
	"slices"
	"sync"
	"time"
)

// State is where the client stands.
type State uint8

const (
	// StateIdle is before Run.
	StateIdle State = iota
	// StateConnecting is dialing, TLS and the greeting.
	StateConnecting
	// StateLogin is waiting for the answer to the login.
	StateLogin
	// StateBooting is logged in; the PBX has not told that it has booted.
	StateBooting
	// StateReady is logged in to a PBX that has booted.
	StateReady
	// StateWaiting is the pause before the next attempt to connect.
	StateWaiting
	// StateClosed is after Run or Close, for good.
	StateClosed
)

// String returns the state's name.
func (s State) String() string {
	switch s {
	case StateIdle:
		return "idle"
	case StateConnecting:
		return "connecting"
	case StateLogin:
		return "login"
	case StateBooting:
		return "booting"
	case StateReady:
		return "ready"
	case StateWaiting:
		return "waiting"
	case StateClosed:
		return "closed"
	}
	return "unknown"
}

// StateChange is a step of the client from one state to another.
type StateChange struct {
	State State
	Epoch uint64 // number of the present session, or of the last one; 0 before the first
	// Err is why the last session or attempt failed; set in StateWaiting and
	// StateClosed.
	Err error
	// Uptime of the PBX as FullyBooted tells it, set in StateReady; see
	// Event.Uptime.
	Uptime time.Duration
	// RetryIn is how long StateWaiting will last.
	RetryIn time.Duration
	At      time.Time
}

// stateBuffer is how many changes wait for a reader of States before the
// oldest is left out.
const stateBuffer = 32

// states holds the present state and tells changes to those who listen.
type states struct {
	mu        sync.Mutex
	now       StateChange
	listeners []chan StateChange
}

func (s *states) get() StateChange {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now
}

func (s *states) set(change StateChange) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.now.State == StateClosed {
		return
	}
	s.now = change
	for _, listener := range s.listeners {
		if len(listener) == cap(listener) {
			select {
			case <-listener:
			default:
			}
		}
		listener <- change // has room: only this side sends
	}
	if change.State == StateClosed {
		for _, listener := range s.listeners {
			close(listener)
		}
		s.listeners = nil
	}
}

func (s *states) listen() (<-chan StateChange, func()) {
	listener := make(chan StateChange, stateBuffer)
	s.mu.Lock()
	defer s.mu.Unlock()
	listener <- s.now
	if s.now.State == StateClosed {
		close(listener)
		return listener, func() {}
	}
	s.listeners = append(s.listeners, listener)
	return listener, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if i := slices.Index(s.listeners, listener); i >= 0 {
			s.listeners = slices.Delete(s.listeners, i, i+1)
			close(listener)
		}
	}
}
