package study

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

// team plays a team of n agents for two days of length as the result log would tell
// of it: calls ring 5 to 13 s, three of ten are answered, one of ten is busy at
// once, talks last 100 s on average, wrap-ups 12 s, and agents wait 10 s. From
// the middle of each day half of them have gone.
func team(n int, length time.Duration, campaign string) string {
	var out strings.Builder
	r := rand.New(rand.NewPCG(5, 1))
	write := func(l map[string]any) {
		text, err := json.Marshal(l)
		if err != nil {
			panic(err)
		}
		out.Write(append(text, '\n'))
	}
	stamp := func(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }
	for day := range 2 {
		start := time.Date(2026, 3, 2+day, 9, 0, 0, 0, time.UTC)
		for agent := range n {
			end := start.Add(length)
			if agent%2 == 1 {
				end = start.Add(length / 2)
			}
			for at := start; at.Before(end); {
				at = at.Add(seconds(10 * r.ExpFloat64()))
				ring, talk := 5+8*r.Float64(), 100*r.ExpFloat64()
				write(map[string]any{
					"uuid_camp": campaign, "disposition": "answered", "agent": string(rune('a' + agent)), "dial_timeout": 25000,
					"tm_dial": stamp(at.Add(-seconds(ring))), "tm_answer": stamp(at), "tm_agent": stamp(at), "tm_hangup": stamp(at.Add(seconds(talk))),
					"ring_ms": 1000 * ring, "wait_ms": 0, "talk_ms": 1000 * talk, "abandoned": false,
				})
				for range 10 {
					switch u := r.Float64(); {
					case u < 0.2:
						write(map[string]any{"uuid_camp": campaign, "disposition": "no_answer", "dial_timeout": 25000, "tm_dial": stamp(at), "tm_hangup": stamp(at.Add(25 * time.Second)), "ring_ms": 25000})
					case u < 0.2+1./30:
						write(map[string]any{"uuid_camp": campaign, "disposition": "busy", "dial_timeout": 25000, "tm_dial": stamp(at), "tm_hangup": stamp(at.Add(2 * time.Second)), "ring_ms": 2000})
					}
				}
				at = at.Add(seconds(talk + 12))
			}
		}
		write(map[string]any{"uuid_camp": campaign, "disposition": "abandoned", "dial_timeout": 25000, "tm_dial": stamp(start.Add(time.Minute)), "tm_answer": stamp(start.Add(70 * time.Second)), "tm_hangup": stamp(start.Add(73 * time.Second)), "ring_ms": 10000, "wait_ms": 3000, "abandoned": true})
		write(map[string]any{"uuid_camp": campaign, "disposition": "not_placed", "tm_dial": nil, "tm_hangup": stamp(start)})
	}
	return out.String()
}

func mean(of []float64) float64 {
	sum := 0.0
	for _, v := range of {
		sum += v
	}
	return sum / float64(len(of))
}

func TestFitFindsTheWorldBehindTheResults(t *testing.T) {
	f, err := Fit(strings.NewReader(team(8, 4*time.Hour, "c")), FitOptions{Name: "own"})
	if err != nil {
		t.Fatal(err)
	}
	s := f.Scenario
	for _, c := range []struct {
		what                 string
		got, want, tolerance float64
	}{
		{"answer chance", s.Answer.P, 0.3, 0.02},
		{"busy share", s.FastFail.P, 0.1, 0.015},
		{"busy after", s.FastFail.Min + s.FastFail.MeanExtra, 2, 0.01},
		{"time-out", s.RingTimeout, 25, 0},
		{"ring time", mean(s.Ring.Values), 9, 0.4},
		{"talk", mean(s.Talk.Values), 100, 8},
		{"wrap-up", s.Wrap.Mean, 13, 1.5},
		{"shift", s.ShiftSeconds, 4 * 3600, 400},
		{"patience", s.Patience, 3, 0},
		{"target", s.Target, 0.03, 0},
		{"agents in the morning", float64(s.Agents[0].N), 8, 0},
		{"agents in the evening", float64(s.Agents[len(s.Agents)-1].N), 4, 1},
		{"utilisation as it was", f.AsItWas.Utilisation, 112. / 122, 0.03},
		{"abandoned as it was", f.AsItWas.WorstShift, 1 / (float64(f.AsItWas.Answers) / 2), 3e-4},
	} {
		if math.Abs(c.got-c.want) > c.tolerance {
			t.Errorf("%s is %v, want %v", c.what, c.got, c.want)
		}
	}
	if len(f.AsItWas.Abandonment) != 2 || len(f.Notes) != 1 {
		t.Errorf("%d days, notes %q", len(f.AsItWas.Abandonment), f.Notes)
	}
	s.Shifts = 1
	if r := run(t, s, "formula", 1); r.Answers == 0 || !(r.Utilisation > 0.3) {
		t.Errorf("played, it gives %+v", r)
	}
}

func TestFitTakesTheWrapUpThatItIsTold(t *testing.T) {
	f, err := Fit(strings.NewReader(team(4, 2*time.Hour, "c")), FitOptions{Name: "own", WrapUp: 20 * time.Second, Target: 0.01})
	if err != nil || f.Scenario.Wrap.Mean != 20 || f.Scenario.Target != 0.01 || len(f.Notes) != 0 {
		t.Errorf("wrap-up %+v, target %v, notes %q, error %v", f.Scenario.Wrap, f.Scenario.Target, f.Notes, err)
	}
}

func TestFitSaysWhatIsMissing(t *testing.T) {
	good := team(4, 2*time.Hour, "one")
	both := good + team(2, time.Hour, "two")
	for name, c := range map[string]struct{ log, campaign, want string }{
		"nothing":         {"", "", "no result"},
		"no JSON":         {good + "{", "", "line"},
		"no result":       {"{}\n", "", "disposition"},
		"two campaigns":   {both, "", "name one of one, two"},
		"other campaign":  {both, "three", "no result"},
		"too few answers": {strings.Join(strings.SplitAfter(good, "\n")[:20], ""), "", "too few"},
		"no agents":       {strings.ReplaceAll(good, `"agent"`, `"angel"`), "", "agent"},
	} {
		if _, err := Fit(strings.NewReader(c.log), FitOptions{Name: "x", Campaign: c.campaign}); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want one with %q", name, err, c.want)
		}
	}
	if _, err := Fit(strings.NewReader(both), FitOptions{Name: "x", Campaign: "one"}); err != nil {
		t.Errorf("one of two campaigns: %v", err)
	}
}
