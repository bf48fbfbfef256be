package main

import (
	"bytes"
	"net"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// wire is the way to a PBX or a database. It can be cut, frozen, made deaf or
// slow, and it can lose messages.
type wire struct {
	listener net.Listener
	network  string
	address  string
	framed   bool // messages end with an empty line, as those of AMI do
	small    bool // it holds little of what the far side sends and it does not read
	parts    sync.WaitGroup

	mu    sync.Mutex
	down  bool
	links map[net.Conn]bool // true: it is deaf, what comes from there is swallowed
	slow  time.Duration     // before each piece is passed on
	loses func(piece []byte) bool
	sees  func(up bool, piece []byte)
	ended chan struct{}
	flow  sync.RWMutex // held while nothing may pass
	reads sync.RWMutex // held while nobody reads what the far side sends

	// How many pieces were swallowed, held up, delayed and lost.
	swallowed, held, delayed, lost atomic.Int64
}

func newWire(t *testing.T, network, address string, framed bool) *wire {
	t.Helper()
	w := &wire{network: network, address: address, framed: framed, links: map[net.Conn]bool{}, ended: make(chan struct{})}
	var err error
	if w.listener, err = new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	w.parts.Go(w.accept)
	t.Cleanup(func() {
		_ = w.listener.Close()
		close(w.ended)
		w.cut(true)
		w.parts.Wait()
	})
	return w
}

// addr is where the wire begins.
func (w *wire) addr() string { return w.listener.Addr().String() }

// newAMIWire returns a wire to a PBX, which passes whole messages.
func newAMIWire(t *testing.T, address string) *wire {
	t.Helper()
	return newWire(t, "tcp", address, true)
}

// newDatabaseWire returns a wire to the Postgres at base, and its URL.
func newDatabaseWire(t *testing.T, base string) (w *wire, through string) {
	t.Helper()
	u, err := url.Parse(base)
	if err != nil {
		t.Fatal(err)
	}
	network, address, query := "tcp", u.Host, u.Query()
	if host := query.Get("host"); host != "" {
		address = net.JoinHostPort(host, query.Get("port"))
		if filepath.IsAbs(host) {
			network, address = "unix", filepath.Join(host, ".s.PGSQL."+query.Get("port"))
		}
	}
	query.Del("host")
	query.Del("port")
	w = newWire(t, network, address, false)
	u.Host, u.RawQuery = w.addr(), query.Encode()
	return w, u.String()
}

func (w *wire) accept() {
	for {
		near, err := w.listener.Accept()
		if err != nil {
			return
		}
		far, err := net.Dial(w.network, w.address) //nolint:noctx // it ends with the wire
		w.mu.Lock()
		if err != nil || w.down {
			_ = near.Close()
			if err == nil {
				_ = far.Close()
			}
		} else {
			if tcp, ok := far.(*net.TCPConn); ok && w.small {
				_ = tcp.SetReadBuffer(little)
			}
			w.links[near], w.links[far] = false, false
			w.parts.Go(func() { w.pass(near, far, true) })
			w.parts.Go(func() { w.pass(far, near, false) })
		}
		w.mu.Unlock()
	}
}

// pass carries bytes one way until either side ends, which ends the other one
// too unless the link is deaf.
func (w *wire) pass(from, to net.Conn, up bool) {
	pieces := &cutter{whole: w.framed}
	buffer := make([]byte, 32<<10)
	for {
		if !up {
			w.reads.RLock()
			w.reads.RUnlock() //nolint:staticcheck // it waits until reading is allowed
		}
		n, err := from.Read(buffer)
		var failed error
		for piece := range pieces.of(buffer[:n]) {
			if failed = w.hand(from, to, up, piece); failed != nil {
				break
			}
		}
		if err != nil || failed != nil {
			break
		}
	}
	_ = from.Close()
	if !w.isDeaf(from) {
		_ = to.Close()
	}
	w.mu.Lock()
	delete(w.links, from)
	w.mu.Unlock()
}

// hand passes a piece on, or does not.
func (w *wire) hand(from, to net.Conn, up bool, piece []byte) error {
	w.mu.Lock()
	slow, loses, sees := w.slow, w.loses, w.sees
	w.mu.Unlock()
	if slow > 0 {
		t := time.NewTimer(slow)
		defer t.Stop()
		select {
		case <-w.ended:
		case <-t.C:
		}
		w.delayed.Add(1)
	}
	if w.isDeaf(from) {
		w.swallowed.Add(1)
		return nil
	}
	if !up && loses != nil && loses(piece) {
		w.lost.Add(1)
		return nil
	}
	if !w.flow.TryRLock() {
		w.held.Add(1)
		w.flow.RLock()
	}
	defer w.flow.RUnlock()
	_, err := to.Write(piece)
	if sees != nil {
		sees(up, piece)
	}
	return err
}

func (w *wire) isDeaf(link net.Conn) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.links[link]
}

// cut ends all connections and tells how many; while down, new ones are closed
// at once.
func (w *wire) cut(down bool) (links int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.down = down
	for link := range w.links {
		_ = link.Close()
	}
	return len(w.links) / 2
}

// swallow makes all present connections deaf without closing them: what either
// side sends is lost, and neither learns of it.
func (w *wire) swallow() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for link := range w.links {
		w.links[link] = true
	}
}

// delay makes each piece wait that long, one after the other.
func (w *wire) delay(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.slow = d
}

// lose loses the pieces from the far side for which what is true; nil for none.
func (w *wire) lose(what func(piece []byte) bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.loses = what
}

// narrow makes the links to come hold little of what nobody reads.
func (w *wire) narrow() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.small = true
}

// watch has f told of all that passes, when it has passed.
func (w *wire) watch(f func(up bool, piece []byte)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.sees = f
}

// cutter cuts a stream into pieces: messages of AMI, or what comes at once.
type cutter struct {
	whole   bool
	rest    []byte
	greeted bool
}

func (c *cutter) of(read []byte) func(yield func([]byte) bool) {
	return func(yield func([]byte) bool) {
		if !c.whole {
			if len(read) > 0 {
				yield(read)
			}
			return
		}
		c.rest = append(c.rest, read...)
		for {
			end := []byte("\r\n\r\n")
			if !c.greeted && bytes.HasPrefix(c.rest, []byte("Asterisk")) {
				end = end[:2] // the first line stands alone
			}
			i := bytes.Index(c.rest, end)
			if i < 0 {
				return
			}
			piece := c.rest[:i+len(end)]
			c.greeted, c.rest = true, bytes.Clone(c.rest[i+len(end):])
			if !yield(piece) {
				return
			}
		}
	}
}

// isEvent is true for an event that tells of a call.
func isEvent(piece []byte) bool {
	name, _, _ := strings.Cut(string(piece), "\r\n")
	name, ok := strings.CutPrefix(name, "Event: ")
	return ok && !strings.HasSuffix(name, "Complete") && name != "FullyBooted" && name != "CoreShowChannel"
}
