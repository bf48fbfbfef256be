package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

func TestDemo(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "demo")
	for _, entries := range []string{"40", "4"} { // the second one clears away what the first one left
		code, out, err := outpace(t, env(), "demo", "--dir="+dir, "--entries="+entries, "--agents=8", "--speed=60")
		if code != exitOK {
			t.Fatalf("exit code %d\n%s\n%s", code, out, err)
		}
		if !showsAgents(out, 8) {
			t.Errorf("it does not show 8 agents:\n%s", out)
		}
		for _, part := range []string{"live answers", "abandonment", "utilisation", filepath.Join(dir, demoResults)} {
			if !strings.Contains(out, part) {
				t.Errorf("it does not say %q:\n%s", part, out)
			}
		}
		sum, _, readErr := readReport(filepath.Join(dir, demoResults))
		if readErr != nil {
			t.Fatal(readErr)
		}
		calls := regexp.MustCompile(`calls +\d+ to \d+ customers`).FindString(out)
		if want := fmt.Sprintf("%d to %s customers", sum.calls, entries); !strings.HasSuffix(calls, " "+want) {
			t.Errorf("the log has %d calls, the summary says %q, want %q", sum.calls, calls, want)
		}
	}
}

// agentsShown are the agents in a line of progress: free, busy, in wrap-up.
var agentsShown = regexp.MustCompile(`agents (\d+) free, (\d+) busy, (\d+) wrap-up`)

// showsAgents reports whether a line of progress has so many agents, whatever
// they do: the one in which all are free may not be drawn on a slow machine.
func showsAgents(out string, want int) bool {
	return slices.ContainsFunc(agentsShown.FindAllStringSubmatch(out, -1), func(counts []string) bool {
		n := 0
		for _, text := range counts[1:] {
			count, _ := strconv.Atoi(text) // the pattern has digits only
			n += count
		}
		return n == want
	})
}

func TestDemoIsInterrupted(t *testing.T) {
	c := begin(t, env(), "demo", "--dir="+t.TempDir(), "--entries=100", "--speed=1")
	if line, err := c.lines.ReadString('\n'); err != nil {
		t.Fatal(line, err)
	}
	rest, code := c.end(t)
	if code != exitFailure {
		t.Errorf("exit code %d, output %s", code, rest)
	}
}

func TestDemoRefusesAStrangeFolder(t *testing.T) {
	dir := t.TempDir()
	path := write(t, dir, "thesis.txt")
	code, _, err := outpace(t, env(), "demo", "--dir="+dir)
	if code != exitFailure || !strings.Contains(err, "thesis.txt") {
		t.Errorf("exit code %d, %q", code, err)
	}
	if text, err := os.ReadFile(path); err != nil || string(text) != "x" {
		t.Errorf("the file was touched: %q, %v", text, err)
	}
}
