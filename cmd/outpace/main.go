package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"
)

// The exit codes.
const (
	exitOK = iota
	exitFailure
	exitUsage
	exitForced
)

// errForced ends a command that a second signal has stopped.
var errForced = errors.New("stopped by a second signal; calls that are still up are left to the PBX")

// cli is the command line.
type cli struct {
	Serve    serveCmd    `cmd:"" help:"Run the engine and the REST API."`
	Demo     demoCmd     `cmd:"" help:"Show the whole dialer on this machine alone, in about a minute."`
	Simulate simulateCmd `cmd:"" help:"Study pacers in virtual time, in worlds that scenario files describe."`
	Import   importCmd   `cmd:"" help:"Load a CSV file into a dial list, over the REST API."`
	Gateway  gatewayCmd  `cmd:"" help:"Try out a gateway of the settings."`
	PBXSim   pbxsimCmd   `cmd:"" name:"pbxsim" help:"Run the simulated Asterisk as a process of its own."`
	Bench    benchCmd    `cmd:"" help:"Measure the whole dialer under load, against a simulated Asterisk and a Postgres of its own."`
	Token    tokenCmd    `cmd:"" help:"Print a new API token, and its hash for the settings file."`
	Migrate  migrateCmd  `cmd:"" help:"Bring the database's schema up to date and exit."`
	Version  versionCmd  `cmd:"" help:"Print what this binary was built from."`
}

// world is what a command may touch of its surroundings; tests bring their own.
type world struct {
	out, err io.Writer
	env      lookup
	// signals delivers requests to stop: the first asks politely, the second insists.
	signals <-chan os.Signal
}

func main() {
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	os.Exit(run(context.Background(), os.Args[1:], world{
		out: os.Stdout, err: os.Stderr, env: os.LookupEnv, signals: signals,
	}))
}

// exited is what the parser's own wish to exit (after --help) unwinds with.
type exited int

// sayf writes a line for the user. That it cannot be written is not reported:
// there is nobody left to tell.
func sayf(out io.Writer, format string, args ...any) { _, _ = fmt.Fprintf(out, format+"\n", args...) }

// run runs one command line and returns the exit code.
func run(ctx context.Context, args []string, w world) (code int) {
	defer func() {
		switch p := recover().(type) {
		case nil:
		case exited:
			code = int(p)
		default:
			panic(p)
		}
	}()
	var commands cli
	parser, err := kong.New(&commands,
		kong.Name("outpace"),
		kong.Description("A predictive outbound dialer engine."),
		kong.UsageOnError(),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
		kong.Writers(w.out, w.err),
		kong.Exit(func(code int) { panic(exited(code)) }),
		kong.BindTo(ctx, (*context.Context)(nil)),
		kong.Bind(w),
		kong.Vars{"faults": knownFaults(), "hosted": knownHosted()},
	)
	if err != nil {
		panic(err) // the struct above is wrong
	}
	parsed, err := parser.Parse(args)
	if err != nil {
		sayf(w.err, "outpace: %v\nRun \"outpace --help\" to see the commands.", err)
		return exitUsage
	}
	return exitCode(w, parsed.Run())
}

// exitCode says what went wrong, once, and turns it into a number.
func exitCode(w world, err error) int {
	if err == nil {
		return exitOK
	}
	sayf(w.err, "outpace: %v", err)
	if _, ok := errors.AsType[SettingError](err); ok {
		return exitUsage
	}
	if errors.Is(err, errForced) {
		return exitForced
	}
	return exitFailure
}
