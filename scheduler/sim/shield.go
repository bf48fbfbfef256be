package sim

import (
	"context"
	"time"

	"github.com/outpace/outpace/campaign"
	"github.com/outpace/outpace/dlma"
	"github.com/outpace/outpace/plan"
	"github.com/outpace/outpace/results"
)

// Store is what the scheduler keeps; it is scheduler.Store.
type Store interface {
	Acquire(ctx context.Context, name, holder string, ttl time.Duration) (token string, ok bool, err error)
	Held(ctx context.Context, name, holder string) (bool, error)
	Attend(ctx context.Context, holder string, ttl time.Duration) (engines int, err error)
	Release(ctx context.Context, name, token string) error
	Working(ctx context.Context) ([]campaign.Campaign, error)
	Campaign(ctx context.Context, uuid string) (campaign.Campaign, error)
	Move(ctx context.Context, lease, uuid string, m campaign.Move) (bool, error)
	MoveEdge(ctx context.Context, uuid string, was, edge time.Time, m *campaign.Move) (bool, error)
	Plans(ctx context.Context, uuids []string) (map[string]plan.Plan, error)
	Destinations(ctx context.Context, uuids []string) (map[string]campaign.Destination, error)
	Lists(ctx context.Context, uuids []string) (map[string]dlma.List, error)
	Claim(ctx context.Context, gateway, lease string, pick dlma.Pick,
		build func(e dlma.Entry, number, try int) results.Dialing) ([]results.Dialing, error)
	Record(ctx context.Context, lease string, rows []results.Dialing, ended []results.Result) error
	TakeOver(ctx context.Context, gateway, lease string) ([]results.Dialing, error)
	OpenCalls(ctx context.Context, campaign string) (int, error)
	HangupsAsked(ctx context.Context, gateway string) ([]string, error)
	Overdue(ctx context.Context, except []string, now time.Time, late, talk time.Duration) ([]string, error)
	Outlook(ctx context.Context, pick dlma.Pick) (dlma.Outlook, error)
	Reconcile(ctx context.Context, pick dlma.Pick) (int, error)
	PutLive(ctx context.Context, lease string, live []campaign.Live) error
	Number(ctx context.Context, lease string, limit int) (int, error)
	Numbered(ctx context.Context, after int64, limit int) ([]results.Result, error)
	Recent(ctx context.Context, campaign string, count int) ([]results.Result, error)
	Days(ctx context.Context, campaign, from string) ([]results.Day, error)
	Logged(ctx context.Context, host string) (int64, error)
	SetLogged(ctx context.Context, host string, seq int64) error
}

// Access is one access to a store.
type Access struct {
	Method string
	Write  bool   // its loss, or doubt about it, would matter
	Lease  string // that is acquired
}

// Shield stands between an engine and a store. Access makes each access by
// calling op, or does not, or says something else about it than is true. Leases
// grants leases in place of the store, if it is not nil.
type Shield struct {
	Store  Store
	Access func(ctx context.Context, a Access, op func() error) error
	Leases *Leases
}

func ask[T any](ctx context.Context, s *Shield, a Access, op func() (T, error)) (T, error) {
	var got T
	err := s.Access(ctx, a, func() (err error) {
		got, err = op()
		return err
	})
	if err != nil {
		var none T
		return none, err
	}
	return got, nil
}

func (s *Shield) held(lease string, op func() error) error {
	if s.Leases == nil {
		return op()
	}
	return s.Leases.held(lease, op)
}

// Acquire implements Store.
func (s *Shield) Acquire(ctx context.Context, name, holder string, ttl time.Duration) (token string, ok bool, err error) {
	err = s.Access(ctx, Access{Method: "Acquire", Lease: name}, func() (err error) {
		if s.Leases != nil {
			token, ok = s.Leases.acquire(name, holder, ttl)
			return nil
		}
		token, ok, err = s.Store.Acquire(ctx, name, holder, ttl)
		return err
	})
	return token, ok, err
}

