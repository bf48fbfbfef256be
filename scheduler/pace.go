package scheduler

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/time/rate"

	"github.com/outpace/outpace/campaign"
	"github.com/outpace/outpace/dialer"
	"github.com/outpace/outpace/predictor"
)

// decide asks the pacer of each campaign how many calls to place now. A
// campaign that gets some is last in the next round, so that those that share
// agents or limits take turns.
func (f *floor) decide(now time.Time) {
	var sup *supply // made when it is needed
	for _, id := range slices.Clone(f.order) {
		r := f.runs[id]
		if !r.assigned || r.campaign.Status != campaign.Started || r.startable() != nil {
			r.why = ""
			continue
		}
		if why := f.blocked(r, now); why != "" {
			r.why = why
			continue
		}
		if r.claiming || f.doubt {
			r.why = ""
			continue // their end wakes the loop
		}
		if now.Before(r.nextClaim) {
			f.wakeAt(r.nextClaim) // until then holds what the last decision said
			continue
		}
		f.preview(r, now)
		if sup == nil {
			sup = f.supply(now)
		}
		s := f.snapshot(r, sup, now)
		d := r.pacer.Decide(s)
		r.decided(d, now)
		r.nextClaim, r.why = now.Add(breath(s)), ""
		if d.Place == 0 {
			r.why = d.Reason
			f.wakeForRate(r, now)
			continue
		}
		f.claim(r, d.Place, now)
		sup = nil // what was just asked for is demand now
		f.toTheBack(id)
	}
}

func (f *floor) toTheBack(id string) {
	i := slices.Index(f.order, id)
	f.order = append(slices.Delete(f.order, i, i+1), id)
}

// blocked says in a sentence what keeps a campaign from dialing whatever its
// agents do; "" if nothing does.
func (f *floor) blocked(r *run, now time.Time) string {
	switch {
	case f.post.draining.Load():
		return "The server is shutting down: no new calls are placed, open ones run on."
	case !r.inHours(now):
		return "The calendar is closed."
	case now.Sub(f.read) > staleAfter:
		return fmt.Sprintf("The database has not said for %s what campaigns are to do.", staleAfter)
	case !f.link.up:
		return "The PBX of gateway " + f.gw.Name() + " cannot be reached" + because(f.link.err)
	case !f.link.synced:
		return "The state of the PBX is being read."
	case f.gw.Capabilities().AgentFirst && f.pool(r.destination) == (dialer.Pool{}):
		return "The PBX rings the agent first, so the destination has to be a queue or an extension."
	case f.post.ledger.health() != nil:
		return "No calls are placed while the result log cannot be written" + because(f.post.ledger.health())
	case !f.post.trust.holds():
		return "The database cannot be reached, so it is not sure that no other engine dials through this gateway."
	case now.Sub(r.failedAt) < time.Second:
		return "The database cannot be reached, so no entries can be claimed."
	case f.paced(r) && !r.figures.known:
		return "The campaign's figures of abandonment are being read."
	}
	switch t := f.technology(r.plan.Tech, now); {
	case t.missing:
		if !t.asking { // else the answer wakes the loop
			f.wakeAt(t.asked.Add(techAgain))
		}
		return fmt.Sprintf("The PBX has no channel technology %s.", r.plan.Tech)
	case t.asked.IsZero():
		return "The PBX is being asked whether it can dial with " + r.plan.Tech + "."
	}
	if n, why := f.breaker(wayOf(*r.plan)).allows(now, f.onTheirWay(wayOf(*r.plan))); n == 0 {
		return why
	}
	if r.dry {
		f.lookAgain(r, now)
		return dryReason(r, now)
	}
	return ""
}

// lookAgain looks at a list that had nothing to dial when an entry may have
// become ready, and from time to time anyway: others may have added some.
func (f *floor) lookAgain(r *run, now time.Time) {
	if r.looking {
		return // its end wakes the loop
	}
	due := r.looked.Add(outlookPeriod)
	if !r.next.IsZero() && r.next.Before(due) {
		due = r.next.Add(time.Microsecond) // ready is after, not at
	}
	if least := r.looked.Add(callPeriod); due.Before(least) {
		due = least
	}
	if now.Before(due) {
		f.wakeAt(due)
		return
	}
	f.look(r, now)
}

// because adds a cause to a sentence.
func because(err error) string {
	if err == nil {
		return "."
	}
	return ": " + strings.TrimSuffix(err.Error(), ".") + "."
}

func dryReason(r *run, now time.Time) string {
	if r.next.IsZero() {
		return "The dial list has nothing left to dial now."
	}
	wait := max(r.next.Sub(now), 0).Round(time.Second)
	return fmt.Sprintf("Every entry with tries left waits for its retry delay, or since a call to it was abandoned; the next is ready in %s.", wait)
}

// onTheirWay counts the calls through a way out that have not ended.
func (f *floor) onTheirWay(way string) int {
	n := 0
	if f.breaker(way).row < breakerTrips {
		return 0 // not asked for
	}
	for _, c := range f.calls {
		if c.way == way && !c.ended {
			n++
		}
	}
	return n
}

// supply is who can take calls now, shared out over the queues.
func (f *floor) supply(now time.Time) *supply {
	demands := map[string]demand{}
	for q, p := range f.tally.queues {
		demands[q] = demand{
			waiting: p[dialer.Waiting] + f.book.strangers(q),
			pending: f.pending(q, p),
		}
	}
	for q := range f.book.callers {
		if _, ok := demands[q]; !ok {
			demands[q] = demand{waiting: f.book.strangers(q)}
		}
	}
	for _, r := range f.runs {
		if q := f.pool(r.destination).Name(); r.claiming && q != "" {
			d := demands[q]
			d.pending += r.asked
			demands[q] = d
		}
	}
	return newSupply(f.book.groups(now), demands)
}

