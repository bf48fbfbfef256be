package main

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// benchReport is what was seen. Figures a dial are of finished ones.
type benchReport struct {
	Machine  string  `json:"machine"`
	Database string  `json:"database"`
	Seconds  float64 `json:"seconds"`
	Entries  int     `json:"entries"`
	Dials    int64   `json:"dials"`
	Rate     float64 `json:"dials_per_s"`
	Slowest  float64 `json:"slowest_10s_dials_per_s"` // of any ten seconds
	Open     struct {
		Median int `json:"median"`
		Most   int `json:"most"`
	} `json:"open_calls"`
	Memory     int64 `json:"resident_bytes_most"`
	Heap       int64 `json:"heap_bytes_most"`
	Goroutines int   `json:"goroutines_most"`
	Files      int   `json:"files_most"`

	PerDial struct {
		Transactions float64 `json:"transactions"` // as the store counts them
		Postgres     float64 `json:"postgres_transactions"`
		Statements   float64 `json:"statements"`
		WAL          float64 `json:"wal_bytes"`
		Allocated    float64 `json:"allocated_bytes"`
		EngineCPU    float64 `json:"engine_cpu_ms"`
		PostgresCPU  float64 `json:"postgres_cpu_ms"`
		SimCPU       float64 `json:"simulator_cpu_ms"`
	} `json:"per_dial"`
	Cores struct {
		Engine   float64 `json:"engine"`
		Postgres float64 `json:"postgres"` // 0 = not ours, not known
		Sim      float64 `json:"simulator"`
	} `json:"cores"`

	Answer millis `json:"answer_to_commit"`
	Log    millis `json:"hangup_to_log"`
	Claim  millis `json:"claim"`
	Record millis `json:"record"`
	REST   struct {
		millis
		Asked  int    `json:"asked_per_s"`
		Failed int64  `json:"failed"`
		Error  string `json:"error,omitempty"`
	} `json:"rest"`
	Lines int64 `json:"lines"` // of the result log in the end, warm-up and last calls included

	samples []sample
}

func (b *bench) report(s *samples) benchReport {
	first, last := s.first, s.last
	seconds := last.at.Sub(first.at).Seconds()
	dials := last.lines - first.lines
	each := func(v float64) float64 { return v / max(float64(dials), 1) }
	r := benchReport{
		Machine: machine(), Database: databaseName(b.app.settings.Database), Seconds: seconds, Entries: b.entries(),
		Dials: dials, Rate: float64(dials) / seconds, Slowest: slowest(s.list, 10),
		Answer: millisOf(&s.times[timeAnswer]), Log: millisOf(&s.times[timeLog]),
		Claim: millisOf(&s.times[timeClaim]), Record: millisOf(&s.times[timeRecord]), samples: s.list,
	}
	var open []int
	for _, p := range s.list {
		open = append(open, p.Open)
		r.Memory, r.Heap = max(r.Memory, p.Memory), max(r.Heap, p.Heap)
		r.Goroutines, r.Files = max(r.Goroutines, p.Goroutines), max(r.Files, p.Files)
	}
	slices.Sort(open)
	if len(open) > 0 {
		r.Open.Median, r.Open.Most = open[len(open)/2], open[len(open)-1]
	}
	d := &r.PerDial
	d.Transactions = each(float64(last.asked.transactions - first.asked.transactions))
	d.Statements = each(float64(last.asked.statements - first.asked.statements))
	d.Postgres = each(float64(last.postgres.made - first.postgres.made))
	d.WAL = each(float64(last.postgres.wal - first.postgres.wal))
	d.Allocated = each(float64(last.allocated - first.allocated))
	r.Cores.Engine = (last.engine - first.engine).Seconds() / seconds
	r.Cores.Postgres = (last.base - first.base).Seconds() / seconds
	r.Cores.Sim = (last.sim - first.sim).Seconds() / seconds
	d.EngineCPU = each(1000 * seconds * r.Cores.Engine)
	d.PostgresCPU = each(1000 * seconds * r.Cores.Postgres)
	d.SimCPU = each(1000 * seconds * r.Cores.Sim)
	r.REST.millis, r.REST.Asked = millisOf(&s.times[timeREST]), b.REST
	return r
}

