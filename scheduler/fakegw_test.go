package scheduler

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/outpace/outpace/dialer"
)

// fakeGateway is a PBX that does what a test tells it. Calls it was asked for
// stay ringing until the test moves them.
type fakeGateway struct {
	name   string
	caps   dialer.Capabilities
	events chan dialer.Event
	clock  func() time.Time // the machine's, which the engine goes by too

	mu       sync.Mutex
	placed   []dialer.Request
	living   map[string]dialer.Sighting
	hangups  []string
	sent     []dialer.Exten // redirects
	at       []time.Time    // when they were placed
	placeErr error
	lacks    string // a technology
	refuse   func(dialer.Request) error
	script   func(g *fakeGateway, r dialer.Request) // runs in its own goroutine after a call was accepted
	unplayed []dialer.Request                       // placed while there was no script
	wg       sync.WaitGroup
	running  context.Context //nolint:containedctx // of the present Run; scripts end with it
}

func newFakeGateway(name string) *fakeGateway {
	return &fakeGateway{
		name: name, caps: dialer.Capabilities{Hangup: true, Agents: true},
		events: make(chan dialer.Event), living: map[string]dialer.Sighting{}, clock: time.Now,
	}
}

func (g *fakeGateway) Name() string                      { return g.name }
func (g *fakeGateway) Capabilities() dialer.Capabilities { return g.caps }

func (g *fakeGateway) Run(ctx context.Context, sink func(dialer.Event)) error {
	sink(dialer.Event{Kind: dialer.LinkUp, At: g.clock()})
	g.mu.Lock()
	g.running = ctx
	census := dialer.Event{Kind: dialer.Census, At: g.clock(), Living: maps.Clone(g.living)}
	g.mu.Unlock()
	sink(census)
	for {
		select {
		case <-ctx.Done():
			g.wg.Wait()
			return nil
		case e := <-g.events:
			e.At = g.clock()
			sink(e)
		}
	}
}

// tell reports an event; it gives up when ctx ends.
func (g *fakeGateway) tell(ctx context.Context, e dialer.Event) {
	select {
	case g.events <- e:
	case <-ctx.Done():
	}
}

func (g *fakeGateway) Place(ctx context.Context, r dialer.Request) error {
	if err := r.Before(); err != nil {
		return joinNotSent(err)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.placeErr != nil {
		return g.placeErr
	}
	if g.refuse != nil {
		if err := g.refuse(r); err != nil {
			return err
		}
	}
	g.placed = append(g.placed, r)
	g.at = append(g.at, time.Now())
	g.living[r.Call] = dialer.Sighting{Ringing: true}
	if g.script == nil {
		g.unplayed = append(g.unplayed, r)
		return nil
	}
	script := g.script
	g.wg.Go(func() { script(g, r) })
	return nil
}

type notSent struct{ error }

func (notSent) Is(target error) bool { return target == dialer.ErrNotSent }

func joinNotSent(err error) error { return notSent{err} }

func (g *fakeGateway) Hangup(_ context.Context, id string) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.hangups = append(g.hangups, id)
	return nil
}

func (g *fakeGateway) Redirect(_ context.Context, _ string, to dialer.Exten) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.sent = append(g.sent, to)
	return nil
}

func (g *fakeGateway) redirects() []dialer.Exten {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.Clone(g.sent)
}

func (g *fakeGateway) Survey(ctx context.Context) error {
	g.mu.Lock()
	living := maps.Clone(g.living)
	g.mu.Unlock()
	g.tell(ctx, dialer.Event{Kind: dialer.Census, Living: living})
	return nil
}

func (g *fakeGateway) calls() []dialer.Request {
	g.mu.Lock()
	defer g.mu.Unlock()
	return append([]dialer.Request(nil), g.placed...)
}

// fate reports how a call goes: answered or with a cause, after ring; then it
// talks. cause 0 means answered.
func (g *fakeGateway) fate(id string, ring, talk time.Duration, cause int) {
	g.mu.Lock()
	ctx := g.running
	g.mu.Unlock()
	g.tell(ctx, dialer.Event{Kind: dialer.CallChannel, Call: id, Channel: "PJSIP/x-1"})
	g.tell(ctx, dialer.Event{Kind: dialer.CallRinging, Call: id})
	if !pause(ctx, ring) {
		return
	}
	if cause == 0 {
		g.tell(ctx, dialer.Event{Kind: dialer.CallAnswered, Call: id})
		g.tell(ctx, dialer.Event{Kind: dialer.CallResponded, Call: id, OK: true, Reason: 4})
		if !pause(ctx, talk) {
			return
		}
		cause = 16
	} else {
		g.tell(ctx, dialer.Event{Kind: dialer.CallResponded, Call: id})
	}
	g.mu.Lock()
	delete(g.living, id)
	g.mu.Unlock()
	g.tell(ctx, dialer.Event{Kind: dialer.CallHangup, Call: id, Cause: cause})
}

// setScript says how calls go, also those that were placed before a test came
// to say it.
func (g *fakeGateway) setScript(script func(*fakeGateway, dialer.Request)) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.script = script
	for _, r := range g.unplayed {
		g.wg.Go(func() { script(g, r) })
	}
	g.unplayed = nil
}

func (g *fakeGateway) times() []time.Time {
	g.mu.Lock()
	defer g.mu.Unlock()
	return append([]time.Time(nil), g.at...)
}

func (g *fakeGateway) hungUp() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.hangups)
}

func (g *fakeGateway) Supports(ctx context.Context, tech string) (bool, error) {
	g.mu.Lock()
	lacks := tech == g.lacks
	g.mu.Unlock()
	if lacks {
		pause(ctx, time.Second) // the loop must not spin meanwhile
	}
	return !lacks, nil
}

func (g *fakeGateway) setLacks(tech string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.lacks = tech
}
