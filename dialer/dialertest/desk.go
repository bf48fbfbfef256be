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
	"github.com/outpace/outpace/dialer/ami"
	"github.com/outpace/outpace/results"
)

const (
	deadline = 40 * time.Second // of a single wait, whatever the scale
	tickTime = 10 * time.Millisecond
	// placeTime is how long the PBX may take to answer a request.
	placeTime = 3 * time.Second
)

// desk does what the engine does: it runs the gateway, gives the events to the
// calls, ticks them and asks for the surveys they want.
type desk struct {
	t   *testing.T
	lab Lab
	gw  dialer.Gateway

	mu      sync.Mutex
	changed chan struct{} // closed and replaced when something happened
	events  []dialer.Event
	calls   map[string]*dialer.Call
	agents  map[string]dialer.Agent
	callers map[string]string
	up      bool
	synced  bool // queues and census came since the last LinkUp
}

func newDesk(t *testing.T, lab Lab) *desk {
	d := &desk{
		t: t, lab: lab, gw: lab.Gateway, changed: make(chan struct{}), calls: map[string]*dialer.Call{},
		agents: map[string]dialer.Agent{}, callers: map[string]string{},
	}
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := d.gw.Run(ctx, d.sink); err != nil {
			t.Errorf("Run: %v", err)
		}
	})
	wg.Go(func() { d.tick(ctx) })
	t.Cleanup(func() {
		cancel()
		wg.Wait()
		if t.Failed() {
			d.dump()
		}
	})
	d.wait("the state of the PBX", func() bool { return d.synced })
	return d
}

func (d *desk) sink(e dialer.Event) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.events) == 0 && e.Kind != dialer.LinkUp && e.Kind != dialer.LinkDown {
		d.t.Errorf("the first event is of kind %d", e.Kind)
	}
	d.events = append(d.events, e)
	switch e.Kind {
	case dialer.LinkUp:
		d.up = true
	case dialer.LinkDown:
		d.up, d.synced = false, false
	case dialer.QueuesReset:
		clear(d.agents)
		clear(d.callers)
	case dialer.Census:
		d.synced = true // it comes after the queues
	case dialer.AgentChanged:
		d.agents[e.Agent] = *e.Member
	case dialer.AgentGone:
		delete(d.agents, e.Agent)
	case dialer.CallerJoined:
		d.callers[e.Caller] = e.Queue
	case dialer.CallerLeft:
		delete(d.callers, e.Caller)
	}
	for _, c := range d.calls {
		c.Apply(e)
	}
	d.wake()
}

func (d *desk) wake() {
	close(d.changed)
	d.changed = make(chan struct{})
}

func (d *desk) tick(ctx context.Context) {
	ticker := time.NewTicker(tickTime)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		needs := false
		d.mu.Lock()
		for _, c := range d.calls {
			if w := c.Wake(); !w.IsZero() && !w.After(time.Now()) {
				c.Tick(time.Now())
				d.wake()
			}
			needs = needs || c.NeedsSurvey(time.Now())
		}
		d.mu.Unlock()
		if needs {
			d.trySurvey(ctx)
		}
	}
}

// trySurvey asks for a census. Its failure shows as a call that does not end.
func (d *desk) trySurvey(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, placeTime)
	defer cancel()
	_ = d.gw.Survey(ctx)
}

// wait waits until cond, which is called under the lock, is true.
func (d *desk) wait(what string, cond func() bool) {
	d.t.Helper()
	if !d.await(cond) {
		d.t.Fatalf("waited in vain for %s", what)
	}
}

