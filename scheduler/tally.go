package scheduler

import "github.com/outpace/outpace/dialer"

// tally counts open calls by campaign, plan and queue, so that a decision does
// not walk over all calls.
type tally struct {
	campaigns map[string]*phases
	queues    map[string]*phases
	plans     map[string]int
	byQueue   map[string]map[*call]struct{}
	byRun     map[string]map[*call]struct{}
}

// phases counts calls in each phase; ended ones are those whose result is not
// committed yet.
type phases [dialer.Ended + 1]int

func (p *phases) open() int {
	n := 0
	for _, k := range p {
		n += k
	}
	return n
}

func newTally() tally {
	return tally{
		campaigns: map[string]*phases{}, queues: map[string]*phases{}, plans: map[string]int{},
		byQueue: map[string]map[*call]struct{}{}, byRun: map[string]map[*call]struct{}{},
	}
}

// campaign and queue return the counts, of zeros for names without calls.
func (t *tally) campaign(uuid string) *phases { return counts(t.campaigns, uuid) }

func (t *tally) queue(name string) *phases { return counts(t.queues, name) }

func counts(m map[string]*phases, key string) *phases {
	p := m[key]
	if p == nil {
		p = &phases{}
		m[key] = p
	}
	return p
}

func (t *tally) add(c *call) {
	t.campaign(c.campaign)[c.counted]++
	t.plans[c.plan]++
	enlist(t.byRun, c.campaign, c)
	if c.queue != "" {
		t.queue(c.queue)[c.counted]++
		enlist(t.byQueue, c.queue, c)
	}
}

func (t *tally) move(c *call, to dialer.Phase) {
	if to == c.counted {
		return
	}
	p := t.campaign(c.campaign)
	p[c.counted]--
	p[to]++
	if c.queue != "" {
		q := t.queue(c.queue)
		q[c.counted]--
		q[to]++
	}
	c.counted = to
}

func (t *tally) remove(c *call) {
	t.campaign(c.campaign)[c.counted]--
	if t.campaign(c.campaign).open() == 0 {
		delete(t.campaigns, c.campaign)
	}
	if t.plans[c.plan]--; t.plans[c.plan] == 0 {
		delete(t.plans, c.plan)
	}
	strike(t.byRun, c.campaign, c)
	if c.queue != "" {
		t.queue(c.queue)[c.counted]--
		strike(t.byQueue, c.queue, c)
		if t.queue(c.queue).open() == 0 {
			delete(t.queues, c.queue)
		}
	}
}

func enlist(m map[string]map[*call]struct{}, key string, c *call) {
	if m[key] == nil {
		m[key] = map[*call]struct{}{}
	}
	m[key][c] = struct{}{}
}

func strike(m map[string]map[*call]struct{}, key string, c *call) {
	delete(m[key], c)
	if len(m[key]) == 0 {
		delete(m, key)
	}
}
