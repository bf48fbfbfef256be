package dialertest

import (
	"errors"
	"testing"

	"github.com/outpace/outpace/dialer"
	"github.com/outpace/outpace/results"
)

// PortLab is a PBX of any kind, a gateway to it, and what the cases of the
// port ask of the two.
type PortLab struct {
	Gateway dialer.Gateway // not running
	Pools   []dialer.Pool  // for a gateway that wants to be told
	// Again makes another gateway to the same PBX, as a process does that takes over.
	Again func(t *testing.T) dialer.Gateway
	// Fates are the calls that this lab can have end in some way, by a name.
	Fates map[string]Fate
	// Long is a call that is answered and ends by itself a good while later.
	// It gets an agent, if Agents says so.
	Long func() Order
	// Held is a call that is answered and lasts until it is hung up; nil if
	// the gateway cannot do that.
	Held func() Order
	// ToAgent is an answered call that an agent takes.
	ToAgent func() Order
	// Bad are calls that this kind of PBX cannot place.
	Bad []Bad
	// Known waits until all is known of a living call that a process which
	// takes over needs to find it; nil: nothing.
	Known func(d *Desk, id string)
	// Cut cuts the gateway's link and keeps it cut until mend is called.
	Cut func(t *testing.T) (mend func())
	// End has the PBX end a call, or waits for that, without the gateway.
	End func(t *testing.T, call results.Dialing)
	// Placed is how often the PBX was asked for a call; nil if it cannot tell.
	Placed func(call results.Dialing) int
	// Storm lets all kinds of things go wrong at random until calm is called;
	// nil if the lab can't. Rounds is how many calls of each fate it is for.
	Storm  func(t *testing.T) (calm func())
	Rounds int
}

// Fate is a call and what it comes to.
type Fate struct {
	Order       func() Order
	Disposition results.Disposition
	ResDial     int
	Check       func(t *testing.T, r results.Result) // more about the result; nil = nothing
	Quiet       bool                                 // not in the storm
}

// Bad is a call that cannot be placed, and what its error has to be.
type Bad struct {
	Order Order
	Errs  []error
}

// Port runs the cases that every gateway has to pass, whatever its PBX, each
// with a lab of its own.
func Port(t *testing.T, newLab func(t *testing.T) PortLab) {
	t.Helper()
	for _, c := range portCases {
		t.Run(c.name, func(t *testing.T) {
			lab := newLab(t)
			if c.offered != nil && !c.offered(lab) {
				t.Logf("not offered by this lab")
				return
			}
			p := &port{lab: lab}
			if c.early != nil {
				c.early(t, p)
			}
			p.Desk = NewDesk(t, lab.Gateway, lab.Pools)
			p.agentFirst = lab.Gateway.Capabilities().AgentFirst
			if c.early == nil {
				p.open()
			}
			c.run(p)
			p.Once()
		})
	}
}

var portCases = []struct {
	name    string
	offered func(PortLab) bool      // nil: by every lab
	early   func(*testing.T, *port) // before the gateway runs, which is then not waited for
	run     func(*port)
}{
	{name: "no link at the start", early: func(t *testing.T, p *port) { p.mend = p.lab.Cut(t) }, run: noLink},
	{name: "fates", run: fates},
	{name: "before refuses", run: beforeRefuses},
	{name: "cannot be placed", run: bad},
	{name: "survey", run: portSurvey},
	{name: "hang up", run: hangUp},
	{name: "agent in a call", offered: func(l PortLab) bool { return l.Gateway.Capabilities().Agents }, run: agentInCall},
	{name: "link lost and mended in mid-call", run: mended},
	{name: "call ends while the link is cut", run: endsCut},
	{name: "taken over in mid-call", run: inherited},
	{name: "storm", offered: func(l PortLab) bool { return l.Storm != nil }, run: storm},
}

// port is one case at work.
type port struct {
	*Desk
	lab        PortLab
	agentFirst bool
	mend       func()
}

// open waits until calls can be placed.
func (p *port) open() {
	p.T.Helper()
	p.Open()
	if p.agentFirst {
		p.Free(1)
	}
}

// ready tells whether a call can be placed now. It is called under the lock.
func (p *port) ready() bool { return p.Synced && (!p.agentFirst || p.freeAgents() > 0) }

// placed places an order that must be taken.
func (p *port) placed(order func() Order) string {
	p.T.Helper()
	id, err := p.Send(p.ready, order, nil)
	if err != nil {
		p.T.Fatalf("place: %v", err)
	}
	return id
}

// follow places a call and waits until it is seen to live.
func (p *port) follow(order func() Order) string {
	p.T.Helper()
	id := p.placed(order)
	p.Wait("the call", func() bool {
		c := p.Calls[id]
		return c.Phase() >= dialer.Talking || p.agentFirst && c.Row().Agent != ""
	})
	return id
}

// alive tells whether a call's end is not known yet.
func (p *port) alive(id string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.Calls[id].Phase() != dialer.Ended
}

// notPlaced checks that the PBX was not asked for a call, unless it is the one
// that refused it, and that its result says so.
func (p *port) notPlaced(id string, err error, dispositions ...results.Disposition) {
	p.T.Helper()
	r := p.Result(id)
	ok := false
	for _, d := range dispositions {
		ok = ok || r.Disposition == d
	}
	if !ok || r.ResDial != results.DialNone || !r.TmAnswer.IsZero() {
		p.T.Errorf("result %s, res_dial %d (%s); want %v", r.Disposition, r.ResDial, r.ResDialDetail, dispositions)
	}
	if r.Disposition == results.NotPlaced && !r.Disposition.TryGivenBack() {
		p.T.Error("the try is not given back")
	}
	if p.lab.Placed != nil && errors.Is(err, dialer.ErrNotSent) && p.lab.Placed(p.Row(id)) != 0 {
		p.T.Error("the PBX was asked for the call")
	}
}
