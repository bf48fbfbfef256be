package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"runtime"
	"runtime/pprof"
	"strings"
	"sync"
	"time"
)

// benchSettle bounds how long the last calls and results may take.
const benchSettle = 3 * time.Minute

// run dials, measures, and lets the last calls end.
func (b *bench) run(ctx context.Context, signals <-chan os.Signal, say io.Writer) (report benchReport, err error) {
	ctx, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	var parts sync.WaitGroup
	defer parts.Wait()
	ended := make(chan struct{})
	parts.Go(func() {
		defer close(ended)
		if err := b.app.Run(ctx); err != nil {
			fail(err)
		}
	})
	parts.Go(func() {
		select {
		case <-signals:
			fail(errors.New("the measurement was interrupted"))
		case <-ended:
		}
	})
	defer func() {
		b.app.Drain()
		<-ended
		if cause := context.Cause(ctx); err != nil && cause != nil && ctx.Err() != nil {
			err = cause
		}
	}()
	if err := poll(ctx, 50*time.Millisecond, func() (bool, error) { return b.api.ready(ctx), nil }); err != nil {
		return report, fmt.Errorf("wait until the server is ready: %w", err)
	}
	start := time.Now()
	if err := b.load(ctx); err != nil {
		return report, fmt.Errorf("load the campaign: %w", err)
	}
	sayf(say, "%d customers loaded in %.1f s; warming up for %s, measuring for %s", b.entries(), time.Since(start).Seconds(), b.WarmUp, b.For)
	return b.measure(ctx, fail, say)
}

// measure runs the load and its readers, and takes the figures.
func (b *bench) measure(ctx context.Context, fail func(error), say io.Writer) (benchReport, error) {
	var readers sync.WaitGroup
	reading, stopReading := context.WithCancel(ctx)
	defer readers.Wait()
	defer stopReading()
	log := &tail{path: b.log(), meter: b.meter}
	readers.Go(func() {
		if err := log.run(reading); err != nil {
			fail(err)
		}
	})
	rest, err := b.restLoad(ctx)
	if err != nil {
		return benchReport{}, err
	}
	if err := b.api.do(ctx, http.MethodPut, "/ob/campaigns/"+b.campaign, map[string]any{"status": 1}, nil); err != nil {
		return benchReport{}, fmt.Errorf("start the campaign: %w", err)
	}
	if err := sleep(ctx, b.WarmUp); err != nil {
		return benchReport{}, err
	}
	loading, stopLoading := context.WithCancel(ctx)
	var load sync.WaitGroup
	load.Go(func() { rest.run(loading) })
	s, err := b.sample(ctx, log, say)
	stopLoading()
	load.Wait()
	if err != nil {
		return benchReport{}, err
	}
	report := b.report(s)
	report.REST.Failed = rest.failing.Load()
	if err := rest.last(); err != nil {
		report.REST.Error = err.Error()
	}
	lines, err := b.settle(ctx, log)
	if err != nil {
		return report, err
	}
	stopReading()
	readers.Wait()
	report.Lines = lines
	return report, b.audit(lines)
}

func (b *bench) restLoad(ctx context.Context) (*restLoad, error) {
	l := &restLoad{api: newClient(b.app.URL(), ""), meter: b.meter, rate: b.REST}
	l.api.http.Transport = &http.Transport{MaxIdleConnsPerHost: restAtOnce}
	b.down.add("reader", func() error { l.api.Close(); return nil })
	var campaign struct {
		List string `json:"dlma"`
	}
	if err := b.api.do(ctx, http.MethodGet, "/ob/campaigns/"+b.campaign, nil, &campaign); err != nil {
		return nil, err
	}
	var page struct {
		List []struct {
			UUID string `json:"uuid"`
		} `json:"list"`
	}
	if err := b.api.do(ctx, http.MethodGet, "/ob/dls?count=1&dlma_uuid="+campaign.List, nil, &page); err != nil {
		return nil, err
	}
	if len(page.List) == 0 {
		return nil, errors.New("the list is empty")
	}
	l.paths = b.restPaths(campaign.List, page.List[0].UUID)
	return l, nil
}

