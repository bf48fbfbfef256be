package hostedtest

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/outpace/outpace/dialer"
	"github.com/outpace/outpace/dialer/hosted"
	"github.com/outpace/outpace/results"
)

const (
	// patience bounds a single wait of a test.
	patience = 60 * time.Second
	tickTime = 10 * time.Millisecond
)

// desk does what the engine does: it runs the gateway, gives the events to the
// calls, ticks them and asks for the surveys that they want.
type desk struct {
	t    *testing.T
	gw   *hosted.Gateway
	kind Kind
	stop func()

	mu      sync.Mutex
	changed chan struct{} // closed and replaced when something happened
	calls   map[string]*dialer.Call
	ends    map[string]int // how often each call's end was told
	agents  map[string]dialer.Agent
	up      bool
	downs   int
}

func newDesk(t *testing.T, k Kind, gw *hosted.Gateway, open ...results.Dialing) *desk {
	t.Helper()
	d := &desk{
		t: t, gw: gw, kind: k, changed: make(chan struct{}),
		calls: map[string]*dialer.Call{}, ends: map[string]int{}, agents: map[string]dialer.Agent{},
	}
	for _, row := range open {
		d.calls[row.UUID] = dialer.Recovered(row)
	}
	gw.Adopt(open)
	gw.Watch([]dialer.Pool{{Queue: k.Queue}, {Exten: "102"}, {Queue: "vip"}})
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := gw.Run(ctx, d.sink); err != nil {
			t.Errorf("Run: %v", err)
		}
	})
	wg.Go(func() { d.tick(ctx) })
	d.stop = sync.OnceFunc(func() {
		cancel()
		wg.Wait()
	})
	t.Cleanup(d.stop)
	return d
}

// open waits until the gateway says that the PBX can be used.
func (d *desk) open() *desk {
	d.t.Helper()
	d.wait("the link", func() bool { return d.up && len(d.agents) > 0 })
	return d
}

func (d *desk) sink(e dialer.Event) {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch e.Kind {
	case dialer.LinkUp:
		d.up = true
	case dialer.LinkDown:
		if d.up {
			d.downs++
		}
		d.up = false
		clear(d.agents)
	case dialer.QueuesReset:
		clear(d.agents)
	case dialer.AgentChanged:
		d.agents[e.Agent] = *e.Member
	case dialer.AgentGone:
		delete(d.agents, e.Agent)
	case dialer.CallEnded:
		d.ends[e.Call]++
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
		needs, now := false, time.Now()
		d.mu.Lock()
		for _, c := range d.calls {
			if w := c.Wake(); !w.IsZero() && !w.After(now) {
				c.Tick(now)
				d.wake()
			}
			needs = needs || c.NeedsSurvey(now)
		}
		d.mu.Unlock()
		if needs {
			if err := d.gw.Survey(ctx); err != nil {
				d.t.Errorf("Survey: %v", err)
			}
		}
	}
}

// wait waits until cond, which is called under the lock, is true.
func (d *desk) wait(what string, cond func() bool) {
	d.t.Helper()
	timer := time.NewTimer(patience)
	defer timer.Stop()
	for {
		d.mu.Lock()
		ok, changed := cond(), d.changed
		d.mu.Unlock()
		if ok {
			return
		}
		select {
		case <-changed:
		case <-timer.C:
			d.t.Fatalf("waited in vain for %s", what)
		}
	}
}

// order is a call to place; without exten into the queue of the kind.
type order struct {
	number string
	exten  string
	queue  string
	limit  time.Duration // how long Place may take; default 10 s
}

func (d *desk) place(o order) string {
	d.t.Helper()
	id, err := d.try(o)
	if err != nil {
		d.t.Fatalf("place: %v", err)
	}
	return id
}

// try places a call as the engine does and returns its uuid.
func (d *desk) try(o order) (string, error) {
	if o.queue == "" {
		o.queue = d.kind.Queue
	}
	if o.limit == 0 {
		o.limit = 10 * time.Second
	}
	row := results.Dialing{Attempt: results.Attempt{
		UUID: uuid.NewString(), ActionID: uuid.NewString(), DialChannel: "PJSIP/" + o.number, DialAddr: o.number,
		DialTimeout: 30 * time.Second, TmCreate: time.Now(),
	}}
	r := dialer.Request{
		Call: row.UUID, ActionID: row.ActionID, Channel: row.DialChannel, Number: o.number, CallerID: "Outpace <19001919>",
		Timeout: row.DialTimeout, Campaign: "spring", Name: "Anne Doe",
	}
	if o.exten != "" {
		r.Context, r.Exten, r.Priority = "default", o.exten, "1"
		row.DialExten = o.exten
	} else {
		r.Application, r.Data = "Queue", o.queue+",,,,60"
		row.Queue, row.Patience = o.queue, 2*time.Second
	}
	c := dialer.NewCall(row)
	c.Sent(time.Now())
	d.mu.Lock()
	d.calls[c.ID()] = c
	d.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), o.limit)
	defer cancel()
	err := d.gw.Place(ctx, r)
	d.mu.Lock()
	defer d.mu.Unlock()
	c.Placed(time.Now(), err)
	d.wake()
	return row.UUID, err
}

// result waits for a call's end.
func (d *desk) result(id string) results.Result {
	d.t.Helper()
	d.wait("the end of a call", func() bool { return d.calls[id].Phase() == dialer.Ended })
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.calls[id].Result()
}

// expect waits for a call's end and checks what became of it.
func (d *desk) expect(id string, disposition results.Disposition, resDial int) results.Result {
	d.t.Helper()
	r := d.result(id)
	if r.Disposition != disposition || r.ResDial != resDial {
		d.t.Errorf("…%s: result %s, res_dial %d (%s), hang-up %d (%s); want %s, %d", r.DialAddr[max(0, len(r.DialAddr)-3):],
			r.Disposition, r.ResDial, r.ResDialDetail, r.ResHangup, r.ResHangupDetail, disposition, resDial)
	}
	return r
}

// free waits until so many agents are free.
func (d *desk) free(n int) {
	d.t.Helper()
	d.wait("free agents", func() bool {
		free := 0
		for _, a := range d.agents {
			if a.Phase == dialer.AgentFree {
				free++
			}
		}
		return free >= n
	})
}

// row is the live row of a call, as the database has it.
func (d *desk) row(id string) results.Dialing {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.calls[id].Row()
}
