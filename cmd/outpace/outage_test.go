//go:build unix

package main

import (
	"bytes"
	"io"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/outpace/outpace/store/storetest"
)

// wire is the way to a Postgres. It can be cut and frozen.
type wire struct {
	listener net.Listener
	network  string
	address  string
	parts    sync.WaitGroup

	mu    sync.Mutex
	down  bool
	links map[net.Conn]bool // true: it is deaf, what comes from there is swallowed
	flow  sync.RWMutex      // held while nothing may pass
}

// newWire returns a wire to the database at base, and its URL.
func newWire(t *testing.T, base string) (w *wire, through string) {
	t.Helper()
	u, err := url.Parse(base)
	if err != nil {
		t.Fatal(err)
	}
	w = &wire{network: "tcp", address: u.Host, links: map[net.Conn]bool{}}
	query := u.Query()
	if host := query.Get("host"); host != "" {
		w.address = net.JoinHostPort(host, query.Get("port"))
		if filepath.IsAbs(host) {
			w.network, w.address = "unix", filepath.Join(host, ".s.PGSQL."+query.Get("port"))
		}
	}
	query.Del("host")
	query.Del("port")
	if w.listener, err = new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	u.Host, u.RawQuery = w.listener.Addr().String(), query.Encode()
	w.parts.Go(w.accept)
	t.Cleanup(func() {
		_ = w.listener.Close()
		w.cut(true)
		w.parts.Wait()
	})
	return w, u.String()
}

func (w *wire) accept() {
	for {
		near, err := w.listener.Accept()
		if err != nil {
			return
		}
		far, err := net.Dial(w.network, w.address)
		w.mu.Lock()
		if err != nil || w.down {
			_ = near.Close()
			if err == nil {
				_ = far.Close()
			}
		} else {
			w.links[near], w.links[far] = false, false
			w.parts.Go(func() { w.pass(near, far) })
			w.parts.Go(func() { w.pass(far, near) })
		}
		w.mu.Unlock()
	}
}

// pass carries bytes one way until either side ends, which ends the other one
// too unless the link is deaf.
func (w *wire) pass(from, to net.Conn) {
	buffer := make([]byte, 32<<10)
	for {
		n, err := from.Read(buffer)
		if w.isDeaf(from) {
			n = 0
		}
		w.flow.RLock()
		_, failed := io.Copy(to, bytes.NewReader(buffer[:n]))
		w.flow.RUnlock()
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

func (w *wire) isDeaf(link net.Conn) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.links[link]
}

// cut ends all connections; while down, new ones are closed at once.
func (w *wire) cut(down bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.down = down
	for link := range w.links {
		_ = link.Close()
	}
}

// swallow makes all present connections deaf without closing them.
func (w *wire) swallow() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for link := range w.links {
		w.links[link] = true
	}
}

// TestDatabaseDeaf: connections on which no answer ever comes are given up, and
// all goes on with new ones, under a new lease.
func TestDatabaseDeaf(t *testing.T) {
	t.Parallel()
	w, through := newWire(t, storetest.PostgresURL(t))
	s := newSiege(t, through)
	s.endure(120, 1, w.swallow)
}

// TestDatabaseLostAgainAndAgain: transactions of which nobody knows whether
// they were committed do no harm.
func TestDatabaseLostAgainAndAgain(t *testing.T) {
	t.Parallel()
	w, through := newWire(t, storetest.PostgresURL(t))
	s := newSiege(t, through)
	s.endure(60*kills(t), 2*kills(t), func() {
		switch s.dice.IntN(3) {
		case 0:
			w.cut(false)
		case 1:
			w.cut(true)
			s.soon(2 * time.Second)
			w.cut(false)
		case 2:
			w.flow.Lock()
			s.soon(3 * time.Second)
			w.flow.Unlock()
		}
	})
}

// TestStoppedForLongerThanALease: an engine that stands still and goes on when
// another one has taken its place does nothing that is the other's to do.
func TestStoppedForLongerThanALease(t *testing.T) {
	t.Parallel()
	base := storetest.PostgresURL(t)
	first := newSiege(t, base)
	second := &siege{t: t, sim: first.sim, dice: first.dice, process: newProcess(t, first.sim, base)}
	campaign, list := first.entries(200)
	second.numbers = first.numbers
	first.status(campaign, 1)
	for _, stopped := range []*siege{first, second}[:min(2, 1+kills(t)/5)] {
		first.soon(2 * time.Second)
		t.Logf("stopped after %d calls", len(first.sim.Originates()))
		send(t, stopped, syscall.SIGSTOP)
		first.wait(12 * time.Second)
		t.Logf("goes on after %d calls", len(first.sim.Originates()))
		send(t, stopped, syscall.SIGCONT)
	}
	first.awaitStatus(campaign, 0)
	// Either has written what was there while it had the lease of the results.
	one, other := read(t, first.results), read(t, second.results)
	last := second
	if len(one) > len(other) {
		one, other, last = other, one, first
	}
	if !bytes.HasPrefix(other, one) {
		t.Error("the two logs do not begin alike")
	}
	last.judge(campaign, list)
}

func send(t *testing.T, s *siege, what syscall.Signal) {
	t.Helper()
	if err := s.command.Process.Signal(what); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return text
}
