package sim_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/outpace/outpace/scheduler/sim"
)

// weather is that of one engine, for its goroutines.
type weather struct {
	mu  sync.Mutex
	r   *rand.Rand
	now sim.Weather

	doubt *doubt
}

// doubt is about the commits of all engines.
type doubt struct {
	mu sync.Mutex
	sim.Doubt
}

func (d *doubt) set(to sim.Doubt) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.Doubt = to
}

func (d *doubt) strikes(a sim.Access) (made, lost bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.Strikes(a)
}

var (
	errDown   = errors.New("the database is away")
	errDoubt  = errors.New("the connection was lost in a commit")
	errKilled = errors.New("this process is dead")
)

// delay is how long the next access takes, one way.
func (w *weather) delay() time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	d := time.Duration(w.r.IntN(4000)) * time.Microsecond
	if w.now.Slow > 0 {
		d += time.Duration(w.r.Int64N(int64(w.now.Slow)))
	}
	return d
}

// shield stands between one life of an engine and the database: it lets the
// weather in, and nothing out any more once the life has ended.
type shield struct {
	life    *life
	weather *weather
}

// access makes one access to the database.
func (s *shield) access(ctx context.Context, a sim.Access, op func() error) error {
	if err := s.wait(ctx); err != nil {
		return err
	}
	s.weather.mu.Lock()
	down, hung := s.weather.now.Fails(a)
	s.weather.mu.Unlock()
	made, lost := s.weather.doubt.strikes(a)
	switch {
	case hung:
		<-ctx.Done()
		return ctx.Err()
	case down:
		return errDown
	case lost:
		return errDoubt
	}
	before, after := s.life.doom(a.Method)
	if before {
		s.life.kill()
		return errKilled
	}
	if err := op(); err != nil {
		return err
	}
	if after {
		s.life.kill()
		return errKilled
	}
	if made {
		return errDoubt
	}
	return s.wait(ctx)
}

// wait lets time go by until the access is made, or until its answer is there.
func (s *shield) wait(ctx context.Context) error {
	t := time.NewTimer(s.weather.delay())
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
		return ctx.Err()
	}
	if s.life.dead.Load() {
		return errKilled
	}
	return nil
}

func (w *weather) isFull() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now.Full
}

// change changes the weather.
func (w *weather) change(f func(w *sim.Weather)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	f(&w.now)
}
