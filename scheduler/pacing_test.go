package scheduler

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/outpace/outpace/campaign"
	"github.com/outpace/outpace/dialer"
	"github.com/outpace/outpace/dlma"
	"github.com/outpace/outpace/plan"
	"github.com/outpace/outpace/predictor"
	"github.com/outpace/outpace/results"
)

// past gives the campaign n results of an hour ago, a third of them answered.
func (w *world) past(n int) {
	at := time.Now().Add(-time.Hour)
	for i := range n {
		created := at.Add(time.Duration(i) * time.Second)
		r := results.Result{
			Attempt: results.Attempt{UUID: fmt.Sprint("old", i), Campaign: "c", DialTry: 1, DialIndex: 1, TmCreate: created, Zone: "UTC"},
			Seq:     int64(i + 1), Disposition: results.NoAnswer, TmDial: created, TmHangup: created.Add(25 * time.Second), Ring: 25 * time.Second,
		}
		if i%3 == 0 {
			taken := false
			r.Disposition, r.Abandoned, r.Ring = results.Answered, &taken, 9*time.Second
			r.TmAnswer, r.TmHangup, r.Talk = created.Add(9*time.Second), created.Add(2*time.Minute), 111*time.Second
		}
		r.TmUpdate = r.TmHangup
		w.store.results = append(w.store.results, r)
	}
	w.store.numbered = n
}

func (w *world) pacing() *campaign.Pacing {
	w.store.mu.Lock()
	defer w.store.mu.Unlock()
	return w.store.live["c"].Pacing
}

func lastCode(p *campaign.Pacing) string {
	if p == nil || len(p.Decisions) == 0 {
		return ""
	}
	return p.Decisions[len(p.Decisions)-1].Code
}

// TestPlanChoosesThePacer: four free agents, and what each way to pace makes
// of them.
func TestPlanChoosesThePacer(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(*plan.Plan)
		lost   int // abandoned today, of 100 live answers
		calls  int
	}{
		{"formula", func(p *plan.Plan) { p.Pacing = plan.PacingFormula }, 0, 4},
		{"formula with a service level", func(p *plan.Plan) { p.Pacing, p.ServiceLevel = plan.PacingFormula, 3 }, 0, 7},
		{"a service level above the limit", func(p *plan.Plan) { p.Pacing, p.ServiceLevel = plan.PacingFormula, 3 }, 4, 4},
		{"ratio", func(p *plan.Plan) { p.Pacing, p.Ratio = plan.PacingRatio, 2.5 }, 0, 10},
		{"a ratio above the limit", func(p *plan.Plan) { p.Pacing, p.Ratio = plan.PacingRatio, 2.5 }, 4, 4},
		{"predictive that knows nothing", func(p *plan.Plan) {}, 0, 4},
		{"predictive with a service level", func(p *plan.Plan) { p.ServiceLevel = 3 }, 0, 7},
		{"a target of 0", func(p *plan.Plan) { p.AbandonTarget, p.ServiceLevel = 0, 3 }, 0, 4},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, 20, func(w *world) {
					w.queue()
					w.plan(tt.change)
					w.store.days = map[string][]results.Day{"c": {{Date: time.Now().UTC().Format(time.DateOnly), Live: 100, Abandoned: tt.lost}}}
				})
				for _, name := range []string{"A", "B", "C", "D"} {
					w.agent(name, dialer.AgentFree)
				}
				pass(3 * time.Second)
				if n := len(w.gw.calls()); n != tt.calls {
					t.Errorf("%d calls for four free agents, want %d; why: %s", n, tt.calls, w.why())
				}
				w.end()
			})
		})
	}
}

// TestPredictiveStartsWarm: what a campaign's earlier results teach makes it
// call ahead of its agents from the first minute.
func TestPredictiveStartsWarm(t *testing.T) {
	for _, warm := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, 40, func(w *world) {
				w.queue()
				w.store.days = map[string][]results.Day{"c": {{Date: time.Now().UTC().Format(time.DateOnly), Live: 200}}}
				if warm {
					w.past(300)
				}
			})
			for i := range 10 {
				w.agent(fmt.Sprint("agent ", i), dialer.AgentFree)
			}
			pass(3 * time.Second)
			n, code := len(w.gw.calls()), lastCode(w.pacing())
			if warm && (n <= 12 || code != "budget") || !warm && (n != 10 || code != "cold_start") {
				t.Errorf("warm %t: %d calls for ten free agents, the last decision is %q", warm, n, code)
			}
			w.end()
		})
	}
}

