package ami

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"sync"
	"time"
)

// maxDiscard bounds how many given-up lists a session remembers in order to
// keep their late events from the subscriptions.
const maxDiscard = 1024

// session is one logged-in connection. It has two goroutines: the reader,
// which decodes, settles calls and publishes, and the writer, which takes
// calls from the queue. Both end when the session has ended. Its lock may be
// held while the hub's is taken, never the other way round.
type session struct {
	cfg     *Config
	hub     *hub
	conn    *idleConn
	decoder *Decoder
	epoch   uint64
	early   []Message                   // came before the answer to the login
	booted  func(uptime time.Duration)  // called by the reader at FullyBooted
	counted func(now time.Time, n uint) // called by the reader for each message; n unmatched replies
	queue   chan *call
	done    chan struct{} // closed when ended

	mu      sync.Mutex
	err     error // why it ended
	pending map[string]*call
	discard map[string]struct{}
}

func newSession(cfg *Config, hub *hub, conn *idleConn, decoder *Decoder) *session {
	return &session{
		cfg: cfg, hub: hub, conn: conn, decoder: decoder,
		queue:   make(chan *call, 64),
		done:    make(chan struct{}),
		pending: make(map[string]*call),
		discard: make(map[string]struct{}),
	}
}

// end ends the session once and settles every call in flight. It returns the
// cause that ended it, which may be an earlier one.
func (s *session) end(cause error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		return s.err
	}
	s.err = cause
	for _, c := range s.pending {
		s.settle(c, c.fail(cause))
	}
	close(s.done)
	return cause
}

// settle finishes a call. Callers hold the lock.
func (s *session) settle(c *call, err error) {
	if c.state == callSettled {
		return
	}
	c.err = err
	c.state = callSettled
	delete(s.pending, c.id)
	close(c.done)
}

// register takes a call into the books; it still has to be queued.
func (s *session) register(c *call) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var err error
	switch {
	case s.err != nil:
		err = fmt.Errorf("%w: %w", ErrNotConnected, s.err)
	case len(s.pending) >= s.cfg.MaxInFlight:
		err = ErrTooManyActions
	case s.pending[c.id] != nil:
		err = ErrDuplicateActionID
	default:
		s.pending[c.id] = c
		delete(s.discard, c.id)
		return nil
	}
	return c.fail(err)
}

// do runs a call to its end: reply, end of the context or of the session.
func (s *session) do(ctx context.Context, c *call) error {
	if err := s.register(c); err != nil {
		return err
	}
	select {
	case s.queue <- c:
	case <-c.done:
	case <-ctx.Done():
	}
	select {
	case <-c.done:
	case <-ctx.Done():
		s.giveUp(c, context.Cause(ctx))
	}
	return c.err
}

// giveUp settles a call whose caller no longer waits.
func (s *session) giveUp(c *call, cause error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c.list && c.state == callSent {
		if len(s.discard) >= maxDiscard {
			clear(s.discard)
		}
		s.discard[c.id] = struct{}{}
	}
	s.settle(c, c.fail(cause))
}

// writeLoop writes queued calls, one Write each, until the session ends.
func (s *session) writeLoop() {
	for {
		select {
		case <-s.done:
			return
		case c := <-s.queue:
			if err := s.write(c); err != nil {
				_ = s.end(err)
				return
			}
		}
	}
}

// write hands a call to the connection. An error means that the connection
// can't be used any more.
func (s *session) write(c *call) error {
	if !s.moves(c, callQueued) {
		return nil
	}
	if c.before != nil {
		if err := c.before(); err != nil {
			s.mu.Lock()
			s.settle(c, c.fail(err))
			s.mu.Unlock()
			return nil
		}
	}
	// From here on the caller is told "unknown" if he gives up, so this step
	// must come before the write.
	if !s.moves(c, callSent) {
		return nil
	}
	n, err := s.conn.writeWithin(c.bytes, s.cfg.WriteTimeout)
	if err == nil {
		return nil
	}
	err = fmt.Errorf("ami: write: %w", err)
	if n == 0 {
		s.mu.Lock()
		if c.state == callSent {
			c.state = callQueued
		}
		s.settle(c, c.fail(err))
		s.mu.Unlock()
	}
	return err
}

// moves sets the call's state unless it is settled, and tells whether it did.
func (s *session) moves(c *call, to callState) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c.state == callSettled {
		return false
	}
	c.state = to
	if to == callSent {
		c.sent = time.Now()
	}
	return true
}

// readLoop decodes and hands on messages until the connection fails. It calls
// no code of the user's and waits for nothing but the connection.
func (s *session) readLoop() error {
	for _, m := range s.early {
		s.receive(m, time.Now())
	}
	s.early = nil
	for {
		m, err := s.decoder.Decode()
		if err != nil {
			return s.readError(err)
		}
		s.receive(m, time.Now())
	}
}

func (s *session) readError(err error) error {
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return fmt.Errorf("%w for %v", ErrIdle, s.conn.idle)
	case errors.Is(err, net.ErrClosed):
		return ErrClosed
	}
	return fmt.Errorf("ami: read: %w", err)
}

func (s *session) receive(m Message, now time.Time) {
	r := route(m)
	if r.isResponse {
		matched := s.receiveReply(m, r, now)
		if matched {
			s.counted(now, 0)
		} else {
			s.counted(now, 1)
		}
		return
	}
	s.counted(now, 0)
	if r.event == "FullyBooted" {
		s.booted(uptimeOf(m))
	}
	ev := Event{Message: m, Epoch: s.epoch, Received: now}
	if r.id == "" || !s.receiveListed(ev, r) {
		s.hub.publish(ev, r.event, false)
	}
}

// receiveReply settles the call that a reply belongs to, or takes note that a
// list follows. It returns false if nobody waits for the reply.
func (s *session) receiveReply(m Message, r routing, now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.pending[r.id]
	if c == nil {
		_, known := s.discard[r.id]
		if known && (isError(r) || !announcesList(r, m)) {
			delete(s.discard, r.id)
		}
		return known
	}
	if c.state != callSent || c.announced {
		return false
	}
	c.reply, c.replied = m, now
	switch {
	case isError(r):
		s.settle(c, &ResponseError{Action: c.name, Message: m})
	case !c.list:
		s.settle(c, nil)
	case announcesList(r, m):
		c.announced = true
	default:
		s.settle(c, ErrNotAList)
	}
	return true
}

func isError(r routing) bool { return strings.EqualFold(r.response, "Error") }

// receiveListed takes an event that belongs to a list. It returns false if
// the event belongs to none.
func (s *session) receiveListed(ev Event, r routing) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.pending[r.id]
	if c == nil {
		if _, known := s.discard[r.id]; !known {
			return false
		}
		if endsList(r) {
			delete(s.discard, r.id)
		}
		return true
	}
	if !c.list || c.state != callSent {
		return false
	}
	c.events = append(c.events, s.hub.publish(ev, r.event, true))
	switch {
	case endsList(r):
		s.settle(c, nil)
	case len(c.events) > s.cfg.MaxList:
		s.discard[c.id] = struct{}{}
		c.events = nil
		s.settle(c, &LimitError{What: "list", Limit: s.cfg.MaxList})
	}
	return true
}

// uptimeOf reads the uptime of a FullyBooted event. One of 0 s, as a PBX tells
// in its first second, becomes 1 ns, since 0 stands for not told.
func uptimeOf(m Message) time.Duration {
	d, err := time.ParseDuration(m.Get("Uptime") + "s")
	if err != nil || d < 0 {
		return 0
	}
	return max(d, 1)
}
