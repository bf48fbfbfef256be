package results

import (
	"errors"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"testing"
)

// inChild says to this test binary that it is the process with the limit.
const inChild = "OUTPACE_TEST_FILE_SIZE_LIMIT"

// The kernel itself stops a write in the middle of a line. The limit holds for
// the whole process, the file in which `go test` keeps what the tests have
// opened included, so it is set in a process of its own.
func TestLogAtFileSizeLimit(t *testing.T) {
	if os.Getenv(inChild) == "" {
		child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestLogAtFileSizeLimit$", "-test.v")
		child.Env = append(os.Environ(), inChild+"=1")
		if out, err := child.CombinedOutput(); err != nil || !strings.Contains(string(out), "--- PASS: TestLogAtFileSizeLimit") {
			t.Fatalf("the process with the limit: %v\n%s", err, out)
		}

		return
	}
	l := newLog(t, LogConfig{})
	mustAppend(t, l, 1, 2)
	var old syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &old); err != nil {
		t.Fatal(err)
	}
	signal.Ignore(syscall.SIGXFSZ)
	t.Cleanup(func() { signal.Reset(syscall.SIGXFSZ) })
	limit := syscall.Rlimit{Cur: uint64(len(lines(1, 3)) + 100), Max: old.Max}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		t.Fatal(err)
	}
	err := l.Append(numbered(3, 5))
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &old); err != nil {
		t.Fatal(err)
	}
	if !errors.Is(err, syscall.EFBIG) {
		t.Fatalf("error %v, want %v", err, syscall.EFBIG)
	}
	wantFile(t, l.cfg.Path, lines(1, 2))
	mustAppend(t, l, 3, 5)
	wantFile(t, l.cfg.Path, lines(1, 5))
}
