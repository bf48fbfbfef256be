package predictor

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

func TestFormula(t *testing.T) {
	ringing := func(n int) []Ringing { return make([]Ringing, n) }
	waiting := func(n int) []time.Duration { return make([]time.Duration, n) }
	talking := []Busy{{Phase: AgentTalking}, {Phase: AgentTalking}, {Phase: AgentRinging}, {Phase: AgentTalking}, {Phase: AgentTalking}}
	wrapping := append([]Busy{{Phase: AgentWrapUp}}, talking[1:]...)
	tests := []struct {
		name   string
		s      Snapshot
		place  int
		code   string
		reason string
	}{
		{"all agents free", Snapshot{Idle: 5, LoggedIn: 5, Ready: 100}, 5, CodeAgents, "Every agent who can take a call gets one."},
		{"calls on their way", Snapshot{Idle: 5, LoggedIn: 5, Ready: 100, Ringing: ringing(2), Waiting: waiting(1), Strangers: 1}, 1, CodeAgents, "gets one"},
		{"a talking call counts once", Snapshot{Idle: 5, LoggedIn: 10, Busy: talking, Ready: 100}, 5, CodeAgents, "gets one"},
		{"enough on their way", Snapshot{Idle: 3, LoggedIn: 3, Ready: 100, Ringing: ringing(2), Waiting: waiting(1), Strangers: 1}, 0, CodeAgents,
			"The calls on their way are enough for the agents who can take one: 2 ringing, 1 waiting, 1 other caller for 3 agents."},
		{"service level", Snapshot{Idle: 1, LoggedIn: 1, Ready: 100, Ringing: ringing(1), ServiceLevel: 3}, 3, CodeAgents, "gets one"},
		{"service level without agents", Snapshot{Ready: 100, ServiceLevel: 3}, 3, CodeAgents, "gets one"},
		{"nobody logged in", Snapshot{Ready: 100}, 0, CodeAgents, "No agent is logged in."},
		{"all busy", Snapshot{LoggedIn: 5, Busy: talking, Ready: 100}, 0, CodeAgents, "All 5 agents are busy."},
		{"one in wrap-up", Snapshot{LoggedIn: 5, Busy: wrapping, Ready: 100}, 0, CodeAgents, "All 5 agents are busy (1 in wrap-up)."},
		{"the one agent", Snapshot{LoggedIn: 1, Busy: talking[:1], Ready: 100}, 0, CodeAgents, "The one agent is busy."},
		{"some paused", Snapshot{LoggedIn: 7, Busy: talking, Ready: 100}, 0, CodeAgents, "No agent is free: 5 agents are busy, 2 paused or needed elsewhere."},
		{"all paused", Snapshot{LoggedIn: 1, Ready: 100}, 0, CodeAgents, "No agent is free: 1 agent is logged in, paused or needed elsewhere."},
		{"list empty", Snapshot{Idle: 5, LoggedIn: 5}, 0, CodeList, "No entry is ready to be dialed."},
		{"list short", Snapshot{Idle: 5, LoggedIn: 5, Ready: 2}, 2, CodeList, "Every entry that is ready is dialed."},
		{"limit", Snapshot{Idle: 5, LoggedIn: 5, Ready: 9, Limits: []Limit{{"max_cps (30)", 7}, {"max_calls (200)", 2}, {"other", 2}}},
			2, CodeLimit, "No more calls are allowed now: max_calls (200)."},
		{"limit overdrawn", Snapshot{Unlimited: true, Ready: 9, Limits: []Limit{{"max_calls (200)", -4}}}, 0, CodeLimit, "max_calls (200)"},
		{"no limit looser than the agents", Snapshot{Idle: 1, LoggedIn: 1, Ready: 9, Limits: []Limit{{"max_calls", 1}}}, 1, CodeAgents, "gets one"},
		{"unlimited", Snapshot{Unlimited: true, Ready: 9, Ringing: ringing(50), Strangers: 3}, 9, CodeList, "Every entry that is ready is dialed."},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := NewFormula().Decide(tt.s)
			if d.Place != tt.place || d.Code != tt.code || !strings.Contains(d.Reason, tt.reason) {
				t.Errorf("place %d, %s, %q; want %d, %s, %q", d.Place, d.Code, d.Reason, tt.place, tt.code, tt.reason)
			}
			if len(d.Facts) < 1+len(tt.s.Limits) {
				t.Errorf("only %d facts", len(d.Facts))
			}
		})
	}
}

