package api

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/outpace/outpace/campaign"
	"github.com/outpace/outpace/dlma"
	"github.com/outpace/outpace/results"
)

func zeros(more map[string]any) map[string]any {
	out := map[string]any{}
	for _, d := range dispositions {
		out[string(d)] = 0.0
	}
	return with(out, more)
}

func TestStats(t *testing.T) {
	r := newRig(t, nil)
	uuid := r.startable()
	list := r.set(uuid, campaign.Started).List
	r.store.live[uuid] = campaign.Live{
		Campaign: uuid, At: startOfTime, Why: "All 5 agents are busy.",
		Calls:  campaign.Calls{Ringing: 1, Waiting: 2, Talking: 3},
		Agents: campaign.Agents{LoggedIn: 9, Free: 1, Busy: 5, WrapUp: 2, Paused: 1},
	}
	r.store.tallies[uuid] = results.Tally{
		By:   map[results.Disposition]int{results.Answered: 38, results.Abandoned: 1, results.HungUpEarly: 2, results.Busy: 7},
		Live: 40, Abandoned: 1,
	}
	r.store.days[uuid] = []results.Day{{Date: "2026-03-10", Live: 32, Abandoned: 1}, {Date: "2026-03-11", Live: 8}}
	var picked dlma.Pick
	r.store.counts = func(p dlma.Pick) (dlma.Counts, error) {
		picked = p
		return dlma.Counts{Total: 28, Idle: 1, Dialing: 2, Answered: 3, UsedUp: 4, Waiting: 5, Unknown: 6}, nil
	}
	got := r.ok(http.MethodGet, "/ob/campaigns/"+uuid+"/stats", "")
	want := map[string]any{
		"entries":      map[string]any{"total": 28.0, "idle": 1.0, "dialing": 2.0, "answered": 3.0, "used_up": 4.0, "waiting": 5.0, "unknown": 6.0},
		"calls":        map[string]any{"ringing": 1.0, "waiting": 2.0, "talking": 3.0},
		"agents":       map[string]any{"logged_in": 9.0, "free": 1.0, "busy": 5.0, "wrap_up": 2.0, "paused": 1.0},
		"live_answers": 40.0, "abandoned": 1.0, "abandonment_rate": 0.025,
		"abandonment": map[string]any{
			"day":    map[string]any{"live": 8.0, "abandoned": 0.0, "rate": 0.0},
			"window": map[string]any{"days": 30.0, "live": 40.0, "abandoned": 1.0, "rate": 0.025},
		},
		"results": zeros(map[string]any{"answered": 38.0, "abandoned": 1.0, "hung_up_early": 2.0, "busy": 7.0}),
		"why":     "All 5 agents are busy.",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("stats (-want +got):\n%s", diff)
	}
	wantPick := dlma.Pick{List: list, MaxTries: [8]int{5, 5, 5, 5, 5, 5, 5, 5}, RetryDelay: time.Minute, AbandonLock: 72 * time.Hour, Now: startOfTime}
	if diff := cmp.Diff(wantPick, picked); diff != "" {
		t.Errorf("counted under (-want +got):\n%s", diff)
	}
}

// The engine's last report is from when a call was still up.
func TestStatsAfterTheLastCall(t *testing.T) {
	r := newRig(t, nil)
	uuid := r.startable()
	r.store.live[uuid] = campaign.Live{At: startOfTime, Calls: campaign.Calls{Talking: 1}}
	for status, want := range map[campaign.Status]float64{campaign.Stopped: 0, campaign.Paused: 0, campaign.Stopping: 1} {
		r.set(uuid, status)
		got := r.ok(http.MethodGet, "/ob/campaigns/"+uuid+"/stats", "")
		if talking := got["calls"].(map[string]any)["talking"]; talking != want {
			t.Errorf("with status %d: talking %v, want %v", status, talking, want)
		}
	}
}