// Held implements Store. No plan of an ordeal names a gateway that an engine
// does not have, so it is not asked for.
func (s *Shield) Held(ctx context.Context, name, holder string) (bool, error) {
	return ask(ctx, s, Access{Method: "Held"}, func() (bool, error) { return s.Store.Held(ctx, name, holder) })
}

// Attend implements Store.
func (s *Shield) Attend(ctx context.Context, holder string, ttl time.Duration) (engines int, err error) {
	return ask(ctx, s, Access{Method: "Attend"}, func() (int, error) {
		if s.Leases != nil {
			return s.Leases.attend(holder, ttl), nil
		}
		return s.Store.Attend(ctx, holder, ttl)
	})
}

// Release implements Store.
func (s *Shield) Release(ctx context.Context, name, token string) error {
	return s.Access(ctx, Access{Method: "Release"}, func() error {
		if s.Leases != nil {
			s.Leases.release(name, token)
			return nil
		}
		return s.Store.Release(ctx, name, token)
	})
}

// Working implements Store.
func (s *Shield) Working(ctx context.Context) ([]campaign.Campaign, error) {
	return ask(ctx, s, Access{Method: "Working"}, func() ([]campaign.Campaign, error) { return s.Store.Working(ctx) })
}

// Campaign implements Store.
func (s *Shield) Campaign(ctx context.Context, uuid string) (campaign.Campaign, error) {
	return ask(ctx, s, Access{Method: "Campaign"}, func() (campaign.Campaign, error) { return s.Store.Campaign(ctx, uuid) })
}

// Move implements Store.
func (s *Shield) Move(ctx context.Context, lease, uuid string, m campaign.Move) (bool, error) {
	return ask(ctx, s, Access{Method: "Move", Write: true}, func() (moved bool, err error) {
		err = s.held(lease, func() (err error) {
			moved, err = s.Store.Move(ctx, lease, uuid, m)
			return err
		})
		return moved, err
	})
}

// MoveEdge implements Store.
func (s *Shield) MoveEdge(ctx context.Context, uuid string, was, edge time.Time, m *campaign.Move) (bool, error) {
	return ask(ctx, s, Access{Method: "MoveEdge", Write: true}, func() (bool, error) { return s.Store.MoveEdge(ctx, uuid, was, edge, m) })
}

// Plans implements Store.
func (s *Shield) Plans(ctx context.Context, uuids []string) (map[string]plan.Plan, error) {
	return ask(ctx, s, Access{Method: "Plans"}, func() (map[string]plan.Plan, error) { return s.Store.Plans(ctx, uuids) })
}

// Destinations implements Store.
func (s *Shield) Destinations(ctx context.Context, uuids []string) (map[string]campaign.Destination, error) {
	return ask(ctx, s, Access{Method: "Destinations"}, func() (map[string]campaign.Destination, error) { return s.Store.Destinations(ctx, uuids) })
}

// Lists implements Store.
func (s *Shield) Lists(ctx context.Context, uuids []string) (map[string]dlma.List, error) {
	return ask(ctx, s, Access{Method: "Lists"}, func() (map[string]dlma.List, error) { return s.Store.Lists(ctx, uuids) })
}

// Claim implements Store.
func (s *Shield) Claim(ctx context.Context, gateway, lease string, pick dlma.Pick,
	build func(e dlma.Entry, number, try int) results.Dialing,
) ([]results.Dialing, error) {
	return ask(ctx, s, Access{Method: "Claim", Write: true}, func() (rows []results.Dialing, err error) {
		err = s.held(lease, func() (err error) {
			rows, err = s.Store.Claim(ctx, gateway, lease, pick, build)
			return err
		})
		return rows, err
	})
}

// Record implements Store.
func (s *Shield) Record(ctx context.Context, lease string, rows []results.Dialing, ended []results.Result) error {
	return s.Access(ctx, Access{Method: "Record", Write: true}, func() error { return s.Store.Record(ctx, lease, rows, ended) })
}

// TakeOver implements Store.
func (s *Shield) TakeOver(ctx context.Context, gateway, lease string) ([]results.Dialing, error) {
	return ask(ctx, s, Access{Method: "TakeOver", Write: true}, func() (rows []results.Dialing, err error) {
		err = s.held(lease, func() (err error) {
			rows, err = s.Store.TakeOver(ctx, gateway, lease)
			return err
		})
		return rows, err
	})
}

