package scheduler

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"
)

const (
	leaseTTL    = 10 * time.Second
	leaseMargin = 2 * time.Second // trust ends so much before the lease does
	leasePeriod = 2 * time.Second // how often a lease is renewed
)

// trust is how long a lease may be relied on, by this machine's clock. It is
// counted from the start of the attempt that renewed it, so that a slow
// answer cannot stretch it.
type trust struct {
	until     atomic.Pointer[time.Time]
	exclusive bool
	now       func() time.Time
}

func (t *trust) extend(attempt time.Time) {
	u := attempt.Add(leaseTTL - leaseMargin)
	t.until.Store(&u)
}

func (t *trust) end() { t.until.Store(nil) }

func (t *trust) holds() bool {
	u := t.until.Load()
	return u != nil && (t.exclusive || !past(t.now(), *u))
}

// post is the place of one gateway in this engine: it holds or waits for the
// gateway's lease, and runs the gateway's loop while it has it.
type post struct {
	cfg      Config
	gw       Gateway
	log      *slog.Logger
	ledger   *ledger
	crew     *crew
	draining *atomic.Bool
	work     chan roster // latest only
	trust    trust
	open     atomic.Int64 // calls whose result is not committed yet
	lastErr  atomic.Pointer[error]
	endTerm  atomic.Pointer[context.CancelFunc] // nil when there is none
	idle     atomic.Bool                        // there is a term, and nothing in it that somebody else should not begin anew
}

func newPost(cfg Config, gw Gateway, led *ledger, crew *crew, draining *atomic.Bool) *post {
	return &post{
		cfg: cfg, gw: gw, ledger: led, crew: crew, draining: draining,
		log:   cfg.Logger.With(slog.String("gateway", gw.Name())),
		work:  make(chan roster, 1),
		trust: trust{exclusive: cfg.Exclusive, now: cfg.Clock},
	}
}

// offer hands the latest list of campaigns to the loop; an older one that was
// not looked at is replaced.
func (p *post) offer(latest roster) {
	for {
		select {
		case p.work <- latest:
			return
		default:
		}
		select {
		case <-p.work:
		default:
		}
	}
}

func (p *post) health() error {
	if e := p.lastErr.Load(); e != nil {
		return *e
	}
	return nil
}

func (p *post) setHealth(err error) {
	if err == nil {
		p.lastErr.Store(nil)
		return
	}
	p.lastErr.Store(&err)
}

// run keeps the lease and runs the loop for each term that it gets.
func (p *post) run(ctx context.Context) {
	name := gatewayLease(p.gw.Name())
	for ctx.Err() == nil {
		token := p.acquire(ctx, name)
		if token == "" {
			return
		}
		p.log.Info("gateway taken")
		term, end := context.WithCancel(ctx)
		p.endTerm.Store(&end)
		var keeper sync.WaitGroup
		keeper.Go(func() {
			defer end()
			p.keep(term, name, token)
		})
		newFloor(p, token).run(term)
		p.endTerm.Store(nil)
		p.idle.Store(false)
		end()
		keeper.Wait()
		p.trust.end()
		p.open.Store(0)
		// The process may be ending: the lease is given back all the same.
		release, cancel := context.WithTimeout(context.WithoutCancel(ctx), leaseMargin)
		if err := p.cfg.Store.Release(release, name, token); err != nil {
			p.log.Warn("lease not given back; it will run out", slog.Any("error", err))
		}
		cancel()
		p.crew.drop(p.gw.Name())
	}
}

// giveBack ends the term, if there is one: the gateway goes to whoever asks first.
func (p *post) giveBack() bool {
	end := p.endTerm.Swap(nil)
	if end == nil {
		return false
	}
	(*end)()
	return true
}

// acquire waits until the lease is ours and returns its token, "" when ctx
// ends. What it returns is counted by the crew.
func (p *post) acquire(ctx context.Context, name string) string {
	for polls := 1; ; polls++ {
		if token := p.ask(ctx, name, polls > extraPolls && polls%extraPolls == 0); token != "" {
			return token
		}
		if !pause(ctx, leasePeriod) {
			return ""
		}
	}
}

// ask asks for the lease once, unless we have our share of gateways. extra asks all the same.
func (p *post) ask(ctx context.Context, name string, extra bool) string {
	if !p.crew.reserve(p.gw.Name(), extra) {
		p.setHealth(nil) // it is another engine's to run
		return ""
	}
	attempt := p.cfg.Clock()
	try, cancel := context.WithTimeout(ctx, leaseTTL)
	defer cancel()
	token, ok, err := p.cfg.Store.Acquire(try, name, p.cfg.Holder, leaseTTL)
	switch {
	case err != nil:
		p.setHealth(err)
	case ok:
		p.trust.extend(attempt)
		return token
	default:
		p.setHealth(nil) // another engine runs the gateway; this one stands by
		p.crew.elsewhere(p.gw.Name())
	}
	p.crew.drop(p.gw.Name())
	return ""
}

// keep renews the lease until ctx ends or somebody else has it.
func (p *post) keep(ctx context.Context, name, token string) {
	for pause(ctx, leasePeriod) {
		attempt := p.cfg.Clock()
		try, cancel := context.WithTimeout(ctx, leaseTTL)
		now, ok, err := p.cfg.Store.Acquire(try, name, p.cfg.Holder, leaseTTL)
		cancel()
		switch {
		case err != nil:
			// Trust runs out by itself; until somebody else takes the lease,
			// the calls are followed on.
			p.log.Warn("lease not renewed", slog.Any("error", err))
		case !ok || now != token:
			p.trust.end()
			p.log.Warn("lease lost; the loop begins anew")
			return
		default:
			p.trust.extend(attempt)
		}
	}
}

// pause waits for d and reports whether ctx still runs.
func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}

// gatewayLease is the name of a gateway's lease.
func gatewayLease(gateway string) string { return "gateway:" + gateway }
