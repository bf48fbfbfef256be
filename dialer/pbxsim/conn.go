package pbxsim

import (
	"context"
	"net"
	"sync"
	"time"

	"github.com/outpace/outpace/dialer/ami"
)

const (
	maxHeaders    = 128  // Asterisk's limit for the headers of one action
	maxLine       = 1024 // and for one line
	loginDeadline = 30 * time.Second
	authDelay     = time.Second
)

// conn is one AMI connection. Its reader and writer only move bytes; all else
// belongs to the loop of the PBX.
type conn struct {
	net net.Conn
	out *outbox

	// Owned by the loop.
	p         *pbx
	loggedIn  bool
	mask      class
	challenge string
	deadline  *timer
	busy      bool      // an action holds up the connection
	frozen    bool      // nothing moves, as on a dead network
	quiet     bool      // events wait, replies go
	requests  []request // came while busy or frozen
	held      []byte    // events that wait while busy or quiet
	gone      bool
}

// request is a message that came from a client, or the end of its stream.
type request struct {
	conn *conn
	msg  ami.Message
	end  bool
}

// read decodes what the client sends and hands it to the loop.
func (c *conn) read(ctx context.Context, to chan<- request) {
	d := ami.NewDecoder(c.net)
	for {
		msg, err := d.Decode()
		r := request{conn: c, msg: msg, end: err != nil}
		select {
		case to <- r:
		case <-ctx.Done():
			return
		}
		if r.end {
			return
		}
	}
}

// hangUp closes a connection that nobody speaks over any more, so there is
// nobody to tell an error to.
func hangUp(nc net.Conn) { _ = nc.Close() }

// cut ends the connection at once; what waits to be written is lost.
func (c *conn) cut() {
	c.out.stop()
	hangUp(c.net)
}

// outbox holds what waits for the client, up to a limit in bytes.
type outbox struct {
	mu     sync.Mutex
	buf    []byte
	limit  int
	frozen bool
	last   bool      // close the connection once all is written
	since  time.Time // when the write began that is under way
	wake   chan struct{}
	done   chan struct{}
	once   sync.Once
}

func newOutbox(limit int) *outbox {
	return &outbox{limit: limit, wake: make(chan struct{}, 1), done: make(chan struct{})}
}

// put appends bytes; false if they would exceed the limit.
func (o *outbox) put(b []byte) bool {
	o.mu.Lock()
	ok := len(o.buf)+len(b) <= o.limit
	if ok {
		o.buf = append(o.buf, b...)
	}
	o.mu.Unlock()
	o.signal()
	return ok
}

// writes notes that a write begins now, or with the zero time that none is
// under way.
func (o *outbox) writes(since time.Time) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.since = since
}

// stuck is how long the write that is under way has lasted.
func (o *outbox) stuck() time.Duration {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.since.IsZero() {
		return 0
	}
	return time.Since(o.since)
}

func (o *outbox) signal() {
	select {
	case o.wake <- struct{}{}:
	default:
	}
}

// freeze stops the writer before its next write, or lets it go on.
func (o *outbox) freeze(frozen bool) {
	o.mu.Lock()
	o.frozen = frozen
	o.mu.Unlock()
	o.signal()
}

// finish has the writer end once all is written.
func (o *outbox) finish() {
	o.mu.Lock()
	o.last = true
	o.mu.Unlock()
	o.signal()
}

// stop has the writer end before its next write.
func (o *outbox) stop() { o.once.Do(func() { close(o.done) }) }

// take swaps the waiting bytes for an empty buffer.
func (o *outbox) take(spare []byte) (b []byte, last bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.frozen {
		return nil, false
	}
	b, o.buf = o.buf, spare[:0]
	return b, o.last
}

// write moves the outbox to the network until the connection ends.
func (c *conn) write(ctx context.Context, timeout time.Duration) {
	// A write or read that blocks ends when the connection is closed.
	release := context.AfterFunc(ctx, func() { hangUp(c.net) })
	defer release()
	defer hangUp(c.net)
	var spare []byte
	for {
		select {
		case <-ctx.Done():
			return
		case <-c.out.done:
			return
		case <-c.out.wake:
		}
		b, last := c.out.take(spare)
		if len(b) > 0 {
			if err := c.net.SetWriteDeadline(time.Now().Add(timeout)); err != nil {
				return
			}
			c.out.writes(time.Now())
			if _, err := c.net.Write(b); err != nil {
				return
			}
			c.out.writes(time.Time{})
			c.out.signal() // what came meanwhile, and the end
		}
		if last && len(b) == 0 {
			return
		}
		if b != nil {
			spare = b
		}
	}
}

// send queues bytes, or cuts the client off that does not read.
func (c *conn) send(b []byte) {
	if !c.gone && !c.out.put(b) {
		c.p.log.Warn("pbxsim: client does not read, connection closed")
		c.p.drop(c)
	}
}

// event sends an event, or keeps it while the connection is held up.
func (c *conn) event(b []byte) {
	if c.quiet {
		c.p.struck[DelayEvents]++
	}
	if c.busy || c.quiet {
		if len(c.held)+len(b) > c.out.limit {
			c.p.drop(c)
			return
		}
		c.held = append(c.held, b...)
		return
	}
	c.send(b)
}

// release sends the events that waited.
func (c *conn) release() {
	if c.busy || c.quiet || len(c.held) == 0 {
		return
	}
	held := c.held
	c.held = nil
	c.send(held)
}
