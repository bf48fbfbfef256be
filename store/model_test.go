package store_test

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/outpace/outpace/dlma"
	"github.com/outpace/outpace/plan"
	"github.com/outpace/outpace/results"
	"github.com/outpace/outpace/store"
)

// model is what the rulings say, without an index.
type model struct {
	entries   []dlma.Entry // in the order of creation
	open      map[string]int
	abandoned map[string]time.Time // numbers
}

func left(e dlma.Entry, pick dlma.Pick) (int, bool) {
	if e.Unknown && !pick.RedialUnknown {
		return 0, false
	}

	return plan.Next(pick.MaxTries, e.Tries, e.Number)
}

func sum(tries [8]int) (n int) {
	for _, t := range tries {
		n += t
	}

	return n
}

// dialable says whether an entry is neither dialed, answered, reserved, deleted
// nor used up.
func dialable(e dlma.Entry, pick dlma.Pick) bool {
	_, ok := left(e, pick)

	return ok && e.InUse && e.Status == dlma.Idle && e.ResDial != dlma.Answered && e.List == pick.List
}

func waits(e dlma.Entry, pick dlma.Pick) bool {
	return !e.TmLastHangup.IsZero() && pick.Now.Sub(e.TmLastHangup) <= pick.RetryDelay
}

// freeAt is when the last lock of an entry is over, zero if it has none.
func (m *model) freeAt(e dlma.Entry, pick dlma.Pick) (last time.Time) {
	for _, n := range e.Number {
		if at, ok := m.abandoned[n]; ok && pick.AbandonLock > 0 && at.Add(pick.AbandonLock).After(last) {
			last = at.Add(pick.AbandonLock)
		}
	}

	return last
}

func (m *model) locked(e dlma.Entry, pick dlma.Pick) bool { return m.freeAt(e, pick).After(pick.Now) }

func (m *model) busy(e dlma.Entry) bool {
	return slices.ContainsFunc(e.Number[:], func(n string) bool { return n != "" && m.open[n] > 0 })
}

// ready lists the entries that may be dialed now, the next one first.
func (m *model) ready(pick dlma.Pick) []int {
	var list []int
	for i, e := range m.entries {
		if dialable(e, pick) && !waits(e, pick) && !m.locked(e, pick) && !m.busy(e) {
			list = append(list, i)
		}
	}
	slices.SortStableFunc(list, func(a, b int) int {
		x, y := m.entries[a], m.entries[b]

		return cmp.Or(cmp.Compare(sum(x.Tries), sum(y.Tries)), x.TmLastHangup.Compare(y.TmLastHangup))
	})

	return list
}

// claim takes as the store does: "index:number" for each.
func (m *model) claim(pick dlma.Pick) []string {
	list := m.ready(pick)
	list = list[:min(len(list), pick.Count)]
	var got []string
	called := map[string]bool{}
	for _, i := range list {
		e := &m.entries[i]
		if slices.ContainsFunc(e.Number[:], func(n string) bool { return n != "" && called[n] }) {
			continue
		}
		index, _ := left(*e, pick)
		number := e.Number[index-1]
		called[number] = true
		e.Tries[index-1]++
		e.Status = dlma.Dialing
		m.open[number]++
		got = append(got, e.UUID+":"+number)
	}

	return got
}

func (m *model) outlook(pick dlma.Pick) dlma.Outlook {
	ready := m.ready(pick)
	ready = ready[:min(len(ready), pick.Count)]
	out := dlma.Outlook{Ready: len(ready)}
	for _, i := range ready {
		e := m.entries[i]
		number, _ := left(e, pick)
		out.Upcoming = append(out.Upcoming, dlma.Upcoming{Tries: e.Tries[number-1], Number: number, ResDial: e.ResDial})
	}
	for _, e := range m.entries {
		if e.Status == dlma.Dialing && e.List == pick.List {
			out.Open++
		}
		if at := m.opens(e, pick); dialable(e, pick) && at.After(pick.Now) && (out.Ready == 0 || at.Equal(e.TmLastHangup.Add(pick.RetryDelay+time.Microsecond))) &&
			(out.Next.IsZero() || at.Before(out.Next)) {
			out.Next = at
		}
	}

	return out
}

// opens is when an entry may be dialed as far as one knows.
func (m *model) opens(e dlma.Entry, pick dlma.Pick) time.Time {
	at := m.freeAt(e, pick)
	if over := e.TmLastHangup.Add(pick.RetryDelay + time.Microsecond); waits(e, pick) && over.After(at) {
		at = over
	}
	if !at.After(pick.Now) && m.busy(e) {
		at = pick.Now.Add(time.Second)
	}

	return at
}

func (m *model) counts(pick dlma.Pick) dlma.Counts {
	var c dlma.Counts
	for _, e := range m.entries {
		if e.List != pick.List || !e.InUse {
			continue
		}
		c.Total++
		_, ok := plan.Next(pick.MaxTries, e.Tries, e.Number)
		switch {
		case e.Status == dlma.Dialing:
			c.Dialing++
		case e.ResDial == dlma.Answered:
			c.Answered++
		case e.Unknown && !pick.RedialUnknown:
			c.Unknown++
		case !ok:
			c.UsedUp++
		case e.Status == dlma.Reserved:
		case waits(e, pick), m.locked(e, pick):
			c.Waiting++
		default:
			c.Idle++
		}
	}

	return c
}

// TestStoreFollowsTheModel drives store and model through the same random
// life: claims under changing plans, ends of all kinds, locks, edits,
// deletions, reconciling. They must agree after each step.
func TestStoreFollowsTheModel(t *testing.T) {
	both(t, func(t *testing.T, s *store.Store) {
		for seed := range uint64(4) {
			live(t, s, rand.New(rand.NewPCG(seed, 7)), 60)
		}
	})
}

