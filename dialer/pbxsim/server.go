package pbxsim

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"
)

// Server is a simulated PBX. Its methods may be called from any goroutine, and
// before Run and after it too.
type Server struct {
	cfg      Config
	listener net.Listener
	requests chan request
	arrivals chan net.Conn
	controls chan func()
	stop     chan struct{} // closed by Close
	stopped  chan struct{} // closed when Run has ended
	once     sync.Once

	mu      sync.Mutex // held by whoever runs the PBX: the loop, or a caller while none runs
	running bool
	ran     bool
	p       *pbx
}

// New makes a PBX and opens its listener, so that Addr is known. Clients are
// served once Run is called. Close must be called in the end.
func New(cfg Config) (*Server, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	s := &Server{
		cfg: cfg, listener: cfg.Listener,
		requests: make(chan request, 64), arrivals: make(chan net.Conn), controls: make(chan func()),
		stop: make(chan struct{}), stopped: make(chan struct{}),
	}
	if s.listener == nil {
		var lc net.ListenConfig
		if s.listener, err = lc.Listen(context.Background(), "tcp", cfg.Listen); err != nil {
			return nil, fmt.Errorf("pbxsim: listen: %w", err)
		}
	}
	s.p = newPBX(&s.cfg)
	return s, nil
}

// Addr is the address that the PBX listens on, host:port.
func (s *Server) Addr() string { return s.listener.Addr().String() }

// Run serves until ctx ends or Close is called, then cuts all links; calls
// that are up vanish without an event, as when a server is killed. It returns
// nil when it was told to end. It can be run once.
func (s *Server) Run(ctx context.Context) error {
	s.mu.Lock()
	if s.ran {
		s.mu.Unlock()
		return errors.New("pbxsim: Run was called before")
	}
	select {
	case <-s.stop:
		s.mu.Unlock()
		return ErrClosed
	default:
	}
	s.ran, s.running = true, true
	s.mu.Unlock()
	defer close(s.stopped)

	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var wg sync.WaitGroup
	failed := make(chan error, 1)
	wg.Go(func() { s.accept(ctx, failed) })
	err := s.loop(ctx, &wg, failed)
	cancel()
	if closing := s.closeListener(); err == nil {
		err = closing
	}

	s.mu.Lock()
	s.running = false
	s.p.dropAll()
	s.mu.Unlock()
	wg.Wait()
	return err
}

// Close ends Run, waits for it and closes the listener. It may be called more
// than once.
func (s *Server) Close() error {
	s.once.Do(func() { close(s.stop) })
	s.mu.Lock()
	ran := s.ran
	s.mu.Unlock()
	if ran {
		<-s.stopped
	}
	return s.closeListener()
}

func (s *Server) closeListener() error {
	if err := s.listener.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
		return fmt.Errorf("pbxsim: close: %w", err)
	}
	return nil
}

// accept takes connections in. An error of the listener ends the server,
// unless it was closed on purpose.
func (s *Server) accept(ctx context.Context, failed chan<- error) {
	for {
		nc, err := s.listener.Accept()
		if err != nil {
			if ctx.Err() == nil && !errors.Is(err, net.ErrClosed) {
				failed <- fmt.Errorf("pbxsim: accept: %w", err)
			}
			return
		}
		select {
		case s.arrivals <- nc:
		case <-ctx.Done():
			hangUp(nc)
			return
		}
	}
}

// loop is the goroutine that owns the PBX.
func (s *Server) loop(ctx context.Context, wg *sync.WaitGroup, failed <-chan error) error {
	clock := time.NewTimer(time.Hour)
	defer clock.Stop()
	for {
		s.mu.Lock()
		s.p.runTimers(time.Now())
		next, waits := s.p.timers.next()
		s.mu.Unlock()
		if waits {
			clock.Reset(time.Until(next))
		} else {
			clock.Reset(time.Hour)
		}
		select {
		case r := <-s.requests:
			s.mu.Lock()
			s.p.receive(r)
			s.mu.Unlock()
		case nc := <-s.arrivals:
			s.attach(ctx, nc, wg)
		case do := <-s.controls:
			s.mu.Lock()
			do()
			s.mu.Unlock()
		case <-clock.C:
		case err := <-failed:
			return err
		case <-s.stop:
			return nil
		case <-ctx.Done():
			return nil
		}
	}
}

// attach starts the two goroutines of a connection; Run waits for them.
func (s *Server) attach(ctx context.Context, nc net.Conn, wg *sync.WaitGroup) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.p.attach(nc)
	if c == nil {
		hangUp(nc)
		return
	}
	wg.Go(func() { c.read(ctx, s.requests) })
	wg.Go(func() { c.write(ctx, s.cfg.WriteTimeout) })
}

// do has the loop run a function, and waits for it. While no loop runs it is
// run at once.
func (s *Server) do(f func(p *pbx)) {
	s.mu.Lock()
	if !s.running {
		defer s.mu.Unlock()
		f(s.p)
		return
	}
	s.mu.Unlock()
	done := make(chan struct{})
	select {
	case s.controls <- func() { f(s.p); close(done) }:
		<-done
	case <-s.stopped:
		s.mu.Lock()
		defer s.mu.Unlock()
		f(s.p)
	}
}
