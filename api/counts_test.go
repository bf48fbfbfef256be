package api

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/outpace/outpace/dlma"
)

// counter counts one list: each counting takes 2 s, so that its counts are shown
// for 40 s, and ends as end says, which returns the total.
type counter struct {
	*countCache

	log bytes.Buffer
	n   int
	end atomic.Pointer[func() (int, error)]
}

// ends says how countings end from now on.
func (c *counter) ends(end func() (int, error)) { c.end.Store(&end) }

func newCounter() *counter {
	c := &counter{}
	c.countCache = newCountCache(slog.New(slog.NewTextHandler(&c.log, nil)), time.Now,
		func(run func(context.Context)) { go run(context.Background()) },
		func(context.Context, dlma.Pick) (dlma.Counts, error) {
			c.n++
			pass(2 * time.Second)
			total, err := (*c.end.Load())()
			return dlma.Counts{Total: total}, err
		})
	return c
}

// get returns the total and how long it had to be waited for.
func (c *counter) get() (total int, waited time.Duration, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	start := time.Now()
	counts, err := c.countCache.get(ctx, dlma.Pick{List: "l"})
	return counts.Total, time.Since(start), err
}

// TestCountsThatCannotBeMadeAnew: the old ones are shown for as long again, and
// no longer.
func TestCountsThatCannotBeMadeAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCounter()
		down := errors.New("0901234567 is down")
		c.ends(func() (int, error) { return 7, nil })
		want := func(when string, total int, err error, waited time.Duration) {
			t.Helper()
			gotTotal, gotWaited, gotErr := c.get()
			if gotTotal != total || !errors.Is(gotErr, err) || gotWaited != waited {
				t.Errorf("%s: %d, %v after %s; want %d, %v after %s", when, gotTotal, gotErr, gotWaited, total, err, waited)
			}
		}
		want("first", 7, nil, 2*time.Second)
		c.ends(func() (int, error) { return 0, down })
		pass(40 * time.Second) // 0:42
		want("while they are made anew", 7, nil, 0)
		pass(3 * time.Second) // 0:45, they failed at 0:44
		want("when that has failed", 7, nil, 0)
		pass(20 * time.Second) // 1:05
		want("half-way", 7, nil, 0)
		pass(18 * time.Second) // 1:23
		want("at the end of one more period", 7, nil, 0)
		if c.n != 3 {
			t.Errorf("counted %d times, want 3: first, anew, half-way", c.n)
		}
		pass(time.Second) // 1:24
		want("after it", 0, down, 2*time.Second)
		c.ends(func() (int, error) { return 8, nil })
		want("when it is back", 8, nil, 2*time.Second)
		if log := c.log.String(); strings.Count(log, "\n") != 2 || strings.Contains(log, "0901234567") || !strings.Contains(log, "67 is down") {
			t.Errorf("the log has\n%s", log)
		}

		c.ends(func() (int, error) { return 0, down })
		pass(40 * time.Second)
		want("anew again", 8, nil, 0)
		pass(10 * time.Second)
		c.ends(func() (int, error) { return 9, nil })
		pass(12 * time.Second)
		want("half-way again", 8, nil, 0)
		for range 3 {
			pass(13 * time.Second)
			want("when that went well", 9, nil, 0)
		}
	})
}

// TestCountingMayPanic, or end without a word: nobody waits for ever, and the
// next one counts anew.
func TestCountingMayPanic(t *testing.T) {
	for name, end := range map[string]func() (int, error){
		"panic":  func() (int, error) { panic("0901234567 is no list") },
		"goexit": func() (int, error) { runtime.Goexit(); return 0, nil },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := newCounter()
				c.ends(end)
				if _, waited, err := c.get(); err == nil || errors.Is(err, context.DeadlineExceeded) || waited != 2*time.Second {
					t.Errorf("who waits gets %v after %s", err, waited)
				}
				c.ends(func() (int, error) { return 7, nil })
				if total, _, err := c.get(); total != 7 || err != nil {
					t.Errorf("the next one gets %d, %v", total, err)
				}
				c.ends(end)
				pass(41 * time.Second)
				for range 2 { // the second one after it
					if total, waited, err := c.get(); total != 7 || err != nil || waited != 0 {
						t.Errorf("while they are made anew: %d, %v after %s", total, err, waited)
					}
					pass(3 * time.Second)
				}
				if log := c.log.String(); !strings.Contains(log, "level=ERROR") || strings.Contains(log, "0901234567") {
					t.Errorf("the log has\n%s", log)
				}
			})
		})
	}
}

