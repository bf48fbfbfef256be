package scheduler

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/outpace/outpace/campaign"
	"github.com/outpace/outpace/plan"
	"github.com/outpace/outpace/results"
)

// TestFiguresReadDuringACommitAreReadAgain: a call that was committed while the
// figures were being read may stand in them or not.
func TestFiguresReadDuringACommitAreReadAgain(t *testing.T) {
	g := figures{}
	g.settle("UTC")
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	g.take([]results.Day{{Date: "2026-02-27", Live: 10, Abandoned: 1}, {Date: "2026-02-28", Live: 20, Abandoned: 2}}, now)
	for _, tt := range []struct{ days, live, abandoned int }{{1, 0, 0}, {2, 20, 2}, {3, 30, 3}, {30, 30, 3}} {
		if _, b := g.sum(now, tt.days); b.Live != tt.live || b.Abandoned != tt.abandoned {
			t.Errorf("%d days: %d of %d, want %d of %d", tt.days, b.Abandoned, b.Live, tt.abandoned, tt.live)
		}
	}
	g.touched = false
	g.commit(&call{live: true, lost: true, day: "2026-02-28"})
	if _, b := g.sum(now, 2); b.Live != 21 || b.Abandoned != 3 || !g.touched {
		t.Errorf("after a commit: %d of %d, touched %t", b.Abandoned, b.Live, g.touched)
	}
	g.commit(&call{day: "2026-02-28"}) // nobody answered
	if _, b := g.sum(now.AddDate(0, 0, 1), 2); b.Live != 0 {
		t.Errorf("a day later the window of two days has %d live answers of before", b.Live)
	}
	g.settle("Asia/Tokyo")
	if g.known {
		t.Error("the days of another zone are taken for known")
	}
}

// held keeps what tasks return until the test is the loop that calls it.
type held []func()

func (h *held) run(_ time.Time, t task) { *h = append(*h, t(context.Background())) }

func (h *held) next() {
	fn := (*h)[0]
	*h = (*h)[1:]
	fn()
}

// figuresFloor is a floor with a campaign whose queue is seen and whose figures
// are read from a store.
func figuresFloor(store *memStore) (*floor, *run, *held) {
	p, tasks := plan.Default(), &held{}
	r := &run{assigned: true, work: work{
		plan: &p, campaign: campaign.Campaign{UUID: "c"},
		destination: &campaign.Destination{Type: campaign.TypeApplication, Application: "queue", Data: "sales"},
	}}
	f := &floor{
		store: store, gw: Gateway{Gateway: newFakeGateway("pbx")}, beside: tasks, ctx: context.Background(), log: slog.New(slog.DiscardHandler),
		tally: newTally(), runs: map[string]*run{"c": r}, book: newBook(),
	}
	f.fitPacer(r)
	return f, r, tasks
}

// TestCallCountsOnceThoughFiguresAreRead: its result reaches the database while
// the figures are read, and the loop hears of that a moment later.
func TestCallCountsOnceThoughFiguresAreRead(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	store := newMemStore()
	f, r, tasks := figuresFloor(store)
	c := &call{campaign: "c", queue: "sales", live: true, day: "2026-03-01"}
	f.tally.add(c)
	store.days = map[string][]results.Day{"c": {{Date: c.day, Live: 1}}}
	f.readFigures(r, now)
	c.ended = true
	tasks.next()
	f.tally.remove(c)
	r.figures.commit(c)
	if !r.figures.known {
		f.readFigures(r, now)
		tasks.next()
	}
	if n := f.windows(r, now)[0].Live; n != 1 {
		t.Errorf("%d live answers of one call", n)
	}
}

// TestFiguresNeedNotWaitForFailedCalls: of which some are about to be committed
// at any time while a campaign is busy.
func TestFiguresNeedNotWaitForFailedCalls(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	f, r, tasks := figuresFloor(newMemStore())
	c := &call{campaign: "c", queue: "sales", ended: true}
	f.tally.add(c)
	f.readFigures(r, now)
	r.figures.commit(c)
	if len(*tasks) != 1 {
		t.Fatalf("%d readings begun, want 1", len(*tasks))
	}
	tasks.next()
	if !r.figures.known {
		t.Error("the figures were thrown away")
	}
}

// TestFiguresOfACampaignThatWasAwayAreReadAgain: another gateway has counted
// its calls meanwhile.
func TestFiguresOfACampaignThatWasAwayAreReadAgain(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	f, r, tasks := figuresFloor(newMemStore())
	f.readFigures(r, now)
	tasks.next()
	r.assigned = false
	f.readFigures(r, now.Add(time.Second))
	r.assigned = true
	f.readFigures(r, now.Add(2*time.Second))
	if r.figures.known || len(*tasks) != 1 {
		t.Errorf("known %t, %d readings begun", r.figures.known, len(*tasks))
	}
}

// TestCampaignStartsColdWithoutEarlierResults: what cannot be read must not keep
// it from dialing.
func TestCampaignStartsColdWithoutEarlierResults(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	store := newMemStore()
	store.setFail("Recent", errors.New("time-out"))
	f, r, tasks := figuresFloor(store)
	f.readFigures(r, now)
	tasks.next()
	if !r.figures.known || r.warmed {
		t.Errorf("known %t, warmed %t", r.figures.known, r.warmed)
	}
}

// TestDaysOfOtherZonesAreCounted: a campaign that is above its limit does not
// come below it by moving to the west.
func TestDaysOfOtherZonesAreCounted(t *testing.T) {
	g := figures{}
	g.settle("UTC")
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	g.take([]results.Day{{Date: "2026-03-01", Live: 5}, {Date: "2026-03-02", Live: 100, Abandoned: 10}}, now)
	if today, before := g.sum(now, 30); today.Live != 105 || today.Abandoned != 10 || before.Live != 0 {
		t.Errorf("today %+v, before %+v", today, before)
	}
}

// TestWindowsBeginWhereMidnightIsMissing: in Santiago the clock goes from
// midnight to one on 6 September 2026.
func TestWindowsBeginWhereMidnightIsMissing(t *testing.T) {
	g := figures{}
	g.settle("America/Santiago")
	at := time.Date(2026, 9, 8, 3, 30, 0, 0, time.UTC) // 00:30 there
	if first := g.first(at, 3); first != "2026-09-06" {
		t.Errorf("the first of three days is %s", first)
	}
}
