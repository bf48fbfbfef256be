package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"
)

type demoCmd struct {
	Dir     string  `default:"outpace-demo" help:"Folder for the demo's files, cleared at each start (default ${default})."`
	Entries int     `default:"400" help:"Customers on the list (default ${default})."`
	Agents  int     `default:"20" help:"Agents in the queue (default ${default})."`
	Speed   float64 `default:"15" help:"How many times faster than life people ring, talk and rest (default ${default})."`
	Seed    uint64  `default:"1" help:"What chance starts from (default ${default})."`
	Gateway string  `default:"asterisk" enum:"asterisk,${hosted}" help:"Kind of PBX to simulate: asterisk, ${hosted} (default ${default})."`
}

// Validate is called by the parser.
func (c demoCmd) Validate() error {
	switch {
	case c.Entries < 1 || c.Entries > 100_000:
		return fmt.Errorf("--entries must be 1 to 100000, not %d", c.Entries)
	case c.Agents < 1 || c.Agents > 1000:
		return fmt.Errorf("--agents must be 1 to 1000, not %d", c.Agents)
	case !(c.Speed >= 1 && c.Speed <= 100):
		return fmt.Errorf("--speed must be 1 to 100, not %v", c.Speed)
	}
	return nil
}

// errInterrupted ends a demo that the user has stopped.
var errInterrupted = errors.New("the demo was interrupted")

// Run plays the demo and sums it up.
func (c demoCmd) Run(ctx context.Context, w world) (err error) {
	folder, err := openDemoFolder(c.Dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, folder.Close()) }()
	log, err := os.OpenFile(folder.file(demoLog), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf("write the demo's log: %w", err)
	}
	defer func() { err = errors.Join(err, log.Close()) }()

	d, err := c.setUp(ctx, folder, LogSettings{}.logger(log))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.down.run(d.logger)) }()
	d.screen = newScreen(w.out)
	sayf(w.out, "%s; %s", d.pbx.describe(), d.app.Summary())
	sum, err := d.run(ctx, w.signals)
	if err != nil {
		return fmt.Errorf("%w (see %s)", err, folder.file(demoLog))
	}
	d.summary(w.out, sum)
	return nil
}

// demoPBX is a simulated PBX of whatever kind.
type demoPBX interface {
	// describe says for people what it is and where.
	describe() string
	// settings are those of a server that has it as its only gateway.
	settings(l layer) (Settings, error)
	// run serves it until ctx ends; app is there by then.
	run(ctx context.Context, app *App) error
	// asked counts how often it was asked to place each of the calls in the log.
	asked(lines []logged) map[string]int
}

// demo is one demonstration: a simulated PBX, the server, and a user of
// its API.
type demo struct {
	demoCmd
	folder *demoFolder
	logger *slog.Logger
	pbx    demoPBX
	app    *App
	api    *client
	screen screen
	down   teardown
}

// setUp makes the parts. Nothing runs yet.
func (c demoCmd) setUp(ctx context.Context, folder *demoFolder, logger *slog.Logger) (d *demo, err error) {
	d = &demo{demoCmd: c, folder: folder, logger: logger}
	defer func() {
		if err != nil {
			err = errors.Join(err, d.down.run(logger))
		}
	}()
	if c.Gateway == "asterisk" {
		d.pbx, err = newDemoAsterisk(c, logger, &d.down)
	} else {
		d.pbx, err = newDemoHosted(ctx, c, &d.down)
	}
	if err != nil {
		return d, fmt.Errorf("simulate a PBX: %w", err)
	}
	settings, err := d.pbx.settings(layer{
		Listen:   new("127.0.0.1:0"),
		Database: new("sqlite:" + folder.file(demoDatabase)),
		Results:  new(folder.file(demoResults)),
	})
	if err != nil {
		return d, err
	}
	if d.app, err = New(ctx, settings, logger); err != nil {
		return d, err
	}
	d.down.add("server", d.app.Close)
	d.api = newClient(d.app.URL(), "")
	d.down.add("client", func() error { d.api.Close(); return nil })
	return d, nil
}

// run runs the parts, plays the demo in the midst of them, and ends them in
// order: the server when its calls and results are done, then the PBX.
func (d *demo) run(ctx context.Context, signals <-chan os.Signal) (report, error) {
	ctx, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	simCtx, stopSim := context.WithCancel(context.WithoutCancel(ctx))
	defer stopSim()
	var parts sync.WaitGroup
	parts.Go(func() {
		if err := d.pbx.run(simCtx, d.app); err != nil {
			fail(err)
		}
	})
	appEnded := make(chan struct{})
	parts.Go(func() {
		defer close(appEnded)
		if err := d.app.Run(ctx); err != nil {
			fail(err)
		}
	})
	parts.Go(func() {
		select {
		case <-signals:
			fail(errInterrupted)
		case <-appEnded:
		}
	})
	sum, err := d.play(ctx)
	if err != nil {
		if cause := context.Cause(ctx); cause != nil {
			err = cause
		}
		fail(err)
	}
	d.app.Drain()
	<-appEnded
	stopSim()
	parts.Wait()
	return sum, err
}

// demoWrapup is how long the demo's agents rest after a talk, as the engine
// sees it. The simulated world is faster, so there it is longer.
const demoWrapup = time.Second

func (c demoCmd) simWrapup() time.Duration { return time.Duration(c.Speed * float64(demoWrapup)) }
