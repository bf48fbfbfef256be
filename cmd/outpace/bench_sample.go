package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"runtime"
	"runtime/metrics"
	"time"
)

// millis are the figures of some durations, in milliseconds.
type millis struct {
	N   int64   `json:"n"`
	P50 float64 `json:"p50_ms"`
	P99 float64 `json:"p99_ms"`
	Max float64 `json:"max_ms"`
}

func millisOf(h *histogram) millis {
	ms := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
	return millis{N: h.n, P50: ms(h.quantile(0.5)), P99: ms(h.quantile(0.99)), Max: ms(h.highest)}
}

// sample is what was seen in one stretch of time.
type sample struct {
	At         float64 `json:"at_s"` // its end, from the beginning of the measurement
	Dials      int64   `json:"dials"`
	Rate       float64 `json:"dials_per_s"`
	Open       int     `json:"open_calls"`
	Memory     int64   `json:"resident_bytes"`
	Heap       int64   `json:"heap_bytes"`
	Goroutines int     `json:"goroutines"`
	Files      int     `json:"files"`
	CPU        float64 `json:"engine_cpu"` // cores
	Answer     millis  `json:"answer_to_commit"`
	Log        millis  `json:"hangup_to_log"`
	Claim      millis  `json:"claim"`
	Record     millis  `json:"record"`
	REST       millis  `json:"rest"`
}

func (p sample) write(out io.Writer) error {
	if err := json.NewEncoder(out).Encode(p); err != nil {
		return fmt.Errorf("write figures: %w", err)
	}
	return nil
}

// totals are counters that only grow.
type totals struct {
	at                time.Time
	lines             int64
	engine, sim, base time.Duration // CPU time
	asked             struct{ transactions, statements int64 }
	postgres          transactions
	allocated         uint64
}

// samples gathers figures from one beginning on.
type samples struct {
	b           *bench
	log         *tail
	db          *sql.DB // nil = not Postgres
	first, last totals
	list        []sample
	times       [timeKinds]histogram
}

func (b *bench) newSamples(ctx context.Context, log *tail) (*samples, error) {
	s := &samples{b: b, log: log}
	var err error
	if s.db, err = b.openBeside(); err != nil {
		return nil, err
	}
	b.meter.take()
	s.first, err = s.read(ctx)
	s.last = s.first
	return s, err
}

// Close ends the connection to the database.
func (s *samples) Close() {
	if s.db != nil {
		_ = s.db.Close()
	}
}

func (s *samples) elapsed() time.Duration { return s.last.at.Sub(s.first.at) }

func (s *samples) read(ctx context.Context) (totals, error) {
	used := s.b.app.store.Usage()
	t := totals{at: time.Now(), lines: s.log.lines.Load(), engine: ownCPU(), sim: processCPU(s.b.sim.pid(), false)}
	t.asked.transactions, t.asked.statements = used.Transactions, used.Statements
	metric := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(metric)
	t.allocated = metric[0].Value.Uint64()
	if s.b.postgres != nil {
		t.base = processCPU(s.b.postgres.PID(), true)
	}
	if s.db == nil {
		return t, nil
	}
	var err error
	if t.postgres, err = readTransactions(ctx, s.db); err != nil {
		return t, fmt.Errorf("read what Postgres has counted: %w", err)
	}
	return t, nil
}

// take adds the figures since the last ones.
func (s *samples) take(ctx context.Context) (sample, error) {
	now, err := s.read(ctx)
	if err != nil {
		return sample{}, err
	}
	open := 0
	if live, ok, err := s.b.app.store.Live(ctx, s.b.campaign); err == nil && ok {
		open = live.Calls.Ringing + live.Calls.Waiting + live.Calls.Talking
	}
	times := s.b.meter.take()
	for i := range times {
		s.times[i].merge(&times[i])
	}
	metric := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(metric)
	took := now.at.Sub(s.last.at).Seconds()
	p := sample{
		At: now.at.Sub(s.first.at).Seconds(), Dials: now.lines - s.last.lines, Rate: float64(now.lines-s.last.lines) / took,
		Open: open, Memory: ownMemory(), Heap: int64(metric[0].Value.Uint64()), Goroutines: runtime.NumGoroutine(), Files: ownFiles(),
		CPU:    (now.engine - s.last.engine).Seconds() / took,
		Answer: millisOf(&times[timeAnswer]), Log: millisOf(&times[timeLog]), Claim: millisOf(&times[timeClaim]),
		Record: millisOf(&times[timeRecord]), REST: millisOf(&times[timeREST]),
	}
	s.last = now
	s.list = append(s.list, p)
	return p, nil
}
