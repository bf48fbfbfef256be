package scheduler

import (
	"maps"
	"slices"
)

// group is agents who are members of the same queues.
type group struct {
	queues []string
	free   int // could be rung now
	rung   int // are being rung for a waiting caller
}

// demand is the calls of a queue that have no agent yet.
type demand struct {
	waiting int // answered, or callers who are not ours: an agent may be ringing for them already
	pending int // not answered yet
}

// supply tells, for queues that share agents, how many agents each may count
// on. An agent in two queues is one agent: he is kept for the queue that needs
// him, which a maximum matching of calls to agents finds.
type supply struct {
	free     matching
	demands  map[string]demand
	unserved map[string]int // calls that no agent is left for
}

func newSupply(groups []group, demands map[string]demand) *supply {
	s := &supply{free: newMatching(groups), demands: demands, unserved: map[string]int{}}
	// Agents who are being rung serve waiting callers only.
	rung := newMatching(groups)
	for i, g := range groups {
		s.free.left[i], rung.left[i] = g.free, g.rung
	}
	for _, q := range slices.Sorted(maps.Keys(demands)) {
		left := demands[q].waiting
		for left > 0 && rung.take(q) {
			left--
		}
		left += demands[q].pending
		for left > 0 && s.free.take(q) {
			left--
		}
		s.unserved[q] = left
	}
	return s
}

// idle is how many agents a queue may count on for its calls without an agent
// and for further ones: more than those calls while agents are left over,
// fewer where they do not suffice.
func (s *supply) idle(queue string) int {
	d := s.demands[queue]
	n := d.waiting + d.pending
	if u := s.unserved[queue]; u > 0 {
		return n - u
	}
	rest := s.free.clone()
	for rest.take(queue) {
		n++
	}
	return n
}

// matching assigns agents, by group, to queues.
type matching struct {
	groups []group
	left   []int            // agents of each group not assigned yet
	used   []map[string]int // agents of each group assigned to each queue
}

func newMatching(groups []group) matching {
	m := matching{groups: groups, left: make([]int, len(groups)), used: make([]map[string]int, len(groups))}
	for i := range m.used {
		m.used[i] = map[string]int{}
	}
	return m
}

func (m *matching) clone() matching {
	c := matching{groups: m.groups, left: slices.Clone(m.left), used: make([]map[string]int, len(m.used))}
	for i := range m.used {
		c.used[i] = maps.Clone(m.used[i])
	}
	return c
}

// take assigns one more agent to a queue, if need be by moving others to
// another group (an augmenting path), and reports whether there was one.
func (m *matching) take(queue string) bool {
	return m.augment(queue, make([]bool, len(m.groups)))
}

func (m *matching) augment(queue string, seen []bool) bool {
	for i, g := range m.groups {
		if seen[i] || !slices.Contains(g.queues, queue) {
			continue
		}
		if m.left[i] > 0 {
			m.left[i]--
			m.used[i][queue]++
			return true
		}
	}
	for i, g := range m.groups {
		if seen[i] || !slices.Contains(g.queues, queue) {
			continue
		}
		seen[i] = true
		for _, other := range slices.Sorted(maps.Keys(m.used[i])) {
			if other == queue || m.used[i][other] == 0 || !m.augment(other, seen) {
				continue
			}
			m.used[i][other]--
			m.used[i][queue]++
			return true
		}
	}
	return false
}