func live(t *testing.T, s *store.Store, rnd *rand.Rand, steps int) {
	ctx := t.Context()
	token := lease(t, s, "gw")
	lists := []string{newList(t, s), newList(t, s)}
	m := &model{open: map[string]int{}, abandoned: map[string]time.Time{}}
	calls := map[string]results.Dialing{}
	clock := now()
	prefix := fmt.Sprintf("%x-", rnd.Uint32()) // numbers of this life alone

	add := func() {
		e := dlma.Entry{List: lists[rnd.IntN(2)]}
		for i := range e.Number {
			if rnd.IntN(3) == 0 {
				e.Number[i] = fmt.Sprint(prefix, rnd.IntN(60))
			}
		}
		m.entries = append(m.entries, must[dlma.Entry](t)(s.CreateEntry(ctx, e)))
	}
	for range 40 {
		add()
	}
	plans := make([]dlma.Pick, 3) // campaigns with plans of their own
	change := func(p *dlma.Pick) {
		*p = dlma.Pick{List: lists[rnd.IntN(2)], RetryDelay: time.Duration(rnd.IntN(3)) * time.Second, RedialUnknown: rnd.IntN(2) == 0}
		p.AbandonLock = []time.Duration{0, time.Second, 4 * time.Second, 72 * time.Hour}[rnd.IntN(4)]
		for i := range p.MaxTries {
			p.MaxTries[i] = rnd.IntN(3)
		}
	}
	for i := range plans {
		change(&plans[i])
	}
	for step := range steps {
		clock = clock.Add(time.Duration(rnd.IntN(1_500_000)) * time.Microsecond)
		p := plans[rnd.IntN(len(plans))]
		p.Now, p.Count = clock, 1+rnd.IntN(6)
		switch rnd.IntN(10) {
		case 0:
			add()
		case 1:
			change(&plans[rnd.IntN(len(plans))])
		case 2:
			m.edit(t, s, rnd)
		case 3:
			for n := 1; n > 0; {
				n = must[int](t)(s.Reconcile(ctx, p))
			}
		case 4, 5, 6:
			m.end(t, s, token, calls, rnd, clock)
		default:
			got := claim(t, s, token, p)
			want := m.claim(p)
			var list []string
			for _, d := range got {
				list = append(list, d.Entry+":"+d.DialAddr)
				calls[d.UUID] = d
			}
			if diff := gocmp.Diff(want, list); diff != "" {
				t.Fatalf("step %d: claimed %s", step, diff)
			}
		}
		m.compare(t, s, step, p)
	}
}

func (m *model) compare(t *testing.T, s *store.Store, step int, p dlma.Pick) {
	t.Helper()
	if diff := gocmp.Diff(m.outlook(p), must[dlma.Outlook](t)(s.Outlook(t.Context(), p))); diff != "" {
		t.Fatalf("step %d: outlook %s", step, diff)
	}
	if diff := gocmp.Diff(m.counts(p), must[dlma.Counts](t)(s.Counts(t.Context(), p))); diff != "" {
		t.Fatalf("step %d: counts %s", step, diff)
	}
}

func (m *model) edit(t *testing.T, s *store.Store, rnd *rand.Rand) {
	i := rnd.IntN(len(m.entries))
	if !m.entries[i].InUse || m.entries[i].Status == dlma.Dialing {
		return
	}
	e := &m.entries[i]
	if rnd.IntN(4) == 0 {
		must[dlma.Entry](t)(s.DeleteEntry(t.Context(), e.UUID))
		e.InUse = false

		return
	}
	n := rnd.IntN(8)
	how := rnd.IntN(4)
	*e = must[dlma.Entry](t)(s.UpdateEntry(t.Context(), e.UUID, func(e *dlma.Entry) error {
		switch how {
		case 0:
			e.Tries[n] = rnd.IntN(3)
		case 1:
			e.Number[n] = e.Number[(n+1)%8]
		case 2:
			e.ResDial = rnd.IntN(6)
		case 3:
			e.Status = 2 - e.Status
		}

		return nil
	}))
}

func (m *model) end(t *testing.T, s *store.Store, token string, calls map[string]results.Dialing, rnd *rand.Rand, clock time.Time) {
	var ended []results.Result
	for id, d := range calls {
		if rnd.IntN(2) == 0 {
			continue
		}
		kinds := []results.Disposition{results.Busy, results.Answered, results.Unknown, results.NotPlaced, results.AgentNoAnswer, results.Abandoned}
		r := resultOf(d, kinds[rnd.IntN(len(kinds))], 0, clock.Add(-time.Duration(rnd.IntN(2_000_000))*time.Microsecond))
		if r.Disposition == results.Answered {
			r.ResDial = 4
		}
		if r.Disposition == results.Abandoned { // and not answered, so that the entry is there to be locked
			abandoned := true
			r.Abandoned = &abandoned
			if r.TmHangup.After(m.abandoned[r.DialAddr]) {
				m.abandoned[r.DialAddr] = r.TmHangup
			}
		}
		ended = append(ended, r)
		delete(calls, id)
		e := &m.entries[slices.IndexFunc(m.entries, func(e dlma.Entry) bool { return e.UUID == d.Entry })]
		e.Status, e.ResDial, e.TmLastHangup = dlma.Idle, r.ResDial, r.TmHangup
		m.open[d.DialAddr]--
		switch {
		case r.Disposition.TryGivenBack():
			e.Tries[d.DialIndex-1]--
		default:
			e.Unknown = r.Disposition == results.Unknown
		}
	}
	record(t, s, token, ended...)
}
