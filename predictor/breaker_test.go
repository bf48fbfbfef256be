package predictor

import (
	"strings"
	"testing"
	"time"
)

// free is a team of ten that nobody calls.
func free(at time.Duration, windows []Window) Snapshot {
	return Snapshot{Now: noon.Add(at), Idle: 10, LoggedIn: 10, Ready: 100, Windows: windows}
}

func missed(at time.Duration) Outcome {
	return Outcome{Kind: CallAbandoned, At: noon.Add(at), After: 2 * time.Second, Idle: true}
}

func answered(n int) []Outcome { return make([]Outcome, n) } // the zero Kind

func TestBreaker(t *testing.T) {
	taken := Outcome{Kind: CallTaken}
	oldTalk := Outcome{Kind: TalkEnded, At: noon.Add(2 * time.Minute), After: 3 * time.Minute}
	newTalk := Outcome{Kind: TalkEnded, At: noon.Add(2 * time.Minute), After: time.Minute}
	row := []Outcome{missed(0), missed(time.Second), missed(2 * time.Second)}
	over := day(100, 4)
	tests := []struct {
		name     string
		outcomes []Outcome
		at       time.Duration
		windows  []Window
		place    int
		reason   string // "" = the breaker is not tripped
	}{
		{"two are no row", row[:2], 3 * time.Second, nil, 10, ""},
		{"three in a row", row, 3 * time.Second, nil, 0, "3 in a row were lost. The next call is placed in 27s."},
		{"after the pause", row, 30 * time.Second, nil, 1, "3 in a row were lost. 1 call is placed at a time"},
		{"lost while all were busy", []Outcome{{Kind: CallAbandoned}, {Kind: CallAbandoned}, {Kind: CallAbandoned}}, time.Second, nil, 10, ""},
		{"one taken between", []Outcome{row[0], row[1], taken, row[2]}, time.Minute, nil, 10, ""},
		{"one taken after", append(row[:3:3], taken), time.Minute, nil, 10, ""},
		{"a talk of before ends", append(row[:3:3], oldTalk), 2 * time.Minute, nil, 1, "3 in a row"},
		{"a talk of since ends", append(row[:3:3], newTalk), 2 * time.Minute, nil, 10, ""},
		{"a lost probe doubles the pause", append(row[:3:3], missed(50*time.Second)), 109 * time.Second, nil, 0, "4 in a row were lost. The next call is placed in 1s."},
		{"and is waited for", append(row[:3:3], missed(50*time.Second)), 110 * time.Second, nil, 1, "4 in a row"},
		{"a probe lost while all were busy", append(row[:3:3], Outcome{Kind: CallAbandoned, At: noon.Add(50 * time.Second)}), time.Minute, nil, 0, "in 50s"},
		{"the clock is set back", row, -24 * time.Hour, nil, 1, "3 in a row"},
		{"one, and the limit holds", row[:1], time.Second, day(100, 3), 10, ""},
		{"one, and the limit is passed", row[:1], time.Second, over, 0, "4 of 100 live answers were abandoned in this day, and 3 % may be. The next call is placed in 29s."},
		{"one after the pause", row[:1], time.Minute, over, 1, "1 call is placed at a time"},
		{"some are taken since", append(row[:1:1], taken, taken), time.Minute, over, 3, "3 calls are placed at a time"},
		{"nineteen answers since", append(row[:1:1], answered(19)...), time.Minute, over, 1, "1 call is placed at a time"},
		{"twenty answers since", append(row[:1:1], answered(20)...), time.Minute, over, 10, ""},
		{"twenty answers do not end a row", append(row[:3:3], answered(20)...), time.Minute, nil, 1, "3 in a row"},
	}
	for _, tt := range tests {
		for name, p := range map[string]Pacer{"formula": NewFormula(), "ratio": &Ratio{lines: 1}, "predictive": NewPredictive()} {
			t.Run(name+"/"+tt.name, func(t *testing.T) {
				for _, o := range tt.outcomes {
					p.Observe(o)
				}
				d := p.Decide(free(tt.at, tt.windows))
				if held := d.Code == CodeQueue; d.Place != tt.place || held != (tt.reason != "") || !strings.Contains(d.Reason, tt.reason) {
					t.Errorf("places %d, %s, %q; want %d, %q", d.Place, d.Code, d.Reason, tt.place, tt.reason)
				}
			})
		}
	}
}

// One probe at a time, whatever it is doing, and only for a free agent.
func TestBreakerProbesOneAtATime(t *testing.T) {
	p := taught(3000)
	for range missedRow {
		p.Observe(missed(0))
	}
	for name, change := range map[string]func(*Snapshot){
		"rings":     func(s *Snapshot) { s.Ringing = make([]Ringing, 1) },
		"waits":     func(s *Snapshot) { s.Waiting = make([]time.Duration, 1) },
		"all busy":  func(s *Snapshot) { s.Idle, s.Busy = 0, busyTeam(10) },
		"strangers": func(s *Snapshot) { s.Strangers = 10 },
	} {
		s := free(time.Minute, day(5000, 10))
		s.ServiceLevel = 5
		if d := p.Decide(s); d.Place != 1 {
			t.Fatalf("the probe is %d calls: %+v", d.Place, d)
		}
		if change(&s); p.Decide(s).Place != 0 {
			t.Errorf("%s: %+v", name, p.Decide(s))
		}
	}
}

// A campaign above its limit is not shut out for good by one that shares its
// queue and is under its own.
func TestBreakerCountsTheCampaignsOwnCalls(t *testing.T) {
	for name, p := range map[string]Pacer{"formula": NewFormula(), "ratio": &Ratio{lines: 1}, "predictive": NewPredictive()} {
		p.Observe(missed(0))
		s := free(time.Minute, day(100, 4))
		s.Ringing, s.Waiting, s.Others = make([]Ringing, 3), make([]time.Duration, 1), 4
		if d := p.Decide(s); d.Place != 1 || d.Code != CodeQueue {
			t.Errorf("%s: %+v", name, d)
		}
		s.Others = 3 // one is its own
		if d := p.Decide(s); d.Place != 0 {
			t.Errorf("%s: %+v", name, d)
		}
	}
}

func TestBreakerPausesGrowToABound(t *testing.T) {
	var b breaker
	at := time.Duration(0)
	for i, want := range []int{30, 60, 120, 240, 300, 300} {
		b.observe(missed(at))
		b.observe(missed(at + time.Second)) // of a call that was on its way
		if left := b.left(noon.Add(at)); left != time.Duration(want)*time.Second {
			t.Errorf("pause %d is %v, want %d s", i, left, want)
		}
		at += b.pause + time.Second
	}
}
