package main

import (
	"context"
	"math"
	"sync"
	"time"

	"github.com/outpace/outpace/dlma"
	"github.com/outpace/outpace/results"
	"github.com/outpace/outpace/scheduler"
)

// Durations are counted in buckets that grow by benchGrowth, from 1 µs to
// beyond ten minutes, so that any number of them takes the same room.
const (
	benchGrowth  = 1.04
	benchBuckets = 520
)

// histogram counts durations. Its owner keeps others away.
type histogram struct {
	n       int64
	highest time.Duration
	buckets [benchBuckets]int64
}

func (h *histogram) add(d time.Duration) {
	i := 0
	if us := float64(d) / float64(time.Microsecond); us > 1 {
		i = min(int(math.Log(us)/math.Log(benchGrowth)), benchBuckets-1)
	}
	h.n++
	h.buckets[i]++
	h.highest = max(h.highest, d)
}

func (h *histogram) merge(o *histogram) {
	h.n += o.n
	h.highest = max(h.highest, o.highest)
	for i, n := range o.buckets {
		h.buckets[i] += n
	}
}

// quantile is the duration that a share of all does not exceed, 0 of none.
func (h *histogram) quantile(share float64) time.Duration {
	rank := int64(math.Ceil(share * float64(h.n)))
	for i, n := range h.buckets {
		if rank -= n; rank <= 0 && n > 0 {
			return min(time.Duration(math.Pow(benchGrowth, float64(i+1))*float64(time.Microsecond)), h.highest)
		}
	}
	return 0
}

// What is timed.
const (
	timeAnswer = iota // from the event that a customer answered to its commit
	timeLog           // from the hang-up to its line in the log
	timeClaim         // a claim
	timeRecord        // a transaction that records calls
	timeREST          // a read by REST, from the moment when it was due
	timeKinds
)

// benchMeter times what happens in the engine.
type benchMeter struct {
	mu       sync.Mutex
	times    [timeKinds]histogram
	answered map[string]bool // calls whose answer is committed
}

func newBenchMeter() *benchMeter { return &benchMeter{answered: map[string]bool{}} }

func (m *benchMeter) took(kind int, d time.Duration) {
	m.mu.Lock()
	m.times[kind].add(d)
	m.mu.Unlock()
}

// take returns what was timed since it was last asked.
func (m *benchMeter) take() [timeKinds]histogram {
	m.mu.Lock()
	defer m.mu.Unlock()
	t := m.times
	m.times = [timeKinds]histogram{}
	return t
}

// watch returns s with its hot calls timed.
func (m *benchMeter) watch(s scheduler.Store) scheduler.Store { return watchedStore{s, m} }

type watchedStore struct {
	scheduler.Store
	meter *benchMeter
}

// Claim is the store's.
func (w watchedStore) Claim(ctx context.Context, gateway, lease string, pick dlma.Pick,
	build func(e dlma.Entry, number, try int) results.Dialing,
) ([]results.Dialing, error) {
	start := time.Now()
	list, err := w.Store.Claim(ctx, gateway, lease, pick, build)
	w.meter.took(timeClaim, time.Since(start))
	return list, err
}

// Record is the store's.
func (w watchedStore) Record(ctx context.Context, lease string, rows []results.Dialing, ended []results.Result) error {
	start := time.Now()
	err := w.Store.Record(ctx, lease, rows, ended)
	end := time.Now()
	w.meter.took(timeRecord, end.Sub(start))
	if err == nil {
		w.meter.recorded(end, rows, ended)
	}
	return err
}

// recorded times the answers that are now committed.
func (m *benchMeter) recorded(end time.Time, rows []results.Dialing, ended []results.Result) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, d := range rows {
		if !d.TmAnswer.IsZero() && !m.answered[d.UUID] {
			m.answered[d.UUID] = true
			m.times[timeAnswer].add(end.Sub(d.TmAnswer))
		}
	}
	for _, r := range ended {
		if !r.TmAnswer.IsZero() && !m.answered[r.UUID] {
			m.times[timeAnswer].add(end.Sub(r.TmAnswer))
		}
		delete(m.answered, r.UUID)
	}
}