func TestStatsWithoutAgents(t *testing.T) {
	r := newRig(t, nil)
	c := r.set(r.startable(), campaign.Started)
	r.ok(http.MethodPut, "/ob/destinations/"+c.Destination, `{"application":"park","data":null}`)
	r.store.live[c.UUID] = campaign.Live{At: startOfTime, Calls: campaign.Calls{Talking: 3}}
	r.store.tallies[c.UUID] = results.Tally{By: map[results.Disposition]int{results.Answered: 3, results.Busy: 1}}
	got := r.ok(http.MethodGet, "/ob/campaigns/"+c.UUID+"/stats", "")
	if got["live_answers"] != 3.0 || got["abandoned"] != nil || got["abandonment_rate"] != nil || got["abandonment"] != nil || got["why"] != nil {
		t.Errorf("stats: %v", got)
	}
}

func TestStatsOfANewCampaign(t *testing.T) {
	r := newRig(t, nil)
	r.store.counts = func(dlma.Pick) (dlma.Counts, error) {
		return dlma.Counts{}, errors.New("a campaign without a list has nothing to count")
	}
	uuid := r.make("campaigns", `{}`)
	got := r.ok(http.MethodGet, "/ob/campaigns/"+uuid+"/stats", "")
	want := map[string]any{
		"entries":      map[string]any{"total": 0.0, "idle": 0.0, "dialing": 0.0, "answered": 0.0, "used_up": 0.0, "waiting": 0.0, "unknown": 0.0},
		"calls":        map[string]any{"ringing": 0.0, "waiting": 0.0, "talking": 0.0},
		"agents":       map[string]any{"logged_in": 0.0, "free": 0.0, "busy": 0.0, "wrap_up": 0.0, "paused": 0.0},
		"live_answers": 0.0, "abandoned": nil, "abandonment_rate": nil, "abandonment": nil, "results": zeros(nil), "why": "The campaign is stopped.",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("stats (-want +got):\n%s", diff)
	}
}

func TestStatsRateNeedsLiveAnswers(t *testing.T) {
	r := newRig(t, nil)
	uuid := r.startable()
	got := r.ok(http.MethodGet, "/ob/campaigns/"+uuid+"/stats", "")
	if got["abandoned"] != 0.0 || got["abandonment_rate"] != nil {
		t.Errorf("without calls: abandoned %v, rate %v; want 0 and null", got["abandoned"], got["abandonment_rate"])
	}
}

