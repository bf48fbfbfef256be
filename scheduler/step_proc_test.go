package scheduler

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/outpace/outpace/dialer"
	"github.com/outpace/outpace/results"
	"github.com/outpace/outpace/scheduler/sim"
)

// proc is one process of an engine, from its start to its death. Its parts are
// those of production; what their goroutines do is done by steps.
type proc struct {
	d    *driver
	slot int
	dead bool
	stop context.CancelFunc
	ctx  context.Context //nolint:containedctx // what its steps do ends with it

	log    *results.Log
	engine *Engine
	post   *post
	token  string // of the gateway's lease, "" = not ours
	floor  *floor // nil without the lease
	// endTasks ends the tasks of the floor with its term.
	endTasks context.CancelFunc
	ticked   time.Duration
	alarm    time.Duration // when the next one rings
	link     *stepLink

	writing     *floor // whose recorder is at work
	rounds      int    // the latest round that was asked for; earlier ones are not made
	hasty       bool   // it comes soon
	ledgerToken string // "" = no term
	last        int64

	took    time.Duration // what the accesses of the present step take
	doomed  int           // dies at so many accesses from now, 0 = not doomed
	late    bool          // after that access
	method  string        // only these accesses count
	inWrite bool          // dies in the next write to the log

	frozen     time.Duration // it does nothing until then
	slept      time.Duration // how long it was stopped in the present step
	stalls     int           // it stops at so many accesses from now, 0 = it does not
	stallsFor  time.Duration
	stallsLate bool          // after that access
	stallsIn   string        // only these accesses count
	inPlace    time.Duration // how long it stops before it writes the next originate
}

// now is what the clock of the process's host shows.
func (p *proc) now() time.Time { return sim.Shift(p.d.now(), p.d.o.Ahead(p.slot)) }

func (d *driver) logPaths() (list []string) {
	for slot := range d.procs {
		list = append(list, filepath.Join(d.dir, fmt.Sprintf("log%d", slot), "outbound_result.json"))
	}
	return list
}

// start starts the process of a slot.
func (d *driver) start(slot int) {
	p := &proc{d: d, slot: slot, ticked: -1}
	p.ctx, p.stop = context.WithCancel(context.Background())
	logger := slog.New(slog.NewTextHandler(p, &slog.HandlerOptions{Level: slog.LevelDebug, ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}}))
	log, err := results.OpenLog(results.LogConfig{Path: d.logPaths()[slot], Open: p.open, Now: p.now})
	if err != nil {
		d.say("engine %d does not start: the log cannot be opened", slot+1)
		d.after(time.Second, nil, "start", func() { d.start(slot) })
		return
	}
	p.log = log
	p.engine, err = New(Config{
		Store:    &sim.Shield{Store: d.store, Access: p.access, Leases: d.leases},
		Gateways: []Gateway{{Gateway: stepped(d, p), MaxCalls: d.o.MaxCalls, MaxCPS: d.o.MaxCPS}},
		Log:      log, Host: fmt.Sprint("host ", slot), Holder: fmt.Sprintf("process %d of slot %d", d.count, slot),
		Exclusive: d.leases == nil, Clock: p.now, Logger: logger,
	})
	if err != nil {
		d.fail("new engine: %v", err)
		return
	}
	p.post = p.engine.posts[0]
	p.engine.calendar.ctx = p.ctx
	d.procs[slot] = p
	d.breaks = append(d.breaks, d.now())
	d.say("engine %d starts", slot+1)
	d.after(d.soon(), p, "", p.keepLease)
	d.after(d.soon(), p, "", p.watch)
	d.after(d.soon(), p, "", p.calendarCheck)
	d.after(d.soon(), p, "", p.ledger)
}

// Write takes the log of the engine.
func (p *proc) Write(b []byte) (int, error) {
	p.d.say("engine %d: %s", p.slot+1, strings.TrimSpace(string(b)))
	return len(b), nil
}

// die ends the process as kill -9 does.
func (p *proc) die() {
	if p.dead {
		return
	}
	p.dead = true
	p.d.say("engine %d dies", p.slot+1)
	p.stop()
	p.d.pbx.leave(p)
	if err := errors.Join(p.log.Close(), p.log.Unlock()); err != nil {
		p.d.fail("close the log: %v", err)
	}
	p.d.procs[p.slot] = nil
	slot := p.slot
	p.d.after(max(p.d.pauses[slot], 100*time.Millisecond), nil, "start", func() { p.d.start(slot) })
}

// Errors of a database in bad weather.
var (
	errStepDown  = errors.New("the database is away")
	errStepDoubt = errors.New("the connection was lost in a commit")
)

