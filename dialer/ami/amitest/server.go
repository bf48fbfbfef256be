package amitest

import (
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"syscall"
	"testing"

	"github.com/outpace/outpace/dialer/ami"
)

// Script is the PBX's side of one connection. When it returns the connection
// is closed. An error fails the test, unless it only says that the client
// hung up.
type Script func(p *Peer) error

// Server hands out connections, each to the next of its scripts; the last
// one also plays all connections after it. A nil script refuses the
// connection.
type Server struct {
	tb      testing.TB
	scripts []Script
	playing sync.WaitGroup

	mu    sync.Mutex
	dials int
	peers []*Peer
}

// NewServer returns a server that the test's cleanup stops: connections are
// then closed and scripts waited for.
func NewServer(tb testing.TB, scripts ...Script) *Server {
	tb.Helper()
	if len(scripts) == 0 {
		tb.Fatal("amitest: a server needs a script")
	}
	s := &Server{tb: tb, scripts: scripts}
	tb.Cleanup(s.stop)
	return s
}

// Config returns what a client needs to reach the server and log in.
func (s *Server) Config() ami.Config {
	return ami.Config{Address: "pbx.test:5038", Username: "dialer", Secret: Secret, Dial: s.Dial}
}

// Dial opens a connection to the server; it is the Dial of an ami.Config.
func (s *Server) Dial(ctx context.Context, _, _ string) (net.Conn, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	script := s.scripts[min(s.dials, len(s.scripts)-1)]
	s.dials++
	if script == nil {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
	}
	client, pbx := net.Pipe()
	peer := NewPeer(pbx)
	s.peers = append(s.peers, peer)
	s.playing.Go(func() {
		err := script(peer)
		_ = pbx.Close() // of a pipe: never fails
		if err != nil && !HungUp(err) {
			s.tb.Errorf("amitest: script: %v", err)
		}
	})
	return client, nil
}

// Dials returns how many connections were asked for, refused ones included.
func (s *Server) Dials() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.dials
}

func (s *Server) stop() {
	s.mu.Lock()
	for _, peer := range s.peers {
		_ = peer.Close() // of a pipe: never fails
	}
	s.mu.Unlock()
	s.playing.Wait()
}

// HungUp tells whether an error of a Peer says that the connection was closed,
// by either side.
func HungUp(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.ErrClosedPipe) ||
		errors.Is(err, net.ErrClosed) || errors.Is(err, syscall.EPIPE) || errors.Is(err, syscall.ECONNRESET)
}