// TestDaysOfTheCampaignsZone: the window of a day begins at its midnight, which
// is an hour away, and the one of some days keeps what went before.
func TestDaysOfTheCampaignsZone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		azores, err := time.LoadLocation("Atlantic/Azores")
		if err != nil {
			t.Fatal(err)
		}
		now := time.Now().In(azores)
		today := now.Format(time.DateOnly)
		w := newWorld(t, 20, func(w *world) {
			w.queue()
			c := w.store.campaigns["c"]
			c.Calendar.Zone = "Atlantic/Azores"
			w.store.campaigns["c"] = c
			w.plan(func(p *plan.Plan) { p.Pacing, p.ServiceLevel, p.AbandonWindow = plan.PacingFormula, 2, 2 })
			w.store.days = map[string][]results.Day{"c": {{Date: today, Live: 100, Abandoned: 10}}}
		})
		w.agent("A", dialer.AgentFree)
		pass(3 * time.Second)
		if n := len(w.gw.calls()); n != 1 {
			t.Fatalf("%d calls on a day above its limit, want 1", n)
		}
		w.plan(func(p *plan.Plan) { p.AbandonWindow = 1 })
		midnight := time.Date(now.Year(), now.Month(), now.Day()+1, 0, 0, 0, 0, azores)
		pass(time.Until(midnight) - time.Second)
		if n := len(w.gw.calls()); n != 1 {
			t.Errorf("%d calls before midnight, want 1", n)
		}
		pass(3 * time.Second)
		if n := len(w.gw.calls()); n != 3 {
			t.Errorf("%d calls after midnight, want 3; why: %s", n, w.why())
		}
		w.end()
	})
}

// waits answers a call and lets the customer wait in the queue for a time.
func waits(d time.Duration) func(*fakeGateway, dialer.Request) {
	return func(g *fakeGateway, r dialer.Request) {
		g.mu.Lock()
		ctx := g.running
		g.mu.Unlock()
		for _, e := range []dialer.Event{
			{Kind: dialer.CallChannel, Call: r.Call, Channel: "PJSIP/x-1"},
			{Kind: dialer.CallAnswered, Call: r.Call},
			{Kind: dialer.CallResponded, Call: r.Call, OK: true, Reason: 4},
			{Kind: dialer.CallQueued, Call: r.Call, Queue: "sales"},
		} {
			g.tell(ctx, e)
		}
		if pause(ctx, d) {
			g.tell(ctx, dialer.Event{Kind: dialer.CallCustomerEnded, Call: r.Call})
			g.tell(ctx, dialer.Event{Kind: dialer.CallHangup, Call: r.Call, Cause: 16})
		}
	}
}

// TestAbandonedCountsAtOnce: not when the customer hangs up, and once.
func TestAbandonedCountsAtOnce(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	p := plan.Default()
	r := &run{work: work{plan: &p, campaign: campaign.Campaign{UUID: "c"}}, pacing: pacing{pacer: predictor.NewFormula()}}
	r.figures.settle("UTC")
	r.figures.take([]results.Day{{Date: "2026-02-28", Live: 9}, {Date: "2026-03-01", Live: 5, Abandoned: 1}}, now)
	f := &floor{tally: newTally(), runs: map[string]*run{"c": r}, book: newBook()}
	d := results.Dialing{Attempt: results.Attempt{UUID: "u", Campaign: "c", Queue: "sales"}}
	c := &call{Call: dialer.NewCall(d), campaign: "c", queue: "sales", live: true}
	f.tally.add(c)
	check := func(when string, day, days [2]int) {
		t.Helper()
		ws := f.windows(r, now)
		if got := [2]int{ws[0].Abandoned, ws[0].Live}; got != day {
			t.Errorf("%s: %d of %d today, want %d of %d", when, got[0], got[1], day[0], day[1])
		}
		if got := [2]int{ws[1].Abandoned, ws[1].Live}; got != days || ws[1].Name != "window of 30 days" || ws[1].Target != 0.03 {
			t.Errorf("%s: %+v, want %d of %d", when, ws[1], days[0], days[1])
		}
	}
	check("while he waits", [2]int{1, 6}, [2]int{1, 15})
	f.lose(c, now)
	check("when his patience has ended", [2]int{2, 6}, [2]int{2, 15})
	abandoned := true
	f.judge(c, results.Result{Attempt: d.Attempt, Abandoned: &abandoned, TmAnswer: now, TmHangup: now}, now)
	check("when he has hung up", [2]int{2, 6}, [2]int{2, 15})
	f.tally.remove(c)
	r.figures.commit(c)
	check("when that is in the database", [2]int{2, 6}, [2]int{2, 15})
}

