package scheduler

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"maps"

	"github.com/outpace/outpace/campaign"
	"github.com/outpace/outpace/dlma"
	"github.com/outpace/outpace/plan"
	"github.com/outpace/outpace/results"
	"github.com/outpace/outpace/scheduler/sim"
)

// stepModel is the database of an ordeal: the model that the tests of this
// package use, with one campaign.
func stepModel(o sim.Ordeal, now func() time.Time) *memStore {
	m := newMemStore()
	m.clock = now
	p := plan.Default()
	p.UUID, p.Mode, p.Tech, p.EndHandle, p.ServiceLevel = "p", plan.ModePredictive, "PJSIP", 1, 2
	p.AbandonTarget, p.AbandonLock = sim.AbandonTarget, 0
	p.DialTimeout, p.RetryDelay, p.RedialUnknown = o.DialTimeout, o.RetryDelay, o.RedialUnknown
	p.MaxRetry = [plan.Numbers]int{o.MaxRetry[0], o.MaxRetry[1]}
	if o.PlanCalls > 0 {
		p.MaxCalls = &o.PlanCalls
	}
	if o.PlanCPS > 0 {
		p.MaxCPS = &o.PlanCPS
	}
	m.plans["p"] = p
	d := campaign.Destination{UUID: "d", Type: campaign.TypeApplication, Application: "park", InUse: true}
	if o.Agents > 0 {
		d.Application, d.Data = "Queue", "sales"
	}
	m.dests["d"] = d
	m.lists["l"] = dlma.List{UUID: "l", InUse: true}
	c := campaign.Campaign{UUID: "c", Status: campaign.Started, Plan: "p", Destination: "d", List: "l", InUse: true, Calendar: o.Calendar}
	if o.Calendar.Mode == 1 {
		c.Edge = campaign.EdgePending
	}
	m.campaigns["c"] = c
	for i, numbers := range o.Entries {
		e := dlma.Entry{UUID: fmt.Sprintf("e%d", i), List: "l", InUse: true}
		copy(e.Number[:], numbers)
		m.entries = append(m.entries, e)
	}
	return m
}

func tallyOf(list []results.Result) results.Tally {
	t := results.Tally{By: map[results.Disposition]int{}}
	for _, r := range list {
		t.By[r.Disposition]++
		if r.Abandoned != nil {
			t.Live++
			if *r.Abandoned {
				t.Abandoned++
			}
		}
	}
	return t
}

// faults puts the schedule into the queue.
func (d *driver) faults() {
	d.pbx.busy = 0
	for _, f := range d.o.Faults {
		d.after(f.At, nil, f.String(), func() { d.begins(f) })
		if f.For > 0 {
			d.after(f.At+f.For, nil, fmt.Sprintf("over: %s", f.Kind), func() { d.ends(f) })
		}
	}
	d.after(d.o.Over(), nil, "all faults are over", d.heal)
}

// begins lets a fault begin.
func (d *driver) begins(f sim.Fault) {
	b := d.pbx
	slot := f.Slot(d.o.Engines)
	switch f.Kind {
	case sim.LinkCut, sim.LinkFrozen, sim.LinkDeaf, sim.StoreDown, sim.StoreSlow, sim.Unrenewed, sim.LogFull:
		for slot := range d.procs {
			if f.Hits(slot, d.o.Engines) {
				d.turns(f, slot, true)
			}
		}
	case sim.DropBefore, sim.DropAfter, sim.ReplyLost, sim.ReplyLate, sim.Refused:
		b.armed[f.Kind] += f.N
	case sim.EventsLate:
		b.late = f.For
	case sim.Busy:
		b.busy = time.Duration(f.N) * time.Second
	case sim.Restarted:
		b.restart(f.N == 1)
	case sim.CommitMade, sim.CommitLost:
		d.doubt = sim.Doubt{Made: f.Kind == sim.CommitMade, Left: f.N}
	case sim.ClaimMade, sim.ClaimLost:
		d.doubt = sim.Doubt{Made: f.Kind == sim.ClaimMade, Method: "Claim", Left: f.N}
	case sim.LogGone:
		d.rename(filepath.Dir(d.logPaths()[slot]), ".gone")
	case sim.LogRotated:
		d.rename(d.logPaths()[slot], "."+f.At.String())
	case sim.Clock:
		d.ahead += time.Duration(f.N) * time.Second
	case sim.Killed, sim.KilledAt, sim.KilledInLog, sim.KilledInClaim:
		d.doom(f, slot)
	case sim.Frozen, sim.FrozenAt, sim.FrozenInClaim, sim.FrozenInPlace:
		d.freeze(f, slot)
	case sim.Stopped:
		d.userMoves(campaign.Stopping)
	case sim.Paused:
		d.userMoves(campaign.Pausing)
	case sim.Forced:
		d.userMoves(campaign.ForceStopping)
	case sim.HangupAsk:
		if open := slices.Sorted(maps.Keys(d.store.open)); len(open) > 0 {
			d.store.asked = append(d.store.asked, open[f.N%len(open)])
		}
	case sim.PlanEdited:
		p := d.store.plans["p"]
		p.ServiceLevel, p.RetryDelay = f.N, p.RetryDelay+time.Second
		d.store.plans["p"] = p
	}
}

