package dialertest

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/outpace/outpace/dialer"
	"github.com/outpace/outpace/results"
)

const (
	deadline = 60 * time.Second // of a single wait, whatever the scale
	tickTime = 10 * time.Millisecond
	// surveyTime is how long a PBX may take to be asked for a census.
	surveyTime = 3 * time.Second
	// placeTime is how long the PBX may take to answer a request. It is long, since
	// no case but the storm waits for it to pass, and stormTime is for that.
	placeTime = 30 * time.Second
	stormTime = 3 * time.Second
)

// Desk does what the engine does: it runs a gateway, gives the events to the
// calls, ticks them and asks for the surveys they want. Its fields change
// under a lock: look at them in a condition of Wait or Await only.
type Desk struct {
	T       *testing.T
	Gateway dialer.Gateway

	Calls  map[string]*dialer.Call
	Agents map[string]dialer.Agent
	Up     bool
	Synced bool // a census came since the last LinkUp
	Events []dialer.Event
	Ends   map[string]int // how often a call's end was told in one piece

	// Stop ends the gateway's Run, and waits for that; the test's end does so too.
	Stop func()

	mu      sync.Mutex
	changed chan struct{} // closed and replaced when something happened
}

// NewDesk runs a gateway, which has been told of the pools and, where it wants
// that, of the open calls.
func NewDesk(t *testing.T, gw dialer.Gateway, pools []dialer.Pool, open ...results.Dialing) *Desk {
	t.Helper()
	d := &Desk{
		T: t, Gateway: gw, changed: make(chan struct{}), Calls: map[string]*dialer.Call{},
		Agents: map[string]dialer.Agent{}, Ends: map[string]int{},
	}
	for _, row := range open {
		d.Calls[row.UUID] = dialer.Recovered(row)
	}
	if adopter, ok := gw.(dialer.Adopter); ok {
		adopter.Adopt(open)
	}
	if watcher, ok := gw.(dialer.Watcher); ok {
		watcher.Watch(pools)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := gw.Run(ctx, d.sink); err != nil {
			t.Errorf("Run: %v", err)
		}
	})
	wg.Go(func() { d.tick(ctx) })
	d.Stop = sync.OnceFunc(func() {
		cancel()
		wg.Wait()
	})
	t.Cleanup(func() {
		d.Stop()
		if t.Failed() {
			d.dump()
		}
	})
	return d
}

// Open waits until the PBX can be used and its state is known.
func (d *Desk) Open() *Desk {
	d.T.Helper()
	d.Wait("the state of the PBX", func() bool { return d.Synced })
	return d
}

func (d *Desk) sink(e dialer.Event) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.Events) == 0 && e.Kind != dialer.LinkUp && e.Kind != dialer.LinkDown {
		d.T.Errorf("the first event is of kind %d", e.Kind)
	}
	d.Events = append(d.Events, e)
	switch e.Kind {
	case dialer.LinkUp:
		d.Up = true
	case dialer.LinkDown:
		d.Up, d.Synced = false, false
	case dialer.QueuesReset:
		clear(d.Agents)
	case dialer.Census:
		d.Synced = d.Up
	case dialer.AgentChanged:
		d.Agents[e.Agent] = *e.Member
	case dialer.AgentGone:
		delete(d.Agents, e.Agent)
	case dialer.CallEnded:
		d.Ends[e.Call]++
	}
	for _, c := range d.Calls {
		c.Apply(e)
	}
	d.wake()
}

func (d *Desk) wake() {
	close(d.changed)
	d.changed = make(chan struct{})
}

func (d *Desk) tick(ctx context.Context) {
	ticker := time.NewTicker(tickTime)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		needs, now := false, time.Now()
		d.mu.Lock()
		for _, c := range d.Calls {
			if w := c.Wake(); !w.IsZero() && !w.After(now) {
				c.Tick(now)
				d.wake()
			}
			needs = needs || c.NeedsSurvey(now)
		}
		d.mu.Unlock()
		if needs {
			d.trySurvey(ctx)
		}
	}
}

// trySurvey asks for a census. Its failure shows as a call that does not end.
func (d *Desk) trySurvey(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, surveyTime)
	defer cancel()
	_ = d.Gateway.Survey(ctx)
}

// Wait waits until cond, which is called under the lock, is true.
func (d *Desk) Wait(what string, cond func() bool) {
	d.T.Helper()
	if !d.Await(cond) {
		d.T.Fatalf("waited in vain for %s", what)
	}
}

// Await is Wait for other goroutines than the test's: it tells whether cond
// came true in time.
func (d *Desk) Await(cond func() bool) bool {
	timer := time.NewTimer(deadline)
	defer timer.Stop()
	for {
		d.mu.Lock()
		ok, changed := cond(), d.changed
		d.mu.Unlock()
		if ok {
			return true
		}
		select {
		case <-changed:
		case <-timer.C:
			return false
		}
	}
}

// Order is a call to place. What it leaves out is made up.
type Order struct {
	Request  dialer.Request // Before is the order's own, called first
	Queue    string         // what the engine knows the destination's queue to be
	Patience time.Duration
	Claimed  time.Duration // how long ago
	Limit    time.Duration // how long Place may take; default 30 s
}

