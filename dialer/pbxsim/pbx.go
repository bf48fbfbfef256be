package pbxsim

import (
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"slices"
	"strings"
	"time"
)

// pbx is the state of the simulated PBX. Only the loop touches it.
type pbx struct {
	cfg      *Config
	handlers map[string]handler
	log      *slog.Logger
	timers   timers
	random   *rand.Rand // ids and the like
	ill      *rand.Rand // faults
	faults   Faults
	armed    map[Fault]int
	struck   map[Fault]int

	conns  []*conn
	wanted class // what any of them wants to hear
	msg    message
	lines  []*lineFeed
	down   bool
	frozen bool

	started  time.Time
	ids      uint64
	chanSeq  uint64
	names    map[string]uint32
	channels map[string]*channel
	byName   map[string]*channel
	calls    map[string]*call
	queues   []*queue
	agents   map[string]*agent
	globals  variables
	lot      *bridge
	slots    map[int]*call

	dialed     map[string]uint64 // how often each number was called
	rung       uint64
	originates []OriginateRecord
	processed  int
}

func newPBX(cfg *Config) *pbx {
	p := &pbx{
		cfg: cfg, log: cfg.Logger, handlers: handlers(), faults: cfg.Faults, armed: map[Fault]int{}, struck: map[Fault]int{},
		random: cfg.stream("random", 0), ill: cfg.stream("faults", 0),
		dialed: map[string]uint64{}, agents: map[string]*agent{},
	}
	p.reset()
	return p
}

// reset is what a start of Asterisk does: no call is left, and the queues are
// as configured.
func (p *pbx) reset() {
	for _, c := range p.calls {
		p.forget(c)
	}
	for _, q := range p.queues {
		q.forget(p)
	}
	p.started = time.Now()
	p.names = map[string]uint32{}
	p.channels, p.byName = map[string]*channel{}, map[string]*channel{}
	p.calls, p.slots = map[string]*call{}, map[int]*call{}
	p.globals = variables{}
	p.lot = &bridge{id: p.uuid()}
	p.queues = nil
	clear(p.agents)
	for _, q := range p.cfg.Queues {
		p.addQueue(q)
	}
}

// old tells whether it speaks as Asterisk 16 does.
func (p *pbx) old() bool {
	var major int
	if _, err := fmt.Sscanf(p.cfg.Version, "%d", &major); err != nil {
		return false
	}
	return major < 18
}

func (p *pbx) amiVersion() string {
	if p.old() {
		return "5.0.4"
	}
	return "11.0.0"
}

// after has the loop do something when d of simulated time has passed.
func (p *pbx) after(d time.Duration, do func()) *timer {
	return p.afterReal(time.Duration(float64(d)/p.cfg.TimeScale), do)
}

// afterReal is after for what belongs to the protocol, which is not scaled.
func (p *pbx) afterReal(d time.Duration, do func()) *timer {
	return p.timers.add(time.Now().Add(d), do)
}

// since is the simulated time that has passed.
func (p *pbx) since(t time.Time) time.Duration {
	return time.Duration(float64(time.Since(t)) * p.cfg.TimeScale)
}

func (p *pbx) runTimers(now time.Time) {
	for tm := p.timers.due(now); tm != nil; tm = p.timers.due(now) {
		tm.do()
	}
}

// attach takes a connection in and greets; nil if the PBX is down.
func (p *pbx) attach(nc net.Conn) *conn {
	if p.down {
		return nil
	}
	c := &conn{net: nc, out: newOutbox(p.cfg.WriteLimit), p: p}
	p.conns = append(p.conns, c)
	if p.frozen {
		c.frozen = true
		c.out.freeze(true)
	}
	c.send([]byte("Asterisk Call Manager/" + p.amiVersion() + "\r\n"))
	c.deadline = p.afterReal(loginDeadline, func() { p.drop(c) })
	return c
}

// drop cuts a connection off, whatever its reader and writer wait for.
func (p *pbx) drop(c *conn) { p.part(c, c.cut) }

func (p *pbx) dropAll() {
	for len(p.conns) > 0 {
		p.drop(p.conns[0])
	}
}

// part takes a connection out; how ends its writer, which closes it.
func (p *pbx) part(c *conn, how func()) {
	if c.gone {
		return
	}
	c.gone = true
	p.timers.stop(c.deadline)
	p.conns = slices.DeleteFunc(p.conns, func(x *conn) bool { return x == c })
	c.requests, c.held = nil, nil
	p.listening()
	if c.frozen {
		how = c.cut
	}
	how()
}

// listening works out which classes of events anybody wants.
func (p *pbx) listening() {
	p.wanted = 0
	for _, c := range p.conns {
		p.wanted |= c.mask
	}
	if len(p.lines) > 0 {
		p.wanted = classAll
	}
}

// receive takes a request in, in the order of its connection.
func (p *pbx) receive(r request) {
	c := r.conn
	switch {
	case c.gone:
	case r.end && !c.frozen:
		p.drop(c)
	case c.busy || c.frozen:
		const most = 10_000
		if c.requests = append(c.requests, r); len(c.requests) > most {
			p.drop(c)
		}
	default:
		p.action(c, r.msg)
	}
}

// resume works off what came while the connection was held up.
func (p *pbx) resume(c *conn) {
	c.release()
	for !c.busy && !c.frozen && !c.gone && len(c.requests) > 0 {
		r := c.requests[0]
		c.requests = c.requests[1:]
		p.receive(r)
	}
}

// knows tells whether a channel technology is loaded.
func (p *pbx) knows(tech string) bool {
	return slices.ContainsFunc(p.cfg.Technologies, func(t string) bool { return strings.EqualFold(t, tech) })
}