func TestWhy(t *testing.T) {
	for _, tt := range []struct {
		name   string
		status campaign.Status
		change func(r *rig, c *campaign.Campaign)
		want   string
	}{
		{"stopped", campaign.Stopped, nil, "The campaign is stopped."},
		{"stopped by the engine", campaign.Stopped, func(_ *rig, c *campaign.Campaign) { c.Reason = "The dial list has ended." }, "The campaign is stopped: the dial list has ended."},
		{"stopped, the engine's words", campaign.Stopped, func(_ *rig, c *campaign.Campaign) {
			c.Reason = "The campaign was stopped: its plan is gone"
		}, "The campaign was stopped: its plan is gone."},
		{"closed by the calendar", campaign.Stopped, func(_ *rig, c *campaign.Campaign) {
			c.Reason = "The calendar closed."
			c.Calendar = campaign.Calendar{Mode: 1, TimeEnd: "12:00:00"}
		}, "The campaign is stopped: the calendar closed; its calendar starts it at 2026-03-12T00:00:00Z."},
		{"stopping for a reason", campaign.Stopping, func(_ *rig, c *campaign.Campaign) { c.Reason = "The calendar closed." },
			"The campaign is being stopped: the calendar closed."},
		{"closed", campaign.Stopped, func(_ *rig, c *campaign.Campaign) {
			c.Calendar = campaign.Calendar{Mode: 1, TimeStart: "13:00:00", TimeEnd: "14:00:00"}
		}, "The campaign is stopped; its calendar starts it at 2026-03-11T13:00:00Z."},
		{"stopped inside", campaign.Stopped, func(_ *rig, c *campaign.Campaign) {
			c.Calendar = campaign.Calendar{Mode: 1, TimeStart: "12:00:00", TimeEnd: "14:00:00"}
		}, "The campaign is stopped; its calendar starts it at its next opening."},
		{"over", campaign.Stopped, func(_ *rig, c *campaign.Campaign) {
			c.Calendar = campaign.Calendar{Mode: 1, DateEnd: "2020-01-01"}
		}, "The campaign is stopped; its calendar does not open any more."},
		{"paused", campaign.Paused, nil, "The campaign is paused."},
		{"pausing", campaign.Pausing, nil, "The campaign is being paused: live calls run on."},
		{"stopping", campaign.Stopping, nil, "The campaign is being stopped: live calls run on."},
		{"stopping by force", campaign.ForceStopping, nil, "The campaign is being stopped by force: its calls are being hung up."},
		{"no hang-up", campaign.ForceStopping, func(r *rig, c *campaign.Campaign) {
			r.ok(http.MethodPut, "/ob/plans/"+c.Plan, `{"gateway":"cloud"}`)
		}, `The campaign is being stopped; its gateway "cloud" cannot end calls, so live ones run on.`},
		{"just started", campaign.Started, func(r *rig, c *campaign.Campaign) { c.TmUpdate = startOfTime.Add(-9 * time.Second) },
			"The campaign has just been started, and no engine has reported on it yet."},
		{"made to start", campaign.Started, func(_ *rig, c *campaign.Campaign) {
			c.TmCreate, c.TmUpdate = startOfTime.Add(-9*time.Second), time.Time{}
		}, "The campaign has just been started, and no engine has reported on it yet."},
		{"unseen", campaign.Started, func(_ *rig, c *campaign.Campaign) { c.TmCreate = startOfTime.Add(-time.Hour) }, "No engine has reported on this campaign for more than 10 seconds."},
		{"stale", campaign.Started, func(r *rig, c *campaign.Campaign) {
			c.TmCreate = startOfTime.Add(-time.Hour)
			r.store.live[c.UUID] = campaign.Live{At: startOfTime.Add(-11 * time.Second), Calls: campaign.Calls{Ringing: 1}}
		}, "No engine has reported on this campaign for more than 10 seconds."},
		{"nothing", campaign.Started, func(r *rig, c *campaign.Campaign) {
			r.store.live[c.UUID] = campaign.Live{At: startOfTime.Add(-9 * time.Second)}
		}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t, nil)
			c := r.set(r.startable(), tt.status)
			if tt.change != nil {
				tt.change(r, c)
			}
			got := r.ok(http.MethodGet, "/ob/campaigns/"+c.UUID+"/stats", "")
			if why, _ := got["why"].(string); why != tt.want {
				t.Errorf("why is %q, want %q", why, tt.want)
			}
			if ringing := got["calls"].(map[string]any)["ringing"]; ringing != 0.0 {
				t.Errorf("ringing is %v, want 0: an old report is not the present", ringing)
			}
		})
	}
}

