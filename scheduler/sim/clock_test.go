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
