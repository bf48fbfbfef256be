package scheduler

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/outpace/outpace/results"
)

const (
	// groupWait is how long a write waits for others to share its transaction,
	// counted from the first of them, so that what came while a transaction was
	// under way does not wait longer.
	groupWait = 20 * time.Millisecond
	// groupMost bounds a transaction.
	groupMost = 500
	// retryFirst and retryMost bound the pause after a write that failed.
	retryFirst = 50 * time.Millisecond
	retryMost  = 2 * time.Second
	// recordLimit bounds one attempt. What was cut off is written again, which
	// is harmless.
	recordLimit = 15 * time.Second
)

// recorder writes calls to the database, many in one transaction. It keeps
// what could not be written and tries again: while the database is away no new
// call is claimed, so what it holds is bounded by the open calls.
type recorder struct {
	store Calls
	lease string
	log   *slog.Logger
	done  func(uuids []string) // results committed; called from the recorder's goroutine

	mu     sync.Mutex
	rows   map[string]results.Dialing // latest of each call
	ended  []results.Result
	since  time.Time     // when the first of these came
	closed chan struct{} // closed by close: write what there is, then end
	idle   chan struct{} // closed when run has ended
	wake   chan struct{}
}

func newRecorder(store Calls, lease string, log *slog.Logger, done func([]string)) *recorder {
	return &recorder{
		store: store, lease: lease, log: log, done: done,
		rows: map[string]results.Dialing{}, closed: make(chan struct{}), idle: make(chan struct{}),
		wake: make(chan struct{}, 1),
	}
}

// row takes the present live row of a call. It never blocks.
func (r *recorder) row(d results.Dialing) {
	r.mu.Lock()
	r.first()
	r.rows[d.UUID] = d
	r.mu.Unlock()
	r.poke()
}

// end takes the result of a call. It never blocks.
func (r *recorder) end(res results.Result) {
	r.mu.Lock()
	r.first()
	delete(r.rows, res.UUID)
	r.ended = append(r.ended, res)
	r.mu.Unlock()
	r.poke()
}

// first notes when what waits has begun to.
func (r *recorder) first() {
	if len(r.rows) == 0 && len(r.ended) == 0 {
		r.since = time.Now()
	}
}

func (r *recorder) poke() {
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// close writes what is still there, for at most the time given.
func (r *recorder) close(most time.Duration) {
	close(r.closed)
	t := time.NewTimer(most)
	defer t.Stop()
	select {
	case <-r.idle:
	case <-t.C:
		r.log.Warn("not all calls could be written down; they will be looked up at the next start")
	}
}

func (r *recorder) run(ctx context.Context) {
	defer close(r.idle)
	for {
		var closing bool
		select {
		case <-ctx.Done():
			return
		case <-r.closed:
			closing = true
		case <-r.wake:
			closing = !r.gather(ctx)
		}
		if !r.flush(ctx, closing) || closing {
			return
		}
	}
}

// gather waits a moment for more; it reports false when the recorder is closing.
func (r *recorder) gather(ctx context.Context) bool {
	wait := r.wait()
	if wait <= 0 {
		return true
	}
	t := time.NewTimer(wait)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-r.closed:
		return false
	case <-t.C:
		return true
	}
}

// wait is how long the first of what waits may still wait for others.
func (r *recorder) wait() time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.rows) >= groupMost || len(r.ended) >= groupMost {
		return 0
	}
	return groupWait - time.Since(r.since)
}

// flush writes what has waited long enough, or all there is; it reports false
// when ctx has ended.
func (r *recorder) flush(ctx context.Context, all bool) bool {
	wait := retryFirst
	for {
		rows, ended := r.next()
		if len(rows) == 0 && len(ended) == 0 {
			return true
		}
		for {
			attempt, cancel := context.WithTimeout(ctx, recordLimit)
			err := r.store.Record(attempt, r.lease, rows, ended)
			cancel()
			if err == nil {
				break
			}
			if ctx.Err() != nil {
				return false
			}
			r.log.Error("calls could not be written, will be tried again",
				slog.Int("calls", len(rows)), slog.Int("results", len(ended)), slog.Any("error", err))
			if !pause(ctx, wait) {
				return false
			}
			wait = min(2*wait, retryMost)
		}
		wait = retryFirst
		if len(ended) > 0 {
			uuids := make([]string, len(ended))
			for i, e := range ended {
				uuids[i] = e.UUID
			}
			r.done(uuids)
		}
		if !all && r.wait() > 0 {
			r.poke() // what is left, or came meanwhile, waits for others again
			return true
		}
	}
}

// next takes out what the next transaction writes.
func (r *recorder) next() ([]results.Dialing, []results.Result) {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := min(len(r.ended), groupMost)
	ended := r.ended[:n:n]
	r.ended = r.ended[n:]
	rows := make([]results.Dialing, 0, min(len(r.rows), groupMost))
	for id, d := range r.rows {
		if len(rows) == groupMost {
			break
		}
		rows = append(rows, d)
		delete(r.rows, id)
	}
	return rows, ended
}
