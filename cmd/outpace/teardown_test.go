package main

import (
	"errors"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestTeardownUndoesInReverseAndJoinsErrors(t *testing.T) {
	var order []string
	var down teardown
	sour := errors.New("sour")
	for _, name := range []string{"store", "log", "listener"} {
		down.add(name, func() error {
			order = append(order, name)
			if name == "log" {
				return sour
			}
			return nil
		})
	}
	err := down.run(slog.New(slog.DiscardHandler))
	if !slices.Equal(order, []string{"listener", "log", "store"}) {
		t.Errorf("undone in the order %v", order)
	}
	if !errors.Is(err, sour) || !strings.Contains(err.Error(), "close log") {
		t.Errorf("error is %v, want one that names the log", err)
	}
	if err := down.run(slog.New(slog.DiscardHandler)); err != nil || len(order) != 3 {
		t.Errorf("a second run undid something again: %v, %v", order, err)
	}
}

func TestTeardownDoesNotWaitForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var down teardown
		release, first := make(chan struct{}), false
		down.add("first", func() error { first = true; return nil })
		down.add("stuck", func() error { <-release; return nil })
		start := time.Now()
		err := down.run(slog.New(slog.DiscardHandler))
		if took := time.Since(start); took != teardownLimit {
			t.Errorf("took %s, want %s", took, teardownLimit)
		}
		if err == nil || !strings.Contains(err.Error(), "close stuck") {
			t.Errorf("error is %v, want one that names the stuck part", err)
		}
		if !first {
			t.Error("the part before the stuck one was not undone")
		}
		close(release)
	})
}
