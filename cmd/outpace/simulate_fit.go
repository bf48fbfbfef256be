package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/outpace/outpace/predictor/study"
)

// fitting is what simulate asks to make a scenario after results.
type fitting struct {
	FromResults string        `placeholder:"FILE" help:"Make a scenario after a campaign's own results (the NDJSON log) and show what each pacer would have done."`
	Campaign    string        `placeholder:"UUID" help:"With --from-results: whose results, if the file has those of several campaigns."`
	WrapUp      time.Duration `placeholder:"15s" help:"With --from-results: the agents' wrap-up, which results do not tell. Without it, it is guessed from the gaps between their calls."`
	Target      float64       `name:"abandon-target" default:"3" help:"With --from-results: highest share of live answers that may be abandoned, in percent."`
	Save        string        `placeholder:"FILE" help:"With --from-results: write the scenario that was made into a file, to change it and simulate again."`
}

// wanted reports whether a scenario is to be made after results, and refuses
// options that mean nothing without that.
func (f fitting) wanted() (bool, error) {
	switch {
	case f.FromResults != "":
		if !(f.Target >= 0 && f.Target <= 100) {
			return false, wrong("--abandon-target", "must be 0 to 100 percent, not %v", f.Target)
		}
		if f.WrapUp < 0 || f.WrapUp > time.Hour {
			return false, wrong("--wrap-up", "must be 0s to 1h, not %v", f.WrapUp)
		}
		return true, nil
	case f.Campaign != "":
		return false, wrong("--campaign", "needs --from-results")
	case f.WrapUp != 0:
		return false, wrong("--wrap-up", "needs --from-results")
	case f.Save != "":
		return false, wrong("--save", "needs --from-results")
	}
	return false, nil
}

// fit reads the results and makes the scenario.
func (f fitting) fit() (study.Fitted, error) {
	log, err := os.Open(f.FromResults)
	if err != nil {
		return study.Fitted{}, fmt.Errorf("read results: %w", err)
	}
	defer func() { _ = log.Close() }() // it was only read
	name := strings.TrimSuffix(filepath.Base(f.FromResults), filepath.Ext(f.FromResults))
	fitted, err := study.Fit(log, study.FitOptions{Name: name, Campaign: f.Campaign, WrapUp: f.WrapUp, Target: f.Target / 100})
	if err != nil {
		return study.Fitted{}, fmt.Errorf("results %s: %w", f.FromResults, err)
	}
	if f.Save == "" {
		return fitted, nil
	}
	text, err := json.MarshalIndent(fitted.Scenario, "", "  ")
	if err != nil {
		return study.Fitted{}, fmt.Errorf("save scenario: %w", err)
	}
	if err := os.WriteFile(f.Save, append(text, '\n'), 0o644); err != nil { //nolint:gosec // holds no person's data
		return study.Fitted{}, fmt.Errorf("save scenario: %w", err)
	}
	return fitted, nil
}

// describe tells on the terminal's error stream what was made of the results.
func describe(out io.Writer, f study.Fitted) {
	s := f.Scenario
	least, most := s.Agents[0].N, 0
	for _, a := range s.Agents {
		least, most = min(least, a.N), max(most, a.N)
	}
	team := strconv.Itoa(most)
	if least < most {
		team = fmt.Sprintf("%d to %d", least, most)
	}
	shifts := "one shift"
	if n := len(f.AsItWas.Abandonment); n != 1 {
		shifts = fmt.Sprintf("%d shifts", n)
	}
	sayf(out, "%d results of %s: %s agents, %.1f %% of the calls answered live, %s a shift.",
		f.AsItWas.Dials, shifts, team, 100*s.Answer.P, time.Duration(s.ShiftSeconds*float64(time.Second)).Round(time.Minute))
	for _, note := range f.Notes {
		sayf(out, "%s", note)
	}
}
