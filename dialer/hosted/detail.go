package hosted

import (
	"context"
	"log/slog"
	"sync"
)

const (
	// detailTries is how often the details of a row are asked for.
	detailTries = 3
	// detailAtOnce is how many rows are asked for at once.
	detailAtOnce = 4
)

// detail has the rows that seem to be of our calls completed, where the kind
// can do that, and leaves out all others. Those whose details cannot be had yet
// are in the next answer as well, since their calls are open still.
func (g *Gateway) detail(ctx context.Context, rows []Row) []Row {
	detailer, ok := g.kind.PBX.(Detailer)
	if !ok {
		return rows
	}
	g.mu.Lock()
	calls := g.guess(rows)
	g.mu.Unlock()

	var kept []Row
	var mu sync.Mutex
	var work sync.WaitGroup
	slots := make(chan struct{}, detailAtOnce)
	for i, c := range calls {
		slots <- struct{}{}
		work.Go(func() {
			defer func() { <-slots }()
			row, err := detailer.Detail(ctx, c, rows[i])
			row.ID, row.CallID = rows[i].ID, rows[i].CallID // they are what it is known by
			if !g.tryLater(ctx, row.ID, err) {
				mu.Lock()
				defer mu.Unlock()
				kept = append(kept, row)
			}
		})
	}
	work.Wait()
	return kept
}

// tryLater reports whether a row has to wait for its details.
func (g *Gateway) tryLater(ctx context.Context, id string, err error) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if err != nil {
		g.misses[id]++
		if g.misses[id] < detailTries {
			return true
		}
		g.log.WarnContext(ctx, "the details of a call cannot be had", slog.Any("error", err))
	}
	delete(g.misses, id)
	return false
}

// guess finds the calls that match would give the rows to, by the rows' places
// in the list. It is called under the lock.
func (g *Gateway) guess(rows []Row) map[int]Live {
	found := map[int]Live{}
	taken := map[*flight]bool{}
	place := map[*Row]int{}
	var open []*Row
	for i := range rows {
		row := &rows[i]
		place[row] = i
		if _, done := g.used[row.key()]; done {
			continue
		}
		if f := g.byID(row.CallID); f != nil {
			found[i], taken[f] = f.live(), true
			continue
		}
		open = append(open, row)
	}
	for _, p := range g.pairs(open) {
		if _, twice := found[place[p.row]]; !twice && !taken[p.f] {
			found[place[p.row]], taken[p.f] = p.f.live(), true
		}
	}
	return found
}

func (f *flight) live() Live {
	return Live{Call: f.call, ID: f.id, Agent: f.agent, Number: f.number, Sent: f.sent}
}
