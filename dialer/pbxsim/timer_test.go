package pbxsim

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// Whatever is set and stopped, what is left comes by time, and by the order of
// setting within the same moment.
func TestTimersOrder(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	start := time.Unix(1000, 0)
	for range 200 {
		var ts timers
		var all []*timer
		for range 1 + r.IntN(50) {
			all = append(all, ts.add(start.Add(time.Duration(r.IntN(10))*time.Second), nil))
		}
		var want []*timer
		for _, tm := range all {
			if r.IntN(3) == 0 {
				ts.stop(tm)
				ts.stop(tm)
			} else {
				want = append(want, tm)
			}
		}
		slices.SortStableFunc(want, func(a, b *timer) int { return a.at.Compare(b.at) })
		ts.stop(nil)
		for i, tm := range want {
			if at, ok := ts.next(); !ok || !at.Equal(tm.at) {
				t.Fatalf("timer %d: next %v, %v, want %v", i, at, ok, tm.at)
			}
			if ts.due(tm.at.Add(-1)) != nil {
				t.Fatalf("timer %d came early", i)
			}
			if got := ts.due(tm.at); got != tm {
				t.Fatalf("timer %d: %+v, want %+v", i, got, tm)
			}
		}
		if _, ok := ts.next(); ok {
			t.Fatal("a timer is left")
		}
	}
}
