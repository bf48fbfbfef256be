package scheduler

import (
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
	"unsafe"

	"github.com/outpace/outpace/campaign"
	"github.com/outpace/outpace/dialer"
	"github.com/outpace/outpace/dlma"
	"github.com/outpace/outpace/plan"
	"github.com/outpace/outpace/results"
)

// wallClock is a clock that can be set: its readings jump, the monotonic ones
// in them do not.
type wallClock struct{ ahead atomic.Int64 } // seconds

func (c *wallClock) now() time.Time {
	// In a bubble of synctest times have no monotonic reading, so it is made as
	// package time does: the seconds since 1885 stand above 30 bits of nanoseconds.
	const second1885 = -2682288000 // of Unix time
	t := time.Now()
	set := t.Unix() + c.ahead.Load() - second1885
	raw := struct {
		wall uint64
		ext  int64
		loc  *time.Location
	}{1<<63 | uint64(set)<<30 | uint64(t.Nanosecond()), t.UnixNano(), time.Local}
	return *(*time.Time)(unsafe.Pointer(&raw))
}

func (c *wallClock) step(d time.Duration) { c.ahead.Add(int64(d / time.Second)) }

func TestWallClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &wallClock{}
		before := c.now()
		c.step(-time.Hour)
		after := c.now()
		if d := after.Sub(before); d != 0 {
			t.Errorf("the monotonic reading jumped by %s", d)
		}
		if d := after.Round(0).Sub(before.Round(0)); d != -time.Hour {
			t.Errorf("the clock jumped by %s", d)
		}
	})
}

// TestClockStepsLoseNobody: a clock that is put forward or back while calls are
// open and entries wait makes nobody be called too often or not at all.
func TestClockStepsLoseNobody(t *testing.T) {
	const people, tries = 20, 2
	for _, steps := range [][]time.Duration{
		{time.Hour}, {-time.Hour}, {10 * time.Second}, {-10 * time.Second}, {24 * time.Hour, -24 * time.Hour}, {-time.Hour, time.Hour},
		{3 * time.Second, -3 * time.Second, 90 * time.Second, -90 * time.Second, -5 * time.Second, 5 * time.Second},
	} {
		t.Run(fmt.Sprint(steps), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				clock := &wallClock{}
				w := newWorld(t, people, func(w *world) {
					w.clock = clock.now
					w.maxCPS = 2
					w.plan(func(p *plan.Plan) { p.MaxRetry[0], p.RetryDelay = tries, 5*time.Second })
				})
				w.gw.setScript(func(g *fakeGateway, r dialer.Request) { g.fate(r.Call, 3*time.Second, 0, 17) })
				for _, s := range steps {
					pass(2500 * time.Millisecond)
					clock.step(s)
				}
				pass(90 * time.Minute) // as long as entries that hung up "later" may have to wait
				w.end()
				asked := map[string]int{}
				for _, r := range w.gw.calls() {
					if asked[r.Call]++; asked[r.Call] > 1 {
						t.Errorf("call %s was asked for twice", r.Call)
					}
					asked["number "+r.Number]++
				}
				for _, e := range w.store.entries {
					if n := asked["number "+e.Number[0]]; n != tries || e.Tries[0] != tries || e.Status != dlma.Idle {
						t.Errorf("entry %s: called %d times, %d tries counted, status %d", e.UUID, n, e.Tries[0], e.Status)
					}
				}
				for _, d := range w.dispositions() {
					if d != results.Busy {
						t.Errorf("a result is %s", d)
					}
				}
				if c := w.status("c"); c.Status != campaign.Stopped {
					t.Errorf("the campaign is at %d; why: %s", c.Status, w.why())
				}
				if len(w.log.lines) != people*tries {
					t.Errorf("%d lines in the log", len(w.log.lines))
				}
			})
		})
	}
}