// slowest is the least rate over any stretch of at least so many seconds.
func slowest(list []sample, seconds float64) float64 {
	least, found := 0.0, false
	for i := range list {
		from := 0.0
		if i > 0 {
			from = list[i-1].At
		}
		var dials int64
		for _, p := range list[i:] {
			dials += p.Dials
			if took := p.At - from; took >= seconds-0.01 {
				if rate := float64(dials) / took; !found || rate < least {
					least, found = rate, true
				}
				break
			}
		}
	}
	return least
}

// print writes the figures as a table.
func (r benchReport) print(out io.Writer) {
	const mib = 1 << 20
	row := func(name, format string, values ...any) {
		sayf(out, "  %-34s "+format, append([]any{name}, values...)...)
	}
	sayf(out, "\n%s, database %s, %d customers, %.0f s", r.Machine, r.Database, r.Entries, r.Seconds)
	row("finished dials a second", "%.1f (of any ten seconds at least %.1f)", r.Rate, r.Slowest)
	row("calls at once", "median %d, at most %d", r.Open.Median, r.Open.Most)
	row("memory of the engine's process", "%d MB resident at most, %d MB heap", r.Memory/mib, r.Heap/mib)
	row("goroutines, files", "%d, %d at most", r.Goroutines, r.Files)
	d := r.PerDial
	row("transactions a dial", "%.3f (Postgres itself counted %.3f)", d.Transactions, d.Postgres)
	row("statements a dial", "%.3f", d.Statements)
	row("write-ahead log a dial", "%.0f bytes", d.WAL)
	row("allocated a dial", "%.0f bytes", d.Allocated)
	row("CPU a dial", "engine %.2f ms, Postgres %.2f ms, simulator %.2f ms", d.EngineCPU, d.PostgresCPU, d.SimCPU)
	row("cores", "engine %.2f, Postgres %.2f, simulator %.2f", r.Cores.Engine, r.Cores.Postgres, r.Cores.Sim)
	for _, t := range []struct {
		name string
		m    millis
	}{
		{"answer until its commit", r.Answer}, {"hang-up until its line in the log", r.Log},
		{"claim", r.Claim}, {"transaction of results", r.Record}, {fmt.Sprintf("REST, %d reads a second", r.REST.Asked), r.REST.millis},
	} {
		if t.m.N > 0 {
			row(t.name, "median %.1f ms, p99 %.1f ms, at most %.1f ms (%d)", t.m.P50, t.m.P99, t.m.Max, t.m.N)
		}
	}
	row("lines of the log, each call once", "%d", r.Lines)
}

// verdict is an error if reads by REST have failed, or a figure is not what was wanted.
func (r benchReport) verdict(want benchWanted) error {
	var missed []error
	miss := func(format string, values ...any) { missed = append(missed, fmt.Errorf(format, values...)) }
	if r.REST.Failed > 0 {
		miss("%d reads by REST failed, the last one so: %s", r.REST.Failed, strings.TrimSpace(r.REST.Error))
	}
	if r.Rate < want.Rate {
		miss("%.1f finished dials a second, wanted %g", r.Rate, want.Rate)
	}
	if want.Memory > 0 && r.Memory == 0 {
		miss("the resident memory cannot be read on this system")
	}
	if want.Memory > 0 && r.Memory > want.Memory<<20 {
		miss("%d MB resident, wanted at most %d", r.Memory>>20, want.Memory)
	}
	// What the database counts includes work of its own.
	if want.Transactions > 0 && max(r.PerDial.Transactions, r.PerDial.Postgres) > want.Transactions {
		miss("%.3f transactions a dial (Postgres itself counted %.3f), wanted at most %g", r.PerDial.Transactions, r.PerDial.Postgres, want.Transactions)
	}
	within := func(what string, seen millis, limit time.Duration) {
		switch {
		case limit == 0:
		case seen.N == 0:
			miss("no %s was measured", what)
		case seen.P99 > float64(limit.Microseconds())/1000:
			miss("99 of 100 took up to %.1f ms for the %s, wanted %s", seen.P99, what, limit)
		}
	}
	within("commit of an answer", r.Answer, want.Answer)
	within("read by REST", r.REST.millis, want.REST)
	return errors.Join(missed...)
}
