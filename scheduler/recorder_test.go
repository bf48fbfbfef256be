package scheduler

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/outpace/outpace/dialer"
	"github.com/outpace/outpace/results"
)

// slowCalls takes its time to record, and remembers when each call's row was in.
type slowCalls struct {
	Calls
	took         time.Duration
	mu           sync.Mutex
	transactions int
	in           map[string]time.Time
}

func (s *slowCalls) Record(_ context.Context, _ string, rows []results.Dialing, ended []results.Result) error {
	<-time.After(s.took)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.transactions++
	for _, d := range rows {
		s.in[d.UUID] = time.Now()
	}
	for _, r := range ended {
		s.in[r.UUID] = time.Now()
	}
	return nil
}

// TestRecorderGroupsWrites: under load few transactions do, and no write waits
// for others longer than it may, however long the transaction before it took.
func TestRecorderGroupsWrites(t *testing.T) {
	for _, took := range []time.Duration{0, 5 * time.Millisecond, 30 * time.Millisecond} {
		synctest.Test(t, func(t *testing.T) {
			const writes, gap = 600, time.Millisecond
			store := &slowCalls{took: took, in: map[string]time.Time{}}
			rec := newRecorder(store, "lease", slog.New(slog.DiscardHandler), func([]string) {})
			go rec.run(t.Context())
			came := map[string]time.Time{}
			for i := range writes {
				id := fmt.Sprint(i)
				came[id] = time.Now()
				if i%2 == 0 {
					rec.row(results.Dialing{Attempt: results.Attempt{UUID: id}})
				} else {
					rec.end(results.Result{Attempt: results.Attempt{UUID: id}})
				}
				pass(gap)
			}
			rec.close(time.Second)
			if len(store.in) != writes {
				t.Fatalf("%d of %d writes are in", len(store.in), writes)
			}
			// A write waits for its group, 20 ms at most, or for the transaction before it, and then for its own.
			most := max(20*time.Millisecond, took) + took + gap
			for id, at := range store.in {
				if late := at.Sub(came[id]); late > most {
					t.Errorf("transactions of %v: write %s was in after %v, at most %v are allowed", took, id, late, most)
				}
			}
			if most := int(writes*gap/max(groupWait, took)) + 2; store.transactions > most {
				t.Errorf("transactions of %v: there were %d of them, want %d at most", took, store.transactions, most)
			}
		})
	}
}

// TestRecorderWritesABurstAtOnce: what does not fit into one transaction does
// not wait for anything.
func TestRecorderWritesABurstAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const writes = 2*groupMost + 10
		store := &slowCalls{in: map[string]time.Time{}}
		rec := newRecorder(store, "lease", slog.New(slog.DiscardHandler), func([]string) {})
		go rec.run(t.Context())
		for i := range writes {
			rec.row(results.Dialing{Attempt: results.Attempt{UUID: fmt.Sprint(i)}})
		}
		pass(2 * groupWait)
		store.mu.Lock()
		if len(store.in) != writes {
			t.Errorf("%d of %d writes are in", len(store.in), writes)
		}
		store.mu.Unlock()
		rec.close(time.Second)
	})
}

func rested(b *book, now time.Time) time.Time {
	_, next := b.rest(now)
	return next
}

func TestNextWrapEnd(t *testing.T) {
	at := time.Unix(1000, 0)
	agent := func(name string, phase dialer.AgentPhase, ended time.Time) dialer.Event {
		return dialer.Event{Kind: dialer.AgentChanged, Agent: name, Member: &dialer.Agent{
			Interface: name, Phase: phase, TalkEnded: ended, TalkQueue: "q", Queues: []dialer.Membership{{Queue: "q", Wrapup: 10 * time.Second}},
		}}
	}
	b := newBook()
	next := func(now time.Time, want time.Time) {
		t.Helper()
		if got := rested(&b, now); !got.Equal(want) {
			t.Errorf("at %v the next wrap-up ends at %v, want %v", now.Sub(at), got, want)
		}
	}
	next(at, time.Time{})
	b.apply(agent("never talked", dialer.AgentFree, time.Time{}))
	b.apply(agent("a", dialer.AgentFree, at))
	b.apply(agent("b", dialer.AgentFree, at.Add(2*time.Second)))
	b.apply(agent("c", dialer.AgentTalking, at.Add(-time.Second)))
	next(at, at.Add(10*time.Second))
	next(at.Add(10*time.Second), at.Add(12*time.Second))
	b.apply(agent("a", dialer.AgentTalking, at))
	b.apply(agent("a", dialer.AgentFree, at.Add(11*time.Second)))
	next(at.Add(11*time.Second), at.Add(12*time.Second))
	b.apply(dialer.Event{Kind: dialer.AgentGone, Agent: "b"})
	next(at.Add(11*time.Second), at.Add(21*time.Second))
	b.apply(agent("a", dialer.AgentRinging, at.Add(11*time.Second)))
	next(at.Add(11*time.Second), time.Time{})
	b.apply(agent("a", dialer.AgentFree, at.Add(11*time.Second)))
	b.reset()
	next(at.Add(11*time.Second), time.Time{})
}
