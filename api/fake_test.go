package api

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/outpace/outpace/campaign"
	"github.com/outpace/outpace/dlma"
	"github.com/outpace/outpace/plan"
	"github.com/outpace/outpace/results"
)

// fakeStore keeps everything in memory. It is strict: it fails the test when
// the API hands it something that it must have refused, or filled in what is
// the store's to fill in.
type fakeStore struct {
	t   testing.TB
	now func() time.Time

	mu       sync.Mutex
	serial   int
	plans    table[plan.Plan]
	dests    table[campaign.Destination]
	lists    table[dlma.List]
	entries  table[dlma.Entry]
	camps    table[campaign.Campaign]
	dialings table[results.Dialing]

	results []results.Result
	live    map[string]campaign.Live
	tallies map[string]results.Tally
	days    map[string][]results.Day
	counts  func(dlma.Pick) (dlma.Counts, error)
	asked   []string // dialings that AskHangup was called for

	broken     error           // every call returns it
	before     func(op string) // called at the start of every call
	query      results.Query   // the last one
	entryQuery dlma.Query      // the last one
}

var _ Store = (*fakeStore)(nil)

func newFakeStore(t testing.TB, now func() time.Time) *fakeStore {
	f := &fakeStore{t: t, now: now, live: map[string]campaign.Live{}, tallies: map[string]results.Tally{}, days: map[string][]results.Day{}}
	f.plans = table[plan.Plan]{missing: plan.ErrNotFound, meta: func(p *plan.Plan) meta {
		return meta{&p.UUID, &p.InUse, &p.TmCreate, &p.TmUpdate, &p.TmDelete}
	}}
	f.dests = table[campaign.Destination]{missing: campaign.ErrNotFound, meta: func(d *campaign.Destination) meta {
		return meta{&d.UUID, &d.InUse, &d.TmCreate, &d.TmUpdate, &d.TmDelete}
	}}
	f.lists = table[dlma.List]{missing: dlma.ErrNotFound, meta: func(l *dlma.List) meta {
		return meta{&l.UUID, &l.InUse, &l.TmCreate, &l.TmUpdate, &l.TmDelete}
	}}
	f.entries = table[dlma.Entry]{missing: dlma.ErrNotFound, meta: func(e *dlma.Entry) meta {
		return meta{&e.UUID, &e.InUse, &e.TmCreate, &e.TmUpdate, &e.TmDelete}
	}}
	f.camps = table[campaign.Campaign]{missing: campaign.ErrNotFound, meta: func(c *campaign.Campaign) meta {
		return meta{&c.UUID, &c.InUse, &c.TmCreate, &c.TmUpdate, &c.TmDelete}
	}}
	f.dialings = table[results.Dialing]{missing: results.ErrNotFound, meta: func(d *results.Dialing) meta {
		live := true
		return meta{&d.UUID, &live, &d.TmCreate, &d.TmUpdate, new(time.Time)}
	}}
	return f
}

// meta are the parts of an object that the store fills in.
type meta struct {
	uuid                         *string
	inUse                        *bool
	tmCreate, tmUpdate, tmDelete *time.Time
}

// table keeps the objects of one kind in the order of their creation.
type table[T any] struct {
	rows    []T
	missing error
	meta    func(*T) meta
}

func (tb *table[T]) find(uuid string) (int, error) {
	for i := range tb.rows {
		if m := tb.meta(&tb.rows[i]); *m.uuid == uuid && *m.inUse {
			return i, nil
		}
	}
	return 0, tb.missing
}

func (tb *table[T]) get(uuid string) (T, error) {
	i, err := tb.find(uuid)
	if err != nil {
		var none T
		return none, err
	}
	return tb.rows[i], nil
}

func (tb *table[T]) page(after string, count int, keep func(T) bool) (list []T, more bool, err error) {
	passed := after == ""
	for i := range tb.rows {
		m := tb.meta(&tb.rows[i])
		if passed && *m.inUse && keep(tb.rows[i]) {
			if len(list) == count {
				return list, true, nil
			}
			list = append(list, tb.rows[i])
		}
		passed = passed || *m.uuid == after
	}
	return list, false, nil
}

