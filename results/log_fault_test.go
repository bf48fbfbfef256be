package results

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// faulty is a file on a disk that fails on request.
type faulty struct {
	LogFile
	disk *disk
}

// disk holds the faults; each strikes once.
type disk struct {
	short    int // bytes that still fit; -1 = all
	sync     error
	truncate error
	open     error
}

func (d *disk) openFile(path string) (LogFile, error) {
	if err := d.open; err != nil {
		d.open = nil
		return nil, &os.PathError{Op: "open", Path: path, Err: err}
	}
	f, err := OpenLogFile(path)
	if err != nil {
		return nil, err
	}
	return faulty{f, d}, nil
}

func (f faulty) Write(p []byte) (int, error) {
	if f.disk.short < 0 {
		return f.LogFile.Write(p)
	}
	n, err := f.LogFile.Write(p[:min(len(p), f.disk.short)])
	f.disk.short = -1
	return n, errors.Join(err, syscall.ENOSPC)
}

func (f faulty) Sync() error {
	if err := f.disk.sync; err != nil {
		f.disk.sync = nil
		return err
	}
	return f.LogFile.Sync()
}

func (f faulty) Truncate(size int64) error {
	if err := f.disk.truncate; err != nil {
		f.disk.truncate = nil
		return err
	}
	return f.LogFile.Truncate(size)
}

func TestLogOnFailingDisk(t *testing.T) {
	total := len(lines(3, 5))
	one := len(lines(3, 3))
	tests := []struct {
		name  string
		fault disk
		left  []byte // in the file after the fault
		cause error
	}{
		{"full, nothing written", disk{short: 0}, lines(1, 2), syscall.ENOSPC},
		{"full in the first line", disk{short: 10}, lines(1, 2), syscall.ENOSPC},
		{"full after a whole line", disk{short: one}, lines(1, 2), syscall.ENOSPC},
		{"full at the last byte", disk{short: total - 1}, lines(1, 2), syscall.ENOSPC},
		{"sync fails", disk{short: -1, sync: syscall.EIO}, lines(1, 2), syscall.EIO},
		{"sync and cut fail", disk{short: -1, sync: syscall.EIO, truncate: syscall.EIO}, lines(1, 5), syscall.EIO},
		{"full, and cut fails", disk{short: one + 10, truncate: syscall.EIO}, append(lines(1, 3), lines(4, 4)[:10]...), syscall.ENOSPC},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			healthy := disk{short: -1}
			d := healthy
			path := filepath.Join(t.TempDir(), "log")
			l, err := OpenLog(LogConfig{Path: path, Open: d.openFile})
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = l.Close() }()
			mustAppend(t, l, 1, 2)
			d = tt.fault
			err = l.Append(numbered(3, 5))
			if !errors.Is(err, tt.cause) || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), tt.cause.Error()) {
				t.Fatalf("error %v does not name the path and %v", err, tt.cause)
			}
			wantFile(t, path, tt.left)
			d = healthy
			mustAppend(t, l, 3, 5)
			wantFile(t, path, lines(1, 5))
		})
	}
}

// TestLogSyncsTheLinesItFinds: whoever wrote them may have been killed before
// he could.
func TestLogSyncsTheLinesItFinds(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	write(t, path, lines(1, 2))
	d := disk{short: -1, sync: syscall.EIO}
	if _, err := OpenLog(LogConfig{Path: path, Open: d.openFile}); !errors.Is(err, syscall.EIO) {
		t.Errorf("lines that cannot be synced are relied on: %v", err)
	}
}

func TestLogThatCannotBeOpenedAgain(t *testing.T) {
	d := disk{short: -1}
	path := filepath.Join(t.TempDir(), "log")
	l, err := OpenLog(LogConfig{Path: path, Open: d.openFile})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	mustAppend(t, l, 1, 2)
	if err := os.Rename(path, path+".1"); err != nil {
		t.Fatal(err)
	}
	d.open = syscall.EACCES
	err = l.Append(numbered(3, 3))
	if !errors.Is(err, syscall.EACCES) || strings.Count(err.Error(), path) != 1 {
		t.Fatalf("error %v is not one sentence about the path and the reason", err)
	}
	mustAppend(t, l, 3, 3)
	wantFile(t, path, lines(3, 3))

	// The whole folder goes away, and comes back.
	dir := filepath.Dir(path)
	if err := os.Rename(dir, dir+"-gone"); err != nil {
		t.Fatal(err)
	}
	if err := l.Append(numbered(4, 4)); !errors.Is(err, syscall.ENOENT) {
		t.Fatalf("without its folder: %v", err)
	}
	wantLast(t, l, 3)
	if err := os.Rename(dir+"-gone", dir); err != nil {
		t.Fatal(err)
	}
	mustAppend(t, l, 4, 4)
	wantFile(t, path, lines(3, 4))
}

