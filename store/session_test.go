package store_test

import (
	"context"
	"testing"
	"time"

	"github.com/outpace/outpace/dlma"
	"github.com/outpace/outpace/results"
	"github.com/outpace/outpace/store"
	"github.com/outpace/outpace/store/storetest"
)

// TestSessionEndsInTheMiddle has the server end the session of a claim between
// its statements, as a restart does.
func TestSessionEndsInTheMiddle(t *testing.T) {
	ctx, url := t.Context(), storetest.PostgresURL(t)
	admin := storetest.Open(t, url, store.Options{})
	victim := storetest.Open(t, url+"&application_name=victim", store.Options{})
	list, token := newList(t, admin), lease(t, admin, "gw")
	e := newEntry(t, admin, list, "1")
	_, err := victim.Claim(ctx, "gw", token, pickOf(list, 1, 1), func(e dlma.Entry, n, try int) results.Dialing {
		if err := admin.Exec(ctx, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'victim'"); err != nil {
			t.Error(err)
		}

		return plain(e, n, try)
	})
	if err == nil {
		t.Fatal("claimed over a session that had ended")
	}
	if got := must[dlma.Entry](t)(admin.Entry(ctx, e.UUID)); got.Status != dlma.Idle || got.Tries[0] != 0 {
		t.Errorf("half a claim: %+v", got)
	}
	if got := claim(t, victim, token, pickOf(list, 1, 1)); len(got) != 1 {
		t.Error("no new session was opened")
	}
}

// TestFrozenEngineLosesItsClaim freezes an engine in the middle of a claim for
// longer than its lease: another one takes the gateway over without waiting
// for it, and the frozen one, woken, has claimed nothing.
func TestFrozenEngineLosesItsClaim(t *testing.T) {
	ctx, url := t.Context(), storetest.PostgresURL(t)
	frozen := storetest.Open(t, url+"&idle_in_transaction_session_timeout=1s", store.Options{})
	other := storetest.Open(t, url, store.Options{})
	list := newList(t, other)
	newEntry(t, other, list, "1")
	// Long enough to begin the claim on a slow machine.
	token, ok, err := frozen.Acquire(ctx, "gw", "frozen", 3*time.Second)
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
	var calls []results.Dialing
	_, err = frozen.Claim(ctx, "gw", token, pickOf(list, 1, 1), func(e dlma.Entry, n, try int) results.Dialing {
		taken := takeSoon(ctx, t, other)
		calls = must[[]results.Dialing](t)(other.TakeOver(ctx, "gw", taken))
		calls = append(calls, claim(t, other, taken, pickOf(list, 1, 1))...)

		return plain(e, n, try)
	})
	if err == nil {
		t.Error("the frozen engine claimed")
	}
	if len(calls) != 1 {
		t.Errorf("the other engine has %d calls, want the one it claimed", len(calls))
	}
	if open, _, err := other.ListDialings(ctx, "", 10); err != nil || len(open) != 1 {
		t.Errorf("%d open calls, %v", len(open), err)
	}
}

// TestNobodyTakesALeaseInAClaim: the lease is held until the claim's
// transaction has ended, though it runs out before.
func TestNobodyTakesALeaseInAClaim(t *testing.T) {
	ctx, url := t.Context(), storetest.PostgresURL(t)
	slow := storetest.Open(t, url+"&idle_in_transaction_session_timeout=1min", store.Options{})
	other := storetest.Open(t, url, store.Options{})
	list := newList(t, other)
	newEntry(t, other, list, "1")
	const ttl = 3 * time.Second // long enough to begin the claim on a slow machine
	token, ok, err := slow.Acquire(ctx, "gw", "slow", ttl)
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
	_, err = slow.Claim(ctx, "gw", token, pickOf(list, 1, 1), func(e dlma.Entry, n, try int) results.Dialing {
		ctx, cancel := context.WithTimeout(ctx, ttl+time.Second)
		defer cancel()
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		for ctx.Err() == nil {
			if _, ok, _ := other.Acquire(ctx, "gw", "other", time.Minute); ok {
				t.Error("the lease was taken in the middle of a claim")
				break
			}
			<-tick.C
		}
		return plain(e, n, try)
	})
	if err != nil {
		t.Error(err)
	}
	takeSoon(ctx, t, other)
}

// takeSoon takes the lease as soon as it is free.
func takeSoon(ctx context.Context, t *testing.T, s *store.Store) string {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		token, ok, err := s.Acquire(ctx, "gw", "other", time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		if ok {
			return token
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatal("the lease was never given up")
		}
	}
}

// TestCountingOutlastsTheLimitOfStatements: counting a long list takes the time
// that its context has, and is not ended by the server when another statement
// would be.
func TestCountingOutlastsTheLimitOfStatements(t *testing.T) {
	url := storetest.PostgresURL(t)
	other := storetest.Open(t, url, store.Options{})
	s := storetest.Open(t, url+"&statement_timeout=1s", store.Options{KeepSchema: true})
	list := newList(t, other)
	newEntry(t, other, list, "1")
	for name, limit := range map[string]time.Duration{"none": 0, "a minute": time.Minute} {
		t.Run(name, func(t *testing.T) {
			ctx := t.Context()
			if limit > 0 {
				with, cancel := context.WithTimeout(ctx, limit)
				defer cancel()
				ctx = with
			}
			locked := make(chan error, 1)
			go func() { locked <- lockEntries(ctx, other) }()
			for must[[]int](t)(store.Query[int](ctx, other, isLocked))[0] == 0 {
				must[bool](t)(true, other.Exec(ctx, "SELECT pg_sleep(0.01)"))
			}
			if counts, err := s.Counts(ctx, pickOf(list, 1, 1)); err != nil || counts.Total != 1 {
				t.Errorf("counted %d, %v", counts.Total, err)
			}
			if err := <-locked; err != nil {
				t.Error(err)
			}
		})
	}
}

const isLocked = `SELECT count(*) FROM pg_locks WHERE relation = CAST('dls' AS regclass) AND mode = 'AccessExclusiveLock' AND granted`

// lockEntries keeps the entries from being read until somebody has wanted to for
// one and a half seconds.
func lockEntries(ctx context.Context, s *store.Store) error {
	return s.Exec(ctx, `DO $$ BEGIN
		LOCK TABLE dls IN ACCESS EXCLUSIVE MODE;
		WHILE NOT EXISTS (SELECT FROM pg_locks WHERE relation = CAST('dls' AS regclass) AND NOT granted) LOOP
			PERFORM pg_sleep(0.01);
		END LOOP;
		PERFORM pg_sleep(1.5);
	END $$`)
}
