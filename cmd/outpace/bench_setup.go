package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/outpace/outpace/dlma"
	"github.com/outpace/outpace/scheduler"
	"github.com/outpace/outpace/store/localpg"
)

// bench is one measurement: the server in this process, a simulated Asterisk
// in another, a database, and a user of the API.
type bench struct {
	benchCmd
	dir      string
	postgres *localpg.Server // nil = the database is somebody else's
	sim      *simProcess
	app      *App
	api      *client
	meter    *benchMeter
	campaign string
	down     teardown
}

// setUp makes the parts. Nothing is dialed yet.
func (c benchCmd) setUp(ctx context.Context, logger *slog.Logger) (b *bench, err error) {
	b = &bench{benchCmd: c, meter: newBenchMeter()}
	defer func() {
		if err != nil {
			err = errors.Join(err, b.down.run(logger))
		}
	}()
	if b.dir, err = os.MkdirTemp(c.Dir, "outpace-bench-"); err != nil {
		return b, err
	}
	b.down.add("folder", func() error { return os.RemoveAll(b.dir) })
	database := c.Database
	if database == "" {
		// On a disk like any other, so with fsync; the size of the log between
		// checkpoints is set as for any server that writes much.
		b.postgres, err = localpg.Start(ctx, localpg.Options{Dir: c.Dir, Durable: true, Settings: benchPostgres})
		if err != nil {
			return b, err
		}
		b.down.add("Postgres", b.postgres.Stop)
		database = b.postgres.URL()
	}
	if b.sim, err = startSim(ctx, c); err != nil {
		return b, err
	}
	b.down.add("simulated Asterisk", b.sim.stop)
	rate := c.Rate
	if rate == 0 {
		rate = 10_000
	}
	settings, err := loadSettings(layer{
		Listen: new("127.0.0.1:0"), Database: &database, Results: new(b.log()),
		AMIAddress: &b.sim.address, AMIUsername: new("dialer"), AMISecret: new(NewSecret("secret")),
		AMIMaxCalls: &c.Calls, AMIMaxCPS: &rate,
	}, "", func(string) (string, bool) { return "", false })
	if err != nil {
		return b, err
	}
	b.app, err = newWatched(ctx, settings, logger, func(s scheduler.Store) scheduler.Store { return b.meter.watch(s) })
	if err != nil {
		return b, err
	}
	b.down.add("server", b.app.Close)
	b.api = newClient(b.app.URL(), "")
	b.down.add("client", func() error { b.api.Close(); return nil })
	return b, nil
}

// benchPostgres are settings of our own Postgres that its defaults are too
// small for.
var benchPostgres = []string{"shared_buffers=256MB", "max_wal_size=4GB", "checkpoint_timeout=5min", "synchronous_commit=on"}

func (b *bench) log() string { return filepath.Join(b.dir, "outbound_result.json") }

// load makes the campaign and fills its list. A database that holds results
// already is refused: they would all be written to the log of this bench.
func (b *bench) load(ctx context.Context) error {
	var earlier struct {
		List []json.RawMessage `json:"list"`
	}
	if err := b.api.do(ctx, http.MethodGet, "/ob/results?count=1", nil, &earlier); err != nil {
		return err
	}
	if len(earlier.List) > 0 {
		return errors.New("database: there are results in it already; bench needs an empty one")
	}
	var made [4]string
	destination := map[string]any{"name": "bench", "type": 1, "application": "Queue", "data": "queue_1"}
	if b.Agents == 0 {
		destination["application"], destination["data"] = "Wait", "30"
	}
	for i, o := range []struct {
		path   string
		object map[string]any
	}{
		{"/ob/destinations", destination},
		{"/ob/plans", map[string]any{
			"name": "bench", "dial_mode": 1, "tech_name": "PJSIP", "trunk_name": "trunk",
			"dial_timeout": 25_000, "retry_delay": 30, "service_level": 10_000,
			// As many calls as there may be, whatever becomes of them: what is measured is the machine.
			"pacing": "formula", "abandon_target": 100, "caller_id": "Outpace <1000>",
			"max_retry_cnt_1": 2, "variables": map[string]any{"OUTPACE": "bench"},
		}},
		{"/ob/dlmas", map[string]any{"name": "bench"}},
	} {
		id, err := b.api.create(ctx, o.path, o.object)
		if err != nil {
			return err
		}
		made[i] = id
	}
	if err := b.fill(ctx, made[2]); err != nil {
		return err
	}
	var err error
	b.campaign, err = b.api.create(ctx, "/ob/campaigns", map[string]any{"name": "bench", "dest": made[0], "plan": made[1], "dlma": made[2]})
	return err
}

// fill puts the customers into the list, some thousands at a time.
func (b *bench) fill(ctx context.Context, list string) error {
	const step = 5000
	for first := 0; first < b.entries(); first += step {
		entries := make([]dlma.Entry, min(step, b.entries()-first))
		for i := range entries {
			n := first + i + 1
			entries[i] = dlma.Entry{
				List: list, Name: "Customer " + strconv.Itoa(n), Ukey: "bench-" + strconv.Itoa(n),
				Number: [dlma.Numbers]string{fmt.Sprintf("01555%08d", n)},
			}
		}
		if _, err := b.app.store.AddEntries(ctx, entries); err != nil {
			return fmt.Errorf("fill the list: %w", err)
		}
	}
	return nil
}

// simProcess is a simulated Asterisk in a process of its own.
type simProcess struct {
	cmd     *exec.Cmd
	stdin   io.Closer
	address string
}

// startSim starts this program once more, as pbxsim. It ends with us.
func startSim(ctx context.Context, c benchCmd) (*simProcess, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find this program: %w", err)
	}
	args := []string{"pbxsim", "--listen=127.0.0.1:0", "--until-eof", "--seed=" + strconv.FormatUint(c.Seed, 10),
		"--time-scale=" + strconv.FormatFloat(c.TimeScale, 'g', -1, 64)}
	if c.Agents > 0 {
		args = append(args, "--queues=1", "--agents="+strconv.Itoa(c.Agents))
	}
	if c.SimCPU != "" {
		args = append(args, "--cpuprofile="+c.SimCPU)
	}
	s := &simProcess{cmd: exec.CommandContext(context.WithoutCancel(ctx), program, args...)} //nolint:gosec // this program itself
	s.cmd.Stderr = os.Stderr
	if s.stdin, err = s.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := s.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start the simulated Asterisk: %w", err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	_, rest, found := strings.Cut(line, " listens on ")
	if err != nil || !found {
		return nil, errors.Join(fmt.Errorf("the simulated Asterisk did not start: %q: %w", line, err), s.stop())
	}
	s.address, _, _ = strings.Cut(rest, ",")
	return s, nil
}

func (s *simProcess) pid() int { return s.cmd.Process.Pid }

// stop ends the process by ending its standard input.
func (s *simProcess) stop() error { return errors.Join(s.stdin.Close(), s.cmd.Wait()) }
