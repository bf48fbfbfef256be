package ami

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"
)

var errRunTwice = errors.New("ami: Run was called before")

// logoffTimeout is how long a clean end may take to say goodbye.
const logoffTimeout = time.Second

// Run connects, logs in, and does so again after each failure, with pauses
// that grow up to a limit, until ctx ends or Close is called. A refused login
// waits far longer, lest the PBX ban the address. It returns nil after Close
// and the context's error otherwise; the client can't be run again.
func (c *Client) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	c.mu.Lock()
	switch {
	case c.closed:
		c.mu.Unlock()
		return ErrClosed
	case c.running:
		c.mu.Unlock()
		return errRunTwice
	}
	c.running, c.cancel = true, cancel
	c.mu.Unlock()
	defer close(c.finished)

	c.supervise(ctx)
	cause := context.Cause(ctx)
	c.shut(cause)
	if errors.Is(cause, ErrClosed) {
		return nil
	}
	return cause
}

func (c *Client) supervise(ctx context.Context) {
	pause := newBackoff(&c.cfg)
	told := ""
	for {
		began := time.Now()
		opened, err := c.attempt(ctx)
		if ctx.Err() != nil {
			c.shutState(context.Cause(ctx))
			c.ended(opened, err)
			return
		}
		wait := pause.next(err, time.Since(began))
		level := slog.LevelWarn
		if err.Error() == told {
			level = slog.LevelDebug // the same again is no news
		}
		told = err.Error()
		c.cfg.Logger.LogAttrs(ctx, level, "ami: connection failed",
			slog.String("address", c.cfg.Address), slog.Uint64("epoch", c.epoch),
			slog.Any("error", err), slog.Duration("retry_in", wait))
		c.states.set(StateChange{State: StateWaiting, Epoch: c.epoch, Err: err, RetryIn: wait, At: time.Now()})
		c.ended(opened, err)
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return
		}
	}
}

// attempt makes one session and keeps it until it ends. It tells whether there
// was one, and never returns a nil error.
func (c *Client) attempt(ctx context.Context) (opened bool, err error) {
	s, greeting, err := c.open(ctx)
	if err != nil {
		return false, err
	}
	c.epoch++
	s.epoch = c.epoch
	c.meter.opened(greeting)
	var once sync.Once
	s.booted = func(uptime time.Duration) { once.Do(func() { c.started(s, uptime) }) }
	s.counted = c.meter.received
	if c.cfg.PingInterval > 0 {
		s.conn.idle = c.cfg.PingInterval + c.cfg.PingTimeout
	}

	now := time.Now()
	c.session.Store(s) // first, so that who sees the state or the mark can act
	c.states.set(StateChange{State: StateBooting, Epoch: s.epoch, At: now})
	c.hub.mark(Event{Kind: KindSessionOpened, Epoch: s.epoch, Received: now})
	c.cfg.Logger.LogAttrs(ctx, slog.LevelInfo, "ami: logged in",
		slog.String("address", c.cfg.Address), slog.Uint64("epoch", s.epoch), slog.String("version", c.Version()))

	err = c.attend(ctx, s)
	c.session.Store(nil)
	return true, err
}

// ended puts the mark that ends a session, when the state tells it already.
func (c *Client) ended(opened bool, err error) {
	if opened {
		c.hub.mark(Event{Kind: KindSessionEnded, Epoch: c.epoch, Received: time.Now(), Err: err})
	}
}

// started tells that the PBX is ready. It runs in the reader or, if no
// FullyBooted came in time, in the supervisor, once a session.
func (c *Client) started(s *session, uptime time.Duration) {
	now := time.Now()
	c.states.set(StateChange{State: StateReady, Epoch: s.epoch, Uptime: uptime, At: now})
	c.hub.mark(Event{Kind: KindSessionStarted, Epoch: s.epoch, Received: now, Uptime: uptime})
}

// attend runs the session's goroutines and the timers around it, and returns
// when all have ended.
func (c *Client) attend(ctx context.Context, s *session) error {
	var reader, writer sync.WaitGroup
	reader.Go(func() { _ = s.end(s.readLoop()) })
	writer.Go(s.writeLoop)

	boot := time.NewTimer(c.cfg.BootTimeout)
	defer boot.Stop()
	if !c.cfg.wantsFullyBooted() {
		boot.Reset(0)
	}
	ping := newPinger(c, s)
	defer ping.stop()
	for ended := false; !ended; {
		select {
		case <-s.done:
			ended = true
		case <-ctx.Done():
			_ = s.end(context.Cause(ctx))
			ended = true
		case <-boot.C:
			s.booted(0)
		case <-ping.due():
			ping.send()
		case <-ping.answered():
			ping.record()
		}
	}
	writer.Wait() // at most one WriteTimeout
	if ctx.Err() != nil {
		if bytes, err := (Action{Name: "Logoff"}).encode(c.ids.next()); err == nil {
			_, _ = s.conn.writeWithin(bytes, logoffTimeout) // a courtesy; the connection is closed anyway
		}
	}
	_ = s.conn.Close() // nothing can be done about an error, and nothing depends on it
	reader.Wait()
	return s.end(ErrClosed) // it has ended before; this gives the cause
}
