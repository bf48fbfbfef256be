package scheduler

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/outpace/outpace/campaign"
	"github.com/outpace/outpace/dlma"
	"github.com/outpace/outpace/plan"
	"github.com/outpace/outpace/results"
)

// memStore is a store in memory with the promises that the scheduler relies
// on, and with failures on request. The real stores have a suite of their own.
type memStore struct {
	mu        sync.Mutex
	clock     func() time.Time
	fail      map[string]error // by method
	leases    map[string]lease // nil: kept elsewhere
	terms     int
	campaigns map[string]campaign.Campaign
	plans     map[string]plan.Plan
	dests     map[string]campaign.Destination
	lists     map[string]dlma.List
	entries   []dlma.Entry // in order of creation
	open      map[string]results.Dialing
	results   []results.Result
	numbered  int
	logged    map[string]int64     // by host
	abandoned map[string]time.Time // by number
	asked     []string
	live      map[string]campaign.Live
	days      map[string][]results.Day // of campaigns, before the test began
	stale     int                      // rounds of Reconcile that still find something
	claims    int
}

type lease struct {
	holder, token string
	until         time.Time
}

func newMemStore() *memStore {
	return &memStore{
		clock: time.Now, logged: map[string]int64{}, fail: map[string]error{}, leases: map[string]lease{}, campaigns: map[string]campaign.Campaign{},
		plans: map[string]plan.Plan{}, dests: map[string]campaign.Destination{}, lists: map[string]dlma.List{},
		open: map[string]results.Dialing{}, live: map[string]campaign.Live{}, abandoned: map[string]time.Time{},
	}
}

func (m *memStore) enter(method string) (func(), error) {
	m.mu.Lock()
	return m.mu.Unlock, m.fail[method]
}

func (m *memStore) setFail(method string, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.fail[method] = err
}

func (m *memStore) Acquire(_ context.Context, name, holder string, ttl time.Duration) (string, bool, error) {
	done, err := m.enter("Acquire")
	defer done()
	if err != nil {
		return "", false, err
	}
	l, now := m.leases[name], m.clock()
	valid := now.Before(l.until)
	if valid && l.holder != holder {
		return "", false, nil
	}
	if l.holder != holder {
		m.terms++
		l.token = fmt.Sprintf("%s-%d", holder, m.terms)
	}
	l.holder, l.until = holder, now.Add(ttl)
	m.leases[name] = l
	return l.token, true, nil
}

func (m *memStore) Release(_ context.Context, name, token string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.leases[name].token == token {
		delete(m.leases, name)
	}
	return nil
}

func (m *memStore) Held(_ context.Context, name, holder string) (bool, error) {
	done, err := m.enter("Held")
	defer done()
	l := m.leases[name]
	return l.holder != holder && m.clock().Before(l.until), err
}

func (m *memStore) Attend(_ context.Context, holder string, ttl time.Duration) (int, error) {
	done, err := m.enter("Attend")
	defer done()
	if err != nil {
		return 0, err
	}
	now := m.clock()
	m.leases["engine:"+holder] = lease{holder: holder, until: now.Add(ttl)}
	n := 0
	for name, l := range m.leases {
		if strings.HasPrefix(name, "engine:") && (l.holder == holder || now.Before(l.until)) {
			n++
		}
	}
	return n, nil
}

func (m *memStore) Working(context.Context) ([]campaign.Campaign, error) {
	done, err := m.enter("Working")
	defer done()
	var list []campaign.Campaign
	for _, id := range slices.Sorted(maps.Keys(m.campaigns)) {
		c := m.campaigns[id]
		atRest := c.Status == campaign.Stopped || c.Status == campaign.Paused
		if !atRest || c.Calendar.Mode == 1 && c.InUse {
			list = append(list, c)
		}
	}
	return list, err
}

func (m *memStore) Campaign(_ context.Context, uuid string) (campaign.Campaign, error) {
	done, err := m.enter("Campaign")
	defer done()
	if err != nil {
		return campaign.Campaign{}, err
	}
	c, ok := m.campaigns[uuid]
	if !ok {
		return c, campaign.ErrNotFound
	}
	return c, nil
}

