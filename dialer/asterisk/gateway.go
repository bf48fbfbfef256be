package asterisk

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/outpace/outpace/dialer"
	"github.com/outpace/outpace/dialer/ami"
)

// Config says how to reach the PBX.
type Config struct {
	Name string     // of the gateway; required
	AMI  ami.Config // EventMask is set by New
	// Logger gets few messages, without numbers or values; default none.
	Logger *slog.Logger
	// RefreshEvery is how often queues and channels are looked up beside their
	// events, which are hints: a reload of queues.conf, say, tells of nothing.
	// Default 1 min.
	RefreshEvery time.Duration
}

// eventMask names the classes that the events in eventNames are in. The
// largest class, dialplan, is not among them.
const eventMask = "call,agent,system"

// listTimeout is how long a busy PBX may take to list what it has.
const listTimeout = 15 * time.Second

// eventBuffer holds some seconds of a busy PBX.
const eventBuffer = 65_536

// Gateway places calls through one Asterisk and follows them.
type Gateway struct {
	cfg    Config
	log    *slog.Logger
	client atomic.Pointer[ami.Client] // nil while Run does not run
	buffer int                        // of the stream of events
	asked  asked
	moves  moves
	techs  techs
}

var (
	_ dialer.Gateway    = (*Gateway)(nil)
	_ dialer.Redirector = (*Gateway)(nil)
)

// New checks the configuration.
func New(cfg Config) (*Gateway, error) {
	if cfg.Name == "" {
		return nil, errors.New("asterisk: Name must be set")
	}
	cfg.AMI.EventMask = eventMask
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	if cfg.RefreshEvery <= 0 {
		cfg.RefreshEvery = time.Minute
	}
	if _, err := ami.New(cfg.AMI); err != nil {
		return nil, fmt.Errorf("asterisk: gateway %q: %w", cfg.Name, err)
	}
	return &Gateway{cfg: cfg, buffer: eventBuffer, log: cfg.Logger.With(slog.String("gateway", cfg.Name))}, nil
}

// Name returns the gateway's name in the settings.
func (g *Gateway) Name() string { return g.cfg.Name }

// Capabilities says that calls can be ended by us and that agents are seen.
func (g *Gateway) Capabilities() dialer.Capabilities {
	return dialer.Capabilities{Hangup: true, Agents: true}
}

// Run keeps a session with the PBX and reports to sink until ctx ends. It may
// be called again when it has returned.
func (g *Gateway) Run(ctx context.Context, sink func(dialer.Event)) error {
	client, err := ami.New(g.cfg.AMI)
	if err != nil {
		return fmt.Errorf("asterisk: gateway %q: %w", g.cfg.Name, err)
	}
	if !g.client.CompareAndSwap(nil, client) {
		return fmt.Errorf("asterisk: gateway %q runs already", g.cfg.Name)
	}
	defer g.client.Store(nil)
	var wg sync.WaitGroup
	defer wg.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	wg.Go(func() { _ = client.Run(ctx) }) // its reasons come as states and marks

	states, stop := client.States()
	defer stop()
	f := &follower{g: g, client: client, sink: sink, states: states, wg: &wg}
	f.down(time.Now(), errors.New("not connected yet"))
	for ctx.Err() == nil {
		if err := f.follow(ctx); err != nil {
			f.down(time.Now(), err)
			g.log.Warn("events were lost", slog.Any("error", err))
		}
	}
	return nil
}

// follower reads the stream of one Run.
type follower struct {
	g      *Gateway
	client *ami.Client
	sink   func(dialer.Event)
	states <-chan ami.StateChange
	wg     *sync.WaitGroup

	up      bool
	tracker *tracker
	stop    context.CancelFunc // ends the look-ups of the session; nil if there is none
	// noQueues gets word when the PBX refuses to list its queues, since it has
	// none (app_queue is not loaded). It is the session's own: the next PBX may
	// have some.
	noQueues chan struct{}
}

