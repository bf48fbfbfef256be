package sim

import (
	"testing"
	"time"
)

// TestShift: the wall reading moves and the monotonic one stays.
func TestShift(t *testing.T) {
	now := time.Now()
	for _, seconds := range []int64{90, -90, 0, 86_400} {
		put := Shift(now, seconds)
		if d := put.Sub(now); d != 0 {
			t.Errorf("by the monotonic clock it is %s later", d)
		}
		if d := put.Round(0).Sub(now.Round(0)); d != time.Duration(seconds)*time.Second {
			t.Errorf("by the clock on the wall it is %s later, want %d s", d, seconds)
		}
	}
	if plain := now.Round(0); !Shift(plain, 5).Equal(plain) {
		t.Error("a time without a monotonic reading has changed")
	}
}

// TestMoment: both readings are those that were asked for.
func TestMoment(t *testing.T) {
	wall := time.Date(2001, 2, 3, 4, 5, 6, 700, time.UTC)
	a, b := Moment(wall, 5*time.Second), Moment(wall.Add(-time.Hour), 7*time.Second)
	if !a.Round(0).Equal(wall) || a.Format(time.RFC3339Nano) != "2001-02-03T04:05:06.0000007Z" {
		t.Errorf("it shows %s, want %s", a, wall)
	}
	if d := b.Sub(a); d != 2*time.Second {
		t.Errorf("the second is %s after the first by the monotonic clock", d)
	}
	if d := b.Round(0).Sub(a.Round(0)); d != -time.Hour {
		t.Errorf("the second is %s after the first on the wall", d)
	}
	if c := a.Add(time.Minute); c.Sub(a) != time.Minute || c.Round(0).Sub(wall) != time.Minute {
		t.Errorf("a minute later is %s", c)
	}
}
