package predictor

import (
	"math"
	"testing"
	"time"
)

// The service level is added while every window is under its limit, by all
// pacers alike, and a ratio then falls back to a line for each free agent.
func TestServiceLevelOnlyUnderTheLimit(t *testing.T) {
	month := func(live, abandoned int) Window {
		return Window{Name: "month", Live: live, Abandoned: abandoned, Target: 0.03}
	}
	tests := []struct {
		name    string
		windows []Window
		age     time.Duration
		added   bool
	}{
		{"a new day", day(0, 0), 0, true},
		{"under the limit", day(100, 2), 0, true},
		{"at the limit", day(100, 3), 0, false},
		{"above the limit", day(100, 4), 0, false},
		{"the month at its limit", append(day(100, 2), month(1000, 30)), 0, false},
		{"both under it", append(day(100, 2), month(1000, 29)), 0, true},
		{"target 0", []Window{{Name: "day", Live: 100}}, 0, false},
		{"target not a number", []Window{{Name: "day", Live: 100, Target: math.NaN()}}, 0, false},
		{"old view", day(100, 2), 3 * time.Second, false},
		{"lost before anybody answered", day(0, 1), 0, false},
	}
	for _, tt := range tests {
		for name, p := range map[string]Pacer{"formula": NewFormula(), "ratio": &Ratio{lines: 2}, "cold": taught(10), "warm": taught(3000)} {
			t.Run(name+"/"+tt.name, func(t *testing.T) {
				s := Snapshot{Now: noon, Age: tt.age, Idle: 4, LoggedIn: 30, Ready: 100, Windows: tt.windows, Ringing: make([]Ringing, 4)}
				without := p.Decide(s)
				s.ServiceLevel = 3
				d, want := p.Decide(s), without.Place
				if tt.added {
					want += 3
				}
				if name == "warm" && tt.added { // three calls that ring are the service level's
					want = d.Place
					if want <= without.Place {
						t.Errorf("places %d, %d without a service level", want, without.Place)
					}
				}
				if d.Place != want {
					t.Errorf("places %d (%s), %d without a service level, want %d", d.Place, d.Reason, without.Place, want)
				}
				if name == "ratio" && (without.Place == 4) != tt.added {
					t.Errorf("two lines for each of four free agents, four calls ring, and it places %d", without.Place)
				}
			})
		}
	}
}

func TestServiceLevelWithoutWindows(t *testing.T) {
	for p, want := range map[Pacer]int{NewFormula(): 7, &Ratio{lines: 2}: 11, taught(3000): 4} {
		s := Snapshot{Now: noon, Idle: 4, LoggedIn: 30, Ready: 100, ServiceLevel: 3}
		if d := p.Decide(s); d.Place != want {
			t.Errorf("%T places %d, want %d", p, d.Place, want)
		}
	}
}

// As many calls as the service level are out beyond what the pacer finds right,
// however often it is asked.
func TestServiceLevelIsAddedOnce(t *testing.T) {
	p := taught(3000)
	s := Snapshot{Now: noon, LoggedIn: 20, Busy: busyTeam(20), Ready: 1000, Windows: day(3000, 30)}
	right := p.Decide(s).Place
	s.ServiceLevel = 3
	for range 50 {
		s.Ringing = append(s.Ringing, make([]Ringing, p.Decide(s).Place)...)
	}
	if n := len(s.Ringing); n != right+3 {
		t.Errorf("%d calls are on their way, %d without the service level of 3", n, right)
	}
}

// A call of another campaign counts with the chance that campaign gives it.
func TestPredictiveTakesAnotherCampaignsWord(t *testing.T) {
	p := taught(3000)
	place := func(chance float64) int {
		s := Snapshot{Now: noon, LoggedIn: 20, Busy: busyTeam(20), Ready: 1000, Windows: day(3000, 30)}
		for range 8 {
			s.Ringing = append(s.Ringing, Ringing{Chance: chance})
		}
		return p.Decide(s).Place
	}
	own := p.Chance(Class{})
	near(t, "its own chance", own, 0.3, 0.06)
	if low, same, high := place(0.05), place(own), place(0.9); low <= same || same <= high || same != place(0) {
		t.Errorf("with calls of a low, its own and a high chance it places %d, %d and %d, %d when nothing is said", low, same, high, place(0))
	}
	for _, absurd := range []float64{math.NaN(), math.Inf(1), -1, 1e300} {
		if n := place(absurd); n < 0 || n > 30 {
			t.Errorf("a chance of %v: places %d", absurd, n)
		}
	}
}