func TestAPanicOfTheStoreIsNotTheServers(t *testing.T) {
	r := newRig(t, nil)
	path := "/ob/campaigns/" + r.startable() + "/stats"
	r.store.counts = func(dlma.Pick) (dlma.Counts, error) { panic("0901234567 is no list") }
	r.refused(http.StatusInternalServerError, "went wrong inside", http.MethodGet, path, "")
	r.spawned.Wait()
	if log := r.log.String(); !strings.Contains(log, "panic: ********67 is no list") {
		t.Errorf("the log has\n%s", log)
	}
	r.store.counts = nil
	r.ok(http.MethodGet, path, "")
}

// TestListsAreCountedInTurn: one long list at a time, so that those of many
// campaigns leave the database to others.
func TestListsAreCountedInTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCounter()
		c.ends(func() (int, error) { return 7, nil })
		waits := make(chan time.Duration)
		for i := range 4 {
			go func() {
				start := time.Now()
				if _, err := c.countCache.get(t.Context(), dlma.Pick{List: "l", RetryDelay: time.Duration(i)}); err != nil {
					t.Error(err)
				}
				waits <- time.Since(start)
			}()
		}
		for i := range 4 {
			if got, want := <-waits, time.Duration(i+1)*2*time.Second; got != want {
				t.Errorf("the counts of campaign %d came after %s, want %s", i+1, got, want)
			}
		}
	})
}

// TestOldCountsAreShownInTheMeantime: who has some does not wait for his turn.
func TestOldCountsAreShownInTheMeantime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCounter()
		c.ends(func() (int, error) { return 7, nil })
		if _, _, err := c.get(); err != nil {
			t.Fatal(err)
		}
		pass(41 * time.Second)
		c.ends(func() (int, error) { pass(time.Minute); return 8, nil })
		c.look(dlma.Pick{List: "another"})
		synctest.Wait()
		for range 10 {
			if total, waited, err := c.get(); total != 7 || waited != 0 || err != nil {
				t.Errorf("%d, %v after %s; want 7 at once", total, err, waited)
			}
			pass(6 * time.Second)
		}
		pass(2 * time.Minute)
		if total, waited, err := c.get(); total != 8 || waited != 0 || err != nil {
			t.Errorf("%d, %v after %s; want 8 at once", total, err, waited)
		}
		pass(2 * time.Minute) // what that has begun
	})
}

// TestShortListsDoNotWaitForLongOnes: what was counted quickly the last time
// has a turn of its own.
func TestShortListsDoNotWaitForLongOnes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var counting, most atomic.Int32
		cache := newCountCache(slog.New(slog.DiscardHandler), time.Now,
			func(run func(context.Context)) { go run(context.Background()) },
			func(_ context.Context, pick dlma.Pick) (dlma.Counts, error) {
				most.Store(max(most.Load(), counting.Add(1)))
				defer counting.Add(-1)
				if pick.Now != time.Now() {
					t.Errorf("counted what was ready at %s, at %s", pick.Now, time.Now())
				}
				took := time.Millisecond
				if pick.List == "long" {
					took = time.Minute
				}
				pass(took)
				return dlma.Counts{}, nil
			})
		get := func(pick dlma.Pick) time.Duration {
			start := time.Now()
			if _, err := cache.get(t.Context(), pick); err != nil {
				t.Error(err)
			}
			return time.Since(start)
		}
		get(dlma.Pick{List: "short"})
		var long sync.WaitGroup
		for i := range 3 {
			long.Go(func() { get(dlma.Pick{List: "long", RetryDelay: time.Duration(i)}) })
		}
		synctest.Wait()
		if waited := get(dlma.Pick{List: "short"}); waited != time.Millisecond {
			t.Errorf("waited %s for the counts of a short list", waited)
		}
		long.Wait()
		if most.Load() > 2 {
			t.Errorf("%d lists were counted at once", most.Load())
		}
	})
}

// TestWaitingForATurnEnds with the engine or after a while, and takes none.
func TestWaitingForATurnEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCounter()
		finish := make(chan struct{})
		c.ends(func() (int, error) { <-finish; return 7, nil })
		c.look(dlma.Pick{List: "l"})
		synctest.Wait()
		engine, stop := context.WithCancel(t.Context())
		c.spawn = func(run func(context.Context)) { go run(engine) }
		_, stopped := c.look(dlma.Pick{List: "stopped"})
		c.spawn = func(run func(context.Context)) { go run(context.Background()) }
		_, late := c.look(dlma.Pick{List: "late"})
		pass(time.Minute)
		stop()
		<-stopped.done
		if !errors.Is(stopped.err, context.Canceled) {
			t.Errorf("who waited when the engine stopped got %v", stopped.err)
		}
		<-late.done
		if !errors.Is(late.err, context.DeadlineExceeded) {
			t.Errorf("who waited too long got %v", late.err)
		}
		close(finish)
		if total, _, err := c.get(); total != 7 || err != nil || c.n != 1 {
			t.Errorf("%d, %v by counting %d times; want 7 by one", total, err, c.n)
		}
	})
}

// pass lets time go by, of a synctest bubble.
func pass(d time.Duration) { <-time.After(d) }
