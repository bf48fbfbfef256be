package scheduler

import (
	"maps"
	"slices"
	"strings"

	"github.com/outpace/outpace/campaign"
	"github.com/outpace/outpace/dialer"
	"github.com/outpace/outpace/results"
)

// pool is the agents whose number bounds the calls to a destination: those of
// its queue, or, where the agent is rung first, the one at its extension. It
// is the zero Pool for other destinations, which have no natural limit.
func (f *floor) pool(d *campaign.Destination) dialer.Pool {
	switch {
	case d == nil:
		return dialer.Pool{}
	case d.Queue() != "":
		return dialer.Pool{Queue: d.Queue()}
	case d.Type == campaign.TypeExten && f.gw.Capabilities().AgentFirst:
		return dialer.Pool{Exten: d.Exten}
	}
	return dialer.Pool{}
}

// poolOf is the name of the pool of a call's destination.
func (f *floor) poolOf(d results.Dialing) string {
	if d.Queue == "" && d.DialType == campaign.TypeExten && f.gw.Capabilities().AgentFirst {
		return dialer.Pool{Exten: d.DialExten}.Name()
	}
	return d.Queue
}

// watchPools tells a gateway that wants to know whose agents campaigns draw from.
func (f *floor) watchPools() {
	watcher, ok := f.gw.Gateway.(dialer.Watcher)
	if !ok {
		return
	}
	set := map[dialer.Pool]bool{}
	for _, r := range f.runs {
		if p := f.pool(r.destination); r.assigned && p != (dialer.Pool{}) {
			set[p] = true
		}
	}
	watcher.Watch(slices.SortedFunc(maps.Keys(set), func(a, b dialer.Pool) int { return strings.Compare(a.Name(), b.Name()) }))
}

// tellOpen tells a gateway that cannot ask its PBX which calls are open.
func (f *floor) tellOpen(rows []results.Dialing) {
	if adopter, ok := f.gw.Gateway.(dialer.Adopter); ok {
		adopter.Adopt(rows)
	}
}

// hasAgent reports whether a call that nobody has answered has its agent
// already: he is being rung, or waits for the customer.
func (f *floor) hasAgent(c *call) bool { return f.gw.Capabilities().AgentFirst && c.Agent() != "" }

// pending is how many calls of a pool are not answered yet and need an agent
// who is idle now.
func (f *floor) pending(pool string, p *phases) int {
	n := p[dialer.Placing] + p[dialer.Ringing]
	if !f.gw.Capabilities().AgentFirst {
		return n
	}
	for c := range f.tally.byQueue[pool] {
		if (c.counted == dialer.Placing || c.counted == dialer.Ringing) && f.hasAgent(c) {
			n--
		}
	}
	return n
}
