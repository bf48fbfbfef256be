package scheduler

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// cutStore is a store that one of several engines can be cut off from. Its
// leases take some time, so that looks fall into asks.
type cutStore struct {
	*memStore
	cut atomic.Bool
}

var errCut = errors.New("cut off")

const leaseTakes = 300 * time.Millisecond

func (s *cutStore) Acquire(ctx context.Context, name, holder string, ttl time.Duration) (string, bool, error) {
	if s.cut.Load() || !pause(ctx, leaseTakes) {
		return "", false, errCut
	}
	return s.memStore.Acquire(ctx, name, holder, ttl)
}

func (s *cutStore) Attend(ctx context.Context, holder string, ttl time.Duration) (int, error) {
	if s.cut.Load() || !pause(ctx, leaseTakes) {
		return 0, errCut
	}
	return s.memStore.Attend(ctx, holder, ttl)
}

func (s *cutStore) Release(ctx context.Context, name, token string) error {
	if s.cut.Load() {
		return errCut
	}
	return s.memStore.Release(ctx, name, token)
}

// mate is one of several engines that share a store.
type mate struct {
	store *cutStore
	eng   *Engine
	stop  context.CancelFunc
	done  sync.WaitGroup
}

func newMate(t *testing.T, store *memStore, name string, gateways ...string) *mate {
	t.Helper()
	m := &mate{store: &cutStore{memStore: store}}
	cfg := Config{Store: m.store, Log: &memLog{}, Host: name, Holder: name}
	for _, g := range gateways {
		cfg.Gateways = append(cfg.Gateways, Gateway{Gateway: newFakeGateway(g), MaxCalls: 10, MaxCPS: 10})
	}
	eng, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	m.eng = eng
	ctx, stop := context.WithCancel(t.Context())
	m.stop = stop
	m.done.Go(func() { _ = eng.Run(ctx) })
	return m
}

func (m *mate) end() {
	m.stop()
	m.done.Wait()
}

// holders counts the gateways of each engine; "" are those of nobody.
func holders(m *memStore, gateways []string) map[string]int {
	m.mu.Lock()
	defer m.mu.Unlock()
	n := map[string]int{}
	for _, g := range gateways {
		l := m.leases["gateway:"+g]
		if !m.clock().Before(l.until) {
			l.holder = ""
		}
		n[l.holder]++
	}
	return n
}

// begun counts the terms that leases have had.
func (m *memStore) begun() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.terms
}

// TestGatewaysAreSpread: each engine that is there gets its share of gateways
// without calls, and all of one that is not any more.
func TestGatewaysAreSpread(t *testing.T) {
	gateways := []string{"g1", "g2", "g3", "g4", "g5"}
	// Which engine has more when it does not come out even is chance.
	want := func(t *testing.T, store *memStore, when string, want ...int) {
		t.Helper()
		got := holders(store, gateways)
		if counts := slices.Sorted(maps.Values(got)); got[""] > 0 || !slices.Equal(counts, want) {
			t.Fatalf("%s: %v, want %v", when, got, want)
		}
	}
	synctest.Test(t, func(t *testing.T) {
		store := newMemStore()
		a := newMate(t, store, "a", gateways...)
		pass(time.Minute)
		want(t, store, "alone", 5)
		b := newMate(t, store, "b", gateways...)
		pass(30 * time.Second)
		want(t, store, "two engines", 2, 3)
		c := newMate(t, store, "c", gateways...)
		pass(30 * time.Second)
		want(t, store, "three engines", 1, 2, 2)

		// One dies without a word: what it had is taken in time.
		b.store.cut.Store(true)
		pass(leaseTTL + 5*time.Second)
		want(t, store, "one cut off", 2, 3)
		if holders(store, gateways)["b"] > 0 {
			t.Fatal("who is cut off renews leases")
		}
		b.store.cut.Store(false)
		pass(30 * time.Second)
		want(t, store, "back again", 1, 2, 2)
		c.end()
		pass(10 * time.Second)
		want(t, store, "one has left", 2, 3)
		staysSo(t, store)
		// One that drains waits for its calls, which may take long: the others have the gateways.
		b.eng.draining.Store(true)
		pass(time.Minute)
		want(t, store, "one drains", 5)
		if holders(store, gateways)["a"] != 5 {
			t.Fatal("who drains has kept gateways")
		}
		b.end()
		pass(3 * time.Second)
		want(t, store, "it has left", 5)
		a.end()
	})
}

// staysSo lets an hour go by in which no gateway may change hands.
func staysSo(t *testing.T, store *memStore) {
	t.Helper()
	terms := store.begun()
	pass(time.Hour)
	if n := store.begun() - terms; n > 0 {
		t.Errorf("%d terms of leases have begun in an hour without a change", n)
	}
}

// TestSharedUnevenly: a gateway that only one engine knows stays with it; it is
// tried once to give it away.
func TestSharedUnevenly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newMemStore()
		mine := []string{"g1", "g2", "g3", "g4"}
		a, b := newMate(t, store, "a", mine...), newMate(t, store, "b", "g4")
		pass(2 * time.Minute)
		if got := holders(store, mine); got["a"] < 3 || got[""] > 0 {
			t.Errorf("%v", got)
		}
		staysSo(t, store)
		a.end()
		b.end()
	})
}

