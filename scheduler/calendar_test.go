package scheduler

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/outpace/outpace/campaign"
	"github.com/outpace/outpace/dialer"
	"github.com/outpace/outpace/plan"
)

// daily opens at two and closes at four in the morning of each day; synctest
// begins at midnight UTC.
func daily(w *world) {
	c := w.store.campaigns["c"]
	c.Status, c.Edge = campaign.Stopped, campaign.EdgePending
	c.Calendar = campaign.Calendar{Mode: 1, TimeStart: "02:00:00", TimeEnd: "04:00:00"}
	w.store.campaigns["c"] = c
	w.plan(func(p *plan.Plan) { p.EndHandle = 0 })
	w.gw.script = func(g *fakeGateway, r dialer.Request) {
		g.fate(r.Call, time.Second, time.Second, 0)
	}
}

func TestCalendarStartsAndStopsAtItsEdges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1, daily)
		pass(time.Hour)
		if c := w.status("c"); c.Status != campaign.Stopped {
			t.Fatalf("status %d before the opening", c.Status)
		}
		pass(time.Hour + time.Second)
		if c := w.status("c"); c.Status != campaign.Started {
			t.Fatalf("status %d one second after the opening", c.Status)
		}
		w.setStatus(campaign.Stopped) // by hand
		pass(time.Hour)
		if c := w.status("c"); c.Status != campaign.Stopped {
			t.Fatalf("status %d: a manual stop holds until the next opening", c.Status)
		}
		w.end()
		pass(22*time.Hour + 55*time.Minute)
		w.start(t)
		pass(4 * time.Minute)
		if c := w.status("c"); c.Status != campaign.Stopped {
			t.Fatalf("status %d: a restart is no opening", c.Status)
		}
		pass(time.Minute + time.Second)
		if c := w.status("c"); c.Status != campaign.Started {
			t.Fatalf("status %d at the next opening", c.Status)
		}
		pass(2 * time.Hour)
		if c := w.status("c"); c.Status != campaign.Stopped {
			t.Fatalf("status %d after the closing", c.Status)
		}
		w.end()
	})
}

func TestCalendarEdgeThatPassedWhileTheEngineWasDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1, daily)
		pass(time.Minute)
		w.end()
		pass(3 * time.Hour)
		w.start(t)
		pass(2 * time.Minute)
		if c := w.status("c"); c.Status != campaign.Started {
			t.Errorf("status %d two minutes after a start inside the window", c.Status)
		}
		w.end()
		pass(3 * time.Hour)
		w.start(t)
		pass(time.Minute + time.Second)
		if c := w.status("c"); c.Status != campaign.Stopped {
			t.Errorf("status %d a minute after a start outside the window", c.Status)
		}
		w.end()
	})
}

func TestNewCalendarIsAnEdgeAndPausedStays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1, func(w *world) {
			daily(w)
			c := w.store.campaigns["c"]
			c.Calendar.TimeStart, c.Calendar.TimeEnd = "", ""
			w.store.campaigns["c"] = c
			c.UUID, c.Status = "paused", campaign.Paused
			w.store.campaigns["paused"] = c
		})
		pass(2 * time.Second)
		if c := w.status("c"); c.Status != campaign.Started {
			t.Errorf("status %d, want started at once", c.Status)
		}
		if c := w.status("paused"); c.Status != campaign.Paused {
			t.Errorf("status %d, want still paused", c.Status)
		}
		w.end()
	})
}

func TestForeignLogIsMovedAside(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1, func(w *world) {
			w.log.lines = append(w.log.lines, w.foreign())
			w.gw.script = func(g *fakeGateway, r dialer.Request) { g.fate(r.Call, time.Second, time.Second, 0) }
		})
		pass(10 * time.Second)
		w.end()
		if w.log.aside != 1 || len(w.log.lines) != 1 || w.log.lines[0].Seq != 1 {
			t.Errorf("moved aside %d times, %d lines", w.log.aside, len(w.log.lines))
		}
	})
}