// access makes one access to the database.
func (p *proc) access(ctx context.Context, a sim.Access, op func() error) error {
	w := &p.d.weather[p.slot]
	p.took += p.d.soon()
	if w.Slow > 0 {
		p.took += p.d.some(w.Slow)
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	wait := taskLimit
	if end, ok := ctx.Deadline(); ok {
		wait = time.Until(end).Round(time.Second) // next to nothing has gone by since it was set
	}
	before, after := p.stops(a.Method)
	if before {
		p.stall(p.stallsFor)
	}
	fails, hung := w.Fails(a)
	switch {
	case p.slept >= wait:
		return context.DeadlineExceeded
	case hung:
		p.took += wait
		return context.DeadlineExceeded
	case fails:
		return errStepDown
	}
	if after {
		defer p.stall(p.stallsFor)
	}
	made, lost := p.d.doubt.Strikes(a)
	if lost {
		p.d.say("engine %d: %s is lost", p.slot+1, a.Method)
		return errStepDoubt
	}
	before, after = p.doom(a.Method)
	if before {
		panic(killedNow{})
	}
	err := op()
	if a.Write || err != nil {
		p.d.say("engine %d: %s: %v", p.slot+1, a.Method, err)
	}
	switch {
	case after:
		panic(killedNow{})
	case err == nil && made:
		p.d.say("engine %d: nobody is told", p.slot+1)
		return errStepDoubt
	}
	return err
}

func (p *proc) doom(method string) (before, after bool) {
	if p.doomed == 0 || p.method != "" && p.method != method {
		return false, false
	}
	p.doomed--
	return p.doomed == 0 && !p.late, p.doomed == 0 && p.late
}

// took returns how long what was just done takes, and the way back.
func (p *proc) tookNow() time.Duration {
	t := p.took + p.d.soon()
	p.took = 0
	return t
}

// keepLease is post.run and post.keep: it takes the lease, keeps it, and has a
// floor as long as it is held.
func (p *proc) keepLease() {
	attempt := p.now()
	token, ok, err := p.engine.cfg.Store.Acquire(p.ctx, sim.GatewayLease, p.engine.cfg.Holder, leaseTTL)
	back := p.tookNow()
	p.d.after(back, p, "", func() {
		switch {
		case err != nil:
		case !ok || p.token != "" && token != p.token:
			p.post.trust.end()
			if p.token != "" {
				p.d.say("engine %d has lost its lease", p.slot+1)
				p.endFloor()
			}
		default:
			p.post.trust.extend(attempt)
			if p.token == "" {
				p.token = token
				p.beginFloor()
			}
		}
		p.d.after(leasePeriod, p, "", p.keepLease)
	})
}

func (p *proc) beginFloor() {
	f := newFloor(p.post, p.token)
	f.ctx, p.endTasks = context.WithCancel(p.ctx)
	f.beside = stepExecutor{p, f}
	p.takeOver(f)
}

// takeOver is floor.adopt, and then floor.listen.
func (p *proc) takeOver(f *floor) {
	err := f.takeOver(f.ctx)
	p.d.after(p.tookNow(), p, "", func() {
		switch {
		case f.lease != p.token:
		case err != nil:
			p.d.after(time.Second, p, "", func() { p.takeOver(f) })
		default:
			p.floor = f
			p.d.pbx.join(p)
		}
	})
}

// endFloor leaves a floor whose lease is lost.
func (p *proc) endFloor() {
	p.token, p.floor, p.ticked = "", nil, -1
	p.endTasks()
	p.d.pbx.leave(p)
}

// stepExecutor has tasks wait for their time, take theirs, and come back.
type stepExecutor struct {
	p *proc
	f *floor
}

func (e stepExecutor) run(at time.Time, t task) {
	d := e.p.d
	wait := d.soon()
	if !at.IsZero() {
		wait += max(at.Sub(e.p.now()), 0)
	}
	d.after(wait, e.p, "", func() {
		fn := t(e.f.ctx)
		d.after(e.p.tookNow(), e.p, "", func() { fn() })
	})
}

// give hands an event to the floor.
func (p *proc) give(e dialer.Event) {
	if p.floor == nil {
		return
	}
	e.At = p.now()
	if e.Kind == dialer.Census {
		e.At = p.link.asked
	}
	e.Started = sim.Shift(e.Started, p.d.o.Ahead(p.slot))
	if e.Member != nil {
		m := *e.Member
		m.Since, m.TalkEnded = sim.Shift(m.Since, p.d.o.Ahead(p.slot)), sim.Shift(m.TalkEnded, p.d.o.Ahead(p.slot))
		e.Member = &m
	}
	p.d.say("event %d %s %s%s", e.Kind, e.Call, e.Text, e.Agent)
	p.floor.event(e)
}

// settle does what a loop does after something has come in, and sees to what
// was begun: the loop's turn and its alarm, the recorder, the ledger.
func (p *proc) settle() {
	if f := p.floor; f != nil {
		now := p.now()
		if next := f.turn(now); !next.IsZero() {
			at := p.d.mono + max(next.Sub(now), 0)
			if p.alarm <= p.d.mono || at < p.alarm {
				p.alarm = at
				p.d.after(at-p.d.mono, p, "", func() {}) // what comes in is nothing
			}
		}
		if p.ticked != f.tickPeriod() {
			p.ticked = f.tickPeriod()
			p.tickLater(f, p.ticked)
		}
		select {
		case <-f.rec.wake:
			if p.writing != f {
				p.writing = f
				p.d.after(p.d.some(groupWait), p, "", func() { p.write(f) })
			}
		default:
		}
	}
	select {
	case <-p.engine.ledger.wake:
		if p.ledgerToken != "" && !p.hasty {
			p.hasty = true
			p.roundAfter(p.d.some(ledgerGap))
		}
	default:
	}
}

func (p *proc) tickLater(f *floor, period time.Duration) {
	p.d.after(period, p, "", func() {
		if p.floor != f || p.ticked != period {
			return
		}
		f.tick(p.now())
		p.tickLater(f, period)
	})
}

// write is recorder.flush.
func (p *proc) write(f *floor) {
	rows, ended := f.rec.next()
	if len(rows) == 0 && len(ended) == 0 {
		if p.writing == f { // else it is that of another term
			p.writing = nil
		}
		return
	}
	p.record(f, rows, ended, retryFirst)
}

func (p *proc) record(f *floor, rows []results.Dialing, ended []results.Result, wait time.Duration) {
	err := f.store.Record(p.ctx, f.lease, rows, ended)
	p.d.after(p.tookNow(), p, "", func() {
		if err != nil {
			p.d.after(wait, p, "", func() { p.record(f, rows, ended, min(2*wait, retryMost)) })
			return
		}
		if len(ended) > 0 {
			uuids := make([]string, len(ended))
			for i, r := range ended {
				uuids[i] = r.UUID
			}
			p.engine.ledger.poke()
			p.d.after(p.d.soon(), p, "", func() { f.forget(uuids) })
		}
		p.write(f)
	})
}

// watch is the watch's loop.
func (p *proc) watch() {
	read := p.now()
	ctx, cancel := context.WithTimeout(p.ctx, watchLimit)
	defer cancel()
	list, err := p.engine.watch.load(ctx)
	if err == nil {
		p.engine.calendar.look(p.ctx, list)
	}
	back := p.tookNow()
	p.d.after(back, p, "", func() {
		if err == nil && p.floor != nil {
			p.floor.assign(roster{list, read})
		}
	})
	p.d.after(back+watchPeriod, p, "", p.watch)
}

// calendarCheck is what cron does: each minute, and at edges.
func (p *proc) calendarCheck() {
	p.engine.calendar.checkAll(p.ctx)
	back := p.tookNow()
	next := time.Minute
	now := p.now()
	if edge := p.d.o.Calendar.NextEdge(now); !edge.IsZero() {
		next = min(next, edge.Round(0).Sub(now.Round(0)))
	}
	p.d.after(back+next, p, "", p.calendarCheck)
}

// ledger is ledger.run, from a new term on.
func (p *proc) ledger() {
	l := p.engine.ledger
	token, ok, err := l.acquire(p.ctx)
	if err == nil && ok {
		if err = p.log.Lock(); err == nil {
			p.ledgerToken = token
			p.last, err = l.resume(p.ctx)
		}
	}
	switch {
	case err != nil:
		p.endTerm(err)
	case !ok:
		l.setHealth(nil)
		p.d.after(ledgerPause, p, "", p.ledger)
	default:
		p.roundAfter(p.tookNow())
	}
}

func (p *proc) roundAfter(wait time.Duration) {
	p.rounds++
	mine := p.rounds
	p.d.after(wait, p, "", func() {
		if mine == p.rounds {
			p.round()
		}
	})
}

// round is one turn of ledger.term.
func (p *proc) round() {
	l := p.engine.ledger
	p.hasty = false
	if p.ledgerToken == "" {
		return
	}
	var err error
	if p.last, err = l.round(p.ctx, p.ledgerToken, p.last); err != nil {
		p.endTerm(err)
		return
	}
	p.roundAfter(p.tookNow() + ledgerPause)
}

func (p *proc) endTerm(err error) {
	l := p.engine.ledger
	l.setHealth(err)
	l.trust.end()
	if p.ledgerToken != "" {
		_ = l.cfg.Store.Release(p.ctx, ledgerLease, p.ledgerToken)
	}
	p.ledgerToken = ""
	p.rounds++ // none is to come
	if err := p.log.Unlock(); err != nil {
		p.d.fail("unlock the log: %v", err)
	}
	p.d.after(p.tookNow()+ledgerPause, p, "", p.ledger)
}

// open opens the file of the log on a disk that may be full.
func (p *proc) open(path string) (results.LogFile, error) {
	f, err := results.OpenLogFile(path)
	if err != nil {
		return nil, err
	}
	return &stepFile{f, p}, nil
}

type stepFile struct {
	results.LogFile
	p *proc
}

// Write writes a part if the disk is full or the process dies meanwhile.
func (f *stepFile) Write(b []byte) (int, error) {
	switch {
	case f.p.inWrite:
		_, _ = f.LogFile.Write(b[:f.p.d.r.IntN(len(b)+1)])
		panic(killedNow{})
	case f.p.d.weather[f.p.slot].Full:
		n, _ := f.LogFile.Write(b[:f.p.d.r.IntN(len(b))])
		return n, syscall.ENOSPC
	}
	return f.LogFile.Write(b)
}
