package hosted

import (
	"time"

	"github.com/outpace/outpace/dialer"
)

// newsMost bounds the news that are kept.
const newsMost = 4096

// keptNews waits for the call that it is about.
type keptNews struct {
	News

	at time.Time // when it came
}

// hear takes in news. What is about no call that we know is kept: it may have
// overtaken the answer to the request.
func (g *Gateway) hear(list []News) {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := time.Now()
	for _, n := range list {
		if !g.apply(n, now) && len(g.news) < newsMost {
			g.news = append(g.news, keptNews{n, now})
		}
	}
}

// rehear looks whether kept news are about a call that is known now.
func (g *Gateway) rehear(now time.Time) {
	kept := g.news
	g.news = nil
	for _, n := range kept {
		if now.Sub(n.at) < g.set.Grace && !g.apply(n.News, now) {
			g.news = append(g.news, n)
		}
	}
}

// apply reports whether it knew the call, or that it is done with.
func (g *Gateway) apply(n News, now time.Time) bool {
	if _, done := g.used[callKey(n.CallID)]; n.CallID != "" && done {
		return true
	}
	if n.Row != nil {
		if _, done := g.used[n.Row.key()]; done {
			return true
		}
	}
	f := g.about(n)
	if f == nil {
		return false
	}
	if f.id == "" && n.CallID != "" {
		f.id = n.CallID
		g.tellName(f, now)
	}
	if n.Row != nil {
		g.assign(f, n.Row, now)
		return true
	}
	g.advance(f, n.Stage, now)
	return true
}

// about finds the call: by the PBX's name, or the one call of that agent to
// that number whose name is not known, though its request is over.
func (g *Gateway) about(n News) *flight {
	if f := g.byID(n.CallID); f != nil {
		return f
	}
	if n.Number == "" {
		return nil
	}
	c := g.clock()
	var found *flight
	for _, f := range g.book.flights {
		switch {
		case f.placing, f.id != "" && n.CallID != "", Number(f.number) != Number(n.Number):
		case n.Agent != "" && f.agent != "" && n.Agent != f.agent:
		case !n.At.IsZero() && n.At.Add(-c.ahead).Before(f.sent.Add(-c.slack)):
		case found != nil:
			return nil // it may be either one's
		default:
			found = f
		}
	}
	return found
}

// advance takes a call to a stage, never back.
func (g *Gateway) advance(f *flight, stage Stage, now time.Time) {
	if stage <= f.stage {
		return
	}
	f.stage = stage
	g.out.put(dialer.Event{Kind: dialer.CallDialing, At: now, Call: f.call, Channel: f.id})
	if s := g.book.seats[f.agent]; s != nil && s.flight == f {
		g.tellAgent(s, now)
	}
	if stage < Over {
		return
	}
	if f.free.IsZero() && !f.placing {
		f.free = now
	}
	poke(g.rowsNow)
	poke(g.agentsNow)
}
