package scheduler

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/outpace/outpace/campaign"
	"github.com/outpace/outpace/dialer"
	"github.com/outpace/outpace/dlma"
	"github.com/outpace/outpace/plan"
	"github.com/outpace/outpace/results"
)

// world is an engine with a store, a PBX and a log in memory.
type world struct {
	t      *testing.T
	store  *memStore
	maxCPS int   // of the gateway, default 1000
	via    Store // stands before store, if set
	bare   bool  // the engine has no gateway
	clock  func() time.Time
	gw     *fakeGateway
	hosted dialer.Gateway // stands before gw, if set
	log    *memLog
	ctx    context.Context //nolint:containedctx // the engine's, for what the test tells the PBX
	stop   context.CancelFunc
	done   sync.WaitGroup
	eng    *Engine
}

// newWorld has one campaign "c" with n entries; change may alter it.
func newWorld(t *testing.T, n int, change func(*world)) *world {
	t.Helper()
	w := &world{t: t, store: newMemStore(), gw: newFakeGateway("pbx"), log: &memLog{}}
	p := plan.Default()
	p.UUID, p.Mode, p.Tech, p.EndHandle = "p", plan.ModePredictive, "PJSIP", 1
	w.store.plans["p"] = p
	w.store.dests["d"] = campaign.Destination{UUID: "d", Type: campaign.TypeApplication, Application: "park", InUse: true}
	w.store.lists["l"] = dlma.List{UUID: "l", InUse: true}
	w.store.campaigns["c"] = campaign.Campaign{
		UUID: "c", Status: campaign.Started, Plan: "p", Destination: "d", List: "l", InUse: true,
	}
	for i := range n {
		e := dlma.Entry{UUID: fmt.Sprintf("e%d", i), List: "l", InUse: true}
		e.Number[0] = fmt.Sprintf("100%d", i)
		w.store.entries = append(w.store.entries, e)
	}
	if change != nil {
		change(w)
	}
	w.start(t)
	return w
}

func (w *world) start(t *testing.T) {
	t.Helper()
	if w.via == nil {
		w.via = w.store
	}
	if w.clock != nil {
		w.gw.clock = w.clock
	}
	gateways := []Gateway{{Gateway: cmp.Or(w.hosted, dialer.Gateway(w.gw)), MaxCalls: 50, MaxCPS: cmp.Or(w.maxCPS, 1000)}}
	if w.bare {
		gateways = nil
	}
	eng, err := New(Config{Store: w.via, Gateways: gateways, Log: w.log, Host: "h", Holder: "me", Clock: w.clock})
	if err != nil {
		t.Fatal(err)
	}
	w.eng = eng
	w.ctx, w.stop = context.WithCancel(t.Context())
	w.done.Go(func() { _ = eng.Run(w.ctx) })
}

// end stops the engine and waits for all of it.
func (w *world) end() {
	w.stop()
	w.done.Wait()
}

func (w *world) plan(change func(*plan.Plan)) {
	w.store.mu.Lock()
	defer w.store.mu.Unlock()
	p := w.store.plans["p"]
	change(&p)
	w.store.plans["p"] = p
}

func (w *world) queue() {
	w.store.dests["d"] = campaign.Destination{
		UUID: "d", Type: campaign.TypeApplication, Application: "Queue", Data: "sales,t", InUse: true,
	}
}

// agent reports the state of an agent of the queue sales.
func (w *world) agent(name string, phase dialer.AgentPhase) {
	w.gw.tell(w.ctx, dialer.Event{Kind: dialer.AgentChanged, Member: &dialer.Agent{
		Interface: name, Phase: phase, Since: time.Now(), Queues: []dialer.Membership{{Queue: "sales"}},
	}})
}

func (w *world) dispositions() []results.Disposition {
	w.store.mu.Lock()
	defer w.store.mu.Unlock()
	var list []results.Disposition
	for _, r := range w.store.results {
		list = append(list, r.Disposition)
	}
	return list
}

func (w *world) status(id string) campaign.Campaign {
	w.store.mu.Lock()
	defer w.store.mu.Unlock()
	return w.store.campaigns[id]
}

func (w *world) setStatus(s campaign.Status) {
	w.store.mu.Lock()
	c := w.store.campaigns["c"]
	c.Status = s
	w.store.campaigns["c"] = c
	w.store.mu.Unlock()
	w.eng.Changed()
}