// enter is the beginning of every call.
func (f *fakeStore) enter(ctx context.Context, op string) (leave func(), err error) {
	if f.before != nil {
		f.before(op)
	}
	if _, limited := ctx.Deadline(); !limited {
		f.t.Errorf("%s: the context has no deadline", op)
	}
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("fake %s: %w", op, err)
	}
	if f.broken != nil {
		return nil, f.broken
	}
	f.mu.Lock()
	return f.mu.Unlock, nil
}

func (f *fakeStore) nextUUID() string {
	f.serial++
	return fmt.Sprintf("00000000-0000-4000-8000-%012d", f.serial)
}

func create[T any](ctx context.Context, f *fakeStore, op string, tb *table[T], t T, check func(T) error) (T, error) {
	leave, err := f.enter(ctx, op)
	if err != nil {
		return t, err
	}
	defer leave()
	m := tb.meta(&t)
	if *m.uuid != "" || !m.tmCreate.IsZero() || !m.tmUpdate.IsZero() || !m.tmDelete.IsZero() {
		f.t.Errorf("%s: uuid and times are the store's to give: %+v", op, t)
	}
	if err := check(t); err != nil {
		return t, err
	}
	*m.uuid, *m.inUse, *m.tmCreate = f.nextUUID(), true, f.now()
	tb.rows = append(tb.rows, t)
	return t, nil
}

func read[T any](ctx context.Context, f *fakeStore, op string, tb *table[T], uuid string) (T, error) {
	leave, err := f.enter(ctx, op)
	if err != nil {
		var none T
		return none, err
	}
	defer leave()
	if !uuidForm.MatchString(uuid) {
		f.t.Errorf("%s: asked for %q, which is no uuid", op, uuid)
	}
	return tb.get(uuid)
}

func list[T any](ctx context.Context, f *fakeStore, op string, tb *table[T], after string, count int, keep func(T) bool) ([]T, bool, error) {
	leave, err := f.enter(ctx, op)
	if err != nil {
		return nil, false, err
	}
	defer leave()
	if count < 1 || count > mostCount {
		f.t.Errorf("%s: count %d", op, count)
	}
	return tb.page(after, count, keep)
}

func update[T any](ctx context.Context, f *fakeStore, op string, tb *table[T], uuid string, edit func(*T) error, check func(before, after T) error) (T, error) {
	var none T
	leave, err := f.enter(ctx, op)
	if err != nil {
		return none, err
	}
	defer leave()
	i, err := tb.find(uuid)
	if err != nil {
		return none, err
	}
	changed := tb.rows[i]
	if err := edit(&changed); err != nil {
		return none, err
	}
	was, is := tb.meta(&tb.rows[i]), tb.meta(&changed)
	if *was.uuid != *is.uuid || *was.inUse != *is.inUse || !was.tmCreate.Equal(*is.tmCreate) ||
		!was.tmUpdate.Equal(*is.tmUpdate) || !was.tmDelete.Equal(*is.tmDelete) {
		f.t.Errorf("%s: what the store gives was changed: %+v", op, changed)
	}
	if err := check(tb.rows[i], changed); err != nil {
		return none, err
	}
	*is.tmUpdate = f.now()
	tb.rows[i] = changed
	return changed, nil
}

func remove[T any](ctx context.Context, f *fakeStore, op string, tb *table[T], uuid string, check func(*T) error) (T, error) {
	var none T
	leave, err := f.enter(ctx, op)
	if err != nil {
		return none, err
	}
	defer leave()
	i, err := tb.find(uuid)
	if err != nil {
		return none, err
	}
	if err := check(&tb.rows[i]); err != nil {
		return none, err
	}
	m := tb.meta(&tb.rows[i])
	*m.inUse, *m.tmDelete = false, f.now()
	return tb.rows[i], nil
}

func any1[T any](T) bool { return true }

func (f *fakeStore) valid(op string, err error) error {
	if err != nil {
		f.t.Errorf("%s: got what Validate refuses: %v", op, err)
	}
	return err
}

// used refuses an object that a live campaign names, or clears the references.
func (f *fakeStore) used(what string, force bool, place func(*campaign.Campaign) *string, uuid string) error {
	for i := range f.camps.rows {
		if c := &f.camps.rows[i]; c.InUse && *place(c) == uuid {
			if !force {
				return campaign.Conflict("The " + what + " is in use by a campaign.")
			}
			*place(c) = ""
		}
	}
	return nil
}

