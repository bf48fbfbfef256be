package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/outpace/outpace/predictor/study"
)

type simulateCmd struct {
	Files []string `arg:"" optional:"" name:"file" help:"Scenario files in JSON."`
	fitting
	Pacer []string `placeholder:"NAME,..." default:"predictive,formula" help:"Pacers to run: predictive, formula, ratio (two lines for each free agent), adaptive (the level rule of VICIdial)."`
	Seed  uint64   `default:"1" help:"Seed of the random numbers; the same seed gives the same figures."`
	JSON  bool     `name:"json" help:"Print one JSON object a line for each scenario and pacer."`
	Plot  string   `placeholder:"FILE" help:"Draw utilisation and abandonment over time into an SVG file."`
}

// Run plays each scenario with each pacer, as many at a time as there are
// processors, and prints what came out in the order of the command line.
func (c simulateCmd) Run(ctx context.Context, w world) error {
	for _, name := range c.Pacer { // before anything is read or played
		if _, err := study.NewPacer(name); err != nil {
			return wrong("--pacer", "is wrong: %v", err)
		}
	}
	scenarios, before, err := c.scenarios(w.err)
	if err != nil {
		return err
	}
	var runs []simulation
	for _, s := range scenarios {
		for _, name := range c.Pacer {
			runs = append(runs, simulation{scenario: s, pacer: name})
		}
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stopped := make(chan struct{})
	defer close(stopped)
	go func() {
		select {
		case <-w.signals:
			cancel()
		case <-stopped:
		}
	}()
	if err := playAll(ctx, runs, c.Seed, newGauge(w.err)); err != nil {
		return err
	}
	if c.Plot != "" {
		if err := os.WriteFile(c.Plot, plot(runs), 0o644); err != nil { //nolint:gosec // a picture for people
			return fmt.Errorf("write plot: %w", err)
		}
	}
	if c.JSON {
		return printJSON(w.out, runs)
	}
	return printTable(w.out, append(before, runs...))
}

// scenarios are those of the files and the one made after results. before is
// how things were without any pacer of ours, where that is known.
func (c simulateCmd) scenarios(out io.Writer) (all []study.Scenario, before []simulation, err error) {
	fit, err := c.wanted()
	if err != nil {
		return nil, nil, err
	}
	if !fit && len(c.Files) == 0 {
		return nil, nil, wrong("file", "is missing: name scenario files, or results with --from-results")
	}
	for _, path := range c.Files {
		s, err := readScenario(path)
		if err != nil {
			return nil, nil, err
		}
		all = append(all, s)
	}
	if fit {
		f, err := c.fit()
		if err != nil {
			return nil, nil, err
		}
		describe(out, f)
		all = append(all, f.Scenario)
		before = append(before, simulation{scenario: f.Scenario, pacer: "as it was", result: f.AsItWas})
	}
	return all, before, nil
}

func readScenario(path string) (study.Scenario, error) {
	text, err := os.ReadFile(path) //nolint:gosec // the user names the file
	if err != nil {
		return study.Scenario{}, fmt.Errorf("read scenario: %w", err)
	}
	s, err := study.Read(bytes.NewReader(text))
	if err != nil {
		return study.Scenario{}, fmt.Errorf("scenario %s: %w", path, err)
	}
	return s, nil
}

// simulation is one scenario with one pacer, and what came out.
type simulation struct {
	scenario study.Scenario
	pacer    string
	result   study.Result
}

// playAll fills in the results.
func playAll(ctx context.Context, runs []simulation, seed uint64, g *gauge) error {
	defer g.clear()
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	// The share that is done, weighed by the work: agents and shifts.
	var mu sync.Mutex
	weights := make([]float64, len(runs))
	shares := make([]float64, len(runs))
	whole := 0.0
	for i, r := range runs {
		for _, a := range r.scenario.Agents {
			weights[i] = max(weights[i], float64(a.N+1)*float64(r.scenario.Shifts)*r.scenario.ShiftSeconds)
		}
		whole += weights[i]
	}
	for i := range runs {
		group.Go(func() error {
			r := &runs[i]
			pacer, err := study.NewPacer(r.pacer)
			if err != nil {
				return fmt.Errorf("simulate: %w", err)
			}
			r.result, err = study.Run(ctx, r.scenario, pacer, seed, func(done float64) {
				mu.Lock()
				defer mu.Unlock()
				shares[i] = done
				sum := 0.0
				for k, s := range shares {
					sum += s * weights[k]
				}
				g.show(sum / whole)
			})
			if err != nil {
				return fmt.Errorf("simulate: %w", err)
			}
			r.result.Pacer = r.pacer
			return nil
		})
	}
	err := group.Wait()
	if errors.Is(err, context.Canceled) {
		return errors.New("simulate: stopped")
	}
	return err //nolint:wrapcheck // wrapped above
}

func printJSON(out io.Writer, runs []simulation) error {
	e := json.NewEncoder(out)
	for _, r := range runs {
		if err := e.Encode(r.result); err != nil {
			return fmt.Errorf("print: %w", err)
		}
	}
	return nil
}

func printTable(out io.Writer, runs []simulation) error {
	longest := slices.MaxFunc(runs, func(a, b simulation) int { return cmp.Compare(len(a.scenario.Name), len(b.scenario.Name)) })
	width := max(len("scenario"), len(longest.scenario.Name))
	var table strings.Builder
	fmt.Fprintf(&table, "%-*s  %-10s %11s %11s %11s %9s %9s %9s\n", width, "scenario", "pacer", "utilisation", "worst shift", "target", "answers", "dials", "idle/call")
	for _, r := range runs {
		over := ""
		if r.result.WorstShift > r.scenario.Target {
			over = "  over the target"
		}
		fmt.Fprintf(&table, "%-*s  %-10s %9.2f %% %9.2f %% %9.2f %% %9d %9d %7.1f s%s\n", width, r.scenario.Name, r.pacer,
			100*r.result.Utilisation, 100*r.result.WorstShift, 100*r.scenario.Target, r.result.Answers, r.result.Dials, r.result.IdlePerCall, over)
	}
	if _, err := io.WriteString(out, table.String()); err != nil {
		return fmt.Errorf("print: %w", err)
	}
	return nil
}

// gauge shows on a terminal how much is done; elsewhere it is silent.
type gauge struct {
	screen screen
	last   int
}

func newGauge(out io.Writer) *gauge { return &gauge{screen: newScreen(out), last: -1} }

func (g *gauge) show(done float64) {
	percent := int(100 * done)
	if !g.screen.terminal || percent == g.last {
		return
	}
	g.last = percent
	_, _ = fmt.Fprintf(g.screen.out, "\r%s %3d %%", bar(percent, 100), percent) // a gauge that cannot be seen is no fault
}

func (g *gauge) clear() {
	if g.screen.terminal {
		_, _ = fmt.Fprint(g.screen.out, "\r\x1b[2K")
	}
}
