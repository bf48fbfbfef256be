package main

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
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
	} {
		if code, _, err := outpace(t, env(), c.args...); code != c.code || !strings.Contains(err, c.err) {
			t.Errorf("%s: exit code %d, want %d; standard error %q, want %q in it", name, code, c.code, err, c.err)
		}
	}
}
