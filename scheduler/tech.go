package scheduler

import (
	"context"
	"log/slog"
	"strings"
	"time"
)

// techAgain is how often a PBX that lacks a technology is asked again: its
// modules can be loaded while it runs.
const techAgain = 30 * time.Second

// technology is what is known of the PBX's being able to dial with a channel
// technology.
type technology struct {
	missing bool
	asked   time.Time // zero: no answer yet
	asking  bool
}

// technology returns what is known of one, and asks the PBX when that is
// nothing, or long ago and bad.
func (f *floor) technology(name string, now time.Time) *technology {
	key := strings.ToUpper(name) // as PBXs compare them
	t := f.techs[key]
	if t == nil {
		t = &technology{}
		f.techs[key] = t
	}
	if t.asking || !t.asked.IsZero() && (!t.missing || now.Sub(t.asked) < techAgain) {
		return t
	}
	t.asking = true
	f.do(func(ctx context.Context) func() {
		ctx, cancel := context.WithTimeout(ctx, placeTimeout)
		defer cancel()
		ok, err := f.gw.Supports(ctx, name)
		return func() {
			if err != nil {
				// Dialing tells as well.
				f.log.Warn("the PBX did not say what it can dial with", slog.String("technology", name), slog.Any("error", err))
				ok = true
			}
			t.asking, t.asked, t.missing = false, f.now(), !ok
		}
	})
	return t
}