func TestLogRotatesItself(t *testing.T) {
	now := time.Date(2026, 11, 21, 22, 30, 0, 0, time.UTC)
	size := int64(len(lines(1, 2)))
	l := newLog(t, LogConfig{MaxBytes: size, Keep: 2, Now: func() time.Time { now = now.Add(time.Second); return now }})
	write(t, l.cfg.Path+".1", lines(1, 1)) // somebody else's
	for seq := int64(1); seq <= 9; seq++ {
		mustAppend(t, l, seq, seq)
	}
	wantFile(t, l.cfg.Path, lines(9, 9))
	wantFile(t, l.cfg.Path+".20261121T223004.000000000", lines(7, 8))
	wantFile(t, l.cfg.Path+".20261121T223003.000000000", lines(5, 6))
	for _, gone := range []string{".20261121T223001.000000000", ".20261121T223002.000000000"} {
		if _, err := os.Stat(l.cfg.Path + gone); !os.IsNotExist(err) {
			t.Errorf("%s is kept: %v", gone, err)
		}
	}
	if _, err := os.Stat(l.cfg.Path + ".1"); err != nil {
		t.Errorf("another's file was removed: %v", err)
	}
	// A batch larger than a file stays in one piece, in a file of its own.
	mustAppend(t, l, 10, 15)
	wantFile(t, l.cfg.Path, lines(10, 15))
}

// TestLogKeepsTheNewestAfterClockBack: files are removed in the order in which
// they were written, whatever the clock said.
func TestLogKeepsTheNewestAfterClockBack(t *testing.T) {
	now := time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)
	l := newLog(t, LogConfig{MaxBytes: int64(len(lines(10, 11))), Keep: 2, Now: func() time.Time { return now }})
	for seq := int64(1); seq <= 6; seq++ {
		mustAppend(t, l, seq, seq)
		now = now.Add(time.Minute)
	}
	now = now.Add(-time.Hour)
	for seq := int64(7); seq <= 14; seq++ {
		mustAppend(t, l, seq, seq)
		now = now.Add(time.Minute)
		var all []byte
		for _, path := range append(rotated(t, l), l.cfg.Path) {
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, data...)
		}
		if first := (seq+1)/2*2 - 5; !bytes.Equal(all, lines(first, seq)) {
			t.Fatalf("after line %d the files by name do not hold lines %d to it: %q", seq, first, rotated(t, l))
		}
	}
	now = now.Add(2 * time.Hour) // it has caught up
	mustAppend(t, l, 15, 15)
	wantFile(t, l.cfg.Path+now.Format("."+stampFormat), lines(13, 14))
}

// TestLogPrunesNumberedNames: what was rotated in one moment has numbers in its
// names, which count in their order; what others have named is theirs.
func TestLogPrunesNumberedNames(t *testing.T) {
	const stamp = ".20260102T120000.000000000"
	now := time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)
	l := newLog(t, LogConfig{MaxBytes: 1, Keep: 4, Now: func() time.Time { return now }})
	others := []string{".1", stamp + ".gz", stamp + "-20260103", stamp + "-02", stamp + "-1.gz", "-20260102", aside + stamp[1:]}
	for _, suffix := range append(others, stamp, stamp+"-1", stamp+"-2", stamp+"-10") {
		write(t, l.cfg.Path+suffix, lines(1, 1))
	}
	mustAppend(t, l, 2, 2)
	mustAppend(t, l, 3, 3)
	wantFile(t, l.cfg.Path+".20260102T120000.000000001", lines(2, 2)) // after them all
	for _, kept := range append(others, stamp+"-1", stamp+"-2", stamp+"-10") {
		wantFile(t, l.cfg.Path+kept, lines(1, 1))
	}
	if _, err := os.Stat(l.cfg.Path + stamp); !os.IsNotExist(err) {
		t.Errorf("the oldest is kept: %v", err)
	}
	mustAppend(t, l, 4, 4)
	mustAppend(t, l, 5, 5)
	wantFile(t, l.cfg.Path+stamp+"-10", lines(1, 1))
	for _, gone := range []string{"-1", "-2"} {
		if _, err := os.Stat(l.cfg.Path + stamp + gone); !os.IsNotExist(err) {
			t.Errorf("%s is kept: %v", gone, err)
		}
	}
}

// rotated are the files beside the log, by name.
func rotated(t *testing.T, l *Log) []string {
	t.Helper()
	list, err := filepath.Glob(l.cfg.Path + ".*")
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// follower reads a log as tail -F does: by its path, to the end of the file it
// has open before it goes on to the one that took the path.
type follower struct {
	path string
	file *os.File
	got  bytes.Buffer
}

func (f *follower) read(t *testing.T) {
	t.Helper()
	for {
		if f.file != nil {
			if _, err := f.got.ReadFrom(f.file); err != nil {
				t.Fatal(err)
			}
			opened, err := f.file.Stat()
			if err != nil {
				t.Fatal(err)
			}
			if present, err := os.Stat(f.path); err != nil || os.SameFile(opened, present) {
				return
			}
			_ = f.file.Close()
		}
		file, err := os.Open(f.path)
		if err != nil {
			t.Fatal(err)
		}
		f.file = file
	}
}

func TestLogUnderTail(t *testing.T) {
	l := newLog(t, LogConfig{MaxBytes: int64(len(lines(1, 3)))})
	f := follower{path: l.cfg.Path}
	for seq := int64(1); seq <= 20; seq++ {
		if seq%7 == 0 {
			if err := os.Rename(l.cfg.Path, l.cfg.Path+"."+string(rune('a'+seq))); err != nil {
				t.Fatal(err)
			}
		}
		mustAppend(t, l, seq, seq)
		f.read(t)
		if !bytes.Equal(f.got.Bytes(), lines(1, seq)) {
			t.Fatalf("the reader has %d bytes after line %d, want %d", f.got.Len(), seq, len(lines(1, seq)))
		}
	}
	_ = f.file.Close()
}
