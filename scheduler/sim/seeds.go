package sim

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
)

// The environment of runs.
const (
	// OneSeed names the one seed to play, with everything that happens printed.
	OneSeed = "OUTPACE_SEED"
	// SeedCount says how many seeds to play.
	SeedCount = "OUTPACE_SEEDS"
)

// Again is how often a seed that has failed is played again, to say how often
// its failure repeats.
const Again = 3

// Run is what one run plays.
type Run struct {
	Seeds []uint64
	Fresh int  // of them, the last
	One   bool // the environment names the one seed
}

// Seeds are those of one run: the one that the environment names, or as many
// as it says, count unless it does. Nearly all are the same in each run, so
// that a change that breaks something is told by the same seed to everybody;
// one in fifty is fresh, so that each run looks where none has looked.
func Seeds(count int) (Run, error) {
	if text := os.Getenv(OneSeed); text != "" {
		seed, err := strconv.ParseUint(text, 10, 64)
		if err != nil {
			return Run{}, fmt.Errorf("%s: %w", OneSeed, err)
		}
		return Run{Seeds: []uint64{seed}, One: true}, nil
	}
	if text := os.Getenv(SeedCount); text != "" {
		var err error
		if count, err = strconv.Atoi(text); err != nil {
			return Run{}, fmt.Errorf("%s: %w", SeedCount, err)
		}
	}
	run := Run{Fresh: count / 50}
	for i := range count - run.Fresh {
		run.Seeds = append(run.Seeds, uint64(i+1))
	}
	for range run.Fresh {
		run.Seeds = append(run.Seeds, 1<<32+uint64(rand.Uint32()))
	}
	return run, nil
}
