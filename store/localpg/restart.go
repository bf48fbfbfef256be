package localpg

import (
	"context"
	"fmt"
	"os/exec"
	"syscall"
)

// Crash ends the server at once, as a loss of power would, and leaves its
// files: Again starts it on them.
func (s *Server) Crash() error {
	if err := s.cmd.Process.Signal(syscall.SIGQUIT); err != nil {
		return fmt.Errorf("crash a Postgres server: %w", err)
	}
	<-s.done //nolint:errcheck // however it ended

	return nil
}

// Again starts the server after a Crash and waits until it takes connections.
func (s *Server) Again(ctx context.Context) error {
	old := s.cmd
	s.cmd = exec.Command(old.Path, old.Args[1:]...) //nolint:noctx,gosec // Stop ends it; it is what was run before
	s.cmd.Dir, s.cmd.Stderr, s.cmd.SysProcAttr = old.Dir, old.Stderr, old.SysProcAttr
	if err := s.spawn(); err != nil {
		return fmt.Errorf("start a Postgres server again: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()

	return s.ready(ctx)
}