// referPlan checks what a plan refers to.
func (f *fakeStore) referPlan(p plan.Plan) error {
	if p.AbandonDestination != "" {
		if d, err := f.dests.get(p.AbandonDestination); err != nil || d.Type != campaign.TypeExten {
			return plan.Invalid{Field: "abandon_destination", Message: "names no live destination of type 0"}
		}
	}
	return f.valid("plan", p.Validate())
}

// sentTo refuses a change of a destination that a live plan names, or clears
// the references.
func (f *fakeStore) sentTo(uuid string, force bool) error {
	for i := range f.plans.rows {
		if p := &f.plans.rows[i]; p.InUse && p.AbandonDestination == uuid {
			if !force {
				return campaign.Conflict("The destination is in use by a plan.")
			}
			p.AbandonDestination = ""
		}
	}
	return nil
}

func (f *fakeStore) CreatePlan(ctx context.Context, p plan.Plan) (plan.Plan, error) {
	return create(ctx, f, "CreatePlan", &f.plans, p, f.referPlan)
}

func (f *fakeStore) Plan(ctx context.Context, uuid string) (plan.Plan, error) {
	return read(ctx, f, "Plan", &f.plans, uuid)
}

func (f *fakeStore) ListPlans(ctx context.Context, after string, count int) ([]plan.Plan, bool, error) {
	return list(ctx, f, "ListPlans", &f.plans, after, count, any1)
}

func (f *fakeStore) UpdatePlan(ctx context.Context, uuid string, edit func(*plan.Plan) error) (plan.Plan, error) {
	return update(ctx, f, "UpdatePlan", &f.plans, uuid, edit, func(_, p plan.Plan) error { return f.referPlan(p) })
}

func (f *fakeStore) DeletePlan(ctx context.Context, uuid string, force bool) (plan.Plan, error) {
	return remove(ctx, f, "DeletePlan", &f.plans, uuid, func(*plan.Plan) error {
		return f.used("plan", force, func(c *campaign.Campaign) *string { return &c.Plan }, uuid)
	})
}

func (f *fakeStore) CreateDestination(ctx context.Context, d campaign.Destination) (campaign.Destination, error) {
	return create(ctx, f, "CreateDestination", &f.dests, d, func(d campaign.Destination) error { return f.valid("CreateDestination", d.Validate()) })
}

func (f *fakeStore) Destination(ctx context.Context, uuid string) (campaign.Destination, error) {
	return read(ctx, f, "Destination", &f.dests, uuid)
}

func (f *fakeStore) ListDestinations(ctx context.Context, after string, count int) ([]campaign.Destination, bool, error) {
	return list(ctx, f, "ListDestinations", &f.dests, after, count, any1)
}

func (f *fakeStore) UpdateDestination(ctx context.Context, uuid string, edit func(*campaign.Destination) error) (campaign.Destination, error) {
	return update(ctx, f, "UpdateDestination", &f.dests, uuid, edit, func(before, d campaign.Destination) error {
		if d.Type != before.Type && d.Type != campaign.TypeExten {
			if err := f.sentTo(uuid, false); err != nil {
				return err
			}
		}
		return f.valid("UpdateDestination", d.Validate())
	})
}

func (f *fakeStore) DeleteDestination(ctx context.Context, uuid string, force bool) (campaign.Destination, error) {
	return remove(ctx, f, "DeleteDestination", &f.dests, uuid, func(*campaign.Destination) error {
		if err := f.used("destination", force, func(c *campaign.Campaign) *string { return &c.Destination }, uuid); err != nil {
			return err
		}
		return f.sentTo(uuid, force)
	})
}

func (f *fakeStore) CreateList(ctx context.Context, l dlma.List) (dlma.List, error) {
	return create(ctx, f, "CreateList", &f.lists, l, func(l dlma.List) error { return f.valid("CreateList", l.Validate()) })
}

func (f *fakeStore) List(ctx context.Context, uuid string) (dlma.List, error) {
	return read(ctx, f, "List", &f.lists, uuid)
}

