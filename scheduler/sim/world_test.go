package sim_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/outpace/outpace/campaign"
	"github.com/outpace/outpace/dialer/pbxsim"
	"github.com/outpace/outpace/dlma"
	"github.com/outpace/outpace/plan"
	"github.com/outpace/outpace/scheduler/sim"
	"github.com/outpace/outpace/store"
)

// world is everything that one ordeal needs, inside one bubble.
type world struct {
	o     sim.Ordeal
	dir   string
	began time.Time
	clock sim.WallClock

	pbx      *pbxsim.Server
	pipe     *pbxsim.PipeListener
	store    atomic.Pointer[store.Store]
	nets     []*network // of each slot
	weather  []*weather
	doubt    doubt
	leases   *sim.Leases
	logBytes int64
	askAgain bool // a bug: see clockedGateway.Place

	campaign, plan, list string

	mu     sync.Mutex
	r      *rand.Rand
	out    strings.Builder
	lives  []*life         // the present one of each slot, nil while there is none
	starts []time.Time     // of engines
	pause  []time.Duration // before a slot's next start
	stops  []sim.Stop
	wrong  []string
}

// say notes what happens, for the reader of a failure.
func (w *world) say(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	fmt.Fprintf(&w.out, "%9.3f %s\n", time.Since(w.began).Seconds(), fmt.Sprintf(format, args...))
}

// fail notes what must not be, once.
func (w *world) fail(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	text := fmt.Sprintf(format, args...)
	fmt.Fprintf(&w.out, "%9.3f WRONG: %s\n", time.Since(w.began).Seconds(), text)
	if len(w.wrong) < 10 {
		w.wrong = append(w.wrong, text)
	}
}

// traceWriter takes the log of an engine.
type traceWriter struct {
	w    *world
	slot int
}

func (t traceWriter) Write(p []byte) (int, error) {
	t.w.say("engine %d: %s", t.slot+1, strings.TrimSpace(string(p)))
	return len(p), nil
}

func (w *world) trace(slot int) io.Writer { return traceWriter{w, slot} }

// pick is a number below n.
func (w *world) pick(n int) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.r.IntN(n)
}

func (w *world) logPath(slot int) string {
	return filepath.Join(w.dir, fmt.Sprintf("log%d", slot), "outbound_result.json")
}

// begin notes that an engine has come to life.
func (w *world) begin(l *life) {
	w.say("engine %d starts", l.slot+1)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.lives[l.slot] = l
	w.starts = append(w.starts, time.Now())
}

