package hosted

import (
	"fmt"
	"time"
)

// Instant is a time that a PBX tells. One told as local time without a zone
// has two readings in the hour that a clock repeats when it is put back. The
// zero Instant is no time at all.
type Instant struct {
	first, second time.Time // second is zero, or the later reading
}

// Exactly is a time that is told with its zone.
func Exactly(t time.Time) Instant { return Instant{first: t} }

// IsZero reports whether no time was told.
func (i Instant) IsZero() bool { return i.first.IsZero() }

// Near returns the reading that is closer to t.
func (i Instant) Near(t time.Time) time.Time {
	if i.second.IsZero() || i.first.Sub(t).Abs() <= i.second.Sub(t).Abs() {
		return i.first
	}
	return i.second
}

// Add moves both readings.
func (i Instant) Add(d time.Duration) Instant {
	if i.IsZero() {
		return i
	}
	i.first = i.first.Add(d)
	if !i.second.IsZero() {
		i.second = i.second.Add(d)
	}
	return i
}

// Local reads a local time of a PBX in zone. A time in the hour that a clock
// leaves out when it is put forward is read by the offsets before and after.
func Local(zone *time.Location, layout, text string) (Instant, error) {
	wall, err := time.Parse(layout, text)
	if err != nil {
		return Instant{}, fmt.Errorf("read a local time: %w", err)
	}
	// Every offset that is in force within a day of it is tried.
	var found Instant
	for _, at := range []time.Time{wall.Add(-26 * time.Hour), wall.Add(26 * time.Hour)} {
		_, offset := at.In(zone).Zone()
		t := wall.Add(-time.Duration(offset) * time.Second).In(zone)
		switch {
		case found.first.IsZero():
			found.first = t
		case t.Before(found.first):
			found = Instant{first: t, second: found.first}
		case t.After(found.first):
			found.second = t
		}
	}
	return found.exact(layout, text), nil
}

// exact drops a reading that does not show as text, if the other one does.
func (i Instant) exact(layout, text string) Instant {
	if i.second.IsZero() {
		return i
	}
	switch first, second := i.first.Format(layout) == text, i.second.Format(layout) == text; {
	case first && !second:
		return Instant{first: i.first}
	case second && !first:
		return Instant{first: i.second}
	}
	return i
}

// Wall writes a window in local times for a PBX that takes them without a
// zone. Around a change of the clocks the window is made wider, so that
// nothing in it is missed whichever way the PBX reads them.
func Wall(zone *time.Location, layout string, from, to time.Time) (string, string) {
	a, b := from.In(zone).Format(layout), to.In(zone).Format(layout)
	_, before := from.Add(-3 * time.Hour).In(zone).Zone()
	_, after := to.Add(3 * time.Hour).In(zone).Zone()
	if before != after {
		shift := time.Duration(before-after) * time.Second
		a, b = from.Add(-shift.Abs()).In(zone).Format(layout), to.Add(shift.Abs()).In(zone).Format(layout)
	}
	return a, b
}

// Split cuts a window into pieces of at most length, oldest first.
func (w Window) Split(length time.Duration) []Window {
	var list []Window
	for from := w.From; from.Before(w.To); from = from.Add(length) {
		piece := Window{From: from, To: from.Add(length), EndedFrom: w.EndedFrom}
		if piece.To.After(w.To) {
			piece.To = w.To
		}
		list = append(list, piece)
	}
	return list
}
