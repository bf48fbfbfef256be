package hosted

import (
	"context"
	"log/slog"
	"time"
)

const (
	// overlap is how much of the call log is read again.
	overlap = 20 * time.Second
	// aside is every how many looks calls are looked for that can hardly have
	// a row yet: their agents talk, or they began longer than longAgo ago.
	aside   = 5
	longAgo = 5 * time.Minute
)

// followRows reads the call log while calls are open.
func (g *Gateway) followRows(ctx context.Context) {
	for turn := 1; ; turn++ {
		began := time.Now()
		g.lookAtRows(ctx, turn)
		g.mu.Lock()
		pause := g.set.PollInterval
		if !g.link.up {
			pause = min(g.set.Down, g.set.MaxCall)
		}
		g.mu.Unlock()
		if !g.rest(ctx, began, pause, g.rowsNow) {
			return
		}
	}
}

func (g *Gateway) lookAtRows(ctx context.Context, turn int) {
	g.mu.Lock()
	g.rehear(time.Now())
	w, wanted := g.window(turn, time.Now())
	if !wanted {
		g.giveUp(time.Time{}, time.Now())
	}
	g.mu.Unlock()
	if !wanted {
		return
	}
	asked := time.Now()
	rows, err := g.kind.PBX.Rows(ctx, w)
	rows = g.detail(ctx, rows)
	if ctx.Err() != nil {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	now := time.Now()
	if err != nil {
		g.link.rows++
		g.log.Warn("the call log cannot be read", slog.Any("error", err))
		g.weaken(err)
		g.giveUp(time.Time{}, now)
		return
	}
	g.link.rows = 0
	g.match(rows, now)
	g.giveUp(asked, now)
	if g.link.connected {
		g.rise(now)
	}
}

// window is what has to be read of the call log for the calls that may have a
// row by now; false if there are none.
func (g *Gateway) window(turn int, now time.Time) (Window, bool) {
	c := g.clock()
	var from, ended time.Time
	all := turn%aside == 0 || !g.link.up
	for _, f := range g.book.flights {
		if f.placing || !all && !g.mayHaveRow(f, now) {
			continue
		}
		if from.IsZero() || f.sent.Before(from) {
			from = f.sent
		}
		last := f.sent // it had not ended then
		if f.busy.After(last) {
			last = f.busy
		}
		if ended.IsZero() || last.Before(ended) {
			ended = last
		}
	}
	switch {
	case !from.IsZero():
	case g.link.rows > 0:
		from, ended = now, now // to see whether it works again
	default:
		return Window{}, false
	}
	back := c.ahead - c.slack - overlap
	return Window{From: from.Add(back), To: now.Add(c.ahead + c.slack + overlap), EndedFrom: ended.Add(back)}, true
}

// mayHaveRow reports whether a call may have ended.
func (g *Gateway) mayHaveRow(f *flight, now time.Time) bool {
	if f.stage >= Over || !f.free.IsZero() {
		return true
	}
	s := g.book.seats[f.agent]
	if s == nil || s.State == Unseen || s.seen.Before(f.placed) {
		return now.Sub(f.sent) < longAgo
	}
	return s.State == Free || s.State == Away
}
