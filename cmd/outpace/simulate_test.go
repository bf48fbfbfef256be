package main

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// shortScenario is a file with one hour of five agents.
func shortScenario(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile("../../predictor/study/testdata/base-5.json")
	if err != nil {
		t.Fatal(err)
	}
	short := strings.NewReplacer(`"shifts": 10`, `"shifts": 2`, "28800", "3600", `"base-5"`, `"`+name+`"`).Replace(string(text))
	path := filepath.Join(t.TempDir(), name+".json")
	if err := os.WriteFile(path, []byte(short), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestSimulatePrintsALineForEachScenarioAndPacer(t *testing.T) {
	a, b := shortScenario(t, "one"), shortScenario(t, "two")
	code, out, stderr := outpace(t, env(), "simulate", a, b, "--json", "--seed=3")
	if code != exitOK || stderr != "" {
		t.Fatalf("exit code %d, standard error %q", code, stderr)
	}
	lines := strings.Split(strings.TrimSpace(out), "\n")
	want := []string{"one predictive", "one formula", "two predictive", "two formula"}
	if len(lines) != len(want) {
		t.Fatalf("%d lines: %s", len(lines), out)
	}
	for i, line := range lines {
		var r map[string]any
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatal(err)
		}
		if got := r["name"].(string) + " " + r["pacer"].(string); got != want[i] {
			t.Errorf("line %d is of %s, want %s", i, got, want[i])
		}
		for _, key := range []string{"utilisation", "worst_shift", "abandonment", "answers", "dials", "idle_per_call_s"} {
			if _, ok := r[key]; !ok {
				t.Errorf("line %d has no %s", i, key)
			}
		}
	}
	if _, again, _ := outpace(t, env(), "simulate", a, b, "--json", "--seed=3"); again != out {
		t.Error("the same seed gives other figures")
	}
}

func TestSimulatePlots(t *testing.T) {
	path := filepath.Join(t.TempDir(), "out.svg")
	code, out, stderr := outpace(t, env(), "simulate", shortScenario(t, "a&b"), "--pacer=adaptive,ratio", "--plot", path)
	if code != exitOK || !strings.Contains(out, "adaptive") || !strings.Contains(out, "utilisation") {
		t.Fatalf("exit code %d: %s%s", code, out, stderr)
	}
	picture, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer picture.Close()
	lines := 0
	for d := xml.NewDecoder(picture); ; {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if e, ok := token.(xml.StartElement); ok && e.Name.Local == "polyline" {
			lines++
		}
	}
	if lines != 4 {
		t.Errorf("%d lines are drawn, want utilisation and abandonment of two pacers", lines)
	}
}

func TestSimulateRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		args []string
		code int
		err  string
	}{
		"unknown pacer": {[]string{"simulate", shortScenario(t, "x"), "--pacer=magic"}, exitUsage, "there are predictive"},
		"no file":       {[]string{"simulate"}, exitUsage, "file"},
		"missing file":  {[]string{"simulate", "no-such.json"}, exitFailure, "no-such.json"},
		"no results":    {[]string{"simulate", "--from-results=no-such.json"}, exitFailure, "no-such.json"},
		"no scenario":   {[]string{"simulate", "--wrap-up=10s", shortScenario(t, "x")}, exitUsage, "--from-results"},
		"odd target":    {[]string{"simulate", "--from-results=x", "--abandon-target=300"}, exitUsage, "--abandon-target"},
	} {
		if code, _, err := outpace(t, env(), c.args...); code != c.code || !strings.Contains(err, c.err) {
			t.Errorf("%s: exit code %d, want %d; standard error %q, want %q in it", name, code, c.code, err, c.err)
		}
	}
}

// resultLog is a log of five agents for two hours, as lines of the result log.
func resultLog(t *testing.T) string {
	t.Helper()
	var log strings.Builder
	start := time.Date(2026, time.March, 2, 9, 0, 0, 0, time.UTC)
	for agent := range 5 {
		at := start.Add(time.Duration(agent) * 7 * time.Second)
		for i := range 80 {
			talk := time.Duration(30+(i*37)%90) * time.Second
			fmt.Fprintf(&log, `{"seq":1,"uuid_camp":"c","disposition":"answered","agent":"PJSIP/%d","dial_timeout":25000,"tm_dial":%q,"tm_answer":%q,"tm_agent":%q,"tm_hangup":%q,"ring_ms":%d,"wait_ms":0,"talk_ms":%d}`+"\n",
				agent, stamp(at.Add(-8*time.Second)), stamp(at), stamp(at), stamp(at.Add(talk)), 4000+(i%9)*1000, talk.Milliseconds())
			fmt.Fprintf(&log, `{"seq":2,"uuid_camp":"c","disposition":"no_answer","agent":null,"dial_timeout":25000,"tm_dial":%q,"tm_hangup":%q,"ring_ms":25000}`+"\n",
				stamp(at), stamp(at.Add(25*time.Second)))
			at = at.Add(talk + time.Duration(10+i%20)*time.Second)
		}
	}
	path := filepath.Join(t.TempDir(), "outbound_result.json")
	if err := os.WriteFile(path, []byte(log.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func stamp(at time.Time) string { return at.Format(time.RFC3339Nano) }

func TestSimulateFromResults(t *testing.T) {
	log, saved := resultLog(t), filepath.Join(t.TempDir(), "own.json")
	code, out, stderr := outpace(t, env(), "simulate", "--from-results", log, "--save", saved)
	if code != exitOK {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	for _, want := range []string{"as it was", "predictive", "formula", "outbound_result"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	for _, want := range []string{"5 agents", "50.0 % of the calls", "wrap-up"} {
		if !strings.Contains(stderr, want) {
			t.Errorf("no %q in\n%s", want, stderr)
		}
	}
	code, first, _ := outpace(t, env(), "simulate", "--from-results", log, "--json")
	if lines := strings.Count(first, "\n"); code != exitOK || lines != 2 {
		t.Errorf("exit code %d, %d lines of JSON, want one a pacer", code, lines)
	}
	if _, again, stderr := outpace(t, env(), "simulate", saved, "--json"); again != first {
		t.Errorf("the saved scenario gives\n%s%s, not\n%s", again, stderr, first)
	}
}
