package predictor

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

var noon = time.Date(2026, time.March, 2, 12, 0, 0, 0, time.UTC)

// taught is a pacer that has seen n calls and the talks after them.
func taught(n int) *Predictive {
	p := NewPredictive()
	r := rand.New(rand.NewPCG(3, 1))
	for i := range n {
		placed := noon.Add(seconds(float64(i - n - 100))) // a call a second, till shortly before noon
		if r.Float64() < 0.3 {
			after := seconds(4 + 8*r.Float64())
			p.Observe(Outcome{Kind: CallAnswered, At: placed.Add(after), After: after})
			p.Observe(Outcome{Kind: TalkEnded, After: seconds(90 * r.ExpFloat64())})
			p.Observe(Outcome{Kind: WrapUpEnded, After: seconds(10 + 5*r.Float64())})
		} else {
			p.Observe(Outcome{Kind: CallFailed, At: placed.Add(25 * time.Second), After: seconds(25)})
		}
	}
	return p
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// wild is any snapshot.
func wild(r *rand.Rand) Snapshot {
	s := Snapshot{
		Now: noon.Add(seconds(1000 * r.Float64())), Idle: r.IntN(12) - 2, LoggedIn: r.IntN(40),
		Strangers: r.IntN(3), Ready: r.IntN(60) - 5, ServiceLevel: r.IntN(3), Unlimited: r.IntN(20) == 0,
		Age: seconds(3 * r.Float64()),
	}
	for range r.IntN(30) {
		s.Busy = append(s.Busy, Busy{Phase: AgentPhase(r.IntN(3)), For: seconds(400*r.Float64() - 5), Leaving: r.IntN(9) == 0})
	}
	for range r.IntN(40) {
		s.Ringing = append(s.Ringing, Ringing{For: seconds(60*r.Float64() - 2), Class: Class{Tries: r.IntN(4)}})
	}
	for range r.IntN(3) {
		s.Waiting = append(s.Waiting, seconds(2*r.Float64()))
	}
	for range r.IntN(3) {
		s.Limits = append(s.Limits, Limit{Name: "limit", Free: r.IntN(30) - 4})
	}
	for range r.IntN(3) {
		live := r.IntN(3000)
		s.Windows = append(s.Windows, Window{Name: "day", Live: live, Abandoned: r.IntN(1 + live/20), Target: float64(r.IntN(4)) / 100})
	}
	return s
}

// Whatever it is shown, it stays inside every bound, calls no fewer than the
// slot formula does without a service level, and says why.
func TestPredictiveKeepsItsBounds(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 2))
	for _, p := range []*Predictive{NewPredictive(), taught(10), taught(3000)} {
		for range 5000 {
			s := wild(r)
			d := p.Decide(s)
			most := max(0, s.Ready)
			for _, l := range s.Limits {
				most = min(most, max(0, l.Free))
			}
			least := min(max(0, s.Idle-s.taken()), most)
			if d.Place < 0 || d.Place > most || !s.Unlimited && d.Place < least {
				t.Fatalf("places %d, not %d to %d, on %+v", d.Place, least, most, s)
			}
			if d.Code == "" || !strings.HasSuffix(d.Reason, ".") || len(d.Facts) == 0 {
				t.Fatalf("does not say why: %+v", d)
			}
		}
	}
}

// With a target of 0, with no window, in the cold and on an old view it is the
// slot formula.
func TestPredictiveDoesNotCallAheadUnasked(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	warm := taught(3000)
	for range 3000 {
		s := wild(r)
		s.ServiceLevel, s.Age = 0, 0
		want := NewFormula().Decide(s).Place
		zero, none, old := s, s, s
		zero.Windows = append(day(5000, 0), Window{Name: "month", Live: 9000})
		none.Windows = nil
		old.Windows, old.Age = day(5000, 0), 3*time.Second
		for name, c := range map[string]struct {
			p *Predictive
			s Snapshot
		}{"target 0": {warm, zero}, "no window": {warm, none}, "old view": {warm, old}, "cold": {taught(10), s}} {
			if n := c.p.Decide(c.s).Place; n != want {
				t.Fatalf("%s: places %d, the slot formula %d, on %+v", name, n, want, c.s)
			}
		}
	}
}

// busyTeam is n agents in talk, of all ages up to four minutes.
func busyTeam(n int) []Busy {
	team := make([]Busy, n)
	for i := range team {
		team[i] = Busy{Phase: AgentTalking, For: seconds(240 * float64(i) / float64(n))}
		if i%4 == 0 { // nearly done
			team[i] = Busy{Phase: AgentWrapUp, For: 12 * time.Second}
		}
	}
	return team
}

