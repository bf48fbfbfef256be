package scheduler

import (
	"math/rand/v2"
	"testing"
)

func TestSupply(t *testing.T) {
	for _, tt := range []struct {
		name    string
		groups  []group
		demands map[string]demand
		queue   string
		idle    int // of which demand is taken off by the pacer
	}{
		{"nobody", nil, nil, "a", 0},
		{"free agents", []group{{[]string{"a"}, 3, 0}}, nil, "a", 3},
		{"pending calls keep their agents", []group{{[]string{"a"}, 3, 0}}, map[string]demand{"a": {pending: 2}}, "a", 3},
		{"more calls than agents", []group{{[]string{"a"}, 1, 0}}, map[string]demand{"a": {pending: 4}}, "a", 1},
		{"an agent in two queues is one", []group{{[]string{"a", "b"}, 1, 0}}, map[string]demand{"b": {pending: 1}}, "a", 0},
		{"the other queue takes its own agent first", []group{{[]string{"a", "b"}, 1, 0}, {[]string{"b"}, 1, 0}},
			map[string]demand{"b": {pending: 1}}, "a", 1},
		{"rung agents serve waiting callers", []group{{[]string{"a"}, 0, 10}}, map[string]demand{"a": {waiting: 1}}, "a", 1},
		{"rung agents serve nobody else", []group{{[]string{"a"}, 0, 10}}, map[string]demand{"a": {pending: 1}}, "a", 0},
		{"nobody is rung for pending calls", []group{{[]string{"a"}, 2, 3}}, map[string]demand{"a": {waiting: 1, pending: 1}}, "a", 3},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := newSupply(tt.groups, tt.demands).idle(tt.queue); got != tt.idle {
				t.Errorf("idle = %d, want %d", got, tt.idle)
			}
		})
	}
}

// TestSupplyNeverCountsAnAgentTwice: whatever each queue is told, placing it
// all at once in one queue never leaves more calls than agents.
func TestSupplyNeverCountsAnAgentTwice(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	queues := []string{"a", "b", "c"}
	for range 2000 {
		var groups []group
		agents := 0
		for mask := 1; mask < 8; mask++ {
			g := group{free: rng.IntN(4)}
			for i, q := range queues {
				if mask&(1<<i) != 0 {
					g.queues = append(g.queues, q)
				}
			}
			agents += g.free
			groups = append(groups, g)
		}
		demands := map[string]demand{}
		calls := 0
		for _, q := range queues {
			d := demand{pending: rng.IntN(5)}
			calls += d.pending
			demands[q] = d
		}
		for _, q := range queues {
			s := newSupply(groups, demands)
			slots := s.idle(q) - demands[q].pending
			served := calls
			for _, u := range s.unserved {
				served -= u
			}
			if slots > 0 && served+slots > agents {
				t.Fatalf("queue %s: %d slots with %d served calls and %d agents\n%+v\n%+v", q, slots, served, agents, groups, demands)
			}
			if slots > 0 {
				// The pacer takes them; the next queue sees it.
				d := demands[q]
				d.pending += slots
				demands[q] = d
				calls += slots
			}
		}
	}
}
