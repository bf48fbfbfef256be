package api

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"

	"github.com/outpace/outpace/dlma"
)

// How long the counts of a list are shown again: the longer counting takes,
// the longer, so that no more than about one part in countShare of the time is
// spent on it. Counts that were quick are not kept at all.
const (
	countShare = 20
	countQuick = 10 * time.Millisecond
	countLong  = time.Minute
	countLists = 1000 // lists remembered at most
	// countQuickLimit bounds the counting of a list that was quick the last time:
	// if it is not any more, it has to wait with the long ones.
	countQuickLimit = time.Second
	// countLimit bounds one counting, which may take longer than a request, and
	// the wait for its turn.
	countLimit = 10 * time.Minute
)

// countCache counts entries, a list under the same limits once at a time, and
// of all lists one at a time, so that those of many campaigns leave the database
// to others. Those that were quick the last time have a turn of their own, or
// the figures of all campaigns would wait for a single long list.
//
// Counting goes on when those who asked have left, so that a list too long for
// one request is counted for the next one. While counts that were kept are made
// anew, the old ones are shown; if that fails, for as long again as they were
// kept and no longer, and half-way it is tried once more.
type countCache struct {
	log   *slog.Logger
	now   func() time.Time
	spawn func(func(context.Context))
	count func(context.Context, dlma.Pick) (dlma.Counts, error)

	turn, quick chan struct{} // whoever has put something in may count

	mu    sync.Mutex
	lists map[countKey]*countSlot
}

// countKey is what counts depend on, apart from the time.
type countKey struct {
	list          string
	maxTries      [dlma.Numbers]int
	retryDelay    time.Duration
	redialUnknown bool
	abandonLock   time.Duration
}

// countSlot is one list.
type countSlot struct {
	kept   *dlma.Counts  // nil if none are
	until  time.Time     // when the kept ones have to be made anew
	period time.Duration // how long that was after they were made
	last   time.Time     // when they are forgotten, as they could not be made anew; zero if they could
	quick  bool          // whether it was the last time
	making *counting     // nil if nobody is counting
}

// counting is under way until done is closed; then its result may be read.
type counting struct {
	done   chan struct{}
	counts dlma.Counts
	err    error
}

// errNoCounts is what comes of a counting that ended without saying how.
var errNoCounts = errors.New("the counting was broken off")

// newCountCache makes a cache that counts by count in goroutines of spawn.
func newCountCache(log *slog.Logger, now func() time.Time, spawn func(func(context.Context)), count func(context.Context, dlma.Pick) (dlma.Counts, error)) *countCache {
	return &countCache{
		log: log, now: now, spawn: spawn, count: count,
		turn: make(chan struct{}, 1), quick: make(chan struct{}, 1), lists: make(map[countKey]*countSlot),
	}
}

// get returns counts, perhaps some that were made a short while ago.
func (c *countCache) get(ctx context.Context, pick dlma.Pick) (dlma.Counts, error) {
	kept, making := c.look(pick)
	if kept != nil {
		return *kept, nil
	}
	select {
	case <-making.done:
		return making.counts, making.err
	case <-ctx.Done():
		return dlma.Counts{}, ctx.Err()
	}
}

// look returns the counts that are kept or, if there are none, those that are
// being made, and sees to it that they are made when it is time.
func (c *countCache) look(pick dlma.Pick) (*dlma.Counts, *counting) {
	c.mu.Lock()
	defer c.mu.Unlock()
	slot := c.slot(countKey{pick.List, pick.MaxTries, pick.RetryDelay, pick.RedialUnknown, pick.AbandonLock})
	if !slot.last.IsZero() && !c.now().Before(slot.last) {
		slot.kept, slot.last = nil, time.Time{}
	}
	if slot.making == nil && (slot.kept == nil || !c.now().Before(slot.until)) {
		making := &counting{done: make(chan struct{}), err: errNoCounts}
		slot.making = making
		turn := c.turn
		if slot.quick {
			turn = c.quick
		}
		c.spawn(func(ctx context.Context) { c.work(ctx, slot, making, turn, pick) })
	}
	return slot.kept, slot.making
}

// work counts when it is its turn. Whatever becomes of that, those who wait for
// it go on: nobody above recovers a panic here, which would be the end of the
// whole engine.
func (c *countCache) work(ctx context.Context, slot *countSlot, making *counting, turn chan struct{}, pick dlma.Pick) {
	start := c.now()
	defer func() {
		if cause := recover(); cause != nil {
			making.err = fmt.Errorf("panic: %v\n%s", cause, debug.Stack())
		}
		c.made(slot, c.now().Sub(start))
	}()
	if err := await(ctx, turn); err != nil {
		making.err = err
		return
	}
	defer func() { <-turn }()
	limit := countLimit
	if turn == c.quick {
		limit = countQuickLimit
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	start = c.now()
	pick.Now = start // what is ready may have changed since it was asked for
	making.counts, making.err = c.count(ctx, pick)
}

// await takes a turn.
func await(ctx context.Context, turn chan<- struct{}) error {
	ctx, cancel := context.WithTimeout(ctx, countLimit)
	defer cancel()
	select {
	case turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// made keeps what was counted, if it took long.
func (c *countCache) made(slot *countSlot, took time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	making := slot.making
	slot.making = nil
	defer close(making.done)
	slot.quick = making.err == nil && took < countQuick
	now := c.now()
	switch {
	case slot.quick:
		slot.kept, slot.last = nil, time.Time{}
	case making.err == nil:
		slot.kept, slot.last = &making.counts, time.Time{}
		slot.period = min(took*countShare, countLong)
		slot.until = now.Add(slot.period)
	case slot.kept != nil:
		if slot.last.IsZero() {
			slot.last = now.Add(slot.period)
		}
		slot.until = now.Add(slot.period / 2)
		if !errors.Is(making.err, context.Canceled) { // nobody waits for these counts, so nobody else tells
			c.log.LogAttrs(context.Background(), slog.LevelError, "a list could not be counted anew, its old counts are shown",
				slog.String("error", maskNumbers(making.err.Error())))
		}
	}
}

// slot finds or makes the place of a list. When there are too many of them all
// are forgotten; those in use live on with their users.
func (c *countCache) slot(key countKey) *countSlot {
	slot := c.lists[key]
	if slot == nil {
		if len(c.lists) >= countLists {
			clear(c.lists)
		}
		slot = &countSlot{}
		c.lists[key] = slot
	}
	return slot
}
