package scheduler

import (
	"context"
	"time"
)

// taskLimit bounds the wait for a database or a PBX that has gone without
// closing its connections: without an end, tasks would pile up.
const taskLimit = 30 * time.Second

// task takes time: it asks the database or the PBX. What it returns, if not
// nil, runs in the loop that has begun it.
type task func(ctx context.Context) func()

// executor runs tasks beside a loop.
type executor interface {
	// run calls t at a time, at once if that is zero or over, or when its
	// context ends; the loop calls what t returns.
	run(at time.Time, t task)
}

// goroutines run each task in one of its own and send what comes back to the
// inbox of a loop, which reads it until the last task has ended.
type goroutines struct {
	ctx   context.Context //nolint:containedctx // the loop's; tasks end with it
	inbox chan<- func()
	now   func() time.Time
}

func (g goroutines) run(at time.Time, t task) {
	wait := time.Duration(0)
	if !at.IsZero() {
		wait = at.Sub(g.now())
	}
	go func() {
		if wait > 0 {
			pause(g.ctx, wait)
		}
		ctx, cancel := context.WithTimeout(g.ctx, taskLimit)
		defer cancel()
		g.inbox <- t(ctx)
	}()
}

// do runs a task beside the loop. Only the loop may call it.
func (f *floor) do(t task) { f.doAt(time.Time{}, t) }

// doAt is do at a time, or earlier if the floor ends: a task that minds looks
// at its context.
func (f *floor) doAt(at time.Time, t task) {
	f.tasks++
	f.beside.run(at, func(ctx context.Context) func() {
		fn := t(ctx)
		return func() {
			f.tasks--
			if fn != nil {
				fn()
			}
		}
	})
}

func (f *floor) now() time.Time { return f.post.cfg.Clock() }