// await is wait for other goroutines than the test's: it tells whether cond
// came true in time.
func (d *desk) await(cond func() bool) bool {
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

// pbx returns how long a time of the PBX is here.
func (d *desk) pbx(of time.Duration) time.Duration {
	return time.Duration(float64(of) / d.lab.Scale)
}

// order is a call to place.
type order struct {
	channel   string // with the number for %s
	number    string
	timeout   time.Duration // of the PBX; default 20 s
	app, data string        // default Wait(60)
	exten     string        // in the context dialer, instead of an application
	context   string        // instead of dialer
	queue     string        // what the engine knows the destination's queue to be
	variables map[string]string
	claimed   time.Duration // how long ago
}

func (o order) request(id, action string) dialer.Request {
	r := dialer.Request{
		Call: id, ActionID: action, Number: o.number, Channel: fmt.Sprintf(o.channel, o.number),
		CallerID: "Outpace <5550100>", Timeout: o.timeout, Variables: o.variables,
	}
	if o.exten != "" {
		r.Context, r.Exten, r.Priority = o.context, o.exten, "1"
	} else {
		r.Application, r.Data = o.app, o.data
	}
	return r
}

// place places a call and returns its uuid.
func (d *desk) place(o order) string {
	d.t.Helper()
	id, err := d.try(o)
	if err != nil {
		d.t.Fatalf("place: %v", err)
	}
	return id
}

func (d *desk) try(o order) (string, error) {
	if o.channel == "" {
		o.channel = "PJSIP/%s@trunk"
	}
	if o.timeout == 0 {
		o.timeout = 20 * time.Second
	}
	if o.app == "" {
		o.app, o.data = "Wait", "60"
	}
	if o.context == "" {
		o.context = "dialer"
	}
	row := results.Dialing{Attempt: results.Attempt{
		UUID: uuid.NewString(), ActionID: uuid.NewString(), DialChannel: fmt.Sprintf(o.channel, o.number),
		DialAddr: o.number, DialTimeout: o.timeout, Queue: o.queue, Patience: d.pbx(2 * time.Second),
		TmCreate: time.Now().Add(-o.claimed),
	}}
	c := dialer.NewCall(row)
	d.mu.Lock()
	d.calls[c.ID()] = c
	d.mu.Unlock()
	r := o.request(row.UUID, row.ActionID)
	r.Before = func() error {
		d.mu.Lock()
		defer d.mu.Unlock()
		c.Sent(time.Now())
		return nil
	}
	ctx, cancel := context.WithTimeout(d.t.Context(), placeTime)
	defer cancel()
	err := d.gw.Place(ctx, r)
	d.mu.Lock()
	defer d.mu.Unlock()
	c.Placed(time.Now(), err)
	d.wake()
	return row.UUID, err
}

// phase waits until a call is in a phase or behind it.
func (d *desk) phase(id string, p dialer.Phase) {
	d.t.Helper()
	d.wait(fmt.Sprintf("phase %d", p), func() bool { return d.calls[id].Phase() >= p })
}

// result waits for a call's end.
func (d *desk) result(id string) results.Result {
	d.t.Helper()
	d.phase(id, dialer.Ended)
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.calls[id].Result()
}

// expect waits for a call's end and checks what became of it.
func (d *desk) expect(id string, disposition results.Disposition, resDial int) results.Result {
	d.t.Helper()
	r := d.result(id)
	if r.Disposition != disposition || r.ResDial != resDial {
		d.t.Errorf("result %s, res_dial %d (%s), cause %d; want %s, %d",
			r.Disposition, r.ResDial, r.ResDialDetail, r.ResHangup, disposition, resDial)
	}
	return r
}

// hangup ends a call through the gateway.
func (d *desk) hangup(id string) {
	d.t.Helper()
	d.mu.Lock()
	d.calls[id].HangupSent(time.Now())
	d.mu.Unlock()
	if err := d.gw.Hangup(d.t.Context(), id); err != nil {
		d.t.Fatalf("hang up: %v", err)
	}
}

// admin does an action beside the gateway.
func (d *desk) admin(name string, headers ...string) ami.Message {
	d.t.Helper()
	a := ami.Action{Name: name}
	for i := 0; i+1 < len(headers); i += 2 {
		a.Headers.Add(headers[i], headers[i+1])
	}
	reply, err := d.lab.Admin.Do(d.t.Context(), a)
	if err != nil {
		d.t.Fatalf("%s: %v", name, err)
	}
	return reply
}

// agent returns what is known of an agent.
func (d *desk) agent(name string) dialer.Agent {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.agents[name]
}

func (d *desk) dump() {
	var b strings.Builder
	for _, e := range d.events {
		if e.Kind == dialer.AgentChanged {
			continue
		}
		fmt.Fprintf(&b, "\n%s kind %d call %.8s %s%s%s %d %d %s %t %v", e.At.Format("05.000"), e.Kind, e.Call,
			e.Agent, e.Queue, e.Caller, e.Reason, e.Cause, e.Text, e.OK, e.Err)
	}
	d.t.Logf("events:%s", b.String())
}
