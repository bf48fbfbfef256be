package hosted

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/outpace/outpace/dialer"
)

// Kind is what New needs of a kind.
type Kind struct {
	Name   string  // as the settings call it: the first part of dial_channel
	PBX    PBX     // and, as it has them, Hanger, Detailer, Hooked, Recorder, Checker
	Client *Client // the one that PBX uses
}

// Gateway places calls through one hosted PBX and follows them.
type Gateway struct {
	set    Settings
	kind   Kind
	log    *slog.Logger
	client *Client

	unheard refusals // hooks

	// agentsNow and rowsNow wake the two loops; each holds one word.
	agentsNow, rowsNow chan struct{}

	mu      sync.Mutex
	out     outbox
	link    link
	book    book
	news    []keptNews
	used    map[string]time.Time // rows and PBX calls that are done with, and since when
	misses  map[string]int       // how often the details of a row could not be had, by its id
	named   bool                 // a row was found by the PBX's own id: those names are one and the same
	running context.Context      //nolint:containedctx // of the present Run; nil = none
	work    sync.WaitGroup       // requests that outlive their Place; Run waits for them
}

var (
	_ dialer.Gateway = (*Gateway)(nil)
	_ dialer.Watcher = (*Gateway)(nil)
	_ dialer.Adopter = (*Gateway)(nil)
)

// New checks the settings and makes a gateway that connects to nothing yet.
func New(s Settings, k Kind) (*Gateway, error) {
	s, err := s.withDefaults()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", k.Name, err)
	}
	if k.PBX == nil || k.Client == nil || k.Name == "" {
		return nil, errors.New("hosted: a kind needs a name, a PBX and a client")
	}
	return &Gateway{
		set: s, kind: k, client: k.Client,
		log:       s.Logger.With(slog.String("gateway", s.Name)),
		agentsNow: make(chan struct{}, 1), rowsNow: make(chan struct{}, 1),
		out:  outbox{wake: make(chan struct{}, 1)},
		book: newBook(s.Queues), used: map[string]time.Time{}, misses: map[string]int{},
	}, nil
}

// Name returns the gateway's name in the settings.
func (g *Gateway) Name() string { return g.set.Name }

// Capabilities says that agents are rung first and seen, and whether the PBX
// can end calls.
func (g *Gateway) Capabilities() dialer.Capabilities {
	_, hangs := g.kind.PBX.(Hanger)
	return dialer.Capabilities{AgentFirst: true, Agents: true, Hangup: hangs}
}

// Supports is true: which technology a PBX dials with is its own matter.
func (g *Gateway) Supports(context.Context, string) (bool, error) { return true, nil }

// Watch names the pools that campaigns draw from now.
func (g *Gateway) Watch(pools []dialer.Pool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.book.watch(pools) {
		g.tellAgents(time.Now())
		poke(g.agentsNow)
	}
}

// Survey answers from the book: every call that has not been reported as ended
// is said to live, since its end is for the gateway to tell.
func (g *Gateway) Survey(context.Context) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.census(time.Now())
	return nil
}

// census is called under the lock.
func (g *Gateway) census(now time.Time) {
	living := make(map[string]dialer.Sighting, len(g.book.flights))
	for id, f := range g.book.flights {
		living[id] = dialer.Sighting{Channel: f.id, Age: now.Sub(f.sent)}
	}
	g.out.put(dialer.Event{Kind: dialer.Census, At: now, Living: living})
}

// Hangup ends a call, where the PBX can.
func (g *Gateway) Hangup(ctx context.Context, call string) error {
	hanger, ok := g.kind.PBX.(Hanger)
	if !ok {
		return dialer.ErrNotOffered
	}
	g.mu.Lock()
	f := g.book.flights[call]
	var live Live
	if f != nil {
		live = f.live()
	}
	g.mu.Unlock()
	if f == nil || live.Agent == "" && live.ID == "" {
		return dialer.ErrNoCall
	}
	if err := hanger.Hangup(ctx, live); err != nil {
		return fmt.Errorf("hang up: %w", err)
	}
	poke(g.agentsNow)
	return nil
}

// poke wakes a loop, at once or as soon as it is done with its present turn.
func poke(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
