package scheduler

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"
)

const (
	ledgerLease = "results"
	ledgerBatch = 1000
	ledgerPause = time.Second // between looks when nobody pokes, and after an error
	// ledgerGap is the least time between two rounds, so that under load many
	// results share one. It is not waited for when the last round is longer ago.
	ledgerGap = 200 * time.Millisecond
	// ledgerLimit bounds the wait for the database in one step.
	ledgerLimit = 15 * time.Second
)

// ledger numbers committed results and appends them to the log, in order and
// each once. The engine that holds the lease "results" does it.
type ledger struct {
	cfg   Config
	log   *slog.Logger
	trust trust
	wake  chan struct{}
	// renewed is when the attempt began that got or renewed this term's lease.
	renewed time.Time
	err     atomic.Pointer[error]
	// written counts rounds that found nothing more to do, pokes what has
	// come since: equal when all that was committed is in the log.
	pokes, written atomic.Int64
}

func newLedger(cfg Config) *ledger {
	return &ledger{cfg: cfg, log: cfg.Logger, trust: trust{exclusive: cfg.Exclusive, now: cfg.Clock}, wake: make(chan struct{}, 1)}
}

// poke says that results were committed. It never blocks.
func (l *ledger) poke() {
	l.pokes.Add(1)
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// settled reports that every result committed before the last poke is in the
// log, or that another engine writes it.
func (l *ledger) settled() bool { return l.written.Load() >= l.pokes.Load() }

// health is what keeps the log from being written; nil if nothing does.
func (l *ledger) health() error {
	if e := l.err.Load(); e != nil {
		return *e
	}
	return nil
}

func (l *ledger) setHealth(err error) {
	old := l.health()
	if err == nil {
		l.err.Store(nil)
		if old != nil {
			l.log.Info("the result log can be written again")
		}
		return
	}
	l.err.Store(&err)
	if old == nil || old.Error() != err.Error() {
		l.log.Error("the result log cannot be written; no new calls are placed", slog.Any("error", err))
	}
}

// run holds the lease while it can and writes, until ctx ends; what was
// committed by then is written first.
func (l *ledger) run(ctx context.Context) {
	for ctx.Err() == nil {
		token, ok, err := l.acquire(ctx)
		if err == nil && ok {
			err = l.term(ctx, token)
			l.trust.end()
			release, cancel := context.WithTimeout(context.WithoutCancel(ctx), leaseMargin)
			if rerr := l.cfg.Store.Release(release, ledgerLease, token); rerr != nil {
				l.log.Warn("lease of the results not given back; it will run out", slog.Any("error", rerr))
			}
			cancel()
		}
		switch {
		case err == nil && !ok:
			l.setHealth(nil) // somebody else writes his log
			l.written.Store(l.pokes.Load())
		case err != nil && ctx.Err() == nil:
			l.setHealth(err)
		}
		if !pause(ctx, ledgerPause) {
			return
		}
	}
}

// acquire takes or renews the lease, and relies on it from then on.
func (l *ledger) acquire(ctx context.Context) (token string, ok bool, err error) {
	attempt := l.cfg.Clock()
	ctx, cancel := context.WithTimeout(ctx, leaseTTL)
	defer cancel()
	token, ok, err = l.cfg.Store.Acquire(ctx, ledgerLease, l.cfg.Holder, leaseTTL)
	if err == nil && ok {
		l.renewed = attempt
		l.trust.extend(attempt)
	}
	return token, ok, err
}

// renew keeps the lease of a term while there is work in it.
func (l *ledger) renew(ctx context.Context, token string) error {
	if l.cfg.Clock().Sub(l.renewed) < leasePeriod {
		return nil
	}
	switch now, ok, err := l.acquire(ctx); {
	case err != nil:
		return fmt.Errorf("renew the lease of the results: %w", err)
	case !ok || now != token:
		l.trust.end() // in this term
		return errNewTerm
	}
	return nil
}

var errNewTerm = errors.New("the lease of the results has a new term")

// term writes for one term of the lease. It returns nil when ctx ends.
func (l *ledger) term(ctx context.Context, token string) (err error) {
	if err := l.cfg.Log.Lock(); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.cfg.Log.Unlock()) }()
	last, err := l.resume(ctx)
	if err != nil {
		return err
	}
	tick := time.NewTicker(ledgerPause)
	defer tick.Stop()
	for {
		began := time.Now()
		if last, err = l.round(ctx, token, last); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			// The caller's work is done: nothing more is committed.
			final, cancel := context.WithTimeout(context.WithoutCancel(ctx), closing)
			_, err := l.round(final, token, last)
			cancel()
			return err
		case <-tick.C:
		case <-l.wake:
			// An end cuts this short; the select above then sees it.
			pause(ctx, ledgerGap-time.Since(began))
		}
	}
}

