package sim_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/outpace/outpace/campaign"
	"github.com/outpace/outpace/dialer/pbxsim"
	"github.com/outpace/outpace/plan"
	"github.com/outpace/outpace/scheduler/sim"
)

// deed is something that is done at a moment.
type deed struct {
	at time.Duration
	do func()
}

// deeds are the begins and ends of all faults, in order.
func (w *world) deeds() []deed {
	var list []deed
	for _, f := range w.o.Faults {
		list = append(list, deed{f.At, func() { w.say("%s", f); w.begins(f) }})
		if f.For > 0 {
			list = append(list, deed{f.At + f.For, func() { w.say("over: %s", f.Kind); w.ends(f) }})
		}
	}
	list = append(list, deed{w.o.Over(), w.heal})
	slices.SortStableFunc(list, func(a, b deed) int { return int(a.at - b.at) })
	return list
}

// begins lets a fault begin.
func (w *world) begins(f sim.Fault) {
	arm := map[sim.Kind]pbxsim.Fault{
		sim.DropBefore: pbxsim.DropBefore, sim.DropAfter: pbxsim.DropAfter, sim.ReplyLost: pbxsim.LoseReply,
		sim.ReplyLate: pbxsim.LateReply, sim.Refused: pbxsim.Refuse, sim.EventsLate: pbxsim.DelayEvents,
	}
	slot := f.Slot(w.o.Engines)
	switch f.Kind {
	case sim.LinkCut, sim.LinkFrozen, sim.LinkDeaf, sim.StoreDown, sim.StoreSlow, sim.Unrenewed, sim.LogFull:
		w.turn(f, true)
	case sim.DropBefore, sim.DropAfter, sim.ReplyLost, sim.ReplyLate, sim.Refused, sim.EventsLate:
		w.pbx.Arm(arm[f.Kind], max(f.N, 1))
	case sim.Restarted:
		w.pbx.Restart(f.N == 1)
	case sim.CommitMade, sim.CommitLost:
		w.doubt.set(sim.Doubt{Made: f.Kind == sim.CommitMade, Left: f.N})
	case sim.ClaimMade, sim.ClaimLost:
		w.doubt.set(sim.Doubt{Made: f.Kind == sim.ClaimMade, Method: "Claim", Left: f.N})
	case sim.LogGone:
		w.rename(filepath.Dir(w.logPath(slot)), ".gone")
	case sim.LogRotated:
		w.rename(w.logPath(slot), "."+f.At.String())
	case sim.Clock:
		w.clock.Step(f.N)
	case sim.Killed, sim.KilledAt, sim.KilledInLog, sim.KilledInClaim:
		w.doom(f, slot)
	case sim.Stopped:
		w.stop(campaign.Stopping)
	case sim.Paused:
		w.stop(campaign.Pausing)
	case sim.Forced:
		w.stop(campaign.ForceStopping)
	case sim.HangupAsk:
		w.askHangup(f.N)
	case sim.PlanEdited:
		_, err := w.store.Load().UpdatePlan(context.Background(), w.plan, func(p *plan.Plan) error {
			p.ServiceLevel, p.RetryDelay = f.N, p.RetryDelay+time.Second
			return nil
		})
		if err != nil {
			w.fail("edit the plan: %v", err)
		}
	}
}

// ends lets a fault end.
func (w *world) ends(f sim.Fault) {
	switch f.Kind {
	case sim.LinkCut, sim.LinkFrozen, sim.LinkDeaf, sim.StoreDown, sim.StoreSlow, sim.Unrenewed, sim.LogFull:
		w.turn(f, false)
	case sim.LogGone:
		w.comeBack()
	case sim.Stopped, sim.Paused, sim.Forced:
		w.start()
	}
}

// turn changes what the engines that a fault hits have of the network, the
// database and their disks.
func (w *world) turn(f sim.Fault, bad bool) {
	for slot := range w.o.Engines {
		if !f.Hits(slot, w.o.Engines) {
			continue
		}
		n := w.nets[slot]
		switch f.Kind {
		case sim.LinkCut:
			n.cut.Store(bad)
			if l := w.life(slot); bad && l != nil {
				l.hangUp()
			}
		case sim.LinkFrozen:
			n.freeze(bad)
		case sim.LinkDeaf:
			n.deaf.Store(bad)
		default:
			w.weather[slot].change(func(x *sim.Weather) { x.Turn(f, bad) })
		}
	}
}

func (w *world) life(slot int) *life {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.lives[slot]
}

// heal ends what may be left of the faults.
func (w *world) heal() {
	w.say("all faults are over")
	for slot, n := range w.nets {
		n.cut.Store(false)
		n.deaf.Store(false)
		n.freeze(false)
		w.weather[slot].change(func(x *sim.Weather) { *x = sim.Weather{} })
	}
	for f := pbxsim.DropBefore; f <= pbxsim.DelayEvents; f++ {
		w.pbx.Arm(f, 0)
	}
	if err := w.pbx.SetFaults(pbxsim.Faults{}); err != nil {
		w.fail("%v", err)
	}
	w.doubt.set(sim.Doubt{})
	w.comeBack()
	w.mu.Lock()
	for _, l := range w.lives {
		if l != nil {
			l.mu.Lock()
			l.doomed, l.inWrite = 0, false
			l.mu.Unlock()
		}
	}
	w.mu.Unlock()
}

// doom has the engine in a slot die, now or soon.
func (w *world) doom(f sim.Fault, slot int) {
	w.mu.Lock()
	l := w.lives[slot]
	w.pause[slot] = f.For
	w.mu.Unlock()
	if l == nil {
		return // it is dead already
	}
	switch f.Kind {
	case sim.KilledAt:
		l.mu.Lock()
		l.doomed, l.late, l.method = f.N, f.Either(), ""
		l.mu.Unlock()
	case sim.KilledInClaim:
		l.mu.Lock()
		l.doomed, l.late, l.method = f.N, true, "Claim"
		l.mu.Unlock()
	case sim.KilledInLog:
		l.mu.Lock()
		l.inWrite = true
		l.mu.Unlock()
	default:
		l.kill()
	}
}

// stop is a user's, who looks at the clock.
func (w *world) stop(to campaign.Status) {
	if w.move(to) {
		w.stops = append(w.stops, sim.Stop{From: time.Now(), Pause: to == campaign.Pausing})
	}
}

// start starts the campaign again, or for the last time.
func (w *world) start() {
	if !w.move(campaign.Started) {
		return
	}
	for i := range w.stops {
		if s := &w.stops[i]; s.To.IsZero() {
			s.To = time.Now()
		}
	}
}

func (w *world) askHangup(n int) {
	calls, _, err := w.store.Load().ListDialings(context.Background(), "", 100)
	if err != nil {
		w.fail("list the calls: %v", err)
		return
	}
	if len(calls) > 0 {
		if err := w.store.Load().AskHangup(context.Background(), calls[n%len(calls)].UUID); err != nil {
			w.fail("ask for a hang-up: %v", err)
		}
	}
}

// rename moves a file or a folder away.
func (w *world) rename(path, suffix string) {
	if err := os.Rename(path, path+suffix); err != nil && !os.IsNotExist(err) {
		w.fail("%v", err)
	}
}

// comeBack puts folders of logs back where they were.
func (w *world) comeBack() {
	for slot := range w.o.Engines {
		dir := filepath.Dir(w.logPath(slot))
		if _, err := os.Stat(dir + ".gone"); err == nil {
			if err := os.Rename(dir+".gone", dir); err != nil {
				w.fail("%v", err)
			}
		}
	}
}
