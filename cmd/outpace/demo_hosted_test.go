package main

import (
	"path/filepath"
	"strings"
	"testing"
)

// TestDemoOfHostedPBXs: every kind dials a whole campaign, with hooks through
// our own server where it has some.
func TestDemoOfHostedPBXs(t *testing.T) {
	for kind := range demoKinds {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(t.TempDir(), "demo")
			code, out, err := outpace(t, env(), "demo", "--gateway="+kind, "--dir="+dir, "--entries=24", "--agents=6", "--speed=60")
			if code != exitOK {
				t.Fatalf("exit code %d\n%s\n%s", code, out, err)
			}
			// Not the line of progress: on a slow machine it may have counts of some seconds ago.
			for _, part := range []string{"kind " + kind + " is served on", " to 24 customers", "live answers", "abandonment    0 "} {
				if !strings.Contains(out, part) {
					t.Errorf("it does not say %q:\n%s", part, out)
				}
			}
			sum, lines, readErr := readReport(filepath.Join(dir, demoResults))
			if readErr != nil {
				t.Fatal(readErr)
			}
			if sum.by["answered"] == 0 || sum.by["unknown"] != 0 || sum.abandoned != 0 {
				t.Errorf("results %v", sum.by)
			}
			for _, line := range lines {
				if line.Agent == "" {
					t.Errorf("line %d has no agent", line.Seq)
				}
			}
		})
	}
}

// TestAskedTellsCallsOfANumberApart: what a PBX was asked for once too often
// shows.
func TestAskedTellsCallsOfANumberApart(t *testing.T) {
	d, err := newDemoHosted(t.Context(), demoCmd{Gateway: "tel4vn", Agents: 2, Speed: 100}, new(teardown))
	if err != nil {
		t.Fatal(err)
	}
	defer d.world.Close()
	defer d.listener.Close()
	for i, exten := range []string{"101", "102"} {
		if _, err := d.world.Place(exten, "0155000001", nil); err != nil {
			t.Fatal(i, err)
		}
	}
	line := logged{Seq: 1, UUID: "u1", DialAddr: "0155000001", Disposition: "answered"}
	if err := compare([]logged{line}, []logged{line}, d.asked([]logged{line})); err == nil || !strings.Contains(err.Error(), "2 times") {
		t.Errorf("a second call to a number: %v", err)
	}
}
