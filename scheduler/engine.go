package scheduler

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/outpace/outpace/dialer"
	"github.com/outpace/outpace/results"
)

// Gateway is a PBX with the limits that hold for all campaigns on it.
type Gateway struct {
	dialer.Gateway
	MaxCalls int // calls at once, from 1
	MaxCPS   int // calls placed a second, from 1
}

// Log is the result file. *results.Log is one.
type Log interface {
	// Lock makes this process the only writer until Unlock; it fails while
	// another one is.
	Lock() error
	Unlock() error
	// Append writes results as whole lines and returns when they are on disk.
	Append(list []results.Result) error
	// Last returns the number and the uuid of the last line; 0 for an empty log.
	Last() (seq int64, uuid string)
	// MoveAside renames a log that belongs to another database and begins a new one.
	MoveAside() error
}

// Config is what an Engine needs.
type Config struct {
	Store    Store
	Gateways []Gateway // the first one is the default
	Log      Log
	Host     string // names this host's log in the database
	Holder   string // uuid of this process
	// Exclusive says that the store grants leases for good (a database file
	// that this process has locked), so that they need not be trusted less
	// as time goes by.
	Exclusive bool
	// Clock is what the engine decides by; nil = time.Now. Its readings must
	// carry a monotonic one, as those of time.Now do.
	Clock  func() time.Time
	Logger *slog.Logger

	others *others // one for all parts of an engine; New makes it
}

// Engine runs campaigns: it owns gateways by lease, runs the loop of each, the
// calendar and the ledger.
type Engine struct {
	cfg      Config
	log      *slog.Logger
	posts    []*post
	crew     *crew
	ledger   *ledger
	calendar *calendar
	watch    *watch
	orphans  *orphans
	draining atomic.Bool
}

// New checks the configuration and returns an engine that is not running yet.
func New(cfg Config) (*Engine, error) {
	switch {
	case cfg.Store == nil:
		return nil, errors.New("scheduler: no store")
	case cfg.Log == nil:
		return nil, errors.New("scheduler: no result log")
	case cfg.Holder == "" || cfg.Host == "":
		return nil, errors.New("scheduler: holder and host must be set")
	}
	if cfg.Clock == nil {
		cfg.Clock = time.Now
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	cfg.others = newOthers()
	e := &Engine{cfg: cfg, log: cfg.Logger}
	e.ledger = newLedger(cfg)
	e.calendar = newCalendar(cfg)
	e.crew = newCrew(cfg, &e.draining)
	seen := map[string]bool{}
	for _, g := range cfg.Gateways {
		if seen[g.Name()] {
			return nil, fmt.Errorf("scheduler: two gateways are called %q", g.Name())
		}
		if g.MaxCalls < 1 || g.MaxCPS < 1 {
			return nil, fmt.Errorf("scheduler: gateway %q: max_calls and max_cps must be at least 1", g.Name())
		}
		seen[g.Name()] = true
		e.posts = append(e.posts, newPost(cfg, g, e.ledger, e.crew, &e.draining))
	}
	e.crew.posts = e.posts
	e.watch = newWatch(cfg, e.posts, e.calendar)
	e.orphans = &orphans{cfg: cfg, log: cfg.Logger, ended: e.ledger.poke}
	return e, nil
}

// Run runs the engine until ctx ends; then it writes down what it still has to
// and gives its leases back. Calls that are up are left to the PBX.
func (e *Engine) Run(ctx context.Context) error {
	// The ledger outlives the loops, so that what they write last is logged.
	inner, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	var ledger, rest sync.WaitGroup
	ledger.Go(func() { e.ledger.run(inner) })
	for _, p := range e.posts {
		rest.Go(func() { p.run(ctx) })
	}
	rest.Go(func() { e.crew.run(ctx) })
	rest.Go(func() { e.calendar.run(ctx) })
	rest.Go(func() { e.watch.run(ctx) })
	rest.Go(func() { e.orphans.run(ctx) })
	rest.Wait()
	stop()
	ledger.Wait()
	return nil
}

// Drain stops all dialing at once and waits until no call is open and every
// result is in the log. It returns ctx's error if ctx ends first. Run goes on.
func (e *Engine) Drain(ctx context.Context) error {
	e.draining.Store(true)
	e.Changed()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		open := 0
		for _, p := range e.posts {
			open += int(p.open.Load())
		}
		if open == 0 && e.ledger.settled() {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("drain: %d calls are still open: %w", open, ctx.Err())
		case <-tick.C:
		}
	}
}

// Changed tells the engine that something was changed from outside, so that it
// looks soon. It never blocks.
func (e *Engine) Changed() { e.watch.poke() }

// Health says how each part is: "gateway NAME" for each gateway and "results
// log", nil where all is well.
func (e *Engine) Health() map[string]error {
	h := map[string]error{"results log": e.ledger.health()}
	for _, p := range e.posts {
		h["gateway "+p.gw.Name()] = p.health()
	}
	return h
}
