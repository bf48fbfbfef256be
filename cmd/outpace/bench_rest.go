package main

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// restLoad reads by REST at a fixed rate. What is late is not left out: the
// time of a read counts from the moment when it was due.
type restLoad struct {
	api   *client
	meter *benchMeter
	rate  int
	paths []string

	mu      sync.Mutex
	failed  error
	failing atomic.Int64
}

// restAtOnce bounds the reads that wait for an answer.
const restAtOnce = 256

// run reads until ctx ends.
func (l *restLoad) run(ctx context.Context) {
	if l.rate == 0 {
		return
	}
	due := make(chan restRead, restAtOnce)
	var readers sync.WaitGroup
	for range min(restAtOnce, max(l.rate/4, 2)) {
		readers.Go(func() {
			for r := range due {
				l.read(ctx, r)
			}
		})
	}
	defer readers.Wait()
	defer close(due)
	period := time.Second / time.Duration(l.rate)
	tick := time.NewTicker(max(period, time.Millisecond))
	defer tick.Stop()
	next, n := time.Now(), 0
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-tick.C:
			for ; !next.After(now); next = next.Add(period) {
				select {
				case due <- restRead{next, l.paths[n%len(l.paths)]}:
					n++
				case <-ctx.Done():
					return
				}
			}
		}
	}
}

// restRead is one read that is due.
type restRead struct {
	due  time.Time
	path string
}

func (l *restLoad) read(ctx context.Context, r restRead) {
	// Only read, or taking the answers apart would be a good part of the load.
	err := l.api.drain(ctx, r.path)
	if ctx.Err() != nil {
		return
	}
	l.meter.took(timeREST, time.Since(r.due))
	if err != nil {
		l.failing.Add(1)
		l.mu.Lock()
		l.failed = err
		l.mu.Unlock()
	}
}

// last is the error of a read that failed last; nil if none has.
func (l *restLoad) last() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.failed
}

// restPaths are what a page that shows the dialing asks for.
func (b *bench) restPaths(list, entry string) []string {
	return []string{
		"/ob/campaigns/" + b.campaign + "/stats",
		"/ob/campaigns/" + b.campaign,
		"/ob/campaigns",
		"/ob/dlmas/" + list,
		"/ob/dls/" + entry,
		"/ob/dls?dlma_uuid=" + list + "&count=100",
		"/ob/dialings?count=100",
		"/ob/results?count=100&campaign=" + b.campaign,
		"/ob/plans",
		"/ob/destinations",
	}
}
