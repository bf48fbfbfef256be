// Command gotest runs `go test` over the module and says plainly what was run
// and what was not: with the race detector where a C compiler exists, without
// it otherwise, and with every skipped test named at the end. Its arguments are
// those of go test; without a package among them it tests all of them.
//
// In CI (CI=true) nothing may be left out: there a missing C compiler and a
// skipped test are failures.
package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"strings"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Getenv("CI") == "true", os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "gotest:", err)
		os.Exit(1)
	}
}

// run tests and reports. It fails when a test does, when there was none, and in
// CI when something was left out.
func run(ctx context.Context, args []string, ci bool, out io.Writer) error {
	compiler, err := hasCompiler(ctx)
	if err != nil {
		return err
	}
	env := os.Environ()
	command := []string{"test", "-json"}
	var left []string
	if compiler {
		command = append(command, "-race")
	} else {
		env = append(env, "CGO_ENABLED=0")
		left = append(left, "the race detector: it needs a C compiler (gcc or clang), and there is none")
	}
	if !slices.ContainsFunc(args, isTimeout) {
		// The package with the tests of whole processes takes minutes, and more on a busy machine.
		command = append(command, "-timeout", "20m")
	}
	command = append(command, args...)
	if !slices.ContainsFunc(args, isPackage) {
		command = append(command, "./...")
	}
	fmt.Fprintln(out, "go", strings.Join(command, " "))

	rep := newReport(out)
	testErr := test(ctx, command, env, rep)
	rep.close(left)
	if testErr != nil {
		return testErr
	}
	if rep.tests() == 0 {
		return errors.New("no test was run")
	}
	if ci && len(left)+len(rep.skipped) > 0 {
		return errors.New("in CI nothing may be left out")
	}
	return nil
}

// test runs go with command and feeds what it says to rep.
func test(ctx context.Context, command, env []string, rep *report) error {
	cmd := exec.CommandContext(ctx, "go", command...)
	cmd.Env, cmd.Stderr = env, os.Stderr
	// A test that starts servers stops them when it is interrupted; kill would leave them.
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		return fmt.Errorf("open a pipe to go test: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start go test: %w", err)
	}
	lines := bufio.NewReader(pipe)
	for {
		line, err := lines.ReadBytes('\n')
		if len(line) > 0 {
			rep.line(line)
		}
		if err != nil {
			break
		}
	}
	if err := cmd.Wait(); err != nil {
		return fmt.Errorf("go test: %w", err)
	}
	return nil
}

// isTimeout reports whether an argument of go test says how long a package may take.
func isTimeout(arg string) bool {
	name := strings.TrimLeft(arg, "-")
	return name != arg && (name == "timeout" || strings.HasPrefix(name, "timeout="))
}

// isPackage reports whether an argument of go test names packages.
func isPackage(arg string) bool {
	return arg == "." || strings.HasPrefix(arg, "./") || strings.Contains(arg, "...") ||
		strings.HasPrefix(arg, "github.com/")
}

// hasCompiler reports whether cgo can be used, which the race detector needs.
func hasCompiler(ctx context.Context) (bool, error) {
	out, err := exec.CommandContext(ctx, "go", "env", "CGO_ENABLED", "CC").Output()
	if err != nil {
		return false, fmt.Errorf("ask go for its C compiler: %w", err)
	}
	enabled, cc, _ := strings.Cut(strings.TrimSpace(string(out)), "\n")
	words := strings.Fields(cc)
	if enabled != "1" || len(words) == 0 {
		return false, nil
	}
	_, err = exec.LookPath(words[0])
	return err == nil, nil
}