func (f *fakeStore) ListLists(ctx context.Context, after string, count int) ([]dlma.List, bool, error) {
	return list(ctx, f, "ListLists", &f.lists, after, count, any1)
}

func (f *fakeStore) UpdateList(ctx context.Context, uuid string, edit func(*dlma.List) error) (dlma.List, error) {
	return update(ctx, f, "UpdateList", &f.lists, uuid, edit, func(_, l dlma.List) error { return f.valid("UpdateList", l.Validate()) })
}

func (f *fakeStore) DeleteList(ctx context.Context, uuid string, force, entries bool) (dlma.List, error) {
	return remove(ctx, f, "DeleteList", &f.lists, uuid, func(*dlma.List) error {
		for i := range f.entries.rows {
			if e := &f.entries.rows[i]; e.InUse && e.List == uuid {
				if !entries {
					return dlma.Conflict("The dlma has dls.")
				}
				e.InUse = false
			}
		}
		return f.used("dlma", force, func(c *campaign.Campaign) *string { return &c.List }, uuid)
	})
}

func (f *fakeStore) CreateEntryOnce(ctx context.Context, e dlma.Entry) (dlma.Entry, error) {
	if e.Ukey == "" {
		return e, dlma.Invalid{Field: "ukey", Message: "is needed"}
	}
	for _, other := range f.entries.rows {
		if other.InUse && other.List == e.List && other.Ukey == e.Ukey {
			return e, dlma.Conflict("ukey is that of a dl that the list has already")
		}
	}
	return f.CreateEntry(ctx, e)
}

func (f *fakeStore) CreateEntry(ctx context.Context, e dlma.Entry) (dlma.Entry, error) {
	return create(ctx, f, "CreateEntry", &f.entries, e, func(e dlma.Entry) error {
		if _, err := f.lists.get(e.List); err != nil {
			return dlma.Invalid{Field: "dlma_uuid", Message: "names no live dlma"}
		}
		return f.valid("CreateEntry", e.Validate())
	})
}

func (f *fakeStore) Entry(ctx context.Context, uuid string) (dlma.Entry, error) {
	return read(ctx, f, "Entry", &f.entries, uuid)
}

func (f *fakeStore) ListEntries(ctx context.Context, q dlma.Query) ([]dlma.Entry, bool, error) {
	f.entryQuery = q
	return list(ctx, f, "ListEntries", &f.entries, q.After, q.Count, func(e dlma.Entry) bool {
		return e.List == q.List && (q.Status == nil || e.Status == *q.Status) &&
			(q.ResDial == nil || e.ResDial == *q.ResDial) && (q.Ukey == "" || e.Ukey == q.Ukey) &&
			(q.Number == "" || slices.Contains(e.Number[:], q.Number))
	})
}

func (f *fakeStore) UpdateEntry(ctx context.Context, uuid string, edit func(*dlma.Entry) error) (dlma.Entry, error) {
	return update(ctx, f, "UpdateEntry", &f.entries, uuid, edit, func(before, e dlma.Entry) error {
		if before.Status == dlma.Dialing && (e.Status != before.Status || e.Number != before.Number || e.Tries != before.Tries) {
			return dlma.Conflict("The dl is being dialed.")
		}
		return f.valid("UpdateEntry", e.Validate())
	})
}

func (f *fakeStore) DeleteEntry(ctx context.Context, uuid string) (dlma.Entry, error) {
	return remove(ctx, f, "DeleteEntry", &f.entries, uuid, func(*dlma.Entry) error { return nil })
}

// refer checks what a campaign refers to.
func (f *fakeStore) refer(c campaign.Campaign) error {
	if c.Plan != "" {
		if _, err := f.plans.get(c.Plan); err != nil {
			return campaign.Invalid{Field: "plan", Message: "names no live plan"}
		}
	}
	if c.Destination != "" {
		if _, err := f.dests.get(c.Destination); err != nil {
			return campaign.Invalid{Field: "dest", Message: "names no live destination"}
		}
	}
	if c.List != "" {
		if _, err := f.lists.get(c.List); err != nil {
			return campaign.Invalid{Field: "dlma", Message: "names no live dlma"}
		}
	}
	if c.Status == campaign.Starting {
		return errors.New("fake: status 11 is never stored")
	}
	return f.valid("campaign", c.Validate())
}