// TestAbandonedCustomerGoesToTheMessage: the plan's destination for those whom
// no agent takes, at the end of their patience, once.
func TestAbandonedCustomerGoesToTheMessage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1, func(w *world) {
			w.queue()
			w.store.dests["sorry"] = campaign.Destination{UUID: "sorry", Type: campaign.TypeExten, Context: "dialer", Exten: "abandon", InUse: true}
			w.plan(func(p *plan.Plan) { p.AbandonDestination = "sorry" })
		})
		w.gw.setScript(waits(20 * time.Second))
		w.agent("A", dialer.AgentFree)
		pass(1500 * time.Millisecond)
		w.agent("A", dialer.AgentTalking) // to somebody else
		pass(time.Second + 200*time.Millisecond)
		if got, want := w.gw.redirects(), []dialer.Exten{{Context: "dialer", Exten: "abandon", Priority: "1"}}; !slices.Equal(got, want) {
			t.Fatalf("redirects %v, want %v", got, want)
		}
		pass(3 * time.Second)
		w.store.mu.Lock()
		calls := w.store.live["c"].Calls
		w.store.mu.Unlock()
		if calls.Waiting != 0 || calls.Talking != 1 {
			t.Errorf("calls %+v while the message is played", calls)
		}
		pass(time.Minute)
		w.end()
		if got := w.store.results; len(got) != 1 || got[0].Disposition != results.Abandoned || got[0].Agent != "" || len(w.gw.redirects()) != 1 {
			t.Errorf("results %+v, redirects %v", got, w.gw.redirects())
		}
	})
}

// TestNobodyIsTakenFromHisAgent: one came while the database was told that
// nobody had come in time.
func TestNobodyIsTakenFromHisAgent(t *testing.T) {
	tasks := &held{}
	f, r, _ := figuresFloor(newMemStore())
	f.beside, f.post = tasks, &post{cfg: Config{Clock: time.Now}, trust: trust{exclusive: true, now: time.Now}}
	f.post.trust.extend(time.Now())
	f.rec = newRecorder(f.store, "", f.log, func([]string) {})
	r.message = &campaign.Destination{Context: "dialer", Exten: "abandon"}
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for _, late := range []bool{false, true} {
		gw := newFakeGateway("pbx")
		f.gw.Gateway = gw
		m := dialer.NewCall(results.Dialing{Attempt: results.Attempt{UUID: "u", Campaign: "c", Queue: "sales", Patience: time.Second}})
		m.Apply(dialer.Event{Kind: dialer.CallQueued, Call: "u", Queue: "sales", At: at})
		f.apologise(&call{Call: m, campaign: "c", queue: "sales"})
		if late {
			m.Apply(dialer.Event{Kind: dialer.CallAgent, Call: "u", Agent: "A", At: at.Add(2 * time.Second)})
		}
		for len(*tasks) > 0 {
			tasks.next()
		}
		if got := len(gw.redirects()); got != 0 && late || got != 1 && !late {
			t.Errorf("an agent came late: %t, %d redirects", late, got)
		}
	}
}

