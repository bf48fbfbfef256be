package hosted

import (
	"slices"
	"time"

	"github.com/outpace/outpace/dialer"
	"github.com/outpace/outpace/results"
)

const (
	// ringMost is how long after the request a call may begin, by its row:
	// some logs have the customer's part of the call only, which begins when
	// the agent has picked up.
	ringMost = 3 * time.Minute
	// slack is how far times of a PBX and ours may be apart once the skew of
	// its clock is known, and slackBlind while it is not.
	slack      = 10 * time.Second
	slackBlind = 5 * time.Minute
)

// clock turns times of the PBX into ours.
type clock struct {
	ahead time.Duration // of ours
	slack time.Duration
}

func (g *Gateway) clock() clock {
	if ahead, known := g.client.Skew(); known {
		return clock{ahead, slack}
	}
	return clock{0, slackBlind}
}

// ours is a time of the PBX by our clock: of two readings, the one that is
// closer to near.
func (c clock) ours(i Instant, near time.Time) time.Time {
	if i.IsZero() {
		return time.Time{}
	}
	return i.Near(near.Add(c.ahead)).Add(-c.ahead)
}

// pair is a row that may be a call's.
type pair struct {
	f        *flight
	row      *Row
	distance time.Duration
}

// match gives rows to calls, each row and each call once, and ends these
// calls. It is called under the lock.
func (g *Gateway) match(rows []Row, now time.Time) {
	var open []*Row
	for i := range rows {
		row := &rows[i]
		if _, done := g.used[row.key()]; done {
			continue
		}
		if f := g.byID(row.CallID); f != nil {
			g.named = true
			g.assign(f, row, now)
			continue
		}
		if _, done := g.used[callKey(row.CallID)]; row.CallID != "" && done {
			g.used[row.key()] = now
			continue
		}
		open = append(open, row)
	}
	for _, p := range g.pairs(open) {
		if _, done := g.used[p.row.key()]; !done && g.book.flights[p.f.call] == p.f {
			g.assign(p.f, p.row, now)
		}
	}
}

// key names a row among those that are done with.
func (r *Row) key() string { return "row " + r.ID }

func callKey(id string) string { return "call " + id }

func (g *Gateway) byID(id string) *flight {
	if id == "" {
		return nil
	}
	for _, f := range g.book.flights {
		if f.id == id {
			return f
		}
	}
	return nil
}

// pairs are the rows and calls that fit by agent, number and time, the best first.
func (g *Gateway) pairs(rows []*Row) []pair {
	c := g.clock()
	var list []pair
	for _, row := range rows {
		for _, f := range g.book.flights {
			if d, ok := g.fits(f, row, c); ok {
				list = append(list, pair{f, row, d})
			}
		}
	}
	slices.SortStableFunc(list, func(a, b pair) int { return int(a.distance - b.distance) })
	return list
}

// fits reports whether a row may be a call's, and how far its beginning is
// from the request.
func (g *Gateway) fits(f *flight, row *Row, c clock) (time.Duration, bool) {
	switch {
	case f.placing: // its name is on its way
	case f.agent != "" && row.Agent != "" && f.agent != row.Agent:
	case Number(f.number) != Number(row.Number):
	case g.named && f.id != "" && row.CallID != "": // names decide
	default:
		began := c.ours(row.Start, f.sent)
		if began.Before(f.sent.Add(-c.slack)) || began.After(f.sent.Add(ringMost+c.slack)) {
			return 0, false
		}
		if end := row.end(c, f.sent); end.Before(f.sent.Add(-2*time.Second)) && c.slack == slack {
			return 0, false // it was over before this call began
		}
		return began.Sub(f.sent).Abs(), true
	}
	return 0, false
}

// end is when the call ended, by our clock.
func (r *Row) end(c clock, near time.Time) time.Time {
	if end := c.ours(r.End, near.Add(r.Duration)); !end.IsZero() {
		return end
	}
	return c.ours(r.Start, near).Add(r.Duration)
}

// assign ends a call with its row.
func (g *Gateway) assign(f *flight, row *Row, now time.Time) {
	c := g.clock()
	g.used[row.key()] = now
	o := row.Outcome
	o.End = between(f.sent, row.end(c, f.sent), now)
	if o.Disposition == results.Answered {
		o.Answer = c.ours(row.Answer, f.sent)
		if o.Answer.IsZero() {
			o.Answer = o.End.Add(-o.Talk)
		}
		o.Answer = between(f.sent, o.Answer, o.End)
	}
	g.end(f, row.Agent, o, now)
}

// between moves t to the nearest time from least to most.
func between(least, t, most time.Time) time.Time {
	if t.Before(least) {
		t = least
	}
	if t.After(most) {
		t = most
	}
	return t
}

// end reports what became of a call and sets its agent free. It is called
// under the lock, and may be called for a call that was dropped already.
func (g *Gateway) end(f *flight, agent string, o dialer.Outcome, now time.Time) {
	if f.id != "" {
		g.used[callKey(f.id)] = now
	}
	if f.agent == "" {
		f.agent = agent
	}
	since := now // he has to be seen free after this
	if !f.free.IsZero() {
		since = f.free
	}
	s := g.book.drop(f, since)
	e := dialer.Event{Kind: dialer.CallEnded, At: now, Call: f.call, Agent: f.agent, Outcome: &o}
	if f.agent != "" {
		g.out.put(dialer.Event{Kind: dialer.CallAgentRung, At: now, Call: f.call, Agent: f.agent, Channel: g.channel(f)})
	}
	g.out.put(e)
	if s == nil {
		return
	}
	if o.Disposition == results.Answered {
		s.ended, s.endedIn = o.End, f.pool
	}
	g.tellAgent(s, now)
	poke(g.agentsNow)
}

// giveUp ends the calls that have waited long enough for a row. read is when
// the call log was last asked for with success, zero if it was not now.
func (g *Gateway) giveUp(read, now time.Time) {
	for _, f := range g.book.flights {
		var why string
		switch {
		case f.placing:
			continue
		case now.Sub(f.sent) >= g.set.MaxCall:
			why = "No record of the call until max_call_s"
		case !f.free.IsZero() && !read.IsZero() && !read.Before(f.free.Add(g.set.Grace)):
			why = "No record of the call, though its agent is free"
		default:
			continue
		}
		g.end(f, "", dialer.Outcome{Disposition: results.Unknown, Detail: why}, now)
	}
	for key, since := range g.used {
		if now.Sub(since) > g.set.MaxCall+time.Hour {
			delete(g.used, key)
		}
	}
}