func TestPredictiveCallsAheadAndStopsAtTheBudget(t *testing.T) {
	s := Snapshot{Now: noon, LoggedIn: 20, Busy: busyTeam(20), Ready: 1000, Windows: day(2000, 30)}
	d := taught(3000).Decide(s)
	if d.Place == 0 || d.Place > 20 || d.Code != CodeBudget || !strings.Contains(d.Reason, "no agent free with a chance of") {
		t.Errorf("twenty agents talk, and it says %+v", d)
	}
	ahead := d.Place
	s.Windows = day(2000, 60) // then only calls that can hardly be lost
	d = taught(3000).Decide(s)
	if 2*d.Place > ahead || fact(t, d, "losses_at_risk") > breakChance*1.001 || d.Code != CodeBudget || !strings.Contains(d.Reason, "60 of 2000 live answers were abandoned in this day, and 3 % may be") {
		t.Errorf("the budget is spent, and it says %+v", d)
	}
	s.Windows, s.ServiceLevel = day(2000, 70), 4
	if d = taught(3000).Decide(s); d.Place != 0 {
		t.Errorf("the service level adds %d calls above the limit", d.Place)
	}
	s.Windows = day(2000, 10)
	with := taught(3000).Decide(s).Place
	s.ServiceLevel = 0
	if without := taught(3000).Decide(s).Place; with != without+4 {
		t.Errorf("a service level of 4 adds %d calls", with-without)
	}
}

// A young day counts on what the last one got only while the list has no end in
// sight.
func TestPredictiveSeesTheEndOfTheList(t *testing.T) {
	p := taught(3000)
	s := Snapshot{Now: noon, LoggedIn: 20, Busy: busyTeam(20), Ready: 100, Windows: day(3000, 60)}
	p.Decide(s)
	s.Windows = after([]int{3000}, 0, 0) // the next day
	n := p.Decide(s).Place
	if n < 8 {
		t.Errorf("a day like the last one starts with %d calls", n)
	}
	s.Ready = 40
	if d := p.Decide(s); 2*d.Place > n || fact(t, d, "losses_at_risk") > breakChance*1.001 {
		t.Errorf("forty entries are left, and it says %+v", d)
	}
}

func fact(t *testing.T, d Decision, name string) float64 {
	t.Helper()
	for _, f := range d.Facts {
		if f.Name == name {
			return f.Value
		}
	}
	t.Errorf("there is no %s among %v", name, d.Facts)
	return 0
}

func TestPredictiveSeesWhatIsComing(t *testing.T) {
	place := func(change func(*Snapshot)) int {
		s := Snapshot{Now: noon, LoggedIn: 20, Busy: busyTeam(20), Ready: 1000, Windows: day(3000, 30)}
		change(&s)
		return taught(3000).Decide(s).Place
	}
	base := place(func(*Snapshot) {})
	fewer := map[string]func(*Snapshot){
		"ringing calls": func(s *Snapshot) { s.Ringing = make([]Ringing, 5) },
		"strangers":     func(s *Snapshot) { s.Strangers = 2 },
		"waiting":       func(s *Snapshot) { s.Waiting = make([]time.Duration, 2) },
		"leaving agents": func(s *Snapshot) {
			for i := range s.Busy {
				s.Busy[i].Leaving = i%2 == 0
			}
		},
	}
	for name, change := range fewer {
		if n := place(change); n >= base {
			t.Errorf("%s: %d calls, %d without", name, n, base)
		}
	}
	wrapping := place(func(s *Snapshot) {
		for i := range 10 {
			s.Busy[i] = Busy{Phase: AgentWrapUp, For: 10 * time.Second}
		}
	})
	if wrapping <= base {
		t.Errorf("more wrap-ups about to end: %d calls, %d without", wrapping, base)
	}
	if n := place(func(s *Snapshot) { s.LoggedIn, s.Busy = 0, nil }); n != 0 {
		t.Errorf("nobody is logged in, and it places %d calls", n)
	}
}

func TestPredictiveGivesTheSameAnswersToTheSameHistory(t *testing.T) {
	a, b := taught(500), taught(500)
	r, q := rand.New(rand.NewPCG(3, 4)), rand.New(rand.NewPCG(3, 4))
	for range 500 {
		if x, y := a.Decide(wild(r)), b.Decide(wild(q)); x.Place != y.Place || x.Reason != y.Reason {
			t.Fatalf("%+v and %+v", x, y)
		}
	}
}

// Absurd outcomes must not break what comes after.
func TestPredictiveBearsAbsurdOutcomes(t *testing.T) {
	p := taught(100)
	for kind := CallAnswered; kind <= CallTaken+1; kind++ {
		for _, after := range []time.Duration{-time.Hour, 0, time.Nanosecond, 1000 * time.Hour} {
			p.Observe(Outcome{Kind: kind, After: after, Class: Class{Tries: -1, Number: 1 << 30}})
		}
	}
	d := p.Decide(Snapshot{Now: noon, LoggedIn: 20, Busy: busyTeam(20), Ready: 1000, Windows: day(2000, 30)})
	if d.Place < 0 || d.Place > 40 {
		t.Errorf("places %d", d.Place)
	}
}