// Overdue implements Store.
func (s *Shield) Overdue(ctx context.Context, except []string, now time.Time, late, talk time.Duration) ([]string, error) {
	return ask(ctx, s, Access{Method: "Overdue"}, func() ([]string, error) { return s.Store.Overdue(ctx, except, now, late, talk) })
}

// OpenCalls implements Store.
func (s *Shield) OpenCalls(ctx context.Context, campaign string) (int, error) {
	return ask(ctx, s, Access{Method: "OpenCalls"}, func() (int, error) { return s.Store.OpenCalls(ctx, campaign) })
}

// HangupsAsked implements Store.
func (s *Shield) HangupsAsked(ctx context.Context, gateway string) ([]string, error) {
	return ask(ctx, s, Access{Method: "HangupsAsked"}, func() ([]string, error) { return s.Store.HangupsAsked(ctx, gateway) })
}

// Outlook implements Store.
func (s *Shield) Outlook(ctx context.Context, pick dlma.Pick) (dlma.Outlook, error) {
	return ask(ctx, s, Access{Method: "Outlook"}, func() (dlma.Outlook, error) { return s.Store.Outlook(ctx, pick) })
}

// Reconcile implements Store.
func (s *Shield) Reconcile(ctx context.Context, pick dlma.Pick) (int, error) {
	return ask(ctx, s, Access{Method: "Reconcile", Write: true}, func() (int, error) { return s.Store.Reconcile(ctx, pick) })
}

// PutLive implements Store.
func (s *Shield) PutLive(ctx context.Context, lease string, live []campaign.Live) error {
	return s.Access(ctx, Access{Method: "PutLive"}, func() error { return s.Store.PutLive(ctx, lease, live) })
}

// Number implements Store.
func (s *Shield) Number(ctx context.Context, lease string, limit int) (int, error) {
	return ask(ctx, s, Access{Method: "Number", Write: true}, func() (n int, err error) {
		err = s.held(lease, func() (err error) {
			n, err = s.Store.Number(ctx, lease, limit)
			return err
		})
		return n, err
	})
}

// Numbered implements Store.
func (s *Shield) Numbered(ctx context.Context, after int64, limit int) ([]results.Result, error) {
	return ask(ctx, s, Access{Method: "Numbered"}, func() ([]results.Result, error) { return s.Store.Numbered(ctx, after, limit) })
}

// Recent implements Store.
func (s *Shield) Recent(ctx context.Context, campaign string, count int) ([]results.Result, error) {
	return ask(ctx, s, Access{Method: "Recent"}, func() ([]results.Result, error) { return s.Store.Recent(ctx, campaign, count) })
}

// Days implements Store.
func (s *Shield) Days(ctx context.Context, campaign, from string) ([]results.Day, error) {
	return ask(ctx, s, Access{Method: "Days"}, func() ([]results.Day, error) { return s.Store.Days(ctx, campaign, from) })
}

// Logged implements Store.
func (s *Shield) Logged(ctx context.Context, host string) (int64, error) {
	return ask(ctx, s, Access{Method: "Logged"}, func() (int64, error) { return s.Store.Logged(ctx, host) })
}

// SetLogged implements Store.
func (s *Shield) SetLogged(ctx context.Context, host string, seq int64) error {
	return s.Access(ctx, Access{Method: "SetLogged", Write: true}, func() error { return s.Store.SetLogged(ctx, host, seq) })
}

// Doubt is about commits to come: they are made and called failed, or not made.
type Doubt struct {
	Made   bool
	Method string // only of this one, "" = of any write
	Left   int    // so many
}

// Strikes tells whether an access is in doubt, and counts it.
func (d *Doubt) Strikes(a Access) (made, lost bool) {
	if d.Left == 0 || !a.Write || d.Method != "" && d.Method != a.Method {
		return false, false
	}
	d.Left--
	return d.Made, !d.Made
}
