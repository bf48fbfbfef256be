package ami

import (
	"crypto/rand"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// Stats is a reading of the client's gauges and counters.
type Stats struct {
	State         State
	Epoch         uint64              // number of the present session, or of the last
	Reconnects    uint64              // sessions after the first
	InFlight      int                 // actions that wait for a reply
	Messages      uint64              // received, of all kinds
	Unmatched     uint64              // replies that nobody waited for, late ones mostly
	LastReceived  time.Time           // of the last message; zero = none yet
	LastAge       time.Duration       // how long that is ago; 0 = none yet
	RoundTrip     time.Duration       // of the last answered ping; 0 = none yet
	Subscriptions []SubscriptionStats // in the order of Subscribe
}

// SubscriptionStats is a reading of one subscription.
type SubscriptionStats struct {
	Depth    int    // events and marks that wait for the reader
	Capacity int    // its bound
	Dropped  uint64 // events left out
}

// Stats returns the present figures.
func (c *Client) Stats() Stats {
	now := c.states.get()
	stats := Stats{
		State: now.State, Epoch: now.Epoch,
		Messages:      c.meter.messages.Load(),
		Unmatched:     c.meter.unmatched.Load(),
		RoundTrip:     time.Duration(c.meter.roundTrip.Load()),
		Subscriptions: c.hub.stats(),
	}
	if sessions := c.meter.sessions.Load(); sessions > 1 {
		stats.Reconnects = sessions - 1
	}
	if last := c.meter.last.Load(); last != 0 {
		stats.LastReceived = time.Unix(0, last)
		stats.LastAge = max(0, time.Since(stats.LastReceived))
	}
	if s := c.session.Load(); s != nil {
		s.mu.Lock()
		stats.InFlight = len(s.pending)
		s.mu.Unlock()
	}
	return stats
}

// Version returns the greeting of the server of the present or last session,
// such as "Asterisk Call Manager/11.0.0"; "" before the first.
func (c *Client) Version() string {
	if greeting := c.meter.greeting.Load(); greeting != nil {
		return *greeting
	}
	return ""
}

// meter holds what outlives a session.
type meter struct {
	sessions, messages, unmatched atomic.Uint64
	last, roundTrip               atomic.Int64 // Unix nanoseconds, nanoseconds
	greeting                      atomic.Pointer[string]
}

func (m *meter) opened(greeting string) {
	m.sessions.Add(1)
	m.greeting.Store(&greeting)
}

func (m *meter) received(now time.Time, unmatched uint) {
	m.messages.Add(1)
	m.unmatched.Add(uint64(unmatched))
	m.last.Store(now.UnixNano())
}

func (m *meter) pinged(d time.Duration) { m.roundTrip.Store(int64(d)) }

// idSource makes ActionIDs. They differ between clients too, since an
// OriginateResponse with the id goes to every session of the PBX.
type idSource struct {
	prefix string
	count  atomic.Uint64
}

func newIDSource() *idSource {
	return &idSource{prefix: strings.ToLower(rand.Text()[:10]) + "-"}
}

func (s *idSource) next() string { return s.prefix + strconv.FormatUint(s.count.Add(1), 36) }
