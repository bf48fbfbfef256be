package scheduler

import (
	"container/heap"
	"context"
	"fmt"
	"hash"
	"hash/fnv"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/outpace/outpace/campaign"
	"github.com/outpace/outpace/dialer"
	"github.com/outpace/outpace/scheduler/sim"
)

// driver is the step driver: it plays an ordeal with the loop of a gateway,
// the state machine of a call and the writer of the log in one goroutine. What
// runs beside the loop in production (tasks, the recorder, the ledger, leases,
// the PBX) are steps here, each at a time that the seed gives; so the same seed
// makes the same steps.
type driver struct {
	o   sim.Ordeal
	r   *rand.Rand
	dir string

	mono  time.Duration // since the start
	ahead time.Duration // how far the clock on the wall was put forward
	queue steps
	seq   int

	store   *memStore
	leases  *sim.Leases   // nil with one engine
	weather []sim.Weather // of each slot
	doubt   sim.Doubt
	pbx     *stepPBX
	procs   []*proc // the present process of each slot, nil while it is dead
	pauses  []time.Duration
	breaks  []time.Time // when engines have started, or gone on after a stop
	stops   []sim.Stop
	over    bool
	stalled bool // a process is stopped in the middle of a step

	askAgain bool // a bug: see insistent

	hash  hash.Hash64
	keep  bool // the trace
	text  strings.Builder
	count int
	steps int
	wrong []string
}

// stepsMost is far more steps than any ordeal has; more are a loop without an end.
const stepsMost = 2_000_000

// step is something that happens at a moment.
type step struct {
	at   time.Duration
	seq  int
	name string
	proc *proc // which takes it; nil = none. What a dead process had to do is not done.
	do   func()
}

type steps []*step

func (q steps) Len() int { return len(q) }
func (q steps) Less(i, j int) bool {
	return q[i].at < q[j].at || q[i].at == q[j].at && q[i].seq < q[j].seq
}
func (q steps) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q *steps) Push(x any)   { *q = append(*q, x.(*step)) }
func (q *steps) Pop() any {
	old := *q
	last := old[len(old)-1]
	*q = old[:len(old)-1]
	return last
}

// killedNow is panicked with where a process dies in the middle of a step.
type killedNow struct{}

func newDriver(o sim.Ordeal, dir string, keep bool) *driver {
	d := &driver{
		o: o, dir: dir, keep: keep, r: rand.New(rand.NewPCG(o.Seed, 3)), hash: fnv.New64a(),
		procs: make([]*proc, o.Engines), pauses: make([]time.Duration, o.Engines), weather: make([]sim.Weather, o.Engines),
	}
	d.store = stepModel(o, d.now)
	if o.Engines > 1 {
		d.leases, d.store.leases = sim.NewLeases(d.now), nil
	}
	d.pbx = newStepPBX(d)
	return d
}

func (d *driver) now() time.Time {
	return sim.Moment(sim.Start.Add(d.mono+d.ahead), d.mono)
}

// say adds a line to the trace.
func (d *driver) say(format string, args ...any) {
	line := fmt.Sprintf("%10.4f %s\n", d.mono.Seconds(), strings.ReplaceAll(fmt.Sprintf(format, args...), d.dir, "DIR"))
	d.hash.Write([]byte(line))
	d.count++
	if d.keep {
		d.text.WriteString(line)
	}
}

// fail notes what must not be.
func (d *driver) fail(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	d.say("WRONG: %s", text)
	if len(d.wrong) < 10 {
		d.wrong = append(d.wrong, fmt.Sprintf("at %.3f s: %s", d.mono.Seconds(), text))
	}
}

// after has something happen a while from now.
func (d *driver) after(wait time.Duration, p *proc, name string, do func()) {
	d.seq++
	heap.Push(&d.queue, &step{at: d.mono + max(wait, 0), seq: d.seq, name: name, proc: p, do: do})
}

// some is a time up to most.
func (d *driver) some(most time.Duration) time.Duration {
	return time.Duration(d.r.Int64N(int64(most) + 1))
}

// soon is how long something takes that takes no time worth speaking of.
func (d *driver) soon() time.Duration { return d.some(4 * time.Millisecond) }

// run plays the ordeal to its end.
func (d *driver) run() {
	d.faults()
	for slot := range d.procs {
		d.after(d.soon(), nil, "start", func() { d.start(slot) })
	}
	d.after(time.Second, nil, "", d.watchEnd)
	d.play(math.MaxInt64)
	for _, p := range d.procs {
		if p != nil {
			p.die()
		}
	}
	d.verdict()
}

// play makes the steps that come before a time.
func (d *driver) play(until time.Duration) {
	for !d.over && len(d.queue) > 0 && d.queue[0].at < until && len(d.wrong) < 10 {
		s := heap.Pop(&d.queue).(*step)
		switch {
		case s.proc != nil && s.proc.dead:
			continue
		case s.proc != nil && s.at < s.proc.frozen:
			// In the order in which they were due.
			d.after(s.proc.frozen-d.mono, s.proc, s.name, s.do)
			continue
		}
		if d.steps++; d.steps > stepsMost {
			d.fail("the steps do not end")
			d.over = true
			return
		}
		d.mono = s.at
		if s.name != "" {
			d.say("%s", s.name)
		}
		d.take(s)
		d.check()
	}
}