func (m *memStore) Move(_ context.Context, lse, uuid string, mv campaign.Move) (bool, error) {
	done, err := m.enter("Move")
	defer done()
	if err == nil && !m.holdsLocked(lse) {
		err = results.ErrLeaseLost
	}
	return err == nil && m.moveLocked(uuid, mv), err
}

func (m *memStore) holdsLocked(token string) bool {
	for _, l := range m.leases {
		if l.token == token && m.clock().Before(l.until) {
			return true
		}
	}
	return m.leases == nil
}

func (m *memStore) userMoves(uuid string, mv campaign.Move) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.moveLocked(uuid, mv)
}

func (m *memStore) moveLocked(uuid string, mv campaign.Move) bool {
	c := m.campaigns[uuid]
	if !slices.Contains(mv.From, c.Status) {
		return false
	}
	c.Status, c.TmUpdate = mv.To, m.clock()
	if mv.To == campaign.Started {
		c.Reason = ""
	}
	c.Reason = cmp.Or(mv.Reason, c.Reason)
	m.campaigns[uuid] = c
	return true
}

func (m *memStore) MoveEdge(_ context.Context, uuid string, was, edge time.Time, mv *campaign.Move) (bool, error) {
	done, err := m.enter("MoveEdge")
	defer done()
	c := m.campaigns[uuid]
	if err != nil || !c.Edge.Equal(was) {
		return false, err
	}
	c.Edge = edge
	m.campaigns[uuid] = c
	if mv != nil {
		m.moveLocked(uuid, *mv)
	}
	return true, nil
}

func pickFrom[V any](m *memStore, all map[string]V, uuids []string) (map[string]V, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	out := map[string]V{}
	for _, id := range uuids {
		if v, ok := all[id]; ok {
			out[id] = v
		}
	}
	return out, nil
}

func (m *memStore) Plans(_ context.Context, uuids []string) (map[string]plan.Plan, error) {
	return pickFrom(m, m.plans, uuids)
}

func (m *memStore) Destinations(_ context.Context, uuids []string) (map[string]campaign.Destination, error) {
	return pickFrom(m, m.dests, uuids)
}

func (m *memStore) Lists(_ context.Context, uuids []string) (map[string]dlma.List, error) {
	return pickFrom(m, m.lists, uuids)
}

func total(e dlma.Entry) int {
	n := 0
	for _, t := range e.Tries {
		n += t
	}
	return n
}

// opens is when an entry need not wait any more, for its retry delay or for the
// end of a lock.
func (m *memStore) opens(e dlma.Entry, p dlma.Pick) (at time.Time, waits bool) {
	if over := e.TmLastHangup.Add(p.RetryDelay); !e.TmLastHangup.IsZero() && !p.Now.After(over) {
		at, waits = over, true
	}
	for _, n := range e.Number {
		abandoned, ok := m.abandoned[n]
		if over := abandoned.Add(p.AbandonLock); ok && p.AbandonLock > 0 && p.Now.Before(over) && over.After(at) {
			at, waits = over, true
		}
	}
	return at, waits
}

// ready lists the entries that may be dialed, in order, and when the next becomes so.
func (m *memStore) ready(p dlma.Pick) (list []int, next time.Time) {
	busy := map[string]bool{}
	for _, d := range m.open {
		busy[d.DialAddr] = true
	}
	for i, e := range m.entries {
		_, left := plan.Next(p.MaxTries, e.Tries, e.Number)
		blocked := slices.ContainsFunc(e.Number[:], func(n string) bool { return n != "" && busy[n] })
		if e.List != p.List || e.Status != dlma.Idle || e.ResDial == dlma.Answered || !left || e.Unknown && !p.RedialUnknown {
			continue
		}
		if at, waits := m.opens(e, p); waits {
			if next.IsZero() || at.Before(next) {
				next = at
			}
			continue
		}
		if !blocked {
			list = append(list, i)
		}
	}
	slices.SortStableFunc(list, func(a, b int) int {
		x, y := m.entries[a], m.entries[b]
		return cmp.Or(cmp.Compare(total(x), total(y)), x.TmLastHangup.Compare(y.TmLastHangup))
	})
	return list, next
}

