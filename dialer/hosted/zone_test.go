package hosted

import (
	"testing"
	"time"
)

func TestLocalTimes(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ text, near, want string }{
		{"2026-01-10 12:00:00", "2026-01-10T11:00:00Z", "2026-01-10T11:00:00Z"},
		{"2026-07-10 12:00:00", "2026-07-10T11:00:00Z", "2026-07-10T10:00:00Z"},
		// The hour that comes twice: what is near decides.
		{"2026-10-25 02:30:00", "2026-10-25T00:29:00Z", "2026-10-25T00:30:00Z"},
		{"2026-10-25 02:30:00", "2026-10-25T01:31:00Z", "2026-10-25T01:30:00Z"},
		{"2026-10-25 01:59:59", "2026-10-25T01:30:00Z", "2026-10-24T23:59:59Z"},
		{"2026-10-25 03:00:00", "2026-10-25T01:00:00Z", "2026-10-25T02:00:00Z"},
		// The hour that is left out.
		{"2026-03-29 02:30:00", "2026-03-29T00:31:00Z", "2026-03-29T00:30:00Z"},
		{"2026-03-29 02:30:00", "2026-03-29T01:29:00Z", "2026-03-29T01:30:00Z"},
		{"2026-03-29 03:00:00", "2026-03-29T05:00:00Z", "2026-03-29T01:00:00Z"},
	} {
		near, err := time.Parse(time.RFC3339, c.near)
		if err != nil {
			t.Fatal(err)
		}
		at, err := Local(berlin, time.DateTime, c.text)
		if err != nil {
			t.Fatal(err)
		}
		if got := at.Near(near).UTC().Format(time.RFC3339); got != c.want {
			t.Errorf("%s near %s is %s, want %s", c.text, c.near, got, c.want)
		}
	}
	if _, err := Local(berlin, time.DateTime, "yesterday"); err == nil {
		t.Error("no time was read as one")
	}
	if !(Instant{}).IsZero() || !(Instant{}).Add(time.Hour).IsZero() {
		t.Error("the zero Instant is no time")
	}
}

// TestWallHoldsTheWindow: read in either way, local times hold all of a window.
func TestWallHoldsTheWindow(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	begin := time.Date(2026, 10, 24, 20, 0, 0, 0, time.UTC)
	for i := range 12 * 8 {
		from := begin.Add(time.Duration(i) * 5 * time.Minute)
		to := from.Add(3 * time.Minute)
		a, b := Wall(berlin, time.DateTime, from, to)
		first, err := Local(berlin, time.DateTime, a)
		last, err2 := Local(berlin, time.DateTime, b)
		if err != nil || err2 != nil {
			t.Fatal(err, err2)
		}
		for _, at := range []time.Time{from.Add(-100 * time.Hour), from.Add(100 * time.Hour)} {
			if first.Near(at).After(from) || last.Near(at).Before(to) {
				t.Fatalf("%s to %s is written %s to %s", from, to, a, b)
			}
		}
	}
}

func TestSplit(t *testing.T) {
	from := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	list := Window{From: from, To: from.Add(50 * time.Hour)}.Split(24 * time.Hour)
	if len(list) != 3 || !list[1].From.Equal(list[0].To) || !list[2].To.Equal(from.Add(50*time.Hour)) {
		t.Errorf("%v", list)
	}
}