// TestClockStepsOverTheCalendarsEdges: what the clock shows counts, whichever
// way it came to it: nobody is called from the moment on at which it is set to
// a time outside the window.
func TestClockStepsOverTheCalendarsEdges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		clock := &wallClock{}
		w := newWorld(t, 1, func(w *world) {
			daily(w)
			w.clock = clock.now
			w.plan(func(p *plan.Plan) { p.EndHandle, p.MaxRetry[0], p.RetryDelay = 0, 100, time.Second })
			w.gw.script = func(g *fakeGateway, r dialer.Request) { g.fate(r.Call, time.Second, 0, 17) }
		})
		pass(time.Hour)
		if n := len(w.gw.calls()); n > 0 {
			t.Fatalf("%d calls before the opening", n)
		}
		clock.step(2 * time.Hour) // three o'clock: it opened meanwhile
		pass(2 * time.Minute)
		n := len(w.gw.calls())
		if c := w.status("c"); c.Status != campaign.Started || n == 0 {
			t.Fatalf("status %d, %d calls after the clock was put forward into the window; why: %s", c.Status, n, w.why())
		}
		clock.step(2 * time.Hour) // five o'clock
		synctest.Wait()
		n = len(w.gw.calls())
		pass(2 * time.Minute)
		if got := len(w.gw.calls()); got > n {
			t.Errorf("%d calls after the clock was put forward over the closing", got-n)
		}
		if c := w.status("c"); c.Status != campaign.Stopped {
			t.Errorf("status %d after the closing", c.Status)
		}
		clock.step(-2 * time.Hour) // three o'clock again: what closed it was a mistake
		pass(2 * time.Minute)
		if got := len(w.gw.calls()); got == n || w.status("c").Status != campaign.Started {
			t.Errorf("status %d, %d more calls after the clock was put back into the window", w.status("c").Status, got-n)
		}
		clock.step(-2 * time.Hour) // before the opening
		synctest.Wait()
		n = len(w.gw.calls())
		pass(2 * time.Minute)
		if got := len(w.gw.calls()); got > n {
			t.Errorf("%d calls after the clock was put back behind the opening", got-n)
		}
		w.end()
	})
}

// TestClockChangesInTheCampaignsZone: where the clock is put forward over the
// opening, that is when it opens; a time that is shown twice counts once.
func TestClockChangesInTheCampaignsZone(t *testing.T) {
	for name, tt := range map[string]struct {
		begin, opens, closes string // UTC
		from, until          string // the calendar's
	}{
		"forward over the opening": {"2000-03-25T22:30:00Z", "2000-03-26T01:00:00Z", "2000-03-26T01:30:00Z", "02:30:00", "03:30:00"},
		"forward inside":           {"2000-03-25T22:30:00Z", "2000-03-26T00:30:00Z", "2000-03-26T01:30:00Z", "01:30:00", "03:30:00"},
		"back over the closing":    {"2000-10-28T22:30:00Z", "2000-10-28T23:30:00Z", "2000-10-29T00:45:00Z", "01:30:00", "02:45:00"},
		"back, both shown twice":   {"2000-10-28T22:30:00Z", "2000-10-29T00:30:00Z", "2000-10-29T00:45:00Z", "02:30:00", "02:45:00"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				at := func(text string) time.Time {
					when, err := time.Parse(time.RFC3339, text)
					if err != nil {
						t.Fatal(err)
					}
					return when
				}
				pass(time.Until(at(tt.begin)))
				w := newWorld(t, 1, func(w *world) {
					daily(w)
					c := w.store.campaigns["c"]
					c.Calendar.Zone, c.Calendar.TimeStart, c.Calendar.TimeEnd = "Europe/Berlin", tt.from, tt.until
					w.store.campaigns["c"] = c
					w.plan(func(p *plan.Plan) { p.EndHandle, p.MaxRetry[0], p.RetryDelay = 0, 10_000, 10*time.Second })
					w.gw.script = func(g *fakeGateway, r dialer.Request) { g.fate(r.Call, time.Second, 0, 17) }
				})
				pass(5 * time.Hour) // an hour and more before and after, whatever the zone does
				w.end()
				times := w.gw.times()
				if len(times) == 0 {
					t.Fatal("no calls")
				}
				first, last := times[0], times[len(times)-1]
				if first.Before(at(tt.opens)) || first.After(at(tt.opens).Add(time.Minute)) {
					t.Errorf("the first call was at %s, the window opens at %s", first.UTC(), tt.opens)
				}
				if !last.Before(at(tt.closes)) || last.Before(at(tt.closes).Add(-time.Minute)) {
					t.Errorf("the last call was at %s, the window closes at %s", last.UTC(), tt.closes)
				}
			})
		})
	}
}
