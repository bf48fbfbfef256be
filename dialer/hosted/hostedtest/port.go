package hostedtest

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/outpace/outpace/dialer"
	"github.com/outpace/outpace/dialer/dialertest"
	"github.com/outpace/outpace/dialer/hosted"
	"github.com/outpace/outpace/dialer/hosted/hostedsim"
	"github.com/outpace/outpace/results"
)

// port is what the cases of every gateway need of a hosted PBX.
func (k Kind) port(t *testing.T) dialertest.PortLab {
	t.Helper()
	t.Parallel()
	var s hosted.Settings
	quick(&s)
	l, gw := newLab(t, k, hostedsim.Config{}, s)
	var n atomic.Int64 // each call has a number of its own, by which the PBX's calls are counted
	of := func(end string) func() dialertest.Order {
		return func() dialertest.Order {
			return order{number: number(fmt.Sprintf("%04d", n.Add(1)), end)}.order(k)
		}
	}
	placed := func(call results.Dialing) (calls int, ended bool) {
		for _, c := range l.World.Calls() {
			if c.Number == call.DialAddr {
				calls, ended = calls+1, !c.Ended.IsZero()
			}
		}
		return calls, ended
	}
	p := dialertest.PortLab{
		Gateway: gw, Pools: k.pools(), Long: of("101"), Held: of(held), ToAgent: of("101"), Rounds: 4,
		Again: func(t *testing.T) dialer.Gateway { t.Helper(); return k.Start(t, l) },
		Fates: map[string]dialertest.Fate{},
		Bad: []dialertest.Bad{
			{Order: dialertest.Order{Request: dialer.Request{Number: number("0000", "100"), Application: "Park"}}, Errs: []error{dialer.ErrNotSent}},
			{Order: order{number: number("0000", "100"), exten: "999"}.order(k), Errs: []error{dialer.ErrNotSent}},
		},
		Cut: func(*testing.T) func() {
			l.World.SetFaults(hostedsim.Faults{Refuse: true})
			return func() { l.World.SetFaults(hostedsim.Faults{}) }
		},
		Placed: func(call results.Dialing) int { calls, _ := placed(call); return calls },
		Storm: func(*testing.T) func() {
			const skew = -40 * time.Minute
			l.World.SetFaults(hostedsim.Faults{
				Slow: 0.05, Late: 300 * time.Millisecond, ServerError: 0.05, Malformed: 0.05, Lost: 0.05, Expired: 0.03,
				LostHook: 0.3, DoubleHook: 0.3, MixedHook: 0.3, RowFirst: true, Skew: skew,
			})
			return func() { l.World.SetFaults(hostedsim.Faults{Skew: skew}) }
		},
	}
	p.End = func(t *testing.T, call results.Dialing) {
		t.Helper()
		eventually(t, "the end of the call", func() bool { _, ended := placed(call); return ended })
	}
	if k.IDs {
		p.Known = func(d *dialertest.Desk, id string) {
			d.Wait("the PBX's name for the call", func() bool { return d.Calls[id].Row().Channel != "" })
		}
	}
	for _, f := range []struct {
		name, end   string
		disposition results.Disposition
		resDial     int
	}{
		{"answered", "100", results.Answered, results.DialAnswered},
		{"busy", "200", results.Busy, results.DialBusy},
		{"no answer", "300", results.NoAnswer, results.DialNoAnswer},
		{"unallocated", "600", results.Unallocated, results.DialNone},
		{"rejected", "700", results.Rejected, results.DialRejected},
		{"congestion", "400", results.Congestion, results.DialCongestion},
		{"silent agent", "800", results.NoAnswer, results.DialNoAnswer},
	} {
		if as, ok := k.Merged[f.end]; ok { // the page has one word for several fates
			f.disposition, f.resDial = as.Disposition, as.ResDial
		}
		if f.end == "800" && k.Silent {
			f.disposition, f.resDial = results.AgentNoAnswer, results.DialNone
		}
		p.Fates[f.name] = dialertest.Fate{
			Order: of(f.end), Disposition: f.disposition, ResDial: f.resDial, Quiet: f.end > "300", Check: k.checkRow,
		}
	}
	return p
}

// checkRow checks what only a hosted PBX's result has.
func (k Kind) checkRow(t *testing.T, r results.Result) {
	t.Helper()
	if !strings.HasSuffix(r.DialChannel, "/"+r.Agent+"/"+r.DialAddr) || r.Agent == "" || strings.Count(r.DialChannel, "/") != 2 {
		t.Errorf("dial_channel %q, agent %q", r.DialChannel, r.Agent)
	}
	if r.Disposition != results.Answered {
		return
	}
	switch {
	case r.Billsec < 1 || r.Talk < time.Second:
		t.Errorf("billsec %d, talk %v", r.Billsec, r.Talk)
	case r.Abandoned == nil || *r.Abandoned:
		t.Errorf("abandoned %v: agent-first calls abandon nobody", r.Abandoned)
	case (r.Recording != "") != k.Recordings:
		t.Errorf("recording %q", r.Recording)
	}
}