// build makes the world: the PBX, the database, the campaign.
func build(t *testing.T, o sim.Ordeal, dir string, template []byte) *world {
	w := &world{
		o: o, dir: dir, began: time.Now(), r: rand.New(rand.NewPCG(o.Seed, 1)),
		pipe:  pbxsim.NewPipeListener(),
		lives: make([]*life, o.Engines), pause: make([]time.Duration, o.Engines),
	}
	for slot := range o.Engines {
		w.weather = append(w.weather, &weather{r: rand.New(rand.NewPCG(o.Seed, 2+uint64(slot)<<8)), doubt: &w.doubt})
		w.nets = append(w.nets, newNetwork())
	}
	if o.Engines > 1 {
		w.leases = sim.NewLeases(time.Now)
	}
	if o.Seed%3 == 0 {
		w.logBytes = 3000
	}
	queue := pbxsim.QueueConfig{Name: "sales", Strategy: "rrmemory"}
	for i := range o.Agents {
		queue.Members = append(queue.Members, pbxsim.MemberConfig{Interface: fmt.Sprintf("PJSIP/agent-%02d", i+1)})
	}
	var err error
	w.pbx, err = pbxsim.New(pbxsim.Config{Listener: w.pipe, Seed: o.Seed, Queues: []pbxsim.QueueConfig{queue}, Faults: ill(o)})
	if err != nil {
		t.Fatal(err)
	}
	for slot := range o.Engines {
		if err := os.MkdirAll(filepath.Dir(w.logPath(slot)), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(w.database(), template, 0o600); err != nil {
		t.Fatal(err)
	}
	w.open(t)
	w.load(t)
	return w
}

// ill are the faults of a PBX that does something strange from time to time.
func ill(o sim.Ordeal) pbxsim.Faults {
	return pbxsim.Faults{
		RepeatHangup: o.Ill, RepeatResponse: o.Ill, Reorder: o.Ill, LateReply: o.Ill / 4, DelayEvents: o.Ill / 100,
		Late: 300 * time.Millisecond,
	}
}

func (w *world) database() string { return filepath.Join(w.dir, "outpace.db") }

// open opens the database, as a process that starts does.
func (w *world) open(t *testing.T) {
	s, err := store.Open(context.Background(), "sqlite:"+w.database(), store.Options{Exclusive: true, Clock: w.clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	w.store.Store(s)
}

// load makes the campaign and starts it.
func (w *world) load(t *testing.T) {
	ctx, s := context.Background(), w.store.Load()
	p := plan.Default()
	p.Mode, p.Tech, p.Trunk, p.EndHandle, p.ServiceLevel = plan.ModePredictive, "PJSIP", "trunk", 1, 2
	p.AbandonTarget, p.AbandonLock = sim.AbandonTarget, 0
	p.DialTimeout, p.RetryDelay, p.RedialUnknown = w.o.DialTimeout, w.o.RetryDelay, w.o.RedialUnknown
	p.MaxRetry = [plan.Numbers]int{w.o.MaxRetry[0], w.o.MaxRetry[1]}
	if w.o.PlanCalls > 0 {
		p.MaxCalls = &w.o.PlanCalls
	}
	if w.o.PlanCPS > 0 {
		p.MaxCPS = &w.o.PlanCPS
	}
	p, err := s.CreatePlan(ctx, p)
	list, err2 := s.CreateList(ctx, dlma.List{Name: "l"})
	d := campaign.Destination{Name: "d", Type: campaign.TypeApplication, Application: "park"}
	if w.o.Agents > 0 {
		d.Application, d.Data = "Queue", "sales"
	}
	d, err3 := s.CreateDestination(ctx, d)
	var entries []dlma.Entry
	for i, numbers := range w.o.Entries {
		e := dlma.Entry{List: list.UUID, Name: fmt.Sprint("entry ", i)}
		copy(e.Number[:], numbers)
		entries = append(entries, e)
	}
	_, err4 := s.AddEntries(ctx, entries)
	c, err5 := s.CreateCampaign(ctx, campaign.Campaign{
		Name: "c", Plan: p.UUID, Destination: d.UUID, List: list.UUID, Calendar: w.o.Calendar,
	})
	if err := errors.Join(err, err2, err3, err4, err5); err != nil {
		t.Fatal(err)
	}
	w.campaign, w.plan, w.list = c.UUID, p.UUID, list.UUID
	w.move(campaign.Started)
}

// move is what a user does who changes the campaign's status. It reports
// whether he could.
func (w *world) move(to campaign.Status) bool {
	from := map[campaign.Status][]campaign.Status{
		campaign.Started:       {campaign.Stopped, campaign.Paused, campaign.Stopping, campaign.Pausing},
		campaign.Stopping:      {campaign.Started},
		campaign.Pausing:       {campaign.Started},
		campaign.ForceStopping: {campaign.Started, campaign.Stopping, campaign.Pausing},
	}[to]
	moved, err := w.store.Load().Move(context.Background(), "", w.campaign, campaign.Move{From: from, To: to})
	if err != nil {
		w.fail("move the campaign to %d: %v", to, err)
	}
	w.say("user moves the campaign to %d: %v", to, moved)
	return moved
}

// supervise keeps a slot's engine alive, as an init system does.
func (w *world) supervise(ctx context.Context, t *testing.T, slot int) {
	for ctx.Err() == nil {
		l := &life{w: w, slot: slot}
		began := time.Now()
		err := l.run(ctx)
		w.mu.Lock()
		w.lives[slot] = nil
		wait := w.pause[slot]
		w.mu.Unlock()
		if ctx.Err() != nil {
			return
		}
		w.say("engine %d has ended after %s: %v", slot+1, time.Since(began), err)
		if w.leases == nil {
			// The process is gone, and with it what it knew.
			if err := w.store.Load().Close(); err != nil {
				w.fail("close the database: %v", err)
			}
			w.open(t)
		}
		sleep(ctx, max(wait, 100*time.Millisecond))
	}
}

func sleep(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}
