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

// Seeds are those of one run: the one that the environment names, or as many
// as it says, count unless it does. Nearly all are the same in each run, so
// that a change that breaks something is told by the same seed to everybody;
// one in fifty is fresh, so that each run looks where none has looked.
func Seeds(count int) (list []uint64, one bool, err error) {
	if text := os.Getenv(OneSeed); text != "" {
		seed, err := strconv.ParseUint(text, 10, 64)
		if err != nil {
			return nil, false, fmt.Errorf("%s: %w", OneSeed, err)
		}
		return []uint64{seed}, true, nil
	}
	if text := os.Getenv(SeedCount); text != "" {
		if count, err = strconv.Atoi(text); err != nil {
			return nil, false, fmt.Errorf("%s: %w", SeedCount, err)
		}
	}
	fresh := count / 50
	for i := range count - fresh {
		list = append(list, uint64(i+1))
	}
	for range fresh {
		list = append(list, 1<<32+uint64(rand.Uint32()))
	}
	return list, false, nil
}