// TestSharedByTooFew: of gateways that only two of three engines know each of these has
// more than its share; they do not hand them to and fro.
func TestSharedByTooFew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := newMemStore()
		ours := []string{"g1", "g2", "g3", "g4", "g5", "g6"}
		a, b, c := newMate(t, store, "a", ours...), newMate(t, store, "b", ours...), newMate(t, store, "c", "g7")
		pass(5 * time.Minute)
		if got := holders(store, ours); got["a"] < 2 || got["b"] < 2 || got[""] > 0 {
			t.Errorf("%v", got)
		}
		staysSo(t, store)
		a.end()
		b.end()
		c.end()
	})
}

// TestNoGatewayWithCallsIsGivenBack: nobody sees those calls while it changes hands.
func TestNoGatewayWithCallsIsGivenBack(t *testing.T) {
	c := newCrew(Config{Holder: "a"}, new(atomic.Bool))
	ended := map[string]bool{}
	for _, name := range []string{"g1", "g2", "g3", "g4"} {
		p := newPost(Config{Logger: slog.New(slog.DiscardHandler), Clock: time.Now}, Gateway{Gateway: newFakeGateway(name)}, nil, c, new(atomic.Bool))
		end := context.CancelFunc(func() { ended[name] = true })
		p.endTerm.Store(&end)
		c.posts = append(c.posts, p)
		c.reserve(name, false)
	}
	c.engines = 2
	var idle map[string]bool
	look := func(want string, now ...bool) {
		t.Helper()
		for i, n := range now {
			c.posts[i].idle.Store(n)
		}
		if idle = c.spread(idle); fmt.Sprint(ended) != want {
			t.Errorf("given back: %v, want %s", ended, want)
		}
	}
	look("map[]", false, false, false, false)
	look("map[]", false, false, true, false) // a moment only
	look("map[]", false, false, false, true)
	look("map[g4:true]", false, false, true, true)
	look("map[g3:true g4:true]", false, false, true, true)
	look("map[g3:true g4:true]", true, true) // now we have our share
	look("map[g3:true g4:true]")
}

// TestIdle: what another engine would have to begin anew is not idle.
func TestIdle(t *testing.T) {
	now := time.Now()
	for name, tt := range map[string]struct {
		is   func(f *floor)
		want bool
	}{
		"nothing": {func(*floor) {}, true},
		"a call":  {func(f *floor) { f.calls["u"] = &call{} }, false},
		"a claim": {func(f *floor) { f.claims = 1 }, false},
		// Another engine would have to take what it left for calls that may be placed.
		"a claim in doubt":       {func(f *floor) { f.doubt = true }, false},
		"one that is looked up":  {func(f *floor) { f.resolved = map[string]bool{} }, false},
		"one that will be again": {func(f *floor) { f.recheck = now.Add(time.Second) }, false},
		"a pause":                {func(f *floor) { f.breaker("trunk").until = now.Add(time.Second) }, false},
		"a pause that is over":   {func(f *floor) { f.breaker("trunk").until = now }, true},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := Config{Store: newMemStore(), Clock: time.Now, Logger: slog.New(slog.DiscardHandler)}
			gw := Gateway{Gateway: newFakeGateway("pbx"), MaxCalls: 1, MaxCPS: 1}
			f := newFloor(newPost(cfg, gw, newLedger(cfg), newCrew(cfg, new(atomic.Bool)), new(atomic.Bool)), "")
			tt.is(f)
			if got := f.resting(now); got != tt.want {
				t.Errorf("idle: %t", got)
			}
		})
	}
}

// TestOfferedAgain: who took a gateway that was given back may have lost it since,
// in a restart between two looks. It is given back again, though as many
// engines are there; soon if another one is known to have had it.
func TestOfferedAgain(t *testing.T) {
	for name, tt := range map[string]struct {
		asks   int // at which another engine had it
		within time.Duration
		want   int
	}{
		"nobody had it":                   {0, time.Hour, 1},
		"nobody was seen to have it":      {0, 24 * time.Hour, 2},
		"another had it for a moment":     {keptAsks - 1, time.Hour, 1},
		"another had it for a few leases": {keptAsks, time.Minute, 2},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := Config{Store: newMemStore(), Holder: "a", Logger: slog.New(slog.DiscardHandler), Clock: time.Now}
			c, given := newCrew(cfg, new(atomic.Bool)), 0
			c.engines = 2
			take := func(p *post) {
				end := context.CancelFunc(func() { given++ })
				p.endTerm.Store(&end)
				c.reserve(p.gw.Name(), true)
			}
			for _, gw := range []string{"g1", "g2"} {
				c.posts = append(c.posts, newPost(cfg, Gateway{Gateway: newFakeGateway(gw)}, nil, c, new(atomic.Bool)))
				take(c.posts[len(c.posts)-1])
			}
			g1 := c.posts[0]
			g1.idle.Store(true) // g2 always has calls
			idle := c.spread(c.spread(nil))
			if given != 1 {
				t.Fatalf("given back %d times", given)
			}
			if _, ok, err := cfg.Store.Acquire(t.Context(), "g1", "b", time.Hour); !ok || err != nil {
				t.Fatal(ok, err)
			}
			for range tt.asks {
				if g1.ask(t.Context(), "g1", true) != "" {
					t.Fatal("two engines have a gateway")
				}
			}
			take(g1) // the other one was restarted meanwhile: an extra ask was first
			for range tt.within / leasePeriod {
				idle = c.spread(idle)
			}
			if given != tt.want {
				t.Errorf("given back %d times, want %d", given, tt.want)
			}
		})
	}
}