func (m *memStore) Claim(_ context.Context, _, lse string, p dlma.Pick,
	build func(dlma.Entry, int, int) results.Dialing) ([]results.Dialing, error) {
	done, err := m.enter("Claim")
	defer done()
	if err != nil && err.Error() != "in doubt" {
		return nil, err
	}
	m.claims++
	var out []results.Dialing
	list, _ := m.ready(p)
	called := map[string]bool{}
	for _, i := range list {
		e := &m.entries[i]
		if len(out) == p.Count || slices.ContainsFunc(e.Number[:], func(n string) bool { return called[n] }) {
			continue
		}
		n, _ := plan.Next(p.MaxTries, e.Tries, e.Number)
		called[e.Number[n-1]] = true
		d := build(*e, n, e.Tries[n-1]+1)
		d.Owner = lse
		e.Tries[n-1]++
		e.Status, e.Dialing = dlma.Dialing, d.UUID
		m.open[d.UUID] = d
		out = append(out, d)
	}
	if err != nil {
		return nil, err
	}
	return out, nil
}

func (m *memStore) Record(_ context.Context, lse string, rows []results.Dialing, ended []results.Result) error {
	done, err := m.enter("Record")
	defer done()
	if err != nil {
		return err
	}
	for _, d := range rows {
		if old, ok := m.open[d.UUID]; ok && old.Owner == lse {
			d.Owner = lse
			m.open[d.UUID] = d
		}
	}
	for _, r := range ended {
		if old, ok := m.open[r.UUID]; !ok || old.Owner != lse {
			continue
		}
		delete(m.open, r.UUID)
		m.results = append(m.results, r)
		if r.Abandoned != nil && *r.Abandoned && r.TmUpdate.After(m.abandoned[r.DialAddr]) {
			m.abandoned[r.DialAddr] = r.TmUpdate
		}
		i := slices.IndexFunc(m.entries, func(e dlma.Entry) bool { return e.UUID == r.Entry })
		e := &m.entries[i]
		e.Status, e.Dialing, e.ResDial = dlma.Idle, "", r.ResDial
		e.TmLastHangup = r.TmUpdate
		e.Unknown = r.Disposition == results.Unknown
		if r.Disposition.TryGivenBack() {
			e.Tries[r.DialIndex-1]--
		}
	}
	return nil
}

func (m *memStore) TakeOver(_ context.Context, gateway, lse string) ([]results.Dialing, error) {
	done, err := m.enter("TakeOver")
	defer done()
	var out []results.Dialing
	for _, id := range slices.Sorted(maps.Keys(m.open)) {
		if d := m.open[id]; d.Gateway == gateway {
			d.Owner = lse
			m.open[id] = d
			out = append(out, d)
		}
	}
	return out, err
}

func (m *memStore) Overdue(_ context.Context, except []string, now time.Time, _, _ time.Duration) (list []string, err error) {
	done, err := m.enter("Overdue")
	defer done()
	for _, d := range m.open {
		if overdue(d, now) && !slices.Contains(except, d.Gateway) && !slices.Contains(list, d.Gateway) {
			list = append(list, d.Gateway)
		}
	}
	return list, err
}

func (m *memStore) OpenCalls(_ context.Context, uuid string) (int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	n := 0
	for _, d := range m.open {
		if d.Campaign == uuid {
			n++
		}
	}
	return n, nil
}

func (m *memStore) HangupsAsked(context.Context, string) ([]string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.asked), nil
}

