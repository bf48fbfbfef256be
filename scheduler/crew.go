package scheduler

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// presenceTTL is how long an engine counts as there after it has said so. It
	// is shorter than a lease can still last, so that when an engine has died
	// the others know what their shares are before its gateways become free.
	presenceTTL = leaseTTL - 2*leasePeriod
	// extraPolls is how many looks, leasePeriod apart, an engine that has its
	// share lets pass between two at which it takes one more. Those below their
	// share take a free gateway first; one that nobody else has is taken too, in
	// time for whoever dialed through it.
	extraPolls = 2
	// keptAsks is at how many asks another engine has a gateway that we gave back
	// before we hold that it knows it, and may give it back again. Who took it
	// beyond his share gives an idle one back within fewer: were that enough, two
	// such engines would hand it to and fro for ever.
	keptAsks = int(3 * leaseTTL / leasePeriod)
	// offerLooks is after how many looks a gateway may be given back again all the
	// same: one that has nothing gets it late, but gets it. Where no
	// other engine knows the gateway, nobody dials through it then for some
	// seconds, which should be seldom.
	offerLooks = int(2 * time.Hour / leasePeriod)
)

// crew spreads gateways over the engines that are there: each takes its share
// first, and one that has more gives one back while nothing is under way there. It
// is about who works, not about who may: that is the leases'.
type crew struct {
	cfg      Config
	posts    []*post
	draining *atomic.Bool

	mu      sync.Mutex
	engines int             // that are there, this one included
	held    map[string]bool // gateways that are ours, or are being asked for
	// offered are gateways that were given back and are not again for now while as
	// many engines are there: the others may not know them.
	offered map[string]offer
}

// offer is what was seen since a gateway was given back.
type offer struct {
	looks int // of ours
	asks  int // at which another engine had it
}

func newCrew(cfg Config, draining *atomic.Bool) *crew {
	return &crew{cfg: cfg, draining: draining, engines: 1, held: map[string]bool{}, offered: map[string]offer{}}
}

// run says that this engine is there until ctx ends, and then that it leaves.
func (c *crew) run(ctx context.Context) {
	if c.cfg.Exclusive || len(c.posts) == 0 {
		return // nobody else is there, or there is nothing to share
	}
	idle := map[string]bool{} // at the last look too
	for {
		c.attend(ctx)
		idle = c.spread(idle)
		if !pause(ctx, leasePeriod) {
			break
		}
	}
	leave, cancel := context.WithTimeout(context.WithoutCancel(ctx), leaseMargin)
	defer cancel()
	if _, err := c.cfg.Store.Attend(leave, c.cfg.Holder, 0); err != nil {
		c.cfg.Logger.Warn("the other engines could not be told that this one leaves; they will see", slog.Any("error", err))
	}
}

// attend counts the engines. What cannot be counted is taken to be as it was.
func (c *crew) attend(ctx context.Context) {
	try, cancel := context.WithTimeout(ctx, leaseTTL)
	defer cancel()
	ttl := presenceTTL
	if c.draining.Load() {
		ttl = 0 // the others need not leave us a share
	}
	n, err := c.cfg.Store.Attend(try, c.cfg.Holder, ttl)
	if err != nil {
		if ctx.Err() == nil {
			c.cfg.Logger.Warn("engines could not be counted", slog.Any("error", err))
		}
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if n != c.engines {
		c.engines = n
		clear(c.offered)
	}
}

// share is how many gateways we should have at most, if all engines know the
// same ones: none while we drain and others are there.
func (c *crew) share() int {
	if c.leaving() {
		return 0
	}
	return (len(c.posts) + c.engines - 1) / c.engines
}

func (c *crew) leaving() bool { return c.draining.Load() && c.engines > 1 }

// reserve counts a gateway as ours before it is asked for, so that two posts
// do not both take what is left of the share. Beyond the share it does
// so only if extra is set.
func (c *crew) reserve(gateway string, extra bool) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.held) >= c.share() && (!extra || c.leaving()) {
		return false
	}
	c.held[gateway] = true
	return true
}

// drop takes back what reserve has counted.
func (c *crew) drop(gateway string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.held, gateway)
}

// elsewhere notes that another engine has a gateway.
func (c *crew) elsewhere(gateway string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if o, ok := c.offered[gateway]; ok {
		o.asks++
		c.note(gateway, o)
	}
}

// note keeps what was seen of an offer, or forgets the offer if that is enough.
func (c *crew) note(gateway string, o offer) {
	if o.asks >= keptAsks || o.looks >= offerLooks {
		delete(c.offered, gateway)
		return
	}
	c.offered[gateway] = o
}

// spread gives one gateway back if we have more than our share and nothing was
// under way there at this look and at the last one. It returns where that is so.
func (c *crew) spread(before map[string]bool) map[string]bool {
	idle, have := map[string]bool{}, 0
	for _, p := range c.posts {
		idle[p.gw.Name()] = p.idle.Load()
		if p.endTerm.Load() != nil { // held has those too that are only asked for
			have++
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for name, o := range c.offered {
		o.looks++
		c.note(name, o)
	}
	if have <= c.share() {
		return idle
	}
	for _, p := range c.posts {
		name := p.gw.Name()
		_, offered := c.offered[name]
		if idle[name] && before[name] && (!offered || c.leaving()) && p.giveBack() {
			p.log.Info("gateway given back: it is another engine's turn")
			c.offered[name] = offer{}
			delete(c.held, name)
			break
		}
	}
	return idle
}
