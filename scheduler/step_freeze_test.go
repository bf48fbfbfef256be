package scheduler

import (
	"time"

	"github.com/outpace/outpace/scheduler/sim"
)

// freeze has the engine in a slot stop, now or soon, and go on where it was.
func (d *driver) freeze(f sim.Fault, slot int) {
	p := d.procs[slot]
	switch {
	case p == nil || p.frozen > d.mono:
	case f.Kind == sim.FrozenAt:
		p.stalls, p.stallsFor, p.stallsLate, p.stallsIn = f.N, f.For, f.Either(), ""
	case f.Kind == sim.FrozenInClaim:
		p.stalls, p.stallsFor, p.stallsLate, p.stallsIn = f.N, f.For, true, "Claim"
	case f.Kind == sim.FrozenInPlace:
		p.inPlace = f.For
	default:
		p.frozen = d.mono + f.For
		// What was due meanwhile comes with the thaw, and is the last before it too.
		d.after(f.For, nil, "", func() { d.breaks = append(d.breaks, d.now(), d.now().Add(1)) })
	}
}

// stops counts an access and says whether the process stops before or after it.
func (p *proc) stops(method string) (before, after bool) {
	if p.stalls == 0 || p.stallsIn != "" && p.stallsIn != method {
		return false, false
	}
	p.stalls--
	return p.stalls == 0 && !p.stallsLate, p.stalls == 0 && p.stallsLate
}

// stall stops the process in the middle of a step, while time goes on for all
// others.
func (p *proc) stall(wait time.Duration) {
	d := p.d
	if d.stalled {
		return // one at a time: steps within steps end in the order of a stack
	}
	d.say("engine %d stops for %s", p.slot+1, wait)
	until := d.mono + wait
	d.stalled, p.frozen = true, until
	d.play(until)
	d.stalled, d.mono = false, until
	d.breaks = append(d.breaks, d.now().Add(1)) // what it does now is the last before it
	if p.dead {
		panic(killedNow{})
	}
	p.slept += wait
}