func TestSlowCountsAreKept(t *testing.T) {
	r := newRig(t, nil)
	uuid := r.startable()
	path := "/ob/campaigns/" + uuid + "/stats"
	n, took := 0, 5*time.Millisecond
	r.store.counts = func(dlma.Pick) (dlma.Counts, error) {
		n++
		r.clock.advance(took)
		return dlma.Counts{Total: n}, nil
	}
	total := func() float64 {
		defer r.spawned.Wait() // what it has begun
		return r.ok(http.MethodGet, path, "")["entries"].(map[string]any)["total"].(float64)
	}
	if a, b := total(), total(); a != 1 || b != 2 {
		t.Errorf("quick counts are %v, %v; want new ones each time", a, b)
	}
	took = 500 * time.Millisecond
	if a, b := total(), total(); a != 3 || b != 3 {
		t.Errorf("slow counts are %v, %v; want the same twice", a, b)
	}
	r.clock.advance(9 * time.Second)
	if a := total(); a != 3 {
		t.Errorf("9 s later the count is %v, want 3", a)
	}
	r.clock.advance(2 * time.Second)
	if a, b := total(), total(); a != 3 || b != 4 {
		t.Errorf("11 s later the counts are %v, %v; want the old one while 4 is made", a, b)
	}
	r.ok(http.MethodPut, "/ob/plans/"+r.set(uuid, 0).Plan, `{"max_retry_cnt_1":1}`)
	if a := total(); a != 5 {
		t.Errorf("under other limits the count is %v, want 5", a)
	}
	took = time.Hour
	r.clock.advance(time.Hour)
	total() // makes 6
	r.clock.advance(61 * time.Second)
	if a, b := total(), total(); a != 6 || b != 7 {
		t.Errorf("after a minute the counts are %v, %v; want 6 while 7 is made: none is kept longer", a, b)
	}
}

// TestALongListIsCountedForTheNextRequest: counting a list may take longer than
// one request, whoever asks for it.
func TestALongListIsCountedForTheNextRequest(t *testing.T) {
	var spawned sync.WaitGroup
	clk, finish := &clock{at: startOfTime}, make(chan struct{})
	cache := newCountCache(slog.New(slog.DiscardHandler), clk.now, func(run func(context.Context)) { spawned.Go(func() { run(context.Background()) }) },
		func(ctx context.Context, _ dlma.Pick) (dlma.Counts, error) {
			<-finish
			clk.advance(time.Minute)
			return dlma.Counts{Total: 7}, ctx.Err()
		})
	given, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := cache.get(given, dlma.Pick{List: "l"}); !errors.Is(err, context.Canceled) {
		t.Errorf("the first one who asks gets %v", err)
	}
	close(finish)
	spawned.Wait()
	if counts, err := cache.get(given, dlma.Pick{List: "l"}); counts.Total != 7 || err != nil {
		t.Errorf("the next one gets %+v, %v", counts, err)
	}
}

func TestCountsAreMadeOnceAtATime(t *testing.T) {
	var spawned sync.WaitGroup
	defer spawned.Wait()
	spawn := func(run func(context.Context)) { spawned.Go(func() { run(context.Background()) }) }
	clk := &clock{at: startOfTime}
	began, finish := make(chan struct{}), make(chan struct{})
	calls := 0
	cache := newCountCache(slog.New(slog.DiscardHandler), clk.now, spawn, func(context.Context, dlma.Pick) (dlma.Counts, error) {
		calls++
		began <- struct{}{}
		<-finish
		clk.advance(time.Second)
		return dlma.Counts{Total: 7}, nil
	})
	got := make(chan int, 2)
	ask := func() {
		counts, err := cache.get(t.Context(), dlma.Pick{List: "l"})
		if err != nil {
			t.Error(err)
		}
		got <- counts.Total
	}
	go ask()
	<-began
	given, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := cache.get(given, dlma.Pick{List: "l"}); !errors.Is(err, context.Canceled) {
		t.Errorf("one who gives up waiting gets %v", err)
	}
	go ask()
	close(finish)
	if a, b := <-got, <-got; a != 7 || b != 7 || calls != 1 {
		t.Errorf("two who asked got %d, %d from %d counts; want 7, 7 from 1", a, b, calls)
	}
}

func TestCountCacheIsBounded(t *testing.T) {
	cache := newCountCache(nil, time.Now, nil, nil)
	for i := range 3 * countLists {
		cache.slot(countKey{list: strings.Repeat("x", i)})
		if n := len(cache.lists); n > countLists {
			t.Fatalf("%d lists are remembered", n)
		}
	}
}