// TestNobodyIsSentAwayUnrecorded: while the database cannot be told that a
// customer was abandoned he stays in the queue, where a restart finds him.
func TestNobodyIsSentAwayUnrecorded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1, func(w *world) {
			w.queue()
			w.store.dests["sorry"] = campaign.Destination{UUID: "sorry", Type: campaign.TypeExten, Context: "dialer", Exten: "abandon", InUse: true}
			w.plan(func(p *plan.Plan) { p.AbandonDestination = "sorry" })
		})
		w.gw.setScript(waits(20 * time.Second))
		w.agent("A", dialer.AgentFree)
		pass(time.Second)
		w.agent("A", dialer.AgentTalking) // to somebody else
		w.store.setFail("Record", errDatabase)
		pass(10 * time.Second)
		if got := w.gw.redirects(); len(got) != 0 {
			t.Errorf("redirects %v", got)
		}
		w.store.setFail("Record", nil)
		pass(time.Minute)
		w.end()
		if got := w.dispositions(); !slices.Equal(got, []results.Disposition{results.Abandoned}) {
			t.Errorf("dispositions %v", got)
		}
	})
}

// TestAgentsWhoTakeNoCallsAreNotCalledFor: three customers in a row are
// answered by nobody though an agent is free or rung, and dialing pauses.
func TestAgentsWhoTakeNoCallsAreNotCalledFor(t *testing.T) {
	for _, phase := range []dialer.AgentPhase{dialer.AgentFree, dialer.AgentRinging} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, 50, (*world).queue)
			w.gw.setScript(func(g *fakeGateway, r dialer.Request) {
				w.agent("A", phase) // the queue rings him, or does not
				waits(4*time.Second)(g, r)
				w.agent("A", dialer.AgentFree) // given up
			})
			w.agent("A", dialer.AgentFree)
			pass(2 * time.Minute)
			if n := len(w.gw.calls()); n < 3 || n > 6 {
				t.Errorf("phase %d: %d calls in two minutes for an agent who takes none", phase, n)
			}
			if code := lastCode(w.pacing()); code != "queue" || !strings.Contains(w.why(), "Customers find nobody") {
				t.Errorf("phase %d: the last decision is %q; why = %q", phase, code, w.why())
			}
			w.end()
		})
	}
}

// TestPlanReachesTheCallAndTheClaim: patience and lock are the plan's.
func TestPlanReachesTheCallAndTheClaim(t *testing.T) {
	p := plan.Default()
	p.AbandonPatience, p.AbandonLock = 3*time.Second, 5*time.Hour
	w := work{plan: &p, destination: &campaign.Destination{}, list: &dlma.List{}}
	if got := w.pick(time.Now(), 1).AbandonLock; got != 5*time.Hour {
		t.Errorf("lock %s", got)
	}
	if got := w.dialing("pbx", "me", dlma.Entry{Number: [dlma.Numbers]string{"100"}}, 1, 1, time.Now()).Patience; got != 3*time.Second {
		t.Errorf("patience %s", got)
	}
}

// TestNobodyMovesACampaignWithoutItsLease: an engine that was away does not know
// yet that another one has the gateway, and what it sees is the other's doing.
func TestNobodyMovesACampaignWithoutItsLease(t *testing.T) {
	f, r, tasks := figuresFloor(newMemStore())
	f.post = &post{trust: trust{now: time.Now}}
	for _, s := range []campaign.Status{campaign.Started, campaign.Stopping, campaign.Pausing, campaign.ForceStopping} {
		r.campaign.Status = s
		f.listEnded(r)
		f.attend(r)
		if len(*tasks) != 0 || r.campaign.Status != s {
			t.Errorf("status %d became %d, %d tasks", s, r.campaign.Status, len(*tasks))
		}
	}
	f.post.trust.extend(time.Now())
	r.campaign.Status, r.list = campaign.Started, &dlma.List{}
	f.listEnded(r)
	if r.campaign.Status != campaign.Stopping || len(*tasks) != 1 {
		t.Errorf("with the lease the campaign is at %d, %d tasks", r.campaign.Status, len(*tasks))
	}
}