func (w *world) why() string {
	w.store.mu.Lock()
	defer w.store.mu.Unlock()
	return w.store.live["c"].Why
}

// foreign is a result that this store knows nothing of.
func (w *world) foreign() results.Result {
	return results.Result{Attempt: results.Attempt{UUID: "somebody else's"}, Seq: 7}
}

// answers makes each call be answered after 5 s and end 10 s later.
func answers(g *fakeGateway, r dialer.Request) { g.fate(r.Call, 5*time.Second, 10*time.Second, 0) }

func TestCampaignRunsToItsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 3, nil)
		w.gw.setScript(answers)
		pass(30 * time.Second)
		synctest.Wait()
		w.end()
		want := []results.Disposition{results.Answered, results.Answered, results.Answered}
		if got := w.dispositions(); !slices.Equal(got, want) {
			t.Fatalf("dispositions %v, want %v", got, want)
		}
		if c := w.status("c"); c.Status != campaign.Stopped || c.Reason != "The dial list has ended." {
			t.Errorf("status %d, reason %q", c.Status, c.Reason)
		}
		for i, r := range w.log.lines {
			if r.Seq != int64(i+1) {
				t.Errorf("line %d has seq %d", i, r.Seq)
			}
		}
		if len(w.log.lines) != 3 || w.store.logged["h"] != 3 {
			t.Errorf("%d lines, logged %d; want 3, 3", len(w.log.lines), w.store.logged["h"])
		}
	})
}

func TestRetriesAfterTheDelay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1, func(w *world) {
			w.plan(func(p *plan.Plan) { p.MaxRetry[0], p.RetryDelay = 2, time.Minute })
		})
		w.gw.setScript(func(g *fakeGateway, r dialer.Request) { g.fate(r.Call, 5*time.Second, 0, 17) })
		pass(50 * time.Second)
		if n := len(w.gw.calls()); n != 1 {
			t.Fatalf("%d calls before the retry delay is over, want 1", n)
		}
		if why := w.why(); !strings.Contains(why, "retry delay") {
			t.Errorf("why = %q", why)
		}
		pass(30 * time.Second)
		if n := len(w.gw.calls()); n != 2 {
			t.Fatalf("%d calls after the retry delay, want 2", n)
		}
		pass(time.Minute)
		w.end()
		if c := w.status("c"); c.Status != campaign.Stopped {
			t.Errorf("status %d after the last try", c.Status)
		}
	})
}

func TestQueuePlacesOneCallForEachFreeAgent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 10, (*world).queue)
		pass(time.Second)
		if n := len(w.gw.calls()); n != 0 {
			t.Fatalf("%d calls without agents", n)
		}
		w.agent("A", dialer.AgentFree)
		w.agent("B", dialer.AgentFree)
		pass(3 * time.Second)
		if n := len(w.gw.calls()); n != 2 {
			t.Fatalf("%d calls for two free agents", n)
		}
		id := w.gw.calls()[0].Call
		w.gw.tell(w.ctx, dialer.Event{Kind: dialer.CallAnswered, Call: id})
		w.agent("A", dialer.AgentRinging)
		pass(time.Second)
		if n := len(w.gw.calls()); n != 2 {
			t.Fatalf("%d calls while the agent is being rung for a caller of ours, want 2", n)
		}
		w.gw.tell(w.ctx, dialer.Event{Kind: dialer.CallAgent, Call: id, Agent: "A"})
		w.agent("A", dialer.AgentTalking)
		pass(time.Second)
		if n := len(w.gw.calls()); n != 2 {
			t.Fatalf("%d calls while one agent talks and one call rings for the other, want 2", n)
		}
		before := time.Now()
		w.agent("C", dialer.AgentFree)
		synctest.Wait()
		if n := len(w.gw.calls()); n != 3 || time.Since(before) > claimGap {
			t.Fatalf("%d calls %v after an agent came free, want 3 at once", n, time.Since(before))
		}
		w.end()
	})
}

