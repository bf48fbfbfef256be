package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/outpace/outpace/dialer/pbxsim"
)

type pbxsimCmd struct {
	Listen    string             `default:"127.0.0.1:5038" placeholder:"HOST:PORT" help:"Address of its AMI (default ${default})."`
	Username  string             `default:"dialer" help:"AMI user (default ${default})."`
	Secret    Secret             `default:"secret" help:"The user's secret (default secret)."`
	Seed      uint64             `default:"1" help:"What chance starts from (default ${default})."`
	TimeScale float64            `default:"1" help:"How many times faster than life it runs (default ${default})."`
	Asterisk  string             `placeholder:"VERSION" help:"Version of Asterisk that it says it is; before 18 it speaks as 16 does."`
	Queues    int                `placeholder:"N" help:"Queues called queue_1, queue_2, ...; 0 = the queues of the lab."`
	Agents    int                `default:"20" placeholder:"N" help:"Agents in each of these queues (default ${default})."`
	Wrapup    time.Duration      `default:"0s" help:"How long these agents are busy after a call, in simulated time."`
	Fault     map[string]float64 `placeholder:"NAME=PROBABILITY" help:"What goes wrong by itself: ${faults}."`
	Late      time.Duration      `default:"1s" help:"How late the late ones are, in real time (default ${default})."`
	UntilEOF  bool               `name:"until-eof" help:"End when standard input ends, too; so it does not outlive the program that has started it."`
	CPU       string             `name:"cpuprofile" placeholder:"FILE" help:"Write a CPU profile."`
}

// Validate is called by the parser.
func (c pbxsimCmd) Validate() error {
	if c.Queues < 0 || c.Queues > 1000 {
		return fmt.Errorf("--queues must be 0 to 1000, not %d", c.Queues)
	}
	if c.Agents < 1 || c.Agents > 10_000 {
		return fmt.Errorf("--agents must be 1 to 10000, not %d", c.Agents)
	}
	if !(c.TimeScale > 0 && c.TimeScale <= 1000) {
		return fmt.Errorf("--time-scale must be above 0 and at most 1000, not %v", c.TimeScale)
	}
	if c.Wrapup < 0 {
		return fmt.Errorf("--wrapup must be 0s or more, not %s", c.Wrapup)
	}
	_, err := simFaults(c.Fault, c.Late)
	return err
}

// Run simulates until a signal ends it.
func (c pbxsimCmd) Run(ctx context.Context, w world) error {
	faults, err := simFaults(c.Fault, c.Late)
	if err != nil {
		return err
	}
	config := pbxsim.Config{
		Listen: c.Listen, Username: c.Username, Secret: c.Secret.Reveal(),
		Seed: c.Seed, TimeScale: c.TimeScale, Version: c.Asterisk, Faults: faults,
		Logger: LogSettings{}.logger(w.err),
	}
	for i := range c.Queues {
		config.Queues = append(config.Queues, simQueue(fmt.Sprintf("queue_%d", i+1), i*c.Agents, c.Agents, c.Wrapup))
	}
	sim, err := pbxsim.New(config) //nolint:contextcheck // it only opens a listener
	if err != nil {
		return fmt.Errorf("simulate an Asterisk: %w", err)
	}
	defer func() { _ = sim.Close() }() // the second time it does nothing
	sayf(w.out, "simulated Asterisk listens on %s, user %s, %s", sim.Addr(), c.Username, c.places())
	if c.CPU != "" {
		stop, err := profileCPU(c.CPU)
		if err != nil {
			return err
		}
		defer stop()
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- sim.Run(ctx) }()
	if c.UntilEOF {
		go func() { // ends with the process at the latest: nobody can stop a read of standard input
			_, _ = io.Copy(io.Discard, os.Stdin)
			cancel()
		}()
	}
	select {
	case err = <-ended:
	case <-w.signals:
		cancel()
		err = <-ended
	case <-ctx.Done():
		err = <-ended
	}
	if err != nil {
		return fmt.Errorf("simulate an Asterisk: %w", err)
	}
	return sim.Close()
}

func (c pbxsimCmd) places() string {
	if c.Queues == 0 {
		return "the queues of the lab"
	}
	return fmt.Sprintf("%d queues of %d agents", c.Queues, c.Agents)
}

// simQueue makes a queue whose agents, numbered after the first ones, pick up
// soon and leave it to the customer to end the talk. Its wrap-up is the
// queue's, which AMI does not show: see Destination.Wrapup.
func simQueue(name string, first, agents int, wrapup time.Duration) pbxsim.QueueConfig {
	queue := pbxsim.QueueConfig{Name: name, Strategy: "rrmemory", Wrapup: wrapup}
	for i := range agents {
		queue.Members = append(queue.Members, pbxsim.MemberConfig{
			Interface: fmt.Sprintf("PJSIP/agent-%02d", first+i+1),
			Name:      fmt.Sprintf("Agent %02d", first+i+1),
			Answer:    pbxsim.Uniform(500*time.Millisecond, 1500*time.Millisecond),
		})
	}
	return queue
}

// simFaultNames are the faults that the command line knows.
var simFaultNames = map[string]func(*pbxsim.Faults) *float64{
	"drop-before":     func(f *pbxsim.Faults) *float64 { return &f.DropBefore },
	"drop-after":      func(f *pbxsim.Faults) *float64 { return &f.DropAfter },
	"late-reply":      func(f *pbxsim.Faults) *float64 { return &f.LateReply },
	"lose-reply":      func(f *pbxsim.Faults) *float64 { return &f.LoseReply },
	"refuse":          func(f *pbxsim.Faults) *float64 { return &f.Refuse },
	"repeat-hangup":   func(f *pbxsim.Faults) *float64 { return &f.RepeatHangup },
	"repeat-response": func(f *pbxsim.Faults) *float64 { return &f.RepeatResponse },
	"reorder":         func(f *pbxsim.Faults) *float64 { return &f.Reorder },
	"delay-events":    func(f *pbxsim.Faults) *float64 { return &f.DelayEvents },
}

func knownFaults() string {
	return strings.Join(slices.Sorted(maps.Keys(simFaultNames)), ", ")
}

func simFaults(chances map[string]float64, late time.Duration) (pbxsim.Faults, error) {
	faults := pbxsim.Faults{Late: late}
	for _, name := range slices.Sorted(maps.Keys(chances)) {
		field, known := simFaultNames[name]
		if !known {
			return faults, fmt.Errorf("--fault %s is not one of %s", name, knownFaults())
		}
		if p := chances[name]; !(p >= 0 && p <= 1) {
			return faults, fmt.Errorf("--fault %s must be a probability from 0 to 1, not %v", name, p)
		}
		*field(&faults) = chances[name]
	}
	return faults, nil
}
