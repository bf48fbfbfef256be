package pbxsim

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"time"
)

// Config is what a simulated PBX is made of. The zero value of each field has
// a meaning of its own, so Config{} is a PBX like the lab's.
type Config struct {
	Listen   string       // address, default 127.0.0.1:0
	Listener net.Listener // used instead of Listen if set; Close closes it

	Username, Secret string // default dialer, secret

	Seed      uint64
	TimeScale float64 // 1 (the default) = real time, 10 = ten times faster
	Version   string  // of Asterisk, default 22.10.1; before 18 it speaks as 16 does

	Queues       []QueueConfig // nil = LabQueues()
	Trunks       []string      // endpoints that lead to customers, default "trunk"
	Technologies []string      // channel technologies, default PJSIP and Local
	Crowd        Crowd         // the people behind the numbers 0...
	Faults       Faults

	// Customer, if set, says what each called number does, instead of its
	// digits. It is called for one call after the other, in the order of the
	// requests, and must not call the Server.
	Customer func(number string) Fate
	// Message is how long the message of the extension abandon is, after which
	// the PBX hangs up; default 2 s.
	Message time.Duration

	// WriteLimit is how many bytes may wait for a client that does not read
	// before it is cut off, default 8 MiB. WriteTimeout is how long one write
	// may take, default 10 s of real time.
	WriteLimit   int
	WriteTimeout time.Duration

	Logger *slog.Logger // default: nothing is logged
}

// QueueConfig is a queue.
type QueueConfig struct {
	Name      string
	Strategy  string        // ringall (default), rrmemory, longest-idle
	Timeout   time.Duration // how long an agent is rung, default 15 s
	Retry     time.Duration // pause after an agent did not answer, default 1 s
	Wrapup    time.Duration // the queue's wrap-up time, which no AMI reply shows
	AutoPause bool          // pause an agent who did not answer
	Strict    bool          // refuse callers while no agent is there
	Members   []MemberConfig
}

// AgentMode says how an agent takes calls.
type AgentMode int

// The modes.
const (
	AgentAnswers AgentMode = iota // after MemberConfig.Answer
	AgentSilent                   // rings for ever
	AgentBusy                     // busy at once
	AgentBrief                    // answers and hangs up at once
	AgentOffline                  // not registered: Unavailable
	AgentInvalid                  // no such endpoint: Invalid
)

// MemberConfig is an agent in a queue. An agent is one person by Interface in
// however many queues; the first mention says how he behaves.
type MemberConfig struct {
	Interface string        // e.g. PJSIP/agent-01
	Name      string        // default Interface
	Wrapup    time.Duration // the member's own wrap-up time; it wins over the queue's
	Penalty   int           // shown, not acted on
	Paused    bool

	Mode   AgentMode
	Answer Dist // how long he lets it ring, default 0.5 to 1.5 s
	Talk   Dist // after which he hangs up; zero = the customer ends the talk
}

const (
	defaultVersion   = "22.10.1"
	ringAll          = "ringall"
	rrMemory         = "rrmemory"
	longestIdle      = "longest-idle"
	leastRecent      = "leastrecent" // Asterisk's word for longest-idle
	defaultRingAgent = 15 * time.Second
	defaultRetry     = time.Second
)

// withDefaults returns a copy with every field set, or an error that names the
// field that is wrong.
func (c Config) withDefaults() (Config, error) {
	setDefault(&c.Listen, "127.0.0.1:0")
	setDefault(&c.Username, "dialer")
	setDefault(&c.Secret, "secret")
	setDefault(&c.Version, defaultVersion)
	setDefault(&c.TimeScale, 1)
	setDefault(&c.Message, 2*time.Second)
	setDefault(&c.WriteLimit, 8<<20)
	setDefault(&c.WriteTimeout, 10*time.Second)
	if c.TimeScale < 0 {
		return c, fmt.Errorf("pbxsim: TimeScale %v is negative", c.TimeScale)
	}
	if c.Trunks == nil {
		c.Trunks = []string{"trunk"}
	}
	if c.Technologies == nil {
		c.Technologies = []string{"PJSIP", "Local"}
	}
	if c.Crowd.empty() {
		c.Crowd = DefaultCrowd()
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Queues == nil {
		c.Queues = LabQueues()
	}
	queues := make([]QueueConfig, len(c.Queues))
	names := map[string]bool{}
	for i, q := range c.Queues {
		if err := q.setDefaults(); err != nil {
			return c, fmt.Errorf("pbxsim: Queues[%d]: %w", i, err)
		}
		if names[q.Name] {
			return c, fmt.Errorf("pbxsim: Queues[%d]: Name %q is there twice", i, q.Name)
		}
		names[q.Name] = true
		queues[i] = q
	}
	c.Queues = queues
	return c, c.Faults.check()
}

func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

func (q *QueueConfig) setDefaults() error {
	if q.Name == "" || strings.ContainsAny(q.Name, ",\r\n") {
		return fmt.Errorf("Name %q is empty or has a comma or line end", q.Name)
	}
	setDefault(&q.Strategy, ringAll)
	setDefault(&q.Timeout, defaultRingAgent)
	setDefault(&q.Retry, defaultRetry)
	switch q.Strategy {
	case ringAll, rrMemory, longestIdle:
	case leastRecent:
		q.Strategy = longestIdle
	default:
		return fmt.Errorf("Strategy %q is not one of ringall, rrmemory, longest-idle", q.Strategy)
	}
	for i, m := range q.Members {
		if m.Interface == "" || strings.ContainsAny(m.Interface, "\r\n") {
			return fmt.Errorf("Members[%d]: Interface %q is empty or has a line end", i, m.Interface)
		}
	}
	return nil
}

// ErrClosed is returned by Run after Close.
var ErrClosed = errors.New("pbxsim: closed")