func TestWrapUpIsNotFree(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 10, func(w *world) {
			w.queue()
			d := w.store.dests["d"]
			d.Wrapup = 20
			w.store.dests["d"] = d
		})
		pass(time.Second)
		w.gw.tell(w.ctx, dialer.Event{Kind: dialer.AgentChanged, Member: &dialer.Agent{
			Interface: "A", Phase: dialer.AgentFree, TalkEnded: time.Now(), TalkQueue: "sales",
			Queues: []dialer.Membership{{Queue: "sales"}},
		}})
		pass(19 * time.Second)
		if n := len(w.gw.calls()); n != 0 {
			t.Fatalf("%d calls during wrap-up", n)
		}
		pass(time.Second + time.Millisecond)
		synctest.Wait()
		if n := len(w.gw.calls()); n != 1 {
			t.Fatalf("%d calls when wrap-up is over, want 1", n)
		}
		w.end()
	})
}

func TestStopLetsCallsEndAndForceStopEndsThem(t *testing.T) {
	for _, tt := range []struct {
		ask, rest campaign.Status
		hangups   bool
	}{
		{campaign.Stopping, campaign.Stopped, false},
		{campaign.Pausing, campaign.Paused, false},
		{campaign.ForceStopping, campaign.Stopped, true},
	} {
		t.Run(fmt.Sprint(tt.ask), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, 2, func(w *world) { w.plan(func(p *plan.Plan) { one := 1; p.MaxCalls = &one }) })
				pass(2 * time.Second)
				id := w.gw.calls()[0].Call
				w.setStatus(tt.ask)
				pass(3 * time.Second)
				if got := w.gw.hungUp() > 0; got != tt.hangups {
					t.Errorf("hung up: %v, want %v", got, tt.hangups)
				}
				if c := w.status("c"); c.Status != tt.ask {
					t.Errorf("status %d while a call is open, want %d", c.Status, tt.ask)
				}
				w.gw.fate(id, 0, 0, 16)
				pass(10 * time.Second)
				if c := w.status("c"); c.Status != tt.rest {
					t.Errorf("status %d at rest, want %d", c.Status, tt.rest)
				}
				if n := len(w.gw.calls()); n != 1 {
					t.Errorf("%d calls, want 1", n)
				}
				w.end()
			})
		})
	}
}

// TestRecoveredCallIsFollowedOrFoundDead: also one that was sent, though its
// row does not say so: the engine died before it could write that down.
func TestRecoveredCallIsFollowedOrFoundDead(t *testing.T) {
	for _, tt := range []struct{ alive, written bool }{{true, true}, {true, false}, {false, true}, {false, false}} {
		alive := tt.alive
		t.Run(fmt.Sprintf("%+v", tt), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, 1, nil)
				synctest.Wait()
				pass(2 * time.Second)
				id := w.gw.calls()[0].Call
				w.end() // as a crash: the call rings on
				if !tt.written {
					w.store.forgetSent(id)
				}
				if !alive {
					delete(w.gw.living, id)
				}
				w.start(t)
				pass(2 * time.Second)
				if alive {
					w.gw.fate(id, time.Second, time.Second, 0)
				}
				pass(time.Minute)
				w.end()
				want := results.Unknown
				if alive {
					want = results.Answered
				}
				if got := w.dispositions(); !slices.Equal(got, []results.Disposition{want}) {
					t.Errorf("dispositions %v, want %s", got, want)
				}
				if n := len(w.gw.calls()); n != 1 {
					t.Errorf("%d originates for one try", n)
				}
				if n := w.store.entries[0].Tries[0]; n != 1 {
					t.Errorf("%d tries are counted, want 1", n)
				}
			})
		})
	}
}

func TestUnwritableLogStopsDialingAndLosesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 40, func(w *world) { w.plan(func(p *plan.Plan) { one := 1; p.MaxCalls = &one }) })
		w.gw.setScript(answers)
		pass(10 * time.Second)
		w.log.setErr(fmt.Errorf("write outbound_result.json: no space left on device"))
		pass(time.Minute)
		n := len(w.gw.calls())
		pass(time.Minute)
		if got := len(w.gw.calls()); got != n {
			t.Errorf("%d new calls while the log cannot be written", got-n)
		}
		if !strings.Contains(w.why(), "no space left") {
			t.Errorf("why = %q", w.why())
		}
		if w.eng.Health()["results log"] == nil {
			t.Error("health says nothing")
		}
		w.log.setErr(nil)
		pass(30 * time.Minute)
		w.end()
		got := w.dispositions()
		got = slices.DeleteFunc(got, func(d results.Disposition) bool { return d == results.NotPlaced })
		if len(got) != 40 || len(w.log.lines) != len(w.store.results) {
			t.Errorf("%d placed calls, want 40; %d lines for %d results", len(got), len(w.log.lines), len(w.store.results))
		}
	})
}

