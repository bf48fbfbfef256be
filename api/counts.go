package api

import (
	"context"
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
)

// countCache counts entries, and a list under the same limits by one request at
// a time.
type countCache struct {
	now   func() time.Time
	count func(context.Context, dlma.Pick) (dlma.Counts, error)

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

// countSlot holds the counts of one list. Whoever holds turn may read and
// write the rest.
type countSlot struct {
	turn   chan struct{}
	counts dlma.Counts
	until  time.Time // when the counts have to be made anew
}

func newCountCache(now func() time.Time, count func(context.Context, dlma.Pick) (dlma.Counts, error)) *countCache {
	return &countCache{now: now, count: count, lists: make(map[countKey]*countSlot)}
}

// get returns counts, perhaps some that were made a short while ago. Others
// who want the same ones wait for those that are being made.
func (c *countCache) get(ctx context.Context, pick dlma.Pick) (dlma.Counts, error) {
	slot := c.slot(countKey{pick.List, pick.MaxTries, pick.RetryDelay, pick.RedialUnknown, pick.AbandonLock})
	select {
	case slot.turn <- struct{}{}:
		defer func() { <-slot.turn }()
	case <-ctx.Done():
		return dlma.Counts{}, ctx.Err()
	}
	start := c.now()
	if start.Before(slot.until) {
		return slot.counts, nil
	}
	counts, err := c.count(ctx, pick)
	if err != nil {
		return dlma.Counts{}, err
	}
	end := c.now()
	if took := end.Sub(start); took >= countQuick {
		slot.counts, slot.until = counts, end.Add(min(took*countShare, countLong))
	}
	return counts, nil
}

// slot finds or makes the place of a list. When there are too many of them all
// are forgotten; those in use live on with their users.
func (c *countCache) slot(key countKey) *countSlot {
	c.mu.Lock()
	defer c.mu.Unlock()
	slot := c.lists[key]
	if slot == nil {
		if len(c.lists) >= countLists {
			clear(c.lists)
		}
		slot = &countSlot{turn: make(chan struct{}, 1)}
		c.lists[key] = slot
	}
	return slot
}