// sample takes figures at the beginning, then each b.Every until the end.
func (b *bench) sample(ctx context.Context, log *tail, say io.Writer) (*samples, error) {
	s, err := b.newSamples(ctx, log)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	if b.Heap != "" {
		if err := profileHeap(b.Heap + ".start"); err != nil {
			return nil, err
		}
	}
	if b.CPU != "" {
		stop, err := profileCPU(b.CPU)
		if err != nil {
			return nil, err
		}
		defer stop()
	}
	var out *os.File
	if b.Samples != "" {
		if out, err = os.Create(b.Samples); err != nil {
			return nil, err
		}
		defer func() { _ = out.Close() }()
	}
	tick := time.NewTicker(b.Every)
	defer tick.Stop()
	said := time.Now()
	for s.elapsed() < b.For {
		select {
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		case <-tick.C:
		}
		p, err := s.take(ctx)
		if err != nil {
			return nil, err
		}
		if out != nil {
			if err := p.write(out); err != nil {
				return nil, err
			}
		}
		if time.Since(said) >= 10*time.Second {
			said = time.Now()
			sayf(say, "%5.0f s  %6.1f dials/s  %5d calls open  %4d MB  answer committed p99 %.1f ms", p.At, p.Rate, p.Open, p.Memory>>20, p.Answer.P99)
		}
	}
	if b.Heap != "" {
		return s, profileHeap(b.Heap)
	}
	return s, nil
}

// settle stops the campaign and waits until every call has its line.
func (b *bench) settle(ctx context.Context, log *tail) (int64, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, benchSettle, errors.New("the last calls or their results did not come in time"))
	defer cancel()
	if err := b.api.do(ctx, http.MethodPut, "/ob/campaigns/"+b.campaign, map[string]any{"status": 0}, nil); err != nil {
		return 0, fmt.Errorf("stop the campaign: %w", err)
	}
	err := poll(ctx, 100*time.Millisecond, func() (bool, error) {
		var now stats
		var present struct {
			Status int `json:"status"`
		}
		if err := b.api.do(ctx, http.MethodGet, "/ob/campaigns/"+b.campaign, nil, &present); err != nil || present.Status != 0 {
			return false, err
		}
		if err := b.api.do(ctx, http.MethodGet, "/ob/campaigns/"+b.campaign+"/stats", nil, &now); err != nil {
			return false, err
		}
		return int64(now.dialed()) == log.lines.Load(), nil
	})
	return log.lines.Load(), err
}

// audit reads the log once more: no call may have two lines.
func (b *bench) audit(lines int64) error {
	sum, _, err := readReport(b.log())
	if err == nil && int64(sum.calls) != lines {
		err = fmt.Errorf("the result log has %d lines, the table has %d results", sum.calls, lines)
	}
	return err
}

// transactions is what Postgres itself has counted, and the bytes of its log.
type transactions struct{ made, wal int64 }

func readTransactions(ctx context.Context, db *sql.DB) (t transactions, err error) {
	err = db.QueryRowContext(ctx, `SELECT xact_commit + xact_rollback, CAST(pg_current_wal_lsn() - '0/0' AS bigint)
		FROM pg_stat_database WHERE datname = current_database()`).Scan(&t.made, &t.wal)
	return t, err
}

// openBeside opens a connection beside the server's own, nil where the
// database is not Postgres.
func (b *bench) openBeside() (*sql.DB, error) {
	url := b.app.settings.Database
	if !strings.HasPrefix(url, "postgres") {
		return nil, nil //nolint:nilnil // SQLite counts nothing
	}
	return sql.Open("pgx", url)
}

// sleep waits, and returns why it did not wait to the end.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
		return nil
	}
}

// profileCPU begins a profile of this process; stop ends it.
func profileCPU(path string) (stop func(), err error) {
	file, err := os.Create(path)
	if err != nil {
		return nil, err
	}
	if err := pprof.StartCPUProfile(file); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return func() {
		pprof.StopCPUProfile()
		_ = file.Close()
	}, nil
}

// profileHeap writes what is in use now.
func profileHeap(path string) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	runtime.GC() // what nobody needs any more is not in use
	return errors.Join(pprof.Lookup("heap").WriteTo(file, 0), file.Close())
}

func machine() string {
	return fmt.Sprintf("%s/%s, %d CPUs, %s", runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), runtime.Version())
}
