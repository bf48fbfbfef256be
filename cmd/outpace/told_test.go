package main

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// told is what the tests under faults have seen, for TestMain to print: the
// words of a test that has passed are not shown otherwise.
var told struct {
	mu    sync.Mutex
	lines []string
}

func tell(t *testing.T, format string, args ...any) {
	t.Helper()
	line := fmt.Sprintf(format, args...)
	t.Log(line)
	told.mu.Lock()
	defer told.mu.Unlock()
	told.lines = append(told.lines, strings.TrimPrefix(t.Name(), "Test")+": "+line)
}

// printTold prints what was told.
func printTold() {
	told.mu.Lock()
	defer told.mu.Unlock()
	if len(told.lines) == 0 {
		return
	}
	fmt.Printf("faults: %s\n", scale())
	slices.Sort(told.lines)
	for _, line := range told.lines {
		fmt.Println("faults:", line)
	}
}

// fullKills is how often `make prove` kills a server on each database.
const fullKills = 150

// kills is how often a server is killed: OUTPACE_KILLS.
func kills() int { return count("OUTPACE_KILLS", 3) }

// labKills is how often a server is killed that dials through a real Asterisk:
// OUTPACE_KILLS, as make e2e sets it.
func labKills() int { return count("OUTPACE_KILLS", 2) }

// fullLabKills is labKills in `make prove`.
const fullLabKills = 36

// rounds is how often each harm of the matrix is done: OUTPACE_FAULT_ROUNDS.
func rounds() int { return count("OUTPACE_FAULT_ROUNDS", 1) }

// count reads a number from the environment that scales the tests.
func count(name string, small int) int {
	n, err := strconv.Atoi(os.Getenv(name))
	if err != nil || n < 1 {
		return small
	}
	return n
}

// scale says how much of the whole proof is run.
func scale() string {
	return fmt.Sprintf("%d kills on each database (%d in make prove), %d on a real Asterisk (%d), %d rounds of each other harm (%d)",
		kills(), fullKills, labKills(), fullLabKills, rounds(), fullRounds)
}

// fullRounds is rounds in `make prove`.
const fullRounds = 5

// row is one harm of a matrix.
type row struct {
	name string
	test func(t *testing.T)
}

// matrix runs rows side by side: they wait far more than they work, so more of
// them than there are processors.
func matrix(t *testing.T, rows []row) {
	t.Helper()
	const abreast = 5
	next := make(chan row)
	var lanes sync.WaitGroup
	for range abreast {
		lanes.Go(func() {
			for r := range next {
				t.Run(r.name, r.test)
			}
		})
	}
	for _, r := range rows {
		next <- r
	}
	close(next)
	lanes.Wait()
}