// follow reads one subscription until it ends.
func (f *follower) follow(ctx context.Context) error {
	sub := f.client.Subscribe(ami.Filter{Names: eventNames, Buffer: f.g.buffer, Lists: true})
	defer sub.Close()
	f.tracker = newTracker(f.sink, f.g.asked.when, &f.g.moves)
	defer f.endSession()
	for {
		select {
		case <-ctx.Done():
			return nil
		case change, open := <-f.states:
			if !open {
				f.states = nil
			} else if !f.up && change.Err != nil {
				f.down(change.At, change.Err)
			}
		case <-f.noQueues:
			f.tracker.listedAll(ami.Event{Received: time.Now()})
		case ev, open := <-sub.C():
			if !open {
				return sub.Err()
			}
			switch ev.Kind {
			case ami.KindEvent:
				f.tracker.event(ev)
			case ami.KindSessionStarted:
				f.startSession(ctx, ev)
			case ami.KindSessionEnded:
				f.endSession()
				f.tracker.reset()
				f.down(ev.Received, ev.Err)
			}
		}
	}
}

// startSession reports the link and has the state of the PBX looked up.
func (f *follower) startSession(ctx context.Context, mark ami.Event) {
	f.endSession()
	session, stop := context.WithCancel(ctx)
	f.stop, f.up, f.noQueues = stop, true, make(chan struct{}, 1)
	f.g.techs.forget()
	if f.tracker.started.IsZero() && mark.Uptime > 0 {
		f.tracker.started = startOf(mark.Received, mark.Uptime)
	}
	f.sink(dialer.Event{Kind: dialer.LinkUp, At: mark.Received, Started: f.tracker.started})
	noQueues := f.noQueues
	f.wg.Go(func() { f.lookUp(session, noQueues) })
}

func (f *follower) endSession() {
	if f.stop != nil {
		f.stop()
		f.stop, f.noQueues = nil, nil
	}
}

func (f *follower) down(at time.Time, err error) {
	f.up = false
	f.sink(dialer.Event{Kind: dialer.LinkDown, At: at, Err: err})
}

// lookUp asks for the queues and the channels of a new session, and again from
// time to time. The answers go through the stream of events.
func (f *follower) lookUp(session context.Context, noQueues chan<- struct{}) {
	const again = time.Second
	for {
		pause := f.g.cfg.RefreshEvery
		// The queues first: a Census says who waits in which.
		for _, name := range []string{"QueueStatus", "CoreShowChannels"} {
			err := f.g.list(session, f.client, name)
			if session.Err() != nil {
				return
			}
			if err == nil {
				continue
			}
			f.g.log.Warn("look-up failed", slog.String("action", name), slog.Any("error", err))
			if _, refused := refusal(err); !refused {
				pause = again
			} else if name == "QueueStatus" {
				select {
				case noQueues <- struct{}{}:
				default:
				}
			}
		}
		timer := time.NewTimer(pause)
		select {
		case <-session.Done():
			timer.Stop()
			return
		case <-timer.C:
		}
	}
}

// list sends a list action under an id whose time of asking is kept.
func (g *Gateway) list(ctx context.Context, client *ami.Client, name string) error {
	id := g.asked.next()
	defer g.asked.done(id)
	ctx, cancel := context.WithTimeout(ctx, listTimeout)
	defer cancel()
	_, err := client.List(ctx, ami.Action{Name: name, Headers: ami.Message{{Key: "ActionID", Value: id}}})
	return err
}

// asked keeps when each look-up was asked for, by its ActionID. An answer may
// be read from the stream after List has returned, so the latest are kept.
type asked struct {
	mu    sync.Mutex
	count uint64
	times map[string]time.Time
	old   []string
}

const keptLookUps = 64

func (a *asked) next() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.count++
	id := "look-" + strconv.FormatUint(a.count, 10)
	if a.times == nil {
		a.times = map[string]time.Time{}
	}
	a.times[id] = time.Now()
	return id
}

func (a *asked) done(id string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.old = append(a.old, id)
	if len(a.old) > keptLookUps {
		delete(a.times, a.old[0])
		a.old = a.old[1:]
	}
}

// when returns when the look-up was asked for, zero if it is not known.
func (a *asked) when(id string) time.Time {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.times[id]
}
