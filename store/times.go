package store

import "time"

// micros is how times stand in the tables; 0 for the zero time.
func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}

	return t.UnixMicro()
}

// timeOf is the reverse of micros, in UTC.
func timeOf(us int64) time.Time {
	if us == 0 {
		return time.Time{}
	}

	return time.UnixMicro(us).UTC()
}

// now is the engine's clock as the tables can hold it.
func (s *Store) nowMicros() int64 { return micros(s.clock()) }

// after returns now, or one microsecond past was if the clock has not moved on
// since: users compare tm_update to see whether an object was changed.
func after(now, was int64) int64 { return max(now, was+1) }

// ceilMicros is the first microsecond that is not before t.
func ceilMicros(t time.Time) int64 { return t.Add(time.Microsecond - time.Nanosecond).UnixMicro() }
