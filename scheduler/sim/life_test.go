package sim_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"syscall"

	"github.com/google/uuid"

	"github.com/outpace/outpace/dialer"
	"github.com/outpace/outpace/dialer/ami"
	"github.com/outpace/outpace/dialer/asterisk"
	"github.com/outpace/outpace/results"
	"github.com/outpace/outpace/scheduler"
	"github.com/outpace/outpace/scheduler/sim"
)

// life is one process of an engine, from its start to its end or its death.
type life struct {
	w    *world
	slot int
	dead atomic.Bool
	stop context.CancelFunc

	mu      sync.Mutex
	doomed  int    // dies at so many accesses to the database from now; 0: not doomed
	late    bool   // after that access, not before it
	method  string // only these accesses count; "" = all
	inWrite bool   // dies in the next write to the log
	conns   []net.Conn
}

// kill ends the process as kill -9 does: nothing it does from now on reaches
// anybody.
func (l *life) kill() {
	if l.dead.Swap(true) {
		return
	}
	l.w.say("engine %d dies", l.slot+1)
	l.mu.Lock()
	conns := l.conns
	l.mu.Unlock()
	for _, c := range conns {
		_ = c.Close()
	}
	l.stop()
}

// doom counts an access and says whether the process dies before or after it.
func (l *life) doom(method string) (before, after bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.doomed == 0 || l.method != "" && l.method != method {
		return false, false
	}
	l.doomed--
	return l.doomed == 0 && !l.late, l.doomed == 0 && l.late
}

// dial reaches the PBX.
func (l *life) dial(ctx context.Context, network, address string) (net.Conn, error) {
	if l.dead.Load() {
		return nil, errKilled
	}
	if l.w.cut.Load() {
		return nil, errors.New("the link is cut")
	}
	conn, err := l.w.pipe.Dial(ctx, network, address)
	if err != nil {
		return nil, err
	}
	conn = &deafConn{Conn: conn, w: l.w}
	l.mu.Lock()
	l.conns = append(l.conns, conn)
	l.mu.Unlock()
	if l.dead.Load() {
		_ = conn.Close()
		return nil, errKilled
	}
	return conn, nil
}

// run lives until the process is told to end or dies.
func (l *life) run(ctx context.Context) error {
	ctx, l.stop = context.WithCancel(ctx)
	defer l.stop()
	logger := slog.New(slog.NewTextHandler(l.w.trace(l.slot), &slog.HandlerOptions{Level: slog.LevelDebug}))
	gateway, err := asterisk.New(asterisk.Config{Name: "pbx", Logger: logger, AMI: ami.Config{
		Address: "pbx:5038", Username: "dialer", Secret: "secret", Dial: l.dial, Logger: logger,
	}})
	if err != nil {
		return err
	}
	log, err := results.OpenLog(results.LogConfig{Path: l.w.logPath(l.slot), MaxBytes: l.w.logBytes, Open: l.open, Now: l.w.clock.Now, Logger: logger})
	if err != nil {
		return err
	}
	defer log.Close()
	engine, err := scheduler.New(scheduler.Config{
		Store:    &sim.Shield{Store: l.w.store.Load(), Access: (&shield{l, l.w.weather}).access, Leases: l.w.leases},
		Gateways: []scheduler.Gateway{{Gateway: clockedGateway{gateway, &l.w.clock, l.w.askAgain}, MaxCalls: l.w.o.MaxCalls, MaxCPS: l.w.o.MaxCPS}},
		Log:      &mortalLog{log, l}, Host: l.w.logPath(l.slot), Holder: uuid.NewString(), Exclusive: l.w.leases == nil, Clock: l.w.clock.Now, Logger: logger,
	})
	if err != nil {
		return err
	}
	l.w.begin(l)
	return engine.Run(ctx)
}

// clockedGateway says the times of events by the clock on the wall that the
// engine sees.
type clockedGateway struct {
	dialer.Gateway
	clock    *sim.WallClock
	askAgain bool
}

// Place has a bug if the world wants one: it asks again for a call when it does
// not know what has become of the request.
func (g clockedGateway) Place(ctx context.Context, r dialer.Request) error {
	err := g.Gateway.Place(ctx, r)
	if g.askAgain && errors.Is(err, dialer.ErrOutcomeUnknown) {
		err = g.Gateway.Place(ctx, r)
	}
	return err
}

func (g clockedGateway) Run(ctx context.Context, sink func(dialer.Event)) error {
	return g.Gateway.Run(ctx, func(e dialer.Event) {
		e.At = g.clock.Seen(e.At)
		e.Started = g.clock.Seen(e.Started)
		sink(e)
	})
}

// mortalLog is the log of a process that may die.
type mortalLog struct {
	*results.Log
	life *life
}

func (m *mortalLog) Append(list []results.Result) error {
	if m.life.dead.Load() {
		return errKilled
	}
	return m.Log.Append(list)
}

func (m *mortalLog) MoveAside() error {
	if m.life.dead.Load() {
		return errKilled
	}
	return m.Log.MoveAside()
}

// open opens the file of the log on a disk that may be full.
func (l *life) open(path string) (results.LogFile, error) {
	if l.dead.Load() {
		return nil, errKilled
	}
	f, err := results.OpenLogFile(path)
	if err != nil {
		return nil, err
	}
	return &mortalFile{f, l}, nil
}

type mortalFile struct {
	results.LogFile
	life *life
}

// Write writes a part if the disk is full or the process dies meanwhile.
func (f *mortalFile) Write(p []byte) (int, error) {
	f.life.mu.Lock()
	dies := f.life.inWrite
	f.life.inWrite = false
	f.life.mu.Unlock()
	switch {
	case f.life.dead.Load():
		return 0, errKilled
	case dies:
		n, _ := f.LogFile.Write(p[:f.life.w.pick(len(p)+1)])
		f.life.kill()
		return n, errKilled
	case f.life.w.weather.isFull():
		n, _ := f.LogFile.Write(p[:f.life.w.pick(len(p))])
		return n, syscall.ENOSPC
	}
	return f.LogFile.Write(p)
}

func (f *mortalFile) Sync() error {
	if f.life.dead.Load() {
		return errKilled
	}
	return f.LogFile.Sync()
}

func (f *mortalFile) Truncate(size int64) error {
	if f.life.dead.Load() {
		return errKilled
	}
	return f.LogFile.Truncate(size)
}

// deafConn drops the events that come while the world is deaf, except those
// that belong to a list.
type deafConn struct {
	net.Conn
	w    *world
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
		if c.w.deaf.Load() && bytes.HasPrefix(message, []byte("Event: ")) && !bytes.Contains(message, []byte("\r\nActionID: look")) {
			continue
		}
		c.out = append(c.out, message...)
	}
}

var _ io.Reader = (*deafConn)(nil)
