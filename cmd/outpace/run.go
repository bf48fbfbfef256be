package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"
)

// Drain asks Run to end: no new calls from now on, then, when the calls have
// ended or the drain timeout is over, the end. It returns at once and may be
// called often.
func (a *App) Drain() { a.drainOnce.Do(func() { close(a.drain) }) }

func (a *App) isDraining() bool {
	select {
	case <-a.drain:
		return true
	default:
		return false
	}
}

// The bounds of an end: how long open requests may take, and then the engine,
// which has results to write and leases to give back.
const (
	shutdownLimit = 5 * time.Second
	engineLimit   = 20 * time.Second
)

// Run runs the engine and serves the API until ctx ends, which stops it at
// once, or until a Drain is done. Either way the calls that are still up are
// left to the PBX and followed at the next start. It may be called once.
func (a *App) Run(ctx context.Context) error {
	engineCtx, stopEngine := context.WithCancel(ctx)
	defer stopEngine()
	ended := make(chan error, 2)
	var parts sync.WaitGroup
	parts.Go(func() { ended <- partEnded(engineCtx, "engine", a.engine.Run(engineCtx)) })
	parts.Go(func() { ended <- partEnded(engineCtx, "REST API", a.serve()) })

	var err error
	select {
	case err = <-ended:
	case <-ctx.Done():
	case <-a.drain:
		err = a.drained(ctx, ended)
	}
	// The API outlives the drain, so that people can watch it.
	err = errors.Join(err, a.shutdown(ctx))
	stopEngine()
	return errors.Join(err, waitAtMost(engineLimit, &parts))
}

// waitAtMost waits for the parts to end, but not for ever: a part that hangs,
// in a database that does not answer say, must not keep the process alive.
func waitAtMost(limit time.Duration, parts *sync.WaitGroup) error {
	done := make(chan struct{})
	go func() { defer close(done); parts.Wait() }()
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case <-done:
		return nil
	case <-timer.C:
		return fmt.Errorf("the engine did not end within %s", limit)
	}
}

// partEnded turns the end of a part into an error if nobody asked for it.
func partEnded(ctx context.Context, part string, err error) error {
	if ctx.Err() != nil || errors.Is(err, http.ErrServerClosed) {
		return nil //nolint:nilerr // it ended as it was told to
	}
	return fmt.Errorf("the %s ended by itself: %w", part, cmp.Or(err, errors.New("no reason given")))
}

// drained waits until the calls have ended, but not for longer than allowed. It
// returns an error only if a part ends meanwhile.
func (a *App) drained(ctx context.Context, ended <-chan error) error {
	a.logger.Info("draining: no new calls", slog.Duration("timeout", a.settings.DrainTimeout))
	ctx, cancel := context.WithTimeout(ctx, a.settings.DrainTimeout)
	defer cancel()
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := a.engine.Drain(ctx); err != nil {
			a.logger.Warn("not all calls have ended; they are left to the PBX and followed at the next start",
				slog.Any("error", err))
		}
	}()
	select {
	case <-done:
		return nil
	case err := <-ended:
		cancel()
		<-done
		return err
	}
}

func (a *App) serve() error {
	if a.settings.API.TLS != nil {
		return a.server.ServeTLS(a.listener, "", "")
	}
	return a.server.Serve(a.listener)
}

// shutdown ends the API: open requests may finish, for a while, unless ctx has
// ended.
func (a *App) shutdown(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, shutdownLimit)
	defer cancel()
	if err := a.server.Shutdown(ctx); err != nil {
		a.logger.Warn("open requests were cut off", slog.Any("error", err))
		return a.server.Close()
	}
	return nil
}
