package hosted

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/outpace/outpace/dialer"
	"github.com/outpace/outpace/results"
)

const (
	// idleFactor is how much less often an idle gateway looks.
	idleFactor = 5
	// hurryFactor is how much sooner than usual a look may follow the one
	// before when there is a reason for it.
	hurryFactor = 4
	// failures is how many looks in a row have to fail until the PBX counts as
	// down, if the circuit breaker does not say so before.
	failures = 3
)

// link is what is known of the way to the PBX.
type link struct {
	up        bool
	connected bool   // logged in, hooks registered
	agents    int    // looks at the agents that failed in a row
	rows      int    // looks at the call log that failed in a row
	told      string // the reason that was told last
}

var errNotYet = errors.New("not connected yet")

// Run connects, follows and reports until ctx ends.
func (g *Gateway) Run(ctx context.Context, sink func(dialer.Event)) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	g.mu.Lock()
	if g.running != nil {
		g.mu.Unlock()
		return fmt.Errorf("hosted: gateway %q runs already", g.set.Name)
	}
	g.running, g.link, g.out.list = ctx, link{}, nil
	g.fall(errNotYet, time.Now())
	g.mu.Unlock()

	var loops sync.WaitGroup
	loops.Go(func() { g.followAgents(ctx) })
	loops.Go(func() { g.followRows(ctx) })
	g.pump(ctx, sink)

	g.mu.Lock()
	g.running = nil
	g.mu.Unlock()
	cancel()
	loops.Wait()
	g.work.Wait()
	return nil
}

// Adopt takes in the open calls that were placed before this Run. Those that
// it knows and that are not among them have ended, or are another engine's.
func (g *Gateway) Adopt(open []results.Dialing) {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := time.Now()
	flights := map[string]*flight{}
	for _, d := range open {
		if f := g.book.flights[d.UUID]; f != nil {
			flights[d.UUID] = f
			continue
		}
		switch d.Status {
		case results.StatusSendFailed, results.StatusQueueFailed, results.StatusOriginFailed, results.StatusHangup:
			continue // its end is known already
		}
		f := &flight{
			call: d.UUID, agent: d.Agent, number: d.DialAddr, id: d.Channel, sent: d.TmDial,
			placed: now, seenFree: map[string]bool{},
		}
		if f.pool = d.Queue; f.pool == "" {
			f.pool = dialer.Pool{Exten: d.DialExten}.Name()
		}
		if f.sent.IsZero() {
			f.sent = d.TmCreate
		}
		flights[d.UUID] = f
	}
	g.book.flights = flights
	for _, s := range g.book.seats {
		s.flight = nil
	}
	for _, f := range flights {
		g.book.take(f)
	}
}

// followAgents looks at the agents, again and again.
func (g *Gateway) followAgents(ctx context.Context) {
	for ctx.Err() == nil {
		began := time.Now()
		g.lookAtAgents(ctx)
		g.tellUnheard()
		if !g.rest(ctx, began, g.agentsPause(), g.agentsNow) {
			return
		}
	}
}

// rest waits for the pause or, if there is a reason, for a part of it.
func (g *Gateway) rest(ctx context.Context, began time.Time, pause time.Duration, hurry <-chan struct{}) bool {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	case <-hurry:
	}
	timer.Reset(max(0, g.set.PollInterval/hurryFactor-time.Since(began)))
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// agentsPause is how long until the agents have to be looked at again, or
// somebody who was left alone is free again.
func (g *Gateway) agentsPause() time.Duration {
	g.mu.Lock()
	defer g.mu.Unlock()
	pause := g.set.PollInterval
	switch {
	case !g.link.up:
		pause = g.set.Down
	case len(g.book.flights) == 0:
		pause *= idleFactor
	}
	now := time.Now()
	for _, s := range g.book.seats {
		for _, t := range []time.Time{s.away, s.fresh} {
			if wait := t.Sub(now); wait > 0 {
				pause = min(pause, wait+time.Millisecond)
			}
		}
	}
	return pause
}

func (g *Gateway) lookAtAgents(ctx context.Context) {
	g.mu.Lock()
	connected, pools := g.link.connected, g.book.pools
	g.mu.Unlock()
	if !connected {
		if err := g.kind.PBX.Connect(ctx); err != nil {
			g.agentsFailed(ctx, err, failures)
			return
		}
	}
	asked := time.Now()
	list, err := g.kind.PBX.Agents(ctx, pools)
	if err != nil {
		g.agentsFailed(ctx, err, 1)
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	now := time.Now()
	g.link.connected, g.link.agents = true, 0
	for _, name := range g.book.look(list, asked) {
		g.out.put(dialer.Event{Kind: dialer.AgentGone, At: now, Agent: name})
	}
	g.book.judgeLost(asked)
	g.tellAgents(now)
	g.rise(now)
}

func (g *Gateway) agentsFailed(ctx context.Context, err error, n int) {
	if ctx.Err() != nil {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.link.agents += n
	g.weaken(err)
	g.tellAgents(time.Now())
}

// weaken lets the link fall if enough has failed.
func (g *Gateway) weaken(err error) {
	if g.link.agents >= failures || g.link.rows >= failures || g.client.Down() || !g.link.up {
		g.fall(err, time.Now())
	}
}

// fall reports that the PBX cannot be used, unless that is known.
func (g *Gateway) fall(err error, now time.Time) {
	was := g.link.up
	g.link.up, g.link.connected = false, false
	if !was && g.link.told == err.Error() {
		return
	}
	if g.link.told = err.Error(); !errors.Is(err, errNotYet) {
		g.log.Warn("the PBX cannot be used", slog.Any("error", err))
	}
	g.out.put(dialer.Event{Kind: dialer.LinkDown, At: now, Err: err})
}

// rise reports that the PBX can be used, with all that is known, once nothing
// speaks against it.
func (g *Gateway) rise(now time.Time) {
	if g.link.up || !g.link.connected || g.link.agents > 0 || g.link.rows > 0 {
		return
	}
	g.link.up, g.link.told = true, ""
	g.log.Info("the PBX can be used", slog.Int("agents", len(g.book.seats)))
	g.out.put(dialer.Event{Kind: dialer.LinkUp, At: now})
	g.out.put(dialer.Event{Kind: dialer.QueuesReset, At: now})
	for _, s := range g.book.seats {
		s.told.Since = time.Time{} // all of them again
	}
	g.tellAgents(now)
	g.census(now)
}

// tellAgents reports the agents about whom there is something new.
func (g *Gateway) tellAgents(now time.Time) {
	for _, s := range g.book.seats {
		g.tellAgent(s, now)
	}
}

func (g *Gateway) tellAgent(s *seat, now time.Time) {
	a := g.book.report(s, now)
	if same(a, s.told) {
		return
	}
	s.told = a
	g.out.put(dialer.Event{Kind: dialer.AgentChanged, At: now, Agent: a.Interface, Member: &a})
}
