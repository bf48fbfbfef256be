package sim_test

import (
	"bytes"
	"errors"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/outpace/outpace/dialer/ami"
)

// network is what lies between an engine and the PBX.
type network struct {
	cut  atomic.Bool
	deaf atomic.Bool

	mu    sync.Mutex
	moves chan struct{} // closed unless nothing gets through
}

func newNetwork() *network {
	n := &network{moves: make(chan struct{})}
	close(n.moves)
	return n
}

// freeze lets nothing through any more, or what waits.
func (n *network) freeze(frozen bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	select {
	case <-n.moves:
		if frozen {
			n.moves = make(chan struct{})
		}
	default:
		if !frozen {
			close(n.moves)
		}
	}
}

// deafConn drops the events that come while the network is deaf, except those
// that belong to a list.
type deafConn struct {
	net.Conn
	n    *network
	in   []byte // read, not looked at: less than a message
	out  []byte // to be returned
	text bool   // the greeting is over
}

var messageEnd = []byte("\r\n\r\n")

func (c *deafConn) Read(p []byte) (int, error) {
	for len(c.out) == 0 {
		buf := make([]byte, 4096)
		n, err := c.Conn.Read(buf)
		c.in = append(c.in, buf[:n]...)
		c.sort()
		if err != nil && len(c.out) == 0 {
			return 0, err
		}
	}
	n := copy(p, c.out)
	c.out = c.out[n:]
	return n, nil
}

// sort moves whole messages on, or drops them.
func (c *deafConn) sort() {
	if !c.text {
		i := bytes.IndexByte(c.in, '\n')
		if i < 0 {
			return
		}
		c.text, c.out, c.in = true, append(c.out, c.in[:i+1]...), c.in[i+1:]
	}
	for {
		i := bytes.Index(c.in, messageEnd)
		if i < 0 {
			return
		}
		message := c.in[:i+len(messageEnd)]
		c.in = c.in[i+len(messageEnd):]
		if c.n.deaf.Load() && bytes.HasPrefix(message, []byte("Event: ")) && !bytes.Contains(message, []byte("\r\nActionID: look")) {
			continue
		}
		c.out = append(c.out, message...)
	}
}

// carry puts the network between an engine and a connection.
func (n *network) carry(conn net.Conn) net.Conn {
	c := &carried{Conn: conn, n: n, came: make(chan struct{}, 1), closed: make(chan struct{})}
	go c.receive()
	return c
}

// carried is a connection over a network, with the buffers that kernels have.
type carried struct {
	net.Conn
	n      *network
	came   chan struct{} // there is more to read
	closed chan struct{}

	mu      sync.Mutex
	in, out []byte
	err     error // of reading
	sending bool  // somebody waits to write out
	shut    bool
}

// receive takes what comes, whether it is read or not.
func (c *carried) receive() {
	buf := make([]byte, 4096)
	for {
		n, err := c.Conn.Read(buf)
		c.mu.Lock()
		c.in = append(c.in, buf[:n]...)
		c.err = err
		c.mu.Unlock()
		select {
		case c.came <- struct{}{}:
		default:
		}
		if err != nil {
			return
		}
	}
}

// Read returns what has come, or an end of one's own making, at once; the end
// that the other side has made comes when the network lets it through.
func (c *carried) Read(p []byte) (int, error) {
	for {
		c.mu.Lock()
		got, err := len(c.in) > 0, c.err
		c.mu.Unlock()
		switch {
		case errors.Is(err, os.ErrDeadlineExceeded):
			return 0, err
		case !got && err == nil:
			select {
			case <-c.came:
			case <-c.closed:
				return 0, net.ErrClosed
			}
			continue
		}
		select {
		case <-c.n.gate():
			c.mu.Lock()
			defer c.mu.Unlock()
			if len(c.in) == 0 {
				return 0, c.err
			}
			n := copy(p, c.in)
			c.in = c.in[n:]
			return n, nil
		case <-c.came: // the time is over, perhaps
		case <-c.closed:
			return 0, net.ErrClosed
		}
	}
}

// Write returns when the kernel has taken what is written.
func (c *carried) Write(p []byte) (int, error) {
	gate := c.n.gate()
	c.mu.Lock()
	defer c.mu.Unlock()
	select {
	case <-gate:
		if !c.sending {
			return c.Conn.Write(p)
		}
	default:
	}
	if c.shut {
		return 0, net.ErrClosed
	}
	c.out = append(c.out, p...)
	if !c.sending {
		c.sending = true
		go c.send(gate)
	}
	return len(p), nil
}

// send delivers what waits, or gives the link up as the kernel does.
func (c *carried) send(gate <-chan struct{}) {
	select {
	case <-gate:
		c.mu.Lock()
		_, _ = c.Conn.Write(c.out)
		c.out, c.sending = nil, false
		shut := c.shut
		c.mu.Unlock()
		if shut {
			_ = c.Conn.Close()
		}
	case <-time.After(ami.Undelivered):
		c.mu.Lock()
		c.out, c.sending = nil, false
		c.mu.Unlock()
		_ = c.Close()
		_ = c.Conn.Close() // if it was shut before
	}
}

// Close closes the connection when what was written is delivered.
func (c *carried) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.shut {
		return nil
	}
	c.shut = true
	close(c.closed)
	if c.sending {
		return nil
	}
	return c.Conn.Close()
}

// gate is closed as soon as the network lets something through.
func (n *network) gate() <-chan struct{} {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.moves
}
