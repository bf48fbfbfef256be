package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"
)

// teardownLimit bounds each step of a teardown.
const teardownLimit = 10 * time.Second

// teardown undoes, in reverse order, what has been set up. A step is added the
// moment the thing exists, so that a start that fails half way leaves nothing
// behind. It belongs to one goroutine.
type teardown struct {
	steps []teardownStep
	limit time.Duration // of each step, 0 = teardownLimit
}

type teardownStep struct {
	name string
	undo func() error
}

func (t *teardown) add(name string, undo func() error) {
	t.steps = append(t.steps, teardownStep{name, undo})
}

// run undoes everything once. A step that does not end in time is left behind
// and reported; the others still run.
func (t *teardown) run(logger *slog.Logger) error {
	limit := t.limit
	if limit == 0 {
		limit = teardownLimit
	}
	var failed []error
	for _, step := range slices.Backward(t.steps) {
		done := make(chan error, 1)
		go func() { done <- step.undo() }()
		ctx, cancel := context.WithTimeout(context.Background(), limit)
		select {
		case err := <-done:
			if err != nil {
				failed = append(failed, fmt.Errorf("close %s: %w", step.name, err))
			}
		case <-ctx.Done():
			failed = append(failed, fmt.Errorf("close %s: did not end within %s", step.name, limit))
		}
		cancel()
		logger.Debug("closed", slog.String("part", step.name))
	}
	t.steps = nil
	return errors.Join(failed...)
}