// TestNoCallOutsideHours: an engine that comes up after the closing, with a
// campaign that still is started, places nothing in the moment until the
// calendar has stopped it.
func TestNoCallOutsideHours(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 5, func(w *world) {
			daily(w)
			c := w.store.campaigns["c"]
			c.Status, c.Edge = campaign.Started, time.Now().Add(-22*time.Hour)
			w.store.campaigns["c"] = c
		})
		pass(2 * time.Minute)
		w.end()
		if n := len(w.gw.calls()); n != 0 {
			t.Errorf("%d calls while the calendar is closed", n)
		}
		if c := w.status("c"); c.Status != campaign.Stopped {
			t.Errorf("status %d", c.Status)
		}
	})
}

// stoppedInside is a campaign whose calendar opens at one minute past midnight
// and closes at ten past.
func stoppedInside(w *world) {
	daily(w)
	c := w.store.campaigns["c"]
	c.Calendar = campaign.Calendar{Mode: 1, TimeStart: "00:01:00", TimeEnd: "00:10:00"}
	w.store.campaigns["c"] = c
	w.plan(func(p *plan.Plan) { one := 1; p.MaxCPS = &one })
}

// TestAStopHoldsOverTheClosing: an engine whose clock is ahead sees the window
// close before one that then looks at it again, and takes it for open.
func TestAStopHoldsOverTheClosing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1000, func(w *world) {
			stoppedInside(w)
			pass(58 * time.Second) // this engine looks at all calendars at :58
		})
		pass(59 * time.Second) // the one whose clock is ahead does so at :57
		ahead, err := New(Config{Store: w.store, Log: &memLog{}, Host: "h2", Holder: "ahead",
			Clock: func() time.Time { return time.Now().Add(5 * time.Second) }})
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		var done sync.WaitGroup
		done.Go(func() { _ = ahead.Run(ctx) })
		pass(time.Minute)
		w.store.userMoves("c", campaign.Move{From: []campaign.Status{campaign.Started}, To: campaign.Stopping})
		pass(30 * time.Second)
		n := len(w.gw.calls())
		for range 8 * 60 {
			pass(time.Second)
			if s := w.status("c").Status; s != campaign.Stopped {
				t.Fatalf("%s: status %d, and %d calls since the stop", time.Now().UTC().Format(time.TimeOnly), s, len(w.gw.calls())-n)
			}
		}
		if n == 0 {
			t.Error("the campaign never dialed: the test shows nothing")
		}
		stop()
		done.Wait()
		w.end()
	})
}

// TestAStopHoldsWhenTheClockIsPutBack over the closing, or over the opening.
func TestAStopHoldsWhenTheClockIsPutBack(t *testing.T) {
	for name, tt := range map[string]struct{ after, back time.Duration }{
		"closing": {8*time.Minute + time.Second, 2 * time.Minute},
		"opening": {30 * time.Second, 2*time.Minute + 30*time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				clock := &wallClock{}
				w := newWorld(t, 1000, func(w *world) {
					stoppedInside(w)
					w.clock = clock.now
				})
				pass(2 * time.Minute)
				w.store.userMoves("c", campaign.Move{From: []campaign.Status{campaign.Started}, To: campaign.Stopping})
				pass(tt.after)
				n := len(w.gw.calls())
				clock.step(-tt.back)
				pass(4 * time.Minute)
				if s, got := w.status("c").Status, len(w.gw.calls()); s != campaign.Stopped || got != n || n == 0 {
					t.Errorf("status %d, %d calls before and %d after the clock was put back", s, n, got)
				}
				tomorrow := clock.now().Truncate(24 * time.Hour).Add(24 * time.Hour)
				clock.step(tomorrow.Add(3 * time.Minute).Sub(clock.now()))
				pass(2 * time.Minute)
				if s := w.status("c").Status; s != campaign.Started {
					t.Errorf("status %d at the next opening", s)
				}
				w.end()
			})
		})
	}
}
