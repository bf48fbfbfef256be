package sim_test

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

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
	l.hangUp()
	l.stop()
}

// hangUp closes the links to the PBX.
func (l *life) hangUp() {
	l.mu.Lock()
	conns := l.conns
	l.mu.Unlock()
	for _, c := range conns {
		_ = c.Close()
	}
}

// clock is that of the host on which the process runs.
func (l *life) clock() hostClock { return hostClock{&l.w.clock, l.w.o.Ahead(l.slot)} }

// hostClock is ahead of the clock of the world.
type hostClock struct {
	world *sim.WallClock
	ahead int64
}

func (c hostClock) now() time.Time { return c.seen(time.Now()) }

// seen is what the clock shows at a time that time.Now has returned.
func (c hostClock) seen(t time.Time) time.Time { return sim.Shift(c.world.Seen(t), c.ahead) }

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
	n := l.w.nets[l.slot]
	if n.cut.Load() {
		return nil, errors.New("the link is cut")
	}
	conn, err := l.w.pipe.Dial(ctx, network, address)
	if err != nil {
		return nil, err
	}
	conn = &deafConn{Conn: n.carry(conn), n: n}
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
	log, err := results.OpenLog(results.LogConfig{Path: l.w.logPath(l.slot), MaxBytes: l.w.logBytes, Open: l.open, Now: l.clock().now, Logger: logger})
	if err != nil {
		return err
	}
	defer log.Close()
	holder := uuid.NewString()
	engine, err := scheduler.New(scheduler.Config{
		Store:    &sim.Shield{Store: l.w.store.Load(), Access: (&shield{l, l.w.weather[l.slot]}).access, Leases: l.w.leases},
		Gateways: []scheduler.Gateway{{Gateway: livedGateway{gateway, l, holder}, MaxCalls: l.w.o.MaxCalls, MaxCPS: l.w.o.MaxCPS}},
		Log:      &mortalLog{log, l}, Host: l.w.logPath(l.slot), Holder: holder, Exclusive: l.w.leases == nil, Clock: l.clock().now, Logger: logger,
	})
	if err != nil {
		return err
	}
	l.w.begin(l)
	return engine.Run(ctx)
}

// livedGateway is the gateway of one life: it says the times of events by the
// clock on the wall that the engine sees, and holds who places a call against
// who has the lease.
type livedGateway struct {
	dialer.Gateway
	life   *life
	holder string
}

// Place has a bug if the world wants one: it asks again for a call when it does
// not know what has become of the request.
func (g livedGateway) Place(ctx context.Context, r dialer.Request) error {
	before, w := r.Before, g.life.w
	r.Before = func() error {
		err := before()
		if err == nil && w.leases != nil && w.leases.Owner(sim.GatewayLease) != g.holder {
			w.fail("engine %d asks for the call %s without the lease", g.life.slot+1, r.Call)
		}
		return err
	}
	err := g.Gateway.Place(ctx, r)
	if w.askAgain && errors.Is(err, dialer.ErrOutcomeUnknown) {
		err = g.Gateway.Place(ctx, r)
	}
	return err
}

func (g livedGateway) Run(ctx context.Context, sink func(dialer.Event)) error {
	clock := g.life.clock()
	return g.Gateway.Run(ctx, func(e dialer.Event) {
		e.At = clock.seen(e.At)
		e.Started = clock.seen(e.Started)
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
	case f.life.w.weather[f.life.slot].isFull():
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
