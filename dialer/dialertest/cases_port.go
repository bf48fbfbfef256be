package dialertest

import (
	"errors"
	"sync"
	"time"

	"github.com/outpace/outpace/dialer"
	"github.com/outpace/outpace/results"
)

// noLink: the gateway says that it has no link, and works once there is one.
func noLink(p *port) {
	p.Wait("the first event", func() bool { return len(p.Events) > 0 })
	p.Wait("no link", func() bool { return p.Events[0].Kind == dialer.LinkDown && !p.Up })
	p.mend()
	p.open()
	f := p.lab.Fates["busy"]
	p.Expect(p.placed(f.Order), f.Disposition, f.ResDial)
}

// fates: what every way of ending comes to.
func fates(p *port) {
	ids := map[string]string{}
	for name, f := range p.lab.Fates {
		ids[name] = p.placed(f.Order)
	}
	for name, f := range p.lab.Fates {
		r := p.Expect(ids[name], f.Disposition, f.ResDial)
		switch {
		case r.TmDial.IsZero() || r.TmUpdate.Before(r.TmDial):
			p.T.Errorf("%s: dial %v, update %v", name, r.TmDial, r.TmUpdate)
		case f.Disposition == results.AgentNoAnswer && !r.Disposition.TryGivenBack():
			p.T.Errorf("%s: the try is not given back", name)
		case f.Disposition == results.Answered && (r.TmAnswer.Before(r.TmDial) || r.TmHangup.Before(r.TmAnswer) || r.Talk <= 0):
			p.T.Errorf("%s: dial %v, answer %v, hang-up %v, talk %v", name, r.TmDial, r.TmAnswer, r.TmHangup, r.Talk)
		case f.Disposition != results.Answered && (!r.TmAnswer.IsZero() || r.Billsec != 0 || r.Talk != 0 || r.Abandoned != nil):
			p.T.Errorf("%s: has signs of an answer", name)
		}
		if f.Check != nil {
			f.Check(p.T, r)
		}
		if p.lab.Placed != nil && p.lab.Placed(p.Row(ids[name])) != 1 {
			p.T.Errorf("%s: the PBX was asked for it %d times", name, p.lab.Placed(p.Row(ids[name])))
		}
	}
}

func beforeRefuses(p *port) {
	late := errors.New("too late")
	o := p.lab.Long()
	o.Request.Before = func() error { return late }
	id, err := p.Try(o)
	if !errors.Is(err, dialer.ErrNotSent) || !errors.Is(err, late) {
		p.T.Errorf("Before failed: %v", err)
	}
	p.notPlaced(id, err, results.NotPlaced)
	// Nobody is kept for a call that is not.
	p.Expect(p.placed(p.lab.Long), results.Answered, results.DialAnswered)
}

func bad(p *port) {
	for i, b := range p.lab.Bad {
		id, err := p.Try(b.Order)
		for _, want := range b.Errs {
			if !errors.Is(err, want) {
				p.T.Errorf("%d: %v; want %v", i, err, want)
			}
		}
		if !errors.Is(err, dialer.ErrNotSent) && !errors.Is(err, dialer.ErrRefused) {
			p.T.Errorf("%d: %v", i, err)
		}
		if errors.Is(err, dialer.ErrUnusable) {
			p.notPlaced(id, err, results.Failed) // a later one would fare no better
		} else {
			p.notPlaced(id, err, results.NotPlaced)
		}
	}
}

// portSurvey: the census has who lives, and who has ended no more.
func portSurvey(p *port) {
	id := p.follow(p.lab.Long)
	living := p.Survey()
	if _, ok := living[id]; !ok && p.alive(id) {
		p.T.Error("a living call is not in the census")
	}
	p.Expect(id, results.Answered, results.DialAnswered)
	if _, ok := p.Survey()[id]; ok {
		p.T.Error("a call that has ended is in the census")
	}
}

func hangUp(p *port) {
	if !p.Gateway.Capabilities().Hangup {
		id := p.follow(p.lab.Long)
		if err := p.Gateway.Hangup(p.T.Context(), id); !errors.Is(err, dialer.ErrNotOffered) {
			p.T.Errorf("hang up: %v", err)
		}
		p.Expect(id, results.Answered, results.DialAnswered)
		return
	}
	id := p.follow(p.lab.Held)
	if err := p.Hangup(id); err != nil {
		p.T.Errorf("hang up: %v", err)
	}
	// An agent-first call may be hung up before its customer is there.
	if r := p.Result(id); r.Disposition != results.Answered && (!p.agentFirst || r.Disposition != results.Cancelled) {
		p.T.Errorf("hung up by us: %s", r.Disposition)
	}
	if err := p.Gateway.Hangup(p.T.Context(), id); !errors.Is(err, dialer.ErrNoCall) {
		p.T.Errorf("hang up of a call that has ended: %v", err)
	}
}

