package scheduler

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/outpace/outpace/dialer"
	"github.com/outpace/outpace/scheduler/sim"
)

// stepSeeds is how many seeds the step driver plays in a plain test run, where
// the race detector is on; `make sim` and `make prove` play many more.
const stepSeeds = 40

// playSteps plays the ordeal of a seed in steps.
func playSteps(t *testing.T, seed uint64, keep bool, change ...func(*driver)) *driver {
	t.Helper()
	dir, err := os.MkdirTemp(memoryDir(t), "steps") //nolint:usetesting // in memory, where that is possible
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	// What is drawn for a call is drawn from the seed too.
	var key [32]byte
	copy(key[:], fmt.Sprint("ids of seed ", seed))
	uuid.SetRand(rand.NewChaCha8(key))
	defer uuid.SetRand(nil)
	d := newDriver(sim.Draw(seed), dir, keep)
	for _, path := range d.logPaths() {
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range change {
		c(d)
	}
	d.run()
	return d
}

// memoryDir is a folder in memory where there is one: a crash is the closing of
// files here, so that nothing has to reach a disk.
func memoryDir(t *testing.T) string {
	const memory = "/dev/shm"
	if info, err := os.Stat(memory); err == nil && info.IsDir() {
		return memory
	}
	return t.TempDir()
}

// TestSteps plays the ordeals of many seeds in one goroutine.
func TestSteps(t *testing.T) {
	run, err := sim.Seeds(stepSeeds)
	if err != nil {
		t.Fatal(err)
	}
	steps, faults, failed := 0, 0, 0
	for _, seed := range run.Seeds {
		d := playSteps(t, seed, run.One)
		steps += d.count
		faults += len(d.o.Faults)
		if run.One {
			t.Logf("%s\n%strace %016x", d.o, d.text.String(), d.hash.Sum64())
		}
		if len(d.wrong) > 0 {
			failed++
			again := 0
			for range sim.Again {
				if len(playSteps(t, seed, false).wrong) > 0 {
					again++
				}
			}
			t.Errorf("%s\n%s\nfailed again in %d of %d; play it again: make sim SEED=%d", d.o, strings.Join(d.wrong, "\n"), again, sim.Again, seed)
		}
	}
	fmt.Printf("step driver: %d seeds, up to %d, %d of them fresh; %d faults, %d lines of trace; %d seeds failed\n",
		len(run.Seeds), slices.Max(run.Seeds), run.Fresh, faults, steps, failed)
}

// TestStepsRepeat: the same seed makes the same steps, to the byte.
func TestStepsRepeat(t *testing.T) {
	for seed := range uint64(8) {
		first := playSteps(t, seed, true)
		for range 2 {
			again := playSteps(t, seed, true)
			if first.hash.Sum64() != again.hash.Sum64() {
				t.Fatalf("seed %d: %s", seed, parted(first.text.String(), again.text.String()))
			}
		}
	}
}

// parted says where two traces part.
func parted(a, b string) string {
	x, y := strings.Split(a, "\n"), strings.Split(b, "\n")
	for i := range min(len(x), len(y)) {
		if x[i] != y[i] {
			return fmt.Sprintf("line %d is\n%s\nand then\n%s", i+1, x[i], y[i])
		}
	}
	return fmt.Sprintf("%d lines, and then %d", len(x), len(y))
}

// insistent is a gateway with a bug: it asks again for a call when it does not
// know what has become of the request.
type insistent struct{ dialer.Gateway }

func (g insistent) Place(ctx context.Context, r dialer.Request) error {
	err := g.Gateway.Place(ctx, r)
	if errors.Is(err, dialer.ErrOutcomeUnknown) {
		err = g.Gateway.Place(ctx, r)
	}
	return err
}

func stepped(d *driver, p *proc) dialer.Gateway {
	if d.askAgain {
		return insistent{stepGateway{d.pbx, p}}
	}
	return stepGateway{d.pbx, p}
}

// TestStepsFindABug: an engine that asks again is found, by the same seed each
// time and in the same steps.
func TestStepsFindABug(t *testing.T) {
	bug := func(d *driver) { d.askAgain = true }
	for seed := range uint64(200) {
		first := playSteps(t, seed, false, bug)
		if len(first.wrong) == 0 {
			continue
		}
		for range 5 {
			if again := playSteps(t, seed, false, bug); again.hash.Sum64() != first.hash.Sum64() || len(again.wrong) == 0 {
				t.Errorf("seed %d finds it once and then %q", seed, again.wrong)
			}
		}
		t.Logf("seed %d is the first that finds it: %s", seed, first.wrong[0])
		return
	}
	t.Error("no seed finds it")
}
