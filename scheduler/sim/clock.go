package sim

import (
	"sync/atomic"
	"time"
	"unsafe"
)

// WallClock is a clock on the wall that can be put forward and back while the
// monotonic clock runs on, as those of a real machine are.
type WallClock struct{ seconds atomic.Int64 }

// Step puts the clock by whole seconds.
func (c *WallClock) Step(seconds int) { c.seconds.Add(int64(seconds)) }

// Ahead is how far the clock has been put forward in all.
func (c *WallClock) Ahead() time.Duration { return time.Duration(c.seconds.Load()) * time.Second }

// Now is the time that the clock shows.
func (c *WallClock) Now() time.Time { return c.Seen(time.Now()) }

// Seen is what the clock shows at a time that time.Now has returned.
func (c *WallClock) Seen(t time.Time) time.Time { return Shift(t, c.seconds.Load()) }

// Shift puts the wall reading of a time by whole seconds and leaves its
// monotonic reading as it is. A time without a monotonic reading is returned
// unchanged.
func Shift(t time.Time, seconds int64) time.Time {
	// The first word of a time.Time with a monotonic reading: one bit, 33 bits
	// of seconds, 30 bits of nanoseconds. There is no other way to make such a
	// time; a test holds the layout.
	const hasMonotonic = 1 << 63
	first := (*uint64)(unsafe.Pointer(&t))
	if *first&hasMonotonic != 0 {
		*first += uint64(seconds) << 30
	}
	return t
}