func TestRatio(t *testing.T) {
	for _, lines := range []float64{0, 0.99, 20.1, -1} {
		if _, err := NewRatio(lines); err == nil {
			t.Errorf("%v lines are accepted", lines)
		}
	}
	tests := []struct {
		lines float64
		s     Snapshot
		place int
	}{
		{1, Snapshot{Idle: 5, Ready: 100}, 5},
		{1.5, Snapshot{Idle: 5, Ready: 100}, 7},
		{3, Snapshot{Idle: 5, Ready: 100, Ringing: make([]Ringing, 4)}, 11},
		{3, Snapshot{Idle: 5, Ready: 100, Waiting: make([]time.Duration, 1), Strangers: 2}, 6},
		{3, Snapshot{Idle: 1, Ready: 100, Strangers: 2, Ringing: make([]Ringing, 1)}, 0},
		{3, Snapshot{Idle: 5, Ready: 100, Limits: []Limit{{"l", 4}}}, 4},
	}
	for _, tt := range tests {
		r, err := NewRatio(tt.lines)
		if err != nil {
			t.Fatal(err)
		}
		if d := r.Decide(tt.s); d.Place != tt.place {
			t.Errorf("%v lines on %+v place %d, want %d", tt.lines, tt.s, d.Place, tt.place)
		}
	}
}

// Whatever the snapshot, no pacer places fewer than no calls, more than any
// bound allows, or fewer calls for more free agents; and it says why.
func TestPacersKeepTheirBounds(t *testing.T) {
	ratio, err := NewRatio(2.5)
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(7, 7))
	for name, p := range map[string]Pacer{"formula": NewFormula(), "ratio": ratio} {
		for range 5000 {
			s := Snapshot{
				Unlimited: r.IntN(8) == 0, Idle: r.IntN(12) - 2, LoggedIn: r.IntN(12), Busy: make([]Busy, r.IntN(5)),
				Ringing: make([]Ringing, r.IntN(8)), Waiting: make([]time.Duration, r.IntN(4)), Strangers: r.IntN(3),
				Ready: r.IntN(20) - 2, ServiceLevel: r.IntN(4),
			}
			for range r.IntN(3) {
				s.Limits = append(s.Limits, Limit{Name: "limit", Free: r.IntN(20) - 4})
			}
			d := p.Decide(s)
			if d.Place < 0 || d.Place > max(0, s.Ready) {
				t.Fatalf("%s places %d on %+v", name, d.Place, s)
			}
			for _, l := range s.Limits {
				if d.Place > max(0, l.Free) {
					t.Fatalf("%s places %d beyond a limit on %+v", name, d.Place, s)
				}
			}
			if d.Reason == "" || !strings.HasSuffix(d.Reason, ".") || d.Code == "" {
				t.Fatalf("%s does not say why on %+v: %q", name, s, d.Reason)
			}
			more := s
			more.Idle++
			if n := p.Decide(more).Place; n < d.Place {
				t.Fatalf("%s places %d with one agent more, %d before, on %+v", name, n, d.Place, s)
			}
			if _, isFormula := p.(*Formula); isFormula && !s.Unlimited {
				want := min(max(0, s.Idle+s.ServiceLevel-len(s.Ringing)-len(s.Waiting)-s.Strangers), max(0, s.Ready))
				for _, l := range s.Limits {
					want = min(want, max(0, l.Free))
				}
				if d.Place != want {
					t.Fatalf("the formula places %d, not %d, on %+v", d.Place, want, s)
				}
			}
		}
	}
}
