package hosted

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync/atomic"
)

// gate stands before the first byte of one request that must not be repeated.
// It knows whether anything was written.
type gate struct {
	before func() error
	open   atomic.Bool
	closed atomic.Pointer[error]
}

// written reports whether anything may have been written.
func (g *gate) written() bool { return g.open.Load() }

// refusal is why nothing was let through, nil if nothing was refused. What
// net/http says of the connection that it was refused on may be any other error.
func (g *gate) refusal() error {
	if err := g.closed.Load(); err != nil {
		return *err
	}
	return nil
}

// pass lets the first write through if before agrees.
func (g *gate) pass() error {
	if g.open.Load() {
		return nil
	}
	if g.before != nil {
		if err := g.before(); err != nil {
			g.closed.Store(&err)
			return err
		}
	}
	g.open.Store(true)
	return nil
}

// transport makes a transport for this one request. Its connection is new and
// is used once: net/http repeats a GET by itself when a connection that was
// used before turns out to be closed, and a GET may place a call. For the same
// reason it speaks HTTP/1.1.
func (g *gate) transport(config *tls.Config) *http.Transport {
	return &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			conn, err := new(net.Dialer).DialContext(ctx, network, address)
			if err != nil {
				return nil, err
			}
			return &gated{Conn: conn, gate: g}, nil
		},
		DialTLSContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			return g.dialTLS(ctx, config, network, address)
		},
	}
}

// dialTLS shakes hands before the gate: the handshake places no call.
func (g *gate) dialTLS(ctx context.Context, config *tls.Config, network, address string) (net.Conn, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fmt.Errorf("read the address: %w", err)
	}
	if config == nil {
		config = &tls.Config{MinVersion: tls.VersionTLS12}
	} else {
		config = config.Clone()
	}
	if config.ServerName == "" {
		config.ServerName = host
	}
	config.NextProtos = nil
	raw, err := new(net.Dialer).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	conn := tls.Client(raw, config)
	if err := conn.HandshakeContext(ctx); err != nil {
		return nil, errors.Join(err, raw.Close())
	}
	return &gated{Conn: conn, gate: g}, nil
}

// gated is a connection behind a gate.
type gated struct {
	net.Conn
	gate *gate
}

// Write asks the gate first.
func (c *gated) Write(b []byte) (int, error) {
	if err := c.gate.pass(); err != nil {
		return 0, err
	}
	return c.Conn.Write(b)
}