// TestWhyHoldsBetweenDecisions: what the last decision said is still what holds
// a large campaign back while its next one may not come yet.
func TestWhyHoldsBetweenDecisions(t *testing.T) {
	now := time.Now()
	store := newMemStore()
	tmpl, r, _ := figuresFloor(store)
	cfg := Config{Store: store, Clock: func() time.Time { return now }, Logger: slog.New(slog.DiscardHandler)}
	f := newFloor(newPost(cfg, tmpl.gw, newLedger(cfg), newCrew(cfg, new(atomic.Bool)), new(atomic.Bool)), "")
	f.ctx, f.beside = context.Background(), &held{}
	f.post.trust.extend(now)
	f.link, f.read = linkState{up: true, synced: true}, now
	r.plan.Mode, r.plan.Tech, r.list = plan.ModePredictive, "PJSIP", &dlma.List{}
	r.campaign.Status, r.figures.known = campaign.Started, true
	f.techs["PJSIP"] = &technology{asked: now}
	f.runs["c"], f.order = r, []string{"c"}
	for i := range 60 {
		f.book.apply(dialer.Event{Kind: dialer.AgentChanged, Member: &dialer.Agent{
			Interface: fmt.Sprint("agent ", i), Phase: dialer.AgentTalking, Since: now, Queues: []dialer.Membership{{Queue: "sales"}},
		}})
	}
	f.decide(now)
	why := r.why
	f.decide(now)
	if why == "" || r.why != why || !now.Before(r.nextClaim) {
		t.Errorf("why = %q, and then %q", why, r.why)
	}
}

// TestLongListIsNotTakenForAShortOne: of a list that has more than is looked
// at, claims take what the pacer asks for.
func TestLongListIsNotTakenForAShortOne(t *testing.T) {
	p := pacing{learner: predictor.NewPredictive(), ready: upcomingMost, upcoming: make([]dlma.Upcoming, upcomingMost)}
	p.took(upcomingMost + 20)
	if n := p.readyNow(); n != claimMost || len(p.upcoming) != 0 {
		t.Errorf("%d are taken to be ready, %d known, of a long list", n, len(p.upcoming))
	}
	p.ready = 50
	p.took(20)
	if n := p.readyNow(); n != 30 {
		t.Errorf("%d are taken to be ready, want 30", n)
	}
}

// TestPacerOutlivesChangesThatAreNotItsOwn: what it has learned is lost only
// with what it was made for.
func TestPacerOutlivesChangesThatAreNotItsOwn(t *testing.T) {
	f, r, _ := figuresFloor(newMemStore())
	for _, tt := range []struct {
		name   string
		change func()
		kept   bool
	}{
		{"another target", func() { r.plan.AbandonTarget = 1 }, true},
		{"a ratio that is not used", func() { r.plan.Ratio = 2 }, true},
		{"the ratio", func() { r.plan.Pacing = plan.PacingRatio }, false},
		{"another ratio", func() { r.plan.Ratio = 3 }, false},
		{"no queue", func() { r.destination.Application = "park" }, false},
		{"a queue", func() { r.destination.Application = "queue" }, false},
	} {
		was := r.pacer
		tt.change()
		f.fitPacer(r)
		if kept := r.pacer == was; kept != tt.kept {
			t.Errorf("%s: pacer kept = %t", tt.name, kept)
		}
	}
}

// TestDemandTellsOtherCampaignsCalls: those that share the queue.
func TestDemandTellsOtherCampaignsCalls(t *testing.T) {
	f, r, _ := figuresFloor(newMemStore())
	f.runs["other"] = &run{work: r.work, claiming: true, asked: 2}
	for _, c := range []*call{
		{campaign: "c", queue: "sales", counted: dialer.Ringing},
		{campaign: "d", queue: "sales", counted: dialer.Ringing},
		{campaign: "d", queue: "sales", counted: dialer.Waiting},
		{campaign: "d", queue: "sales", counted: dialer.Talking},
	} {
		f.tally.add(c)
	}
	var s predictor.Snapshot
	f.demand(&s, r, "sales", time.Now())
	if len(s.Ringing) != 4 || len(s.Waiting) != 1 || s.Others != 4 {
		t.Errorf("%d ring, %d wait, %d are others'", len(s.Ringing), len(s.Waiting), s.Others)
	}
}

// TestShortRingIsWarnedOf: the plan's warning is shown with the pacing.
func TestShortRingIsWarnedOf(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1, func(w *world) {
			w.queue()
			w.plan(func(p *plan.Plan) { p.DialTimeout = 10 * time.Second })
		})
		pass(2 * time.Second)
		if p := w.pacing(); p == nil || len(p.Warnings) != 1 || !strings.Contains(p.Warnings[0], "dial_timeout") {
			t.Errorf("pacing %+v", p)
		}
		w.end()
	})
}
