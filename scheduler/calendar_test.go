package scheduler

import (
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
