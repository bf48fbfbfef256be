package dialertest

import (
	"context"
	"errors"
	"net"
	"sync"
)

// Gate dials connections that can be cut. The zero value is open and dials
// over the network.
type Gate struct {
	// Through dials; nil = net.Dialer.
	Through func(ctx context.Context, network, address string) (net.Conn, error)

	mu    sync.Mutex
	shut  bool
	conns []net.Conn
}

var errShut = errors.New("the link is cut")

// Dial is for ami.Config.Dial.
func (g *Gate) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.shut {
		return nil, errShut
	}
	through := g.Through
	if through == nil {
		through = new(net.Dialer).DialContext
	}
	conn, err := through(ctx, network, address)
	if err == nil {
		g.conns = append(g.conns, conn)
	}
	return conn, err
}

// Cut closes all connections and lets no new one through until mend is called.
func (g *Gate) Cut() (mend func()) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.shut = true
	for _, c := range g.conns {
		_ = c.Close() // it may have been closed long ago
	}
	g.conns = nil
	return func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		g.shut = false
	}
}