func (f *fakeStore) CreateCampaign(ctx context.Context, c campaign.Campaign) (campaign.Campaign, error) {
	return create(ctx, f, "CreateCampaign", &f.camps, c, f.refer)
}

func (f *fakeStore) Campaign(ctx context.Context, uuid string) (campaign.Campaign, error) {
	return read(ctx, f, "Campaign", &f.camps, uuid)
}

func (f *fakeStore) ListCampaigns(ctx context.Context, after string, count int) ([]campaign.Campaign, bool, error) {
	return list(ctx, f, "ListCampaigns", &f.camps, after, count, any1)
}

func (f *fakeStore) UpdateCampaign(ctx context.Context, uuid string, edit func(*campaign.Campaign) error) (campaign.Campaign, error) {
	return update(ctx, f, "UpdateCampaign", &f.camps, uuid, edit, func(_, c campaign.Campaign) error { return f.refer(c) })
}

func (f *fakeStore) DeleteCampaign(ctx context.Context, uuid string, force bool) (campaign.Campaign, error) {
	return remove(ctx, f, "DeleteCampaign", &f.camps, uuid, func(c *campaign.Campaign) error {
		if c.Status != campaign.Stopped && c.Status != campaign.Paused {
			if !force {
				return campaign.Conflict("The campaign is running.")
			}
			c.Status = campaign.Stopping
		}
		return nil
	})
}

func (f *fakeStore) Dialing(ctx context.Context, uuid string) (results.Dialing, error) {
	return read(ctx, f, "Dialing", &f.dialings, uuid)
}

func (f *fakeStore) ListDialings(ctx context.Context, after string, count int) ([]results.Dialing, bool, error) {
	return list(ctx, f, "ListDialings", &f.dialings, after, count, any1)
}

func (f *fakeStore) AskHangup(ctx context.Context, uuid string) error {
	leave, err := f.enter(ctx, "AskHangup")
	if err != nil {
		return err
	}
	defer leave()
	if _, err := f.dialings.find(uuid); err != nil {
		return err
	}
	f.asked = append(f.asked, uuid)
	return nil
}

func (f *fakeStore) Live(ctx context.Context, uuid string) (campaign.Live, bool, error) {
	leave, err := f.enter(ctx, "Live")
	if err != nil {
		return campaign.Live{}, false, err
	}
	defer leave()
	live, ok := f.live[uuid]
	return live, ok, nil
}

func (f *fakeStore) Counts(ctx context.Context, pick dlma.Pick) (dlma.Counts, error) {
	leave, err := f.enter(ctx, "Counts")
	if err != nil {
		return dlma.Counts{}, err
	}
	defer leave()
	if f.counts == nil {
		return dlma.Counts{}, nil
	}
	return f.counts(pick)
}

func (f *fakeStore) Tally(ctx context.Context, uuid string) (results.Tally, error) {
	leave, err := f.enter(ctx, "Tally")
	if err != nil {
		return results.Tally{}, err
	}
	defer leave()
	return f.tallies[uuid], nil
}

func (f *fakeStore) Days(ctx context.Context, uuid, from string) (days []results.Day, err error) {
	leave, err := f.enter(ctx, "Days")
	if err != nil {
		return nil, err
	}
	defer leave()
	if _, err := time.Parse(time.DateOnly, from); err != nil {
		f.t.Errorf("Days: from %q, which is no date", from)
	}
	for _, d := range f.days[uuid] {
		if d.Date >= from {
			days = append(days, d)
		}
	}
	return days, nil
}

func (f *fakeStore) Results(ctx context.Context, q results.Query) (found []results.Result, more bool, err error) {
	leave, err := f.enter(ctx, "Results")
	if err != nil {
		return nil, false, err
	}
	defer leave()
	f.query = q
	for _, r := range f.results {
		if r.Seq <= q.After || q.Campaign != "" && q.Campaign != r.Campaign {
			continue
		}
		if len(found) == q.Count {
			return found, true, nil
		}
		found = append(found, r)
	}
	return found, false, nil
}
