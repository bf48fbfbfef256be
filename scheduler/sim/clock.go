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

// Moment is a time that shows wall on the wall, in UTC, and since on the
// monotonic clock.
func Moment(wall time.Time, since time.Duration) time.Time {
	t := time.Now().UTC()
	words := (*[2]uint64)(unsafe.Pointer(&t))
	now := time.Unix(wall.Unix(), int64(wall.Nanosecond()))
	const epoch = 59_453_308_800 // seconds from year 1 to 1885, where such a time begins to count
	words[0] = 1<<63 | uint64(now.Unix()+62_135_596_800-epoch)<<30 | uint64(now.Nanosecond())
	words[1] = uint64(since) + 1
	return t
}
