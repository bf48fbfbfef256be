package hosted

import (
	"testing"
	"time"

	"github.com/outpace/outpace/dialer"
	"github.com/outpace/outpace/results"
)

// matchLab is a gateway whose PBX is never asked, with its clock known.
func matchLab(t *testing.T, ahead time.Duration) *Gateway {
	t.Helper()
	s := Settings{Name: "lab", BaseURL: "http://127.0.0.1:1"}
	client, err := NewClient(s)
	if err != nil {
		t.Fatal(err)
	}
	client.skew.Store(int64(ahead))
	client.skewed.Store(true)
	g, err := New(s, Kind{Name: "lab", Client: client, PBX: detailPBX{}})
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// fly adds a call in flight.
func (g *Gateway) fly(call, agent, number, id string, sent time.Time) {
	g.book.take(&flight{call: call, agent: agent, number: number, id: id, sent: sent, placed: sent, seenFree: map[string]bool{}})
}

// ended are the calls that were told as ended, with the row of each.
func (g *Gateway) ended() map[string]string {
	list := map[string]string{}
	for _, e := range g.out.list {
		if e.Kind == dialer.CallEnded {
			list[e.Call] = e.Outcome.Recording
		}
	}
	return list
}

func row(id, call, agent, number string, start time.Time) Row {
	return Row{ID: id, CallID: call, Agent: agent, Number: number, Start: Exactly(start), Duration: 30 * time.Second,
		Outcome: dialer.Outcome{Disposition: results.Busy, Recording: id}}
}

func TestMatch(t *testing.T) {
	now := time.Now()
	ago := func(s int) time.Time { return now.Add(-time.Duration(s) * time.Second) }
	for name, c := range map[string]struct {
		ahead   time.Duration
		flights func(*Gateway)
		rows    []Row
		want    map[string]string // call to row
	}{
		"by the PBX's name": {
			flights: func(g *Gateway) {
				g.fly("a", "101", "0901111111", "x", ago(60))
				g.fly("b", "102", "0901111111", "y", ago(60))
			},
			rows: []Row{row("r1", "y", "", "", ago(60)), row("r2", "x", "", "", ago(60))}, want: map[string]string{"a": "r2", "b": "r1"},
		},
		"by agent, nine digits and time": {
			flights: func(g *Gateway) { g.fly("a", "101", "+84 90 111 1111", "", ago(60)) },
			rows: []Row{
				row("r1", "", "102", "0901111111", ago(58)), row("r2", "", "101", "0901111112", ago(58)),
				row("r3", "", "101", "0901111111", ago(400)), row("r4", "", "101", "0901111111", ago(58)),
			}, want: map[string]string{"a": "r4"},
		},
		"a clock that is wrong": {
			ahead:   3 * time.Hour,
			flights: func(g *Gateway) { g.fly("a", "101", "0901111111", "", ago(60)) },
			rows:    []Row{row("r1", "", "101", "0901111111", ago(58)), row("r2", "", "101", "0901111111", ago(58).Add(3*time.Hour))},
			want:    map[string]string{"a": "r2"},
		},
		"one row for two calls": {
			flights: func(g *Gateway) {
				g.fly("a", "", "0901111111", "", ago(100))
				g.fly("b", "", "0901111111", "", ago(60))
			},
			rows: []Row{row("r1", "", "101", "0901111111", ago(59))}, want: map[string]string{"b": "r1"},
		},
		"one call for two rows": {
			flights: func(g *Gateway) { g.fly("a", "101", "0901111111", "", ago(60)) },
			rows:    []Row{row("r1", "", "101", "0901111111", ago(20)), row("r2", "", "101", "0901111111", ago(59))},
			want:    map[string]string{"a": "r2"},
		},
		"an earlier call that was over": {
			flights: func(g *Gateway) { g.fly("a", "101", "0901111111", "", ago(20)) },
			rows:    []Row{{ID: "r1", Agent: "101", Number: "0901111111", Start: Exactly(ago(27)), Duration: 2 * time.Second}},
			want:    map[string]string{},
		},
		"names that decide leave the rest alone": {
			flights: func(g *Gateway) {
				g.fly("a", "101", "0901111111", "x", ago(60))
				g.fly("b", "102", "0902222222", "y", ago(60))
			},
			rows: []Row{row("r1", "x", "101", "0901111111", ago(60)), row("r2", "z", "102", "0902222222", ago(60))},
			want: map[string]string{"a": "r1"},
		},
		"a call that is being placed": {
			flights: func(g *Gateway) {
				g.fly("a", "101", "0901111111", "", ago(1))
				g.book.flights["a"].placing = true
			},
			rows: []Row{row("r1", "", "101", "0901111111", ago(1))}, want: map[string]string{},
		},
	} {
		t.Run(name, func(t *testing.T) {
			g := matchLab(t, c.ahead)
			c.flights(g)
			for range 2 { // the same rows come again
				g.match(c.rows, now)
			}
			got := g.ended()
			if len(got) != len(c.want) {
				t.Errorf("got %v, want %v", got, c.want)
			}
			for call, id := range c.want {
				if got[call] != id {
					t.Errorf("call %s has row %q, want %q", call, got[call], id)
				}
			}
		})
	}
}

// TestRowIsUsedOnce: a row that has ended a call is not the next one's, though
// it would fit.
func TestRowIsUsedOnce(t *testing.T) {
	g := matchLab(t, 0)
	now := time.Now()
	rows := []Row{row("r1", "", "101", "0901111111", now.Add(-20*time.Second))}
	g.fly("a", "101", "0901111111", "", now.Add(-20*time.Second))
	g.match(rows, now)
	g.fly("b", "101", "0901111111", "", now.Add(-15*time.Second))
	g.match(rows, now)
	if got := g.ended(); len(got) != 1 || got["a"] != "r1" {
		t.Errorf("ended %v", got)
	}
}

// TestNewsOvertakeTheAnswer: news of a call that is not known yet are kept.
func TestNewsOvertakeTheAnswer(t *testing.T) {
	g := matchLab(t, 0)
	g.fly("a", "101", "0901111111", "", time.Now())
	f := g.book.flights["a"]
	f.placing = true
	g.hear([]News{{CallID: "x", Agent: "101", Number: "0901111111", Stage: Answered}})
	if f.stage != 0 || len(g.news) != 1 {
		t.Fatalf("stage %d, %d kept", f.stage, len(g.news))
	}
	_ = g.answered(f, "x", nil)
	if f.stage != Answered || len(g.news) != 0 {
		t.Errorf("stage %d, %d kept", f.stage, len(g.news))
	}
	g.hear([]News{{CallID: "x", Stage: Begun}}) // late
	if f.stage != Answered {
		t.Error("news took a call back")
	}
	g.news = []keptNews{{News{CallID: "nobody's"}, time.Now().Add(-time.Hour)}}
	g.rehear(time.Now())
	if len(g.news) != 0 {
		t.Error("old news are kept for ever")
	}
	// An answer that was lost: agent and number tell whose the news are.
	g.fly("b", "102", "0902222222", "", time.Now())
	g.hear([]News{{CallID: "y", Agent: "102", Number: "84902222222", Stage: Begun}})
	if g.book.flights["b"].id != "y" {
		t.Errorf("the call is named %q", g.book.flights["b"].id)
	}
}

func TestGiveUp(t *testing.T) {
	g := matchLab(t, 0)
	now := time.Now()
	g.fly("open", "101", "1", "", now.Add(-time.Minute))
	g.fly("free", "102", "2", "", now.Add(-5*time.Minute))
	g.fly("young", "103", "3", "", now.Add(-5*time.Minute))
	g.fly("old", "104", "4", "", now.Add(-3*time.Hour))
	g.book.flights["free"].free = now.Add(-61 * time.Second)
	g.book.flights["young"].free = now.Add(-59 * time.Second)
	g.giveUp(time.Time{}, now) // the call log was not read
	if got := g.ended(); len(got) != 1 {
		t.Errorf("ended %v, want the old one only", got)
	}
	g.giveUp(now, now)
	if got := g.ended(); len(got) != 2 || g.book.flights["open"] == nil || g.book.flights["young"] == nil {
		t.Errorf("ended %v", got)
	}
}