// snapshot is what a campaign's pacer sees.
func (f *floor) snapshot(r *run, sup *supply, now time.Time) predictor.Snapshot {
	s := predictor.Snapshot{Now: now, Ready: r.readyNow(), Limits: f.limits(r, now)}
	q := f.pool(r.destination).Name()
	if q == "" || !f.gw.Capabilities().Agents {
		s.Unlimited = true
		return s
	}
	s.Idle = sup.idle(q)
	s.Strangers = f.book.strangers(q)
	f.demand(&s, r, q, now)
	s.Busy = f.book.busy(q, now)
	s.LoggedIn = f.book.count(q, now).LoggedIn
	if f.gw.Capabilities().AgentFirst {
		return s // a service level would call customers whom nobody is there to talk to
	}
	s.Age = f.lag
	s.ServiceLevel = r.plan.ServiceLevel
	s.Windows = f.windows(r, now)
	if r.learner != nil {
		s.Next = r.nextClasses(now)
	}
	return s
}

// demand lists the calls that wait for an agent of a queue or will: those of
// all campaigns that share it, as a run sees them.
func (f *floor) demand(s *predictor.Snapshot, r *run, queue string, now time.Time) {
	for c := range f.tally.byQueue[queue] {
		other := c.campaign != r.campaign.UUID
		switch c.counted {
		case dialer.Placing, dialer.Ringing:
			if f.hasAgent(c) {
				continue // he is not idle any more
			}
			ringing := predictor.Ringing{For: now.Sub(c.born), Class: c.class}
			if other {
				ringing.Chance = c.chance
			}
			s.Ringing = append(s.Ringing, ringing)
		case dialer.Waiting:
			s.Waiting = append(s.Waiting, now.Sub(c.answered))
		case dialer.Talking, dialer.Ended:
			continue
		}
		if other {
			s.Others++
		}
	}
	for _, other := range f.runs {
		if other.claiming && f.pool(other.destination).Name() == queue {
			for range other.asked {
				s.Ringing = append(s.Ringing, predictor.Ringing{})
			}
			s.Others += other.asked // a run does not decide while it claims
		}
	}
}

// limits are the hard bounds on how many calls a campaign may place now.
func (f *floor) limits(r *run, now time.Time) []predictor.Limit {
	asked := 0
	for _, o := range f.runs {
		asked += o.asked
	}
	ls := []predictor.Limit{
		{Name: fmt.Sprintf("max_calls (%d) of gateway %s", f.gw.MaxCalls, f.gw.Name()), Free: f.gw.MaxCalls - len(f.calls) - asked},
		{Name: fmt.Sprintf("max_cps (%d) of gateway %s", f.gw.MaxCPS, f.gw.Name()), Free: int(f.cps.TokensAt(now))},
	}
	if most := r.plan.MaxCalls; most != nil {
		samePlan := 0
		for _, o := range f.runs {
			if o.plan != nil && o.plan.UUID == r.plan.UUID {
				samePlan += o.asked
			}
		}
		ls = append(ls, predictor.Limit{
			Name: fmt.Sprintf("max_calls (%d) of the plan", *most), Free: *most - f.tally.plans[r.plan.UUID] - samePlan,
		})
	}
	if l := f.planLimiter(*r.plan); l != nil {
		ls = append(ls, predictor.Limit{Name: fmt.Sprintf("max_cps (%d) of the plan", *r.plan.MaxCPS), Free: int(l.TokensAt(now))})
	}
	way := wayOf(*r.plan)
	if n, why := f.breaker(way).allows(now, f.onTheirWay(way)); n < unlimited {
		ls = append(ls, predictor.Limit{Name: strings.TrimSuffix(why, "."), Free: n})
	}
	return ls
}

// live is what is shown of a campaign.
func (f *floor) live(r *run, now time.Time) campaign.Live {
	l := campaign.Live{Campaign: r.campaign.UUID, At: now, Why: r.why}
	p := f.tally.campaign(r.campaign.UUID)
	l.Calls = campaign.Calls{
		Ringing: p[dialer.Placing] + p[dialer.Ringing], Waiting: p[dialer.Waiting], Talking: p[dialer.Talking],
	}
	if q := f.pool(r.destination).Name(); q != "" {
		l.Agents = f.book.count(q, now)
	}
	if f.paced(r) && r.plan != nil {
		l.Pacing = r.shown()
	}
	return l
}

// wakeForRate wakes the loop when a rate lets the next call through by itself.
func (f *floor) wakeForRate(r *run, now time.Time) {
	for _, l := range []*rate.Limiter{f.cps, f.planLimiter(*r.plan)} {
		if l == nil {
			continue
		}
		if lack := 1 - l.TokensAt(now); lack > 0 {
			wait := time.Duration(lack / float64(l.Limit()) * float64(time.Second))
			f.wakeAt(now.Add(max(wait, time.Millisecond))) // a lack too small for a nanosecond must not make the loop spin
		}
	}
}

// wakeAt asks for a decision at a time, if none is due earlier.
func (f *floor) wakeAt(t time.Time) {
	if f.wake.IsZero() || t.Before(f.wake) {
		f.wake = t
	}
}
