package scheduler

import (
	"log/slog"
	"maps"
	"slices"
	"time"

	"github.com/outpace/outpace/dialer"
	"github.com/outpace/outpace/predictor"
	"github.com/outpace/outpace/results"
)

// event takes in what the gateway reports.
func (f *floor) event(e dialer.Event) {
	if e.Kind != dialer.Census { // which says how things were when it was asked for
		f.lag = f.now().Sub(e.At)
	}
	switch e.Kind {
	case dialer.LinkUp:
		f.link = linkState{up: true}
		f.post.setHealth(nil)
		clear(f.techs)
	case dialer.LinkDown:
		f.link = linkState{err: e.Err}
		f.post.setHealth(e.Err)
		f.book.reset()
	case dialer.Census:
		f.link.synced = true
	case dialer.QueuesReset, dialer.AgentChanged, dialer.AgentGone, dialer.CallerJoined, dialer.CallerLeft:
		f.watchTalk(e)
		f.book.apply(e)
		return
	}
	if e.Call != "" {
		if c := f.calls[e.Call]; c != nil {
			f.applied(c, c.Apply(e), e.At)
		}
		return
	}
	for _, id := range slices.Sorted(maps.Keys(f.calls)) {
		c := f.calls[id]
		f.applied(c, c.Apply(e), e.At)
	}
}

// call is an open call with what the floor needs to count it by.
type call struct {
	*dialer.Call
	campaign, plan, queue, way string
	class                      predictor.Class
	born, answered             time.Time
	counted                    dialer.Phase
	ended                      bool // handed to the recorder
	stopped                    bool // claimed, but a stop came before it was placed

	chance float64 // that it is answered, as its campaign knew it at the claim; 0 = not known
	live   bool    // counts as a live answer
	lost   bool    // and as an abandoned one
	taken  bool    // an agent has had it
	day    string  // of the hang-up, once it has ended
}

// add takes a call into the books.
func (f *floor) add(d results.Dialing, m *dialer.Call, way string) *call {
	c := &call{
		Call: m, campaign: d.Campaign, plan: d.Plan, queue: f.poolOf(d), way: way, counted: m.Phase(),
		class: f.classOfCall(d), born: d.TmCreate, answered: d.TmAnswer,
		live: d.Abandoned, lost: d.Abandoned, // of another answer nobody knows whether it was waited upon
	}
	if r := f.runs[c.campaign]; r != nil && r.learner != nil {
		c.chance = r.learner.Chance(c.class)
	}
	f.calls[d.UUID] = c
	f.tally.add(c)
	f.post.open.Store(int64(len(f.calls)))
	return c
}

// applied does what a change in a call asks for.
func (f *floor) applied(c *call, ch dialer.Change, now time.Time) {
	if ch == 0 || c.ended {
		return
	}
	if ch&dialer.ChangePhase != 0 {
		f.tally.move(c, c.Phase())
	}
	if ch&dialer.ChangeAnswer != 0 {
		c.answered, c.live = now, c.queue != ""
		f.observeAnswer(c, now)
	}
	f.agentOrNone(c, ch, now)
	if ch&dialer.ChangeEnded == 0 {
		f.rec.row(c.Row())
		return
	}
	// Until its result is committed the call stays in the books: it is open
	// for the limits, and its number may not be dialed.
	c.ended = true
	f.tally.move(c, dialer.Ended)
	res := c.Result()
	if !res.TmDial.IsZero() { // else the PBX was not even asked
		if !c.stopped {
			if f.breaker(c.way).note(res, now) {
				clear(f.techs) // a module may have been unloaded
			}
			if r := f.runs[c.campaign]; r != nil && res.Disposition.TryGivenBack() {
				r.faulted = now
			}
		}
	}
	f.judge(c, res, now)
	f.rec.end(res)
	f.log.Debug("call ended", slog.String("call", res.UUID), slog.String("campaign", res.Campaign), slog.String("disposition", string(res.Disposition)))
}

// committed is called by the recorder when results are in the database. It is
// no task: tasks are begun by the loop alone, so that it can wait for them.
func (f *floor) committed(uuids []string) {
	f.post.ledger.poke()
	select {
	case f.inbox <- func() { f.forget(uuids) }:
	case <-f.gone:
	}
}

// forget takes calls out of the books whose results are in the database.
func (f *floor) forget(uuids []string) {
	for _, id := range uuids {
		c := f.calls[id]
		if c == nil {
			continue
		}
		f.tally.remove(c)
		delete(f.calls, id)
		if f.resolved != nil {
			f.resolved[id] = true
		}
		if r := f.runs[c.campaign]; r != nil {
			r.figures.commit(c)
			r.dry = false // the entry may be dialed again, or the list has ended
			f.settle(r)   // it may have been the last one that a stop waits for
		}
	}
	f.post.open.Store(int64(len(f.calls)))
}