// agentInCall: an agent who has a call of ours is reported as not free, and as
// free after it.
func agentInCall(p *port) {
	p.Free(1)
	id := p.placed(p.lab.ToAgent)
	p.Wait("the agent", func() bool { return p.Calls[id].Row().Agent != "" })
	name := p.Row(id).Agent
	p.Expect(id, results.Answered, results.DialAnswered)
	p.Wait("the agent to be free again", func() bool { return p.Agents[name].Phase == dialer.AgentFree })
	p.Wait("what was told of him", func() bool {
		engaged := false
		for _, e := range p.Events {
			if e.Kind == dialer.AgentChanged && e.Agent == name { // not every PBX tells rung from talking
				engaged = engaged || e.Member.Phase == dialer.AgentTalking || e.Member.Phase == dialer.AgentRinging
			}
		}
		return engaged
	})
}

// cut cuts the link, waits until that has been noticed, and mends it after do.
func (p *port) cut(do func()) {
	p.T.Helper()
	mend := p.lab.Cut(p.T)
	p.Wait("the loss of the link", func() bool { return !p.Up })
	do()
	mend()
	p.Open()
}

// mended: a call that lives when the link comes back is followed to its end.
func mended(p *port) {
	id := p.follow(p.lab.Long)
	p.cut(func() {
		other, err := p.Try(p.lab.Long())
		if !errors.Is(err, dialer.ErrNotSent) {
			p.T.Errorf("a call through a PBX that is away: %v", err)
		}
		p.notPlaced(other, err, results.NotPlaced)
	})
	p.Expect(id, results.Answered, results.DialAnswered)
	p.Expect(p.placed(p.lab.Long), results.Answered, results.DialAnswered)
}

// endsCut: what was seen to be answered ends as that, though its end is not seen.
func endsCut(p *port) {
	id := p.follow(p.lab.Long)
	p.cut(func() { p.lab.End(p.T, p.Row(id)) })
	p.Expect(id, results.Answered, results.DialAnswered)
}

// inherited: another process follows the call that it finds in the database.
func inherited(p *port) {
	id := p.follow(p.lab.Long)
	if p.lab.Known != nil {
		p.lab.Known(p.Desk, id)
	}
	row := p.Row(id)
	p.Stop()
	next := &port{Desk: NewDesk(p.T, p.lab.Again(p.T), p.lab.Pools, row), lab: p.lab, agentFirst: p.agentFirst}
	r := next.Expect(id, results.Answered, results.DialAnswered)
	if r.UUID != row.UUID || r.Agent != row.Agent && row.Agent != "" {
		p.T.Errorf("agent %q, was %q", r.Agent, row.Agent)
	}
	next.Open()
	next.Expect(next.placed(p.lab.Long), results.Answered, results.DialAnswered)
	next.Once()
}

// storm: whatever goes wrong, no call is asked for twice, each comes to an
// end, and what is said of it is true or "unknown".
func storm(p *port) {
	calm := p.lab.Storm(p.T)
	var wg sync.WaitGroup
	var mu sync.Mutex
	fate := map[string]string{}
	errs := map[string]error{}
	atOnce := make(chan struct{}, 3) // a cut link loses all that were sent and not looked at
	for name, f := range p.lab.Fates {
		if f.Quiet {
			continue
		}
		order := func() Order {
			o := f.Order()
			o.Claimed, o.Limit = time.Hour, stormTime
			return o
		}
		for range p.lab.Rounds {
			wg.Go(func() {
				atOnce <- struct{}{}
				defer func() { <-atOnce }()
				_, _ = p.Send(p.ready, order, func(id string, err error) {
					mu.Lock()
					defer mu.Unlock()
					fate[id], errs[id] = name, err
				})
			})
		}
	}
	wg.Wait()
	calm()
	count := map[results.Disposition]int{}
	for id, name := range fate {
		r := p.Result(id)
		count[r.Disposition]++
		switch r.Disposition {
		case p.lab.Fates[name].Disposition, results.Unknown:
		case results.NotPlaced:
			if errs[id] == nil {
				p.T.Errorf("%s was not placed, but Place gave no error", name)
			}
			if errors.Is(errs[id], dialer.ErrNotSent) && p.lab.Placed(p.Row(id)) != 0 {
				p.T.Errorf("%s was placed, but its result says that it was not", name)
			}
		default:
			p.T.Errorf("%s: %s (%v)", name, r.Disposition, errs[id])
		}
		if n := p.lab.Placed(p.Row(id)); n > 1 {
			p.T.Errorf("%s was asked for %d times", name, n)
		}
	}
	p.T.Logf("results: %v", count)
}