// ends lets a fault end.
func (d *driver) ends(f sim.Fault) {
	switch f.Kind {
	case sim.LinkCut, sim.LinkFrozen, sim.LinkDeaf, sim.StoreDown, sim.StoreSlow, sim.Unrenewed, sim.LogFull:
		for slot := range d.procs {
			if f.Hits(slot, d.o.Engines) {
				d.turns(f, slot, false)
			}
		}
	case sim.EventsLate:
		d.pbx.late = 0
	case sim.Busy:
		d.pbx.busy = 0
	case sim.LogGone:
		d.comeBack()
	case sim.Stopped, sim.Paused, sim.Forced:
		d.userStarts()
	}
}

// turns changes what one engine has of the network, the database and its disk.
func (d *driver) turns(f sim.Fault, slot int, bad bool) {
	n := &d.pbx.net[slot]
	switch f.Kind {
	case sim.LinkCut:
		if n.cut = bad; bad {
			d.pbx.drop(slot)
		}
	case sim.LinkFrozen:
		d.pbx.freeze(slot, bad)
	case sim.LinkDeaf:
		n.deaf = bad
	default:
		d.weather[slot].Turn(f, bad)
	}
}

// heal ends what may be left of the faults.
func (d *driver) heal() {
	clear(d.weather)
	d.doubt = sim.Doubt{}
	b := d.pbx
	b.busy, b.late = 0, 0
	clear(b.armed)
	for slot := range b.net {
		b.freeze(slot, false)
		b.net[slot] = stepNet{}
	}
	d.comeBack()
	for _, p := range d.procs {
		if p != nil {
			p.doomed, p.inWrite, p.stalls, p.inPlace = 0, false, 0, 0
		}
	}
}

// doom has the engine in a slot die, now or soon.
func (d *driver) doom(f sim.Fault, slot int) {
	d.pauses[slot] = f.For
	p := d.procs[slot]
	switch {
	case p == nil:
	case f.Kind == sim.KilledAt:
		p.doomed, p.late, p.method = f.N, f.Either(), ""
	case f.Kind == sim.KilledInClaim:
		p.doomed, p.late, p.method = f.N, true, "Claim"
	case f.Kind == sim.KilledInLog:
		p.inWrite = true
	default:
		p.die()
	}
}

func (d *driver) userMoves(to campaign.Status) {
	from := []campaign.Status{campaign.Started}
	if to == campaign.ForceStopping {
		from = append(from, campaign.Stopping, campaign.Pausing)
	}
	if d.store.moveLocked("c", campaign.Move{From: from, To: to}) {
		d.say("user moves the campaign to %d", to)
		d.stops = append(d.stops, sim.Stop{From: d.plainNow(), Pause: to == campaign.Pausing})
	}
}

func (d *driver) userStarts() {
	from := []campaign.Status{campaign.Stopped, campaign.Paused, campaign.Stopping, campaign.Pausing}
	if !d.store.moveLocked("c", campaign.Move{From: from, To: campaign.Started}) {
		return
	}
	d.say("user starts the campaign")
	for i := range d.stops {
		if s := &d.stops[i]; s.To.IsZero() {
			s.To = d.plainNow()
		}
	}
}

// plainNow is the time by a clock that nobody puts.
func (d *driver) plainNow() time.Time { return sim.Moment(sim.Start.Add(d.mono), d.mono) }

// rename moves a file or a folder away.
func (d *driver) rename(path, suffix string) {
	if err := os.Rename(path, path+suffix); err != nil && !os.IsNotExist(err) {
		d.fail("%v", err)
	}
}

// comeBack puts folders of logs back where they were.
func (d *driver) comeBack() {
	for _, path := range d.logPaths() {
		dir := filepath.Dir(path)
		if _, err := os.Stat(dir + ".gone"); err == nil {
			if err := os.Rename(dir+".gone", dir); err != nil {
				d.fail("%v", err)
			}
		}
	}
}
