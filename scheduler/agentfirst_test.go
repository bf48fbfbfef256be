package scheduler

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/outpace/outpace/campaign"
	"github.com/outpace/outpace/dialer"
	"github.com/outpace/outpace/plan"
	"github.com/outpace/outpace/results"
)

// ringingFirst is a PBX that rings the agent first.
type ringingFirst struct {
	*fakeGateway

	mu      sync.Mutex
	free    []string
	most    int // calls at once
	now     int
	noAgent int // calls that were asked for without a free agent
	pools   []dialer.Pool
	adopted int
	names   map[string]bool
}

func (g *ringingFirst) Watch(pools []dialer.Pool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.pools = pools
}

func (g *ringingFirst) Adopt(open []results.Dialing) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.adopted += len(open)
}

func (g *ringingFirst) agent(name string, phase dialer.AgentPhase) dialer.Event {
	return dialer.Event{Kind: dialer.AgentChanged, Agent: name, Member: &dialer.Agent{
		Interface: name, Phase: phase,
		Queues: []dialer.Membership{{Queue: dialer.Pool{Exten: name}.Name()}, {Queue: "sales"}},
	}}
}

// Place takes an agent, whose calls last ten seconds.
func (g *ringingFirst) Place(_ context.Context, r dialer.Request) error {
	g.mu.Lock()
	if len(g.free) == 0 {
		g.noAgent++
		g.mu.Unlock()
		return dialer.ErrNotSent
	}
	name := g.free[0]
	g.free = g.free[1:]
	g.now++
	g.most = max(g.most, g.now)
	g.names[r.Campaign+"/"+r.Name] = true
	g.mu.Unlock()
	g.fakeGateway.mu.Lock()
	running := g.running
	g.fakeGateway.mu.Unlock()
	g.wg.Go(func() {
		g.tell(running, g.agent(name, dialer.AgentRinging))
		g.tell(running, dialer.Event{Kind: dialer.CallAgentRung, Call: r.Call, Agent: name, Channel: "kind/" + name + "/" + r.Number})
		if !pause(running, 10*time.Second) {
			return
		}
		g.mu.Lock()
		g.free = append(g.free, name)
		g.now--
		g.mu.Unlock()
		g.tell(running, dialer.Event{Kind: dialer.CallEnded, Call: r.Call, Agent: name, Outcome: &dialer.Outcome{
			Disposition: results.Answered, ResDial: results.DialAnswered, Talk: 5 * time.Second, Billsec: 5, End: time.Now(),
		}})
		g.tell(running, g.agent(name, dialer.AgentFree))
	})
	return nil
}

func ringFirst(w *world, agents ...string) *ringingFirst {
	w.gw.caps = dialer.Capabilities{AgentFirst: true, Agents: true}
	g := &ringingFirst{fakeGateway: w.gw, names: map[string]bool{}, free: agents}
	w.hosted = g
	return g
}

// TestOneCallForEachAgentWhoIsRungFirst: as many calls as there are agents are
// under way, whatever the service level asks for, and no fewer: a call that
// has its agent already does not wait for another one.
func TestOneCallForEachAgentWhoIsRungFirst(t *testing.T) {
	for name, c := range map[string]struct {
		dest campaign.Destination
		most int
	}{
		"queue":     {campaign.Destination{UUID: "d", Type: campaign.TypeApplication, Application: "Queue", Data: "sales"}, 4},
		"extension": {campaign.Destination{UUID: "d", Type: campaign.TypeExten, Context: "x", Exten: "101"}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var g *ringingFirst
				agents := []string{"101", "102", "103", "104"}[:c.most]
				w := newWorld(t, 12, func(w *world) {
					c.dest.InUse = true
					w.store.dests["d"] = c.dest
					w.plan(func(p *plan.Plan) { p.ServiceLevel, p.EndHandle = 50, 1 })
					camp := w.store.campaigns["c"]
					camp.Name = "spring"
					w.store.campaigns["c"] = camp
					for i := range w.store.entries {
						w.store.entries[i].Name = fmt.Sprint("Anne ", i)
					}
					g = ringFirst(w, agents...)
				})
				pass(time.Second)
				if n := len(w.gw.calls()); n != 0 || g.most != 0 {
					t.Errorf("%d calls before an agent is known", g.most)
				}
				for _, a := range agents {
					w.gw.tell(w.ctx, g.agent(a, dialer.AgentFree))
				}
				pass(3 * time.Second)
				if g.most != c.most {
					t.Errorf("%d calls at once, want one for each of %d agents", g.most, c.most)
				}
				if !strings.Contains(w.why(), "busy") {
					t.Errorf("why = %q", w.why())
				}
				pass(5 * time.Minute)
				w.end()
				if g.most != c.most || g.noAgent != 0 {
					t.Errorf("%d calls at once, %d without an agent", g.most, g.noAgent)
				}
				got := w.dispositions()
				if len(got) != 12 {
					t.Fatalf("%d results, want 12", len(got))
				}
				for _, r := range w.store.results {
					if r.Disposition != results.Answered || r.Billsec != 5 || r.DialChannel != "kind/"+r.Agent+"/"+r.DialAddr {
						t.Errorf("result %s, billsec %d, dial_channel %q", r.Disposition, r.Billsec, r.DialChannel)
					}
					if c.most == 1 && r.Abandoned != nil || c.most == 4 && (r.Abandoned == nil || *r.Abandoned) {
						t.Errorf("abandoned %v", r.Abandoned)
					}
				}
				if !g.names["spring/Anne 3"] {
					t.Error("the PBX was not told the names of campaign and entry")
				}
			})
		})
	}
}

// TestAgentFirstNeedsAnAgent: a destination that names no agents is told, and
// nothing is claimed.
func TestAgentFirstNeedsAnAgent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 2, func(w *world) { ringFirst(w, "101") }) // its destination is the application park
		pass(5 * time.Second)
		if !strings.Contains(w.why(), "has to be a queue or an extension") || w.store.claims != 0 {
			t.Errorf("why = %q, %d claims", w.why(), w.store.claims)
		}
		w.end()
	})
}

// TestOpenCallsAndPoolsAreToldToTheGateway: one that cannot ask its PBX.
func TestOpenCallsAndPoolsAreToldToTheGateway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g *ringingFirst
		w := newWorld(t, 1, func(w *world) {
			w.queue()
			g = ringFirst(w)
		})
		pass(2 * time.Second)
		g.mu.Lock()
		if len(g.pools) != 1 || g.pools[0] != (dialer.Pool{Queue: "sales"}) {
			t.Errorf("pools %v", g.pools)
		}
		g.free = []string{"101"}
		g.mu.Unlock()
		w.gw.tell(w.ctx, g.agent("101", dialer.AgentFree))
		pass(3 * time.Second)
		w.end()
		if g.adopted != 0 {
			t.Errorf("%d calls were adopted before there was one", g.adopted)
		}
		w.start(t)
		pass(time.Second)
		w.end()
		if g.adopted != 1 {
			t.Errorf("%d open calls were told to the gateway, want 1", g.adopted)
		}
	})
}
