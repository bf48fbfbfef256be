package results

import (
	"errors"
	"os/signal"
	"syscall"
	"testing"
)

// The kernel itself stops a write in the middle of a line. The limit holds for
// the whole process, so this test does not run beside others.
func TestLogAtFileSizeLimit(t *testing.T) {
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