func (m *memStore) Outlook(_ context.Context, p dlma.Pick) (dlma.Outlook, error) {
	done, err := m.enter("Outlook")
	defer done()
	list, next := m.ready(p)
	out := dlma.Outlook{Ready: min(len(list), p.Count), Next: next}
	for _, i := range list[:out.Ready] {
		e := &m.entries[i]
		n, _ := plan.Next(p.MaxTries, e.Tries, e.Number)
		out.Upcoming = append(out.Upcoming, dlma.Upcoming{Tries: e.Tries[n-1], Number: n, ResDial: e.ResDial})
	}
	for _, e := range m.entries {
		if e.List == p.List && e.Status == dlma.Dialing {
			out.Open++
		}
	}
	return out, err
}

func (m *memStore) Reconcile(context.Context, dlma.Pick) (int, error) {
	done, err := m.enter("Reconcile")
	defer done()
	if err == nil && m.stale > 0 {
		m.stale--
		return 1, nil
	}
	return 0, err
}

func (m *memStore) PutLive(_ context.Context, _ string, live []campaign.Live) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, l := range live {
		m.live[l.Campaign] = l
	}
	return nil
}

func (m *memStore) Number(_ context.Context, _ string, limit int) (int, error) {
	done, err := m.enter("Number")
	defer done()
	n := 0
	for err == nil && m.numbered < len(m.results) && n < limit {
		m.results[m.numbered].Seq = int64(m.numbered + 1)
		m.numbered++
		n++
	}
	return n, err
}

func (m *memStore) Numbered(_ context.Context, after int64, limit int) ([]results.Result, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if after >= int64(m.numbered) {
		return nil, nil
	}
	return slices.Clone(m.results[after:min(int(after)+limit, m.numbered)]), nil
}

func (m *memStore) Recent(_ context.Context, campaign string, count int) (list []results.Result, err error) {
	done, err := m.enter("Recent")
	defer done()
	for _, r := range m.results[:m.numbered] {
		if r.Campaign == campaign {
			list = append(list, r)
		}
	}
	return list[max(len(list)-count, 0):], err
}

func (m *memStore) Days(_ context.Context, campaign, from string) ([]results.Day, error) {
	done, err := m.enter("Days")
	defer done()
	days := map[string]results.Day{}
	for _, d := range m.days[campaign] {
		days[d.Date] = d
	}
	for _, r := range m.results {
		zone, zerr := time.LoadLocation(r.Zone)
		if zerr != nil {
			return nil, zerr
		}
		date := r.TmUpdate.In(zone).Format(time.DateOnly)
		if r.Campaign != campaign || date < from || r.Abandoned == nil {
			continue
		}
		day := days[date]
		day.Date = date
		day.Live++
		if *r.Abandoned {
			day.Abandoned++
		}
		days[date] = day
	}
	var list []results.Day
	for _, date := range slices.Sorted(maps.Keys(days)) {
		list = append(list, days[date])
	}
	return list, err
}

func (m *memStore) Logged(_ context.Context, host string) (int64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.logged[host], nil
}

func (m *memStore) SetLogged(_ context.Context, host string, seq int64) error {
	done, err := m.enter("SetLogged")
	defer done()
	if err == nil {
		m.logged[host] = seq
	}
	return err
}

// forgetSent makes a call's row what it was before anybody wrote that the call
// was sent.
func (m *memStore) forgetSent(id string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	d := m.open[id]
	d.TmDial, d.TmRing, d.Channel, d.Status = time.Time{}, time.Time{}, "", results.StatusNone
	m.open[id] = d
}

// memLog is a result log in memory.
type memLog struct {
	mu    sync.Mutex
	lines []results.Result
	err   error
	aside int
}

func (*memLog) Lock() error   { return nil }
func (*memLog) Unlock() error { return nil }

func (l *memLog) Append(list []results.Result) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.err != nil {
		return l.err
	}
	l.lines = append(l.lines, list...)
	return nil
}

func (l *memLog) Last() (int64, string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.lines) == 0 {
		return 0, ""
	}
	last := l.lines[len(l.lines)-1]
	return last.Seq, last.UUID
}

func (l *memLog) MoveAside() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = nil
	l.aside++
	return nil
}

func (l *memLog) setErr(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.err = err
}

var errDatabase = errors.New("connection refused")
