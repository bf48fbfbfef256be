package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"
)

type benchCmd struct {
	For       time.Duration `default:"60s" help:"How long is measured (default ${default})."`
	WarmUp    time.Duration `default:"10s" help:"How long the load runs before that (default ${default})."`
	Rate      int           `default:"0" placeholder:"N" help:"Calls placed a second; 0 (the default) = as many as --calls allows."`
	Calls     int           `default:"2000" placeholder:"N" help:"Calls at once at most (default ${default})."`
	Entries   int           `default:"0" placeholder:"N" help:"Customers on the list; 0 (the default) = enough for the time that is measured."`
	Agents    int           `default:"1000" placeholder:"N" help:"Agents in the queue; 0 = calls go to no queue (default ${default})."`
	TimeScale float64       `default:"12" placeholder:"N" help:"How many times faster than life people ring and talk (default ${default})."`
	REST      int           `name:"rest" default:"0" placeholder:"N" help:"Reads of the REST API a second meanwhile (default ${default})."`
	Database  string        `placeholder:"URL" help:"sqlite:PATH or postgres://..., an empty one; default a Postgres server of its own, from the installed binaries."`
	Dir       string        `type:"existingdir" placeholder:"DIR" help:"Where database and result log are made, and removed after; default the folder for temporary files."`
	Every     time.Duration `default:"1s" help:"How often figures are taken (default ${default})."`
	Seed      uint64        `default:"1" help:"What chance starts from (default ${default})."`
	JSON      bool          `name:"json" help:"Print the figures as JSON."`
	Plot      string        `placeholder:"FILE" help:"Draw the figures over time, as SVG."`
	Samples   string        `placeholder:"FILE" help:"Write the figures over time, one JSON object a line."`
	CPU       string        `name:"cpuprofile" placeholder:"FILE" help:"Write a CPU profile of the engine's process over the time that is measured."`
	Heap      string        `name:"memprofile" placeholder:"FILE" help:"Write heap profiles of the engine's process: FILE.start when the measurement begins, FILE when it ends."`
	SimCPU    string        `name:"sim-cpuprofile" placeholder:"FILE" help:"The same of the simulated Asterisk, over its whole run."`

	Want benchWanted `embed:"" prefix:"want-" group:"What the command fails without"`
}

// benchWanted is what the figures are held against; 0 asks for nothing.
type benchWanted struct {
	Rate         float64       `placeholder:"N" help:"At least so many finished dials a second, over the whole time."`
	Memory       int64         `placeholder:"MB" help:"At most so much resident memory of the engine's process."`
	Transactions float64       `placeholder:"N" help:"At most so many transactions a dial."`
	Answer       time.Duration `placeholder:"TIME" help:"99 of 100 answers in the database within this time."`
	REST         time.Duration `name:"rest" placeholder:"TIME" help:"99 of 100 reads of the REST API within this time."`
}

// benchFastest is how many calls a second a list is made for where no rate is set.
const benchFastest = 1500

// Validate is called by the parser.
func (c benchCmd) Validate() error {
	switch {
	case c.For < time.Second || c.For > 24*time.Hour:
		return fmt.Errorf("--for must be 1s to 24h, not %s", c.For)
	case c.WarmUp < 0 || c.WarmUp > time.Hour:
		return fmt.Errorf("--warm-up must be 0s to 1h, not %s", c.WarmUp)
	case c.Rate < 0 || c.Rate > 10_000:
		return fmt.Errorf("--rate must be 0 to 10000, not %d", c.Rate)
	case c.Calls < 1 || c.Calls > 100_000:
		return fmt.Errorf("--calls must be 1 to 100000, not %d", c.Calls)
	case c.Entries < 0 || c.Entries > 20_000_000:
		return fmt.Errorf("--entries must be 0 to 20000000, not %d", c.Entries)
	case c.Agents < 0 || c.Agents > 10_000:
		return fmt.Errorf("--agents must be 0 to 10000, not %d", c.Agents)
	case !(c.TimeScale > 0 && c.TimeScale <= 1000):
		return fmt.Errorf("--time-scale must be above 0 and at most 1000, not %v", c.TimeScale)
	case c.REST < 0 || c.REST > 10_000:
		return fmt.Errorf("--rest must be 0 to 10000, not %d", c.REST)
	case c.Want.Rate < 0 || c.Want.Memory < 0 || c.Want.Transactions < 0 || c.Want.Answer < 0 || c.Want.REST < 0:
		return errors.New("--want-rate, --want-memory, --want-transactions, --want-answer and --want-rest must not be below 0")
	case c.Want.REST > 0 && c.REST == 0:
		return errors.New("--want-rest needs reads: set --rest")
	case c.Every < 100*time.Millisecond || c.Every > c.For:
		return fmt.Errorf("--every must be 100ms to the time of --for, not %s", c.Every)
	}
	return nil
}

// entries is how many customers the list needs: each is called twice at most,
// and four of ten answer at the first time.
func (c benchCmd) entries() int {
	if c.Entries > 0 {
		return c.Entries
	}
	rate := c.Rate
	if rate == 0 {
		rate = benchFastest
	}
	return int(float64(rate)*(c.For+c.WarmUp).Seconds()) + c.Calls
}

// Run measures and says what was seen. It fails if the books are not right in
// the end, whatever the speed was.
func (c benchCmd) Run(ctx context.Context, w world) (err error) {
	// Warnings of the parts only: they would be measured too.
	quiet := LogSettings{Level: 4}.logger(w.err)
	b, err := c.setUp(ctx, quiet)
	if err != nil {
		return fmt.Errorf("set the measurement up: %w", err)
	}
	defer func() { err = errors.Join(err, b.down.run(quiet)) }()
	say := w.out
	if c.JSON {
		say = w.err
	}
	sayf(say, "%s; the simulated Asterisk is process %d", b.app.Summary(), b.sim.pid())
	report, err := b.run(ctx, w.signals, say)
	if err != nil {
		return fmt.Errorf("measure: %w", err)
	}
	if c.Plot != "" {
		if err := os.WriteFile(c.Plot, benchPlot(report), 0o644); err != nil { //nolint:gosec // a picture for all
			return fmt.Errorf("write the plot: %w", err)
		}
	}
	if !c.JSON {
		report.print(w.out)
		return report.verdict(c.Want)
	}
	encoder := json.NewEncoder(w.out)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(report); err != nil {
		return fmt.Errorf("print the figures: %w", err)
	}
	return report.verdict(c.Want)
}