// Place places a call and returns its uuid.
func (d *Desk) Place(o Order) string {
	d.T.Helper()
	id, err := d.Try(o)
	if err != nil {
		d.T.Fatalf("place: %v", err)
	}
	return id
}

// Try places a call as the engine does, and returns its uuid also if that
// fails. It may be called by any goroutine.
func (d *Desk) Try(o Order) (string, error) {
	r := o.Request
	if r.Call == "" {
		r.Call = uuid.NewString()
	}
	if r.Timeout == 0 {
		r.Timeout = 20 * time.Second
	}
	if r.CallerID == "" {
		r.CallerID = "Outpace <5550100>"
	}
	if o.Limit == 0 {
		o.Limit = placeTime
	}
	r.ActionID = uuid.NewString()
	row := results.Dialing{Attempt: results.Attempt{
		UUID: r.Call, ActionID: r.ActionID, DialChannel: r.Channel, DialAddr: r.Number, DialTimeout: r.Timeout,
		DialExten: r.Exten, Queue: o.Queue, Patience: o.Patience, TmCreate: time.Now().Add(-o.Claimed),
	}}
	c := dialer.NewCall(row)
	d.mu.Lock()
	d.Calls[c.ID()] = c
	d.mu.Unlock()
	r.Before = func() error {
		if o.Request.Before != nil {
			if err := o.Request.Before(); err != nil {
				return err
			}
		}
		d.mu.Lock()
		defer d.mu.Unlock()
		c.Sent(time.Now())
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), o.Limit)
	defer cancel()
	err := d.Gateway.Place(ctx, r)
	d.mu.Lock()
	defer d.mu.Unlock()
	c.Placed(time.Now(), err)
	d.wake()
	return r.Call, err
}

// Phase waits until a call is in a phase or behind it.
func (d *Desk) Phase(id string, p dialer.Phase) {
	d.T.Helper()
	d.Wait(fmt.Sprintf("phase %d", p), func() bool { return d.Calls[id].Phase() >= p })
}

// Result waits for a call's end.
func (d *Desk) Result(id string) results.Result {
	d.T.Helper()
	d.Phase(id, dialer.Ended)
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.Calls[id].Result()
}

// Expect waits for a call's end and checks what became of it.
func (d *Desk) Expect(id string, disposition results.Disposition, resDial int) results.Result {
	d.T.Helper()
	r := d.Result(id)
	if r.Disposition != disposition || r.ResDial != resDial {
		d.T.Errorf("…%s: result %s, res_dial %d (%s), hang-up %d (%s); want %s, %d", r.DialAddr[max(0, len(r.DialAddr)-3):],
			r.Disposition, r.ResDial, r.ResDialDetail, r.ResHangup, r.ResHangupDetail, disposition, resDial)
	}
	return r
}

// Hangup ends a call through the gateway.
func (d *Desk) Hangup(id string) error {
	d.mu.Lock()
	d.Calls[id].HangupSent(time.Now())
	d.mu.Unlock()
	return d.Gateway.Hangup(d.T.Context(), id)
}

// Survey asks for a census and returns the living.
func (d *Desk) Survey() map[string]dialer.Sighting {
	d.T.Helper()
	asked := time.Now()
	if err := d.Gateway.Survey(d.T.Context()); err != nil {
		d.T.Fatalf("survey: %v", err)
	}
	var census dialer.Event
	d.Wait("a census", func() bool {
		for _, e := range d.Events {
			if e.Kind == dialer.Census {
				census = e
			}
		}
		return !census.At.Before(asked)
	})
	return census.Living
}

// Row is the live row of a call, as the database has it.
func (d *Desk) Row(id string) results.Dialing {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.Calls[id].Row()
}

// Agent returns what is known of an agent.
func (d *Desk) Agent(name string) dialer.Agent {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.Agents[name]
}

// Free waits until so many agents are free.
func (d *Desk) Free(n int) {
	d.T.Helper()
	d.Wait("free agents", func() bool { return d.freeAgents() >= n })
}

// freeAgents counts them. It is called under the lock.
func (d *Desk) freeAgents() (free int) {
	for _, a := range d.Agents {
		if a.Phase == dialer.AgentFree {
			free++
		}
	}
	return free
}

// Once checks that every call has ended once at most.
func (d *Desk) Once() {
	d.T.Helper()
	d.mu.Lock()
	defer d.mu.Unlock()
	for id, n := range d.Ends {
		if n > 1 {
			d.T.Errorf("the end of call %s was told %d times", id, n)
		}
	}
}

func (d *Desk) dump() {
	var b strings.Builder
	for _, e := range d.Events {
		if e.Kind == dialer.AgentChanged {
			continue
		}
		fmt.Fprintf(&b, "\n%s kind %d call %.8s %s%s%s %d %d %s %t %v", e.At.Format("05.000"), e.Kind, e.Call,
			e.Agent, e.Queue, e.Caller, e.Reason, e.Cause, e.Text, e.OK, e.Err)
	}
	d.T.Logf("events:%s", b.String())
}
