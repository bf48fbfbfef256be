package scheduler

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/outpace/outpace/dialer"
)

const (
	callPeriod  = 100 * time.Millisecond // how often open calls are looked at for what has no event
	idlePeriod  = time.Second            // the same while there are none
	livePeriod  = time.Second            // how often what is seen is stored
	eventBuffer = 1024
	// closing bounds how long a floor that ends may take to write down what it knows.
	closing = 3 * time.Second
)

// floor is the loop of one gateway for one term of its lease: one goroutine
// has the calls, the agents and the campaigns that dial through the gateway,
// so that limits and pacing have one mind. What takes time (the database, the
// PBX) runs beside it and comes back through inbox as a function that the
// loop calls. What the loop decides depends on nothing but what it is given:
// events, tasks that came back, lists of campaigns, and the time; so a test can
// be the loop, and do all of that in one goroutine.
type floor struct {
	post  *post
	lease string
	log   *slog.Logger
	store Store
	gw    Gateway

	inbox  chan func()
	events chan dialer.Event
	gone   chan struct{} // closed when nobody reads inbox any more
	beside executor
	tasks  int             // under way; each ends with a function in inbox
	ctx    context.Context //nolint:containedctx // the term's; tasks end with it
	rec    *recorder

	calls    map[string]*call
	runs     map[string]*run
	order    []string // campaigns in the order in which they get the next slot
	book     book
	tally    tally
	breakers map[string]*breaker
	techs    map[string]*technology // by upper-case name; of this session of the link
	cps      *rate.Limiter
	spacing  *spacing
	planCPS  map[string]planRate

	link   linkState
	lag    time.Duration // how old the latest event of this turn was
	claims int           // claims under way
	doubt  bool          // a claim may have been committed without our knowing: no other one begins
	// resolved are calls that were forgotten while that is being looked up; nil
	// when it is not.
	resolved  map[string]bool
	surveying bool
	showing   bool      // live figures are being stored
	asking    bool      // hang-ups asked for are being read
	tidying   bool      // a list's index is being tidied
	read      time.Time // when the campaigns were as they are known here
	nextLive  time.Time
	recheck   time.Time // when to look again for what a failed claim may have left; zero = never
	wake      time.Time // when something becomes possible by itself; zero = nothing does
}

// linkState is what is known of the way to the PBX.
type linkState struct {
	up     bool // the PBX can be spoken to
	synced bool // the calls that it has are known
	err    error
}

func newFloor(p *post, lease string) *floor {
	f := &floor{
		post: p, lease: lease, log: p.log, store: p.cfg.Store, gw: p.gw,
		inbox:    make(chan func(), 64),
		events:   make(chan dialer.Event, eventBuffer),
		gone:     make(chan struct{}),
		calls:    map[string]*call{},
		runs:     map[string]*run{},
		book:     newBook(),
		tally:    newTally(),
		breakers: map[string]*breaker{},
		techs:    map[string]*technology{},
		cps:      newLimiter(p.gw.MaxCPS),
		spacing:  newSpacing(p.gw.MaxCPS),
		planCPS:  map[string]planRate{},
	}
	f.rec = newRecorder(p.cfg.Store, lease, p.log, f.committed)
	return f
}

// newLimiter spreads calls over the second: at most a tenth of them at once,
// so that their answers do not come all together.
func newLimiter(perSecond int) *rate.Limiter {
	return rate.NewLimiter(rate.Limit(perSecond), max(1, perSecond/10))
}

// run adopts the gateway's open calls and runs until ctx ends.
func (f *floor) run(ctx context.Context) {
	inner, cancel := context.WithCancel(ctx)
	defer cancel()
	f.ctx = inner
	f.beside = goroutines{ctx: inner, inbox: f.inbox, now: f.post.cfg.Clock}
	// The recorder ends after everybody who could still give it work.
	recording, stopRecording := context.WithCancel(context.WithoutCancel(ctx))
	defer stopRecording()
	var recorder sync.WaitGroup
	recorder.Go(func() { f.rec.run(recording) })

	if f.adopt(inner) {
		var listener sync.WaitGroup
		listener.Go(func() { f.listen(inner) })
		f.loop(inner)
		cancel()
		listener.Wait()
	}
	f.windUp()
	close(f.gone)
	f.rec.close(closing)
	stopRecording()
	recorder.Wait()
}