// take makes a step; a process that dies in it does not finish it.
func (d *driver) take(s *step) {
	defer func() {
		switch x := recover(); x.(type) {
		case nil:
		case killedNow:
			s.proc.die()
		default:
			panic(x)
		}
	}()
	if s.proc != nil {
		s.proc.slept = 0
	}
	s.do()
	if s.proc != nil && !s.proc.dead {
		s.proc.settle()
	}
}

// watchEnd looks whether the campaign has ended, and starts one again that a
// user or the calendar has stopped before.
func (d *driver) watchEnd() {
	c := d.store.campaigns["c"]
	atRest := c.Status == campaign.Stopped || c.Status == campaign.Paused
	switch {
	case d.mono > sim.Horizon+25*time.Minute:
		d.fail("the campaign does not end: it is at %d, %q", c.Status, d.store.live["c"].Why)
		d.over = true
		return
	case d.mono < d.o.Over() || !atRest:
	case c.Reason == "The dial list has ended.":
		// A moment for what is still on its way to the log.
		d.after(10*time.Second, nil, "the end", func() {
			if c := d.store.campaigns["c"]; c.Status == campaign.Stopped || c.Status == campaign.Paused {
				d.over = true
			} else { // the calendar has opened meanwhile
				d.watchEnd()
			}
		})
		return
	case c.Calendar.Open(d.now()):
		d.userStarts()
	}
	d.after(time.Second, nil, "", d.watchEnd)
}

// check looks at what must hold after each step.
func (d *driver) check() {
	numbers := map[string]string{}
	for id, c := range d.pbx.calls {
		if other, ok := numbers[c.number]; ok {
			d.fail("two calls to %s live at once: %s", c.number, min(id, other))
		}
		numbers[c.number] = id
		if _, open := d.store.open[id]; !open {
			d.fail("the call %s lives, and the database does not know it any more", id)
		}
	}
	if n := len(d.pbx.calls); n > d.o.MaxCalls || d.o.PlanCalls > 0 && n > d.o.PlanCalls {
		d.fail("%d calls live, max_calls is %d, the plan's %d", n, d.o.MaxCalls, d.o.PlanCalls)
	}
	for _, p := range d.procs {
		if p != nil && p.floor != nil {
			d.checkBooks(p.floor)
		}
	}
}

// checkOwner: who asks for a call has the gateway's lease, and has claimed the
// call just now.
func (d *driver) checkOwner(p *proc, id string) {
	if d.leases != nil && d.leases.Owner(sim.GatewayLease) != p.engine.cfg.Holder {
		d.fail("engine %d asks for the call %s without the lease", p.slot+1, id)
	}
	if c, ok := d.store.open[id]; ok && p.now().Sub(c.TmCreate) > claimLife+sim.PlaceHeld {
		d.fail("engine %d asks for the call %s that it has claimed %s before", p.slot+1, id, p.now().Sub(c.TmCreate))
	}
}

// checkBooks: the sums of a floor are those of its calls.
func (d *driver) checkBooks(f *floor) {
	sum := newTally()
	for _, c := range f.calls {
		sum.add(c)
		if c.ended != (c.Phase() == dialer.Ended) || c.counted != c.Phase() {
			d.fail("the call %s is counted as %d and is at %d", c.ID(), c.counted, c.Phase())
		}
	}
	if fmt.Sprint(sum.plans) != fmt.Sprint(f.tally.plans) || *sum.campaign("c") != *f.tally.campaign("c") || *sum.queue("sales") != *f.tally.queue("sales") {
		d.fail("the books count %v %v, the calls are %v %v", f.tally.plans, f.tally.campaign("c"), sum.plans, sum.campaign("c"))
	}
}

// verdict judges what is left.
func (d *driver) verdict() {
	e := sim.Evidence{Originates: d.pbx.originates, Open: len(d.store.open), Campaign: d.store.campaigns["c"], Entries: d.store.entries}
	e.Results, _ = d.store.Numbered(context.Background(), 0, len(d.store.results))
	if n := len(d.store.results); n != len(e.Results) {
		d.fail("%d results have no number", n-len(e.Results))
	}
	e.Tally = tallyOf(d.store.results)
	e.Breaks = slices.Concat(d.breaks, d.leases.Terms())
	lines, wrong, err := sim.Logs(d.o, d.logPaths()...)
	if e.Lines = lines; err != nil {
		d.fail("%v", err)
	}
	for _, text := range slices.Concat(wrong, sim.Judge(d.o, e), sim.Timely(d.o, e, d.stops, true)) {
		d.fail("%s", text)
	}
	for _, r := range e.Results {
		d.say("result %s", r.AppendLine(nil))
	}
}
