package main

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"sync/atomic"
	"time"
)

type serveCmd struct {
	Config string `placeholder:"FILE" help:"Settings file in YAML (OUTPACE_CONFIG)."`
	layer  `embed:""`
}

// Run serves until a signal ends it.
func (c serveCmd) Run(ctx context.Context, w world) error {
	settings, err := c.settings(w.env)
	if err != nil {
		return err
	}
	logger := settings.Log.logger(w.err)
	app, err := New(ctx, settings, logger)
	if err != nil {
		return err
	}
	sayf(w.out, "%s", app.Summary())
	return errors.Join(runUntilSignal(ctx, app, w.signals, logger), app.Close())
}

// settings reads the settings with this command's flags on top.
func (c serveCmd) settings(env lookup) (Settings, error) {
	path := c.Config
	if path == "" {
		path, _ = env("OUTPACE_CONFIG")
	}
	return loadSettings(c.layer, path, env)
}

// signalEcho is how soon a second signal may come and still be the first one:
// timeout(1) and others signal both a process and its group.
const signalEcho = 300 * time.Millisecond

// runUntilSignal runs app; the first signal drains it, the second stops it at
// once, which is reported as errForced.
func runUntilSignal(ctx context.Context, app *App, signals <-chan os.Signal, logger *slog.Logger) error {
	ctx, cancel := context.WithCancel(ctx)
	var forced atomic.Bool
	watching := make(chan struct{})
	go func() {
		defer close(watching)
		var first time.Time
		for {
			select {
			case <-ctx.Done():
				return
			case s := <-signals:
				if !first.IsZero() && time.Since(first) < signalEcho {
					continue
				}
				logger.Info("asked to stop", slog.String("signal", s.String()), slog.Bool("again", !first.IsZero()))
				if first.IsZero() {
					first = time.Now()
					app.Drain()
					continue
				}
				forced.Store(true)
				cancel()
				return
			}
		}
	}()
	err := app.Run(ctx)
	cancel()
	<-watching
	if forced.Load() {
		err = errors.Join(err, errForced)
	}
	return err
}