// windUp serves what the tasks of an ending floor send back, which may begin
// further ones, until the last has ended.
func (f *floor) windUp() {
	for f.tasks > 0 {
		fn := <-f.inbox
		fn()
	}
}

// adopt takes over the gateway's open calls from whoever had them before.
func (f *floor) adopt(ctx context.Context) bool {
	for {
		err := f.takeOver(ctx)
		if err == nil {
			return true
		}
		if ctx.Err() != nil {
			return false
		}
		f.post.setHealth(err)
		f.log.Error("open calls could not be read", slog.Any("error", err))
		if !pause(ctx, time.Second) {
			return false
		}
	}
}

func (f *floor) takeOver(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, taskLimit)
	defer cancel()
	rows, err := f.store.TakeOver(ctx, f.gw.Name(), f.lease)
	if err != nil {
		return err
	}
	for _, d := range rows {
		f.add(d, dialer.Recovered(d), wayOfCapsule(d))
	}
	if len(rows) > 0 {
		f.log.Info("open calls taken over", slog.Int("calls", len(rows)))
	}
	f.tellOpen(rows)
	return nil
}

// listen runs the gateway, again if it should end early.
func (f *floor) listen(ctx context.Context) {
	for {
		err := f.gw.Run(ctx, func(e dialer.Event) {
			select {
			case f.events <- e:
			case <-ctx.Done():
			}
		})
		if ctx.Err() != nil {
			return
		}
		f.log.Error("gateway ended; it is started again", slog.Any("error", err))
		select {
		case f.events <- dialer.Event{Kind: dialer.LinkDown, At: f.now(), Err: err}:
		case <-ctx.Done():
			return
		}
		if !pause(ctx, time.Second) {
			return
		}
	}
}

func (f *floor) loop(ctx context.Context) {
	period := idlePeriod
	tick := time.NewTicker(period)
	defer tick.Stop()
	alarm := time.NewTimer(time.Hour)
	defer alarm.Stop()
	for {
		if want := f.tickPeriod(); want != period {
			period = want
			tick.Reset(period)
		}
		select {
		case <-ctx.Done():
			return
		case e := <-f.events:
			f.event(e)
		case fn := <-f.inbox:
			fn()
		case latest := <-f.post.work:
			f.assign(latest)
		case <-tick.C:
			f.catchUp() // a customer whose agent came in time is not abandoned
			f.tick(f.now())
		case <-alarm.C:
		}
		f.catchUp()
		if next := f.turn(f.now()); next.IsZero() {
			alarm.Stop()
		} else {
			alarm.Reset(max(next.Sub(f.now()), 0))
		}
	}
}

// turn decides what to do after something has come in, and returns when the
// next turn is due though nothing comes; zero if that is open.
func (f *floor) turn(now time.Time) (next time.Time) {
	f.decide(now)
	rested, end := f.book.rest(now)
	if !end.IsZero() {
		f.wakeAt(end)
	}
	f.watchRest(rested)
	f.lag = 0
	f.post.idle.Store(f.resting(now))
	next, f.wake = f.wake, time.Time{}
	return next
}

// resting reports whether another engine could go on here without knowing
// anything: no call is open or being claimed, and no way out is paused.
func (f *floor) resting(now time.Time) bool {
	for _, b := range f.breakers {
		if now.Before(b.until) {
			return false
		}
	}
	// What a claim in doubt may have left is known to nobody else not to have been sent.
	sure := !f.doubt && f.recheck.IsZero() && f.resolved == nil
	return sure && len(f.calls) == 0 && f.claims == 0
}

func (f *floor) tickPeriod() time.Duration {
	if len(f.calls) > 0 {
		return callPeriod
	}
	return idlePeriod
}

// catchUp takes in what has come meanwhile, so that one decision serves all of it.
func (f *floor) catchUp() {
	for range eventBuffer {
		select {
		case e := <-f.events:
			f.event(e)
		case fn := <-f.inbox:
			fn()
		default:
			return
		}
	}
}