func TestClaimInDoubtIsResolved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1, func(w *world) { w.store.fail["Claim"] = fmt.Errorf("in doubt") })
		pass(500 * time.Millisecond)
		w.store.setFail("Claim", nil)
		pass(2 * time.Second)
		if got := w.dispositions(); !slices.Equal(got, []results.Disposition{results.NotPlaced}) {
			t.Fatalf("dispositions %v, want one not_placed", got)
		}
		if n := w.store.entries[0].Tries[0]; n != 0 {
			t.Errorf("tries %d, want the try given back", n)
		}
		w.end()
	})
}

func TestDatabaseAwayKeepsResults(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 3, nil)
		w.gw.setScript(answers)
		pass(2 * time.Second)
		for _, m := range []string{"Record", "Claim", "Working", "Outlook", "Number"} {
			w.store.setFail(m, errDatabase)
		}
		pass(time.Minute)
		for _, m := range []string{"Record", "Claim", "Working", "Outlook", "Number"} {
			w.store.setFail(m, nil)
		}
		pass(20 * time.Second)
		w.end()
		if got := w.dispositions(); len(got) != 3 || got[0] != results.Answered {
			t.Errorf("dispositions %v, want three answered", got)
		}
		if len(w.log.lines) != 3 {
			t.Errorf("%d lines, want 3", len(w.log.lines))
		}
	})
}

func TestBreakerPausesAWayThatReachesNoPhone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 200, func(w *world) { w.gw.placeErr = fmt.Errorf("%w: no such trunk", dialer.ErrRefused) })
		pass(10 * time.Second)
		n := len(w.dispositions())
		if n < breakerTrips || n > breakerTrips+50 {
			t.Errorf("%d calls before the pause", n)
		}
		if !strings.Contains(w.why(), "reached no phone") {
			t.Errorf("why = %q", w.why())
		}
		pass(25 * time.Second)
		if got := len(w.dispositions()); got != n+1 {
			t.Errorf("%d calls were tried after the pause, want 1", got-n)
		}
		for _, e := range w.store.entries {
			if e.Tries[0] != 0 {
				t.Fatalf("entry %s lost a try to our own fault", e.UUID)
			}
		}
		w.end()
	})
}

func TestDrainEndsWhenCallsDo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 10, func(w *world) { w.plan(func(p *plan.Plan) { one := 1; p.MaxCalls = &one }) })
		w.gw.setScript(answers)
		pass(2 * time.Second)
		if err := w.eng.Drain(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := w.dispositions(); len(got) != 1 || len(w.log.lines) != 1 {
			t.Errorf("drained with %d results and %d lines, want 1 and 1", len(got), len(w.log.lines))
		}
		w.end()
	})
}

func TestNextCampaignFollows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1, func(w *world) {
			w.store.lists["l2"] = dlma.List{UUID: "l2", InUse: true}
			e := dlma.Entry{UUID: "f0", List: "l2", InUse: true}
			e.Number[0] = "2000"
			w.store.entries = append(w.store.entries, e)
			w.store.campaigns["c2"] = campaign.Campaign{UUID: "c2", Plan: "p", Destination: "d", List: "l2", InUse: true}
			c := w.store.campaigns["c"]
			c.Next = "c2"
			w.store.campaigns["c"] = c
		})
		w.gw.setScript(answers)
		pass(time.Minute)
		w.end()
		if n := len(w.gw.calls()); n != 2 {
			t.Errorf("%d calls, want one of each campaign", n)
		}
		if c := w.status("c2"); c.Status != campaign.Stopped {
			t.Errorf("the next campaign has status %d, want 0 after its own end", c.Status)
		}
	})
}

func TestStartedWithoutPlanStops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1, func(w *world) { delete(w.store.plans, "p") })
		pass(5 * time.Second)
		w.end()
		if c := w.status("c"); c.Status != campaign.Stopped || !strings.Contains(c.Reason, "plan") {
			t.Errorf("status %d, reason %q", c.Status, c.Reason)
		}
	})
}

// pass lets virtual time go by and everything settle.
func pass(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}