// resume finds out how far the log got. A log whose last line is not the row
// with its number belongs to another database and is moved aside.
func (l *ledger) resume(ctx context.Context) (int64, error) {
	ctx, cancel := context.WithTimeout(ctx, ledgerLimit)
	defer cancel()
	stored, err := l.cfg.Store.Logged(ctx, l.cfg.Host)
	if err != nil {
		return 0, fmt.Errorf("read how far the result log got: %w", err)
	}
	seq, id := l.cfg.Log.Last()
	if seq == 0 {
		return stored, nil
	}
	rows, err := l.cfg.Store.Numbered(ctx, seq-1, 1)
	if err != nil {
		return 0, fmt.Errorf("read the result of the log's last line: %w", err)
	}
	if len(rows) == 1 && rows[0].Seq == seq && rows[0].UUID == id {
		return max(stored, seq), nil
	}
	l.log.Warn("the result log belongs to another database; it is moved aside", slog.Int64("last_seq", seq))
	if err := l.cfg.Log.MoveAside(); err != nil {
		return 0, fmt.Errorf("move the foreign result log aside: %w", err)
	}
	return stored, nil
}

// round numbers and writes all that is committed and returns the last number
// written. It may take minutes, where the log of this host is far behind, and
// nobody has to wait for that: the log can be written.
func (l *ledger) round(ctx context.Context, token string, last int64) (int64, error) {
	pokes := l.pokes.Load()
	for {
		if err := l.renew(ctx, token); err != nil {
			return last, l.unlessEnding(ctx, err)
		}
		if !l.trust.holds() {
			return last, errNewTerm
		}
		next, more, err := l.step(ctx, token, last)
		last = next
		if err != nil {
			return last, l.unlessEnding(ctx, err)
		}
		l.setHealth(nil)
		if !more {
			l.written.Store(pokes)
			return last, nil
		}
	}
}

// step numbers and writes one batch.
func (l *ledger) step(ctx context.Context, token string, last int64) (next int64, more bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, ledgerLimit)
	defer cancel()
	numbered, err := l.cfg.Store.Number(ctx, token, ledgerBatch)
	if err != nil {
		return last, false, fmt.Errorf("number results: %w", err)
	}
	rows, err := l.cfg.Store.Numbered(ctx, last, ledgerBatch)
	if err != nil {
		return last, false, fmt.Errorf("read results: %w", err)
	}
	if len(rows) > 0 {
		if err := l.cfg.Log.Append(rows); err != nil {
			return last, false, err
		}
		last = rows[len(rows)-1].Seq
		// If this fails, the file itself tells at the next start.
		if err := l.cfg.Store.SetLogged(ctx, l.cfg.Host, last); err != nil {
			return last, false, fmt.Errorf("store how far the result log got: %w", err)
		}
	}
	return last, numbered == ledgerBatch || len(rows) == ledgerBatch, nil
}

// unlessEnding drops errors that come only from ctx having ended.
func (l *ledger) unlessEnding(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return err
}
