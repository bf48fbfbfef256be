package sim_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/outpace/outpace/campaign"
	"github.com/outpace/outpace/dlma"
	"github.com/outpace/outpace/plan"
	"github.com/outpace/outpace/results"
	"github.com/outpace/outpace/scheduler"
)

// weather is what the database and the disk of the log are like at a moment.
type weather struct {
	mu   sync.Mutex
	r    *rand.Rand
	down bool // the database does not answer
	hung bool // and does not even refuse
	slow time.Duration
	made int // so many commits are made and reported as failed
	lost int // so many are not made
	full bool
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
	if w.slow > 0 {
		d += time.Duration(w.r.Int64N(int64(w.slow)))
	}
	return d
}

// shield stands between one life of an engine and the database: it lets the
// weather in, and nothing out any more once the life has ended.
type shield struct {
	scheduler.Store
	life    *life
	weather *weather
	leases  *leases // nil: the store's own
}

// access makes one access to the database.
func (s *shield) access(ctx context.Context, write bool, op func() error) error {
	if err := s.wait(ctx); err != nil {
		return err
	}
	s.weather.mu.Lock()
	down, hung := s.weather.down, s.weather.hung
	made, lost := write && s.weather.made > 0, write && s.weather.lost > 0
	if made {
		s.weather.made--
	} else if lost {
		s.weather.lost--
	}
	s.weather.mu.Unlock()
	switch {
	case down && hung:
		<-ctx.Done()
		return ctx.Err()
	case down:
		return errDown
	case lost && !made:
		return errDoubt
	}
	before, after := s.life.doom()
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

func ask[T any](ctx context.Context, s *shield, write bool, op func() (T, error)) (T, error) {
	var got T
	err := s.access(ctx, write, func() (err error) {
		got, err = op()
		return err
	})
	if err != nil {
		var none T
		return none, err
	}
	return got, nil
}

func (s *shield) Acquire(ctx context.Context, name, holder string, ttl time.Duration) (token string, ok bool, err error) {
	err = s.access(ctx, false, func() (err error) {
		if s.leases != nil {
			token, ok = s.leases.acquire(name, holder, ttl)
			return nil
		}
		token, ok, err = s.Store.Acquire(ctx, name, holder, ttl)
		return err
	})
	return token, ok, err
}

func (s *shield) Release(ctx context.Context, name, token string) error {
	return s.access(ctx, false, func() error {
		if s.leases != nil {
			s.leases.release(name, token)
			return nil
		}
		return s.Store.Release(ctx, name, token)
	})
}

func (s *shield) Working(ctx context.Context) ([]campaign.Campaign, error) {
	return ask(ctx, s, false, func() ([]campaign.Campaign, error) { return s.Store.Working(ctx) })
}

func (s *shield) Campaign(ctx context.Context, uuid string) (campaign.Campaign, error) {
	return ask(ctx, s, false, func() (campaign.Campaign, error) { return s.Store.Campaign(ctx, uuid) })
}

func (s *shield) Move(ctx context.Context, uuid string, m campaign.Move) (bool, error) {
	return ask(ctx, s, true, func() (bool, error) { return s.Store.Move(ctx, uuid, m) })
}

func (s *shield) MoveEdge(ctx context.Context, uuid string, was, edge time.Time, m *campaign.Move) (bool, error) {
	return ask(ctx, s, true, func() (bool, error) { return s.Store.MoveEdge(ctx, uuid, was, edge, m) })
}

func (s *shield) Plans(ctx context.Context, uuids []string) (map[string]plan.Plan, error) {
	return ask(ctx, s, false, func() (map[string]plan.Plan, error) { return s.Store.Plans(ctx, uuids) })
}

func (s *shield) Destinations(ctx context.Context, uuids []string) (map[string]campaign.Destination, error) {
	return ask(ctx, s, false, func() (map[string]campaign.Destination, error) { return s.Store.Destinations(ctx, uuids) })
}

func (s *shield) Lists(ctx context.Context, uuids []string) (map[string]dlma.List, error) {
	return ask(ctx, s, false, func() (map[string]dlma.List, error) { return s.Store.Lists(ctx, uuids) })
}

func (s *shield) Claim(ctx context.Context, gateway, lease string, pick dlma.Pick,
	build func(e dlma.Entry, number, try int) results.Dialing,
) ([]results.Dialing, error) {
	return ask(ctx, s, true, func() (rows []results.Dialing, err error) {
		err = s.leases.held(lease, func() (err error) {
			rows, err = s.Store.Claim(ctx, gateway, lease, pick, build)
			return err
		})
		return rows, err
	})
}

func (s *shield) Record(ctx context.Context, lease string, rows []results.Dialing, ended []results.Result) error {
	return s.access(ctx, true, func() error { return s.Store.Record(ctx, lease, rows, ended) })
}

func (s *shield) TakeOver(ctx context.Context, gateway, lease string) ([]results.Dialing, error) {
	return ask(ctx, s, true, func() (rows []results.Dialing, err error) {
		err = s.leases.held(lease, func() (err error) {
			rows, err = s.Store.TakeOver(ctx, gateway, lease)
			return err
		})
		return rows, err
	})
}

func (s *shield) Overdue(ctx context.Context, except []string, now time.Time, late, talk time.Duration) ([]string, error) {
	return ask(ctx, s, false, func() ([]string, error) { return s.Store.Overdue(ctx, except, now, late, talk) })
}

func (s *shield) OpenCalls(ctx context.Context, campaign string) (int, error) {
	return ask(ctx, s, false, func() (int, error) { return s.Store.OpenCalls(ctx, campaign) })
}

func (s *shield) HangupsAsked(ctx context.Context, gateway string) ([]string, error) {
	return ask(ctx, s, false, func() ([]string, error) { return s.Store.HangupsAsked(ctx, gateway) })
}

func (s *shield) Outlook(ctx context.Context, pick dlma.Pick) (dlma.Outlook, error) {
	return ask(ctx, s, false, func() (dlma.Outlook, error) { return s.Store.Outlook(ctx, pick) })
}

func (s *shield) Reconcile(ctx context.Context, pick dlma.Pick) (int, error) {
	return ask(ctx, s, true, func() (int, error) { return s.Store.Reconcile(ctx, pick) })
}

func (s *shield) PutLive(ctx context.Context, live []campaign.Live) error {
	return s.access(ctx, false, func() error { return s.Store.PutLive(ctx, live) })
}

func (s *shield) Number(ctx context.Context, lease string, limit int) (int, error) {
	return ask(ctx, s, true, func() (n int, err error) {
		err = s.leases.held(lease, func() (err error) {
			n, err = s.Store.Number(ctx, lease, limit)
			return err
		})
		return n, err
	})
}

func (s *shield) Numbered(ctx context.Context, after int64, limit int) ([]results.Result, error) {
	return ask(ctx, s, false, func() ([]results.Result, error) { return s.Store.Numbered(ctx, after, limit) })
}

func (s *shield) Logged(ctx context.Context, host string) (int64, error) {
	return ask(ctx, s, false, func() (int64, error) { return s.Store.Logged(ctx, host) })
}

func (s *shield) SetLogged(ctx context.Context, host string, seq int64) error {
	return s.access(ctx, true, func() error { return s.Store.SetLogged(ctx, host, seq) })
}

func (w *weather) isFull() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.full
}

// change changes the weather.
func (w *weather) change(f func(w *weather)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	f(w)
}
