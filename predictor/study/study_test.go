package study

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/outpace/outpace/predictor"
)

func scenario(t *testing.T, name string) Scenario {
	t.Helper()
	f, err := os.Open(filepath.Join("testdata", name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	s, err := Read(f)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func run(t *testing.T, s Scenario, pacer string, seed uint64) Result {
	t.Helper()
	p, err := NewPacer(pacer)
	if err != nil {
		t.Fatal(err)
	}
	r, err := Run(t.Context(), s, p, seed, nil)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// predictiveInShort plays two shifts of the pacer that matters: the full run is
// TestMarks, behind the build tag marks.
func predictiveInShort(t *testing.T, files map[string]float64) {
	for name, least := range files {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := scenario(t, name)
			s.Shifts = 2
			r := run(t, s, "predictive", 1)
			if got := 100 * r.Utilisation; got < least {
				t.Errorf("utilisation %.2f %%, want %.1f at least", got, least)
			}
			if r.WorstShift > s.Target {
				t.Errorf("a shift ended at %.2f %%", 100*r.WorstShift)
			}
		})
	}
}

func TestPredictiveInShort(t *testing.T) {
	predictiveInShort(t, map[string]float64{"base-5": 78.5})
}

func TestWorldCountsAbandonedCallsAfterThePatience(t *testing.T) {
	s := scenario(t, "base-5")
	s.Shifts = 1
	r := run(t, s, "ratio", 1)
	if r.WorstShift == 0 {
		t.Error("two lines for each free agent abandon nobody")
	}
	s.Patience = 1000
	if patient := run(t, s, "ratio", 1); patient.WorstShift >= r.WorstShift {
		t.Errorf("patient customers: %.3f abandoned, impatient ones %.3f", patient.WorstShift, r.WorstShift)
	}
}

func TestReadRefusesNonsense(t *testing.T) {
	good, err := os.ReadFile(filepath.Join("testdata", "base-5.json"))
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ old, new, want string }{
		"unknown key":   {`"shifts"`, `"shift"`, "shift"},
		"text after":    {"}\n}", "}\n} x", "text after"},
		"no agents":     {`"n": 5`, `"n": -1`, "agents.n"},
		"chance":        {`"p": 0.3`, `"p": 1.3`, "answer.p"},
		"distribution":  {`"dist": "uniform"`, `"dist": "gamma"`, "wrap.dist"},
		"negative time": {`"ring_timeout_s": 25`, `"ring_timeout_s": -1`, "ring_timeout_s"},
		"no name":       {`"base-5"`, `""`, "name"},
	} {
		text := strings.Replace(string(good), c.old, c.new, 1)
		if name == "text after" {
			text = string(good) + "{}"
		}
		if _, err := Read(strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want one with %q", name, err, c.want)
		}
	}
}

func TestNewPacerNamesWhatThereIs(t *testing.T) {
	if _, err := NewPacer("magic"); err == nil || !strings.Contains(err.Error(), "predictive, formula, ratio, adaptive") {
		t.Errorf("error %v", err)
	}
	var _ predictor.Pacer = newAdaptive()
}
