package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"github.com/outpace/outpace/store/localpg"
	"github.com/outpace/outpace/store/storetest"
)

// onFullDisks are the rows of the matrix for which a disk has to be full.
// Where a file system may be mounted it really is; a limit on the size of files
// works everywhere.
func onFullDisks(t *testing.T) []row {
	rows := []row{{"SQLite's files cannot grow", filesCannotGrow}}
	if !mountable(t) {
		return rows
	}
	return append(rows, row{"SQLite, disk full", sqliteOnFullDisk}, row{"Postgres, disk full", postgresOnFullDisk})
}

// mountable tells whether disks can be full here, and says so if they cannot.
// In CI it is a failure where the tests run as root, unless root itself may not.
func mountable(t *testing.T) bool {
	t.Helper()
	err := mount(t.TempDir(), t.Cleanup, 1)
	switch {
	case err == nil:
		return true
	case mustMount(err, os.Getenv("CI") != "", os.Geteuid() == 0):
		t.Errorf("no small file system could be mounted: %v", err)
	default:
		tell(t, "NO DISK WAS REALLY FULL: no file system may be mounted here: %v", err)
	}
	return false
}

func mustMount(err error, ci, root bool) bool {
	return ci && root && !errors.Is(err, os.ErrPermission)
}

func TestMustMount(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		err      error
		ci, root bool
		want     bool
	}{
		{syscall.ENODEV, true, true, true},
		{syscall.EINVAL, true, true, true},
		{syscall.EPERM, true, true, false}, // root of a container
		{syscall.EACCES, true, true, false},
		{syscall.ENODEV, true, false, false},
		{syscall.ENODEV, false, true, false},
	} {
		if got := mustMount(c.err, c.ci, c.root); got != c.want {
			t.Errorf("%v, CI %v, root %v: %v", c.err, c.ci, c.root, got)
		}
	}
}

// mount mounts a file system in memory of that many MiB until the test ends.
func mount(folder string, cleanup func(func()), size int) error {
	if err := syscall.Mount("outpace", folder, "tmpfs", 0, fmt.Sprintf("size=%dm,mode=0755", size)); err != nil {
		return err
	}
	cleanup(func() { _ = syscall.Unmount(folder, syscall.MNT_DETACH) })
	return nil
}

// smallDisk is a file system of its own. fill fills it, room makes room again.
func smallDisk(t *testing.T, size int) (folder string, fill, room func()) {
	t.Helper()
	folder, err := os.MkdirTemp("", "outpace-disk-") //nolint:usetesting // the user of a Postgres must be able to enter its parents
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Remove(folder) })
	if err := mount(folder, t.Cleanup, size); err != nil {
		t.Fatal(err)
	}
	ballast := filepath.Join(folder, "ballast")
	fill = func() {
		f, err := os.Create(ballast)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		block := make([]byte, 64<<10)
		for {
			switch _, err := f.Write(block); {
			case errors.Is(err, syscall.ENOSPC) && len(block) == 1:
				return
			case errors.Is(err, syscall.ENOSPC):
				block = block[:len(block)/2]
			case err != nil:
				t.Fatal(err)
			}
		}
	}
	room = func() {
		if err := os.Remove(ballast); err != nil {
			t.Error(err)
		}
	}
	return folder, fill, room
}

func sqliteOnFullDisk(t *testing.T) {
	folder, fill, room := smallDisk(t, 32)
	s := newSiege(t, "sqlite:"+filepath.Join(folder, "outpace.db"))
	s.endure(crowd, 2*rounds(), func() { s.fullFor(fill, room, "database or disk is full") })
}

// fullFor fills a disk for a while, again if the server had nothing to write
// meanwhile and so has not said words of it.
func (s *siege) fullFor(fill, room func(), words ...string) {
	s.t.Helper()
	said := s.said(words...)
	before := said()
	for range 5 {
		fill()
		s.wait(time.Second + time.Duration(s.dice.Int64N(int64(3*time.Second))))
		room()
		if n := said() - before; n > 0 {
			s.struck("complaints of a full disk", n)
			return
		}
		s.flow()
	}
}

func postgresOnFullDisk(t *testing.T) {
	folder, fill, room := smallDisk(t, 128)
	server := ownPostgres(t, localpg.Options{Dir: folder, Settings: []string{"max_wal_size=32MB", "min_wal_size=32MB"}})
	s := newSiege(t, server.URL())
	s.endure(crowd, 2*rounds(), func() { s.fullFor(fill, room, "No space left on device") })
}

// limitFiles sets how far a process may write into a file; 0 lifts the limit.
func limitFiles(t *testing.T, pid int, size uint64) {
	t.Helper()
	var limit syscall.Rlimit
	if _, _, no := syscall.RawSyscall6(syscall.SYS_PRLIMIT64, uintptr(pid), syscall.RLIMIT_FSIZE, 0, uintptr(unsafe.Pointer(&limit)), 0, 0); no != 0 {
		t.Fatalf("read the limit of the size of files: %v", no)
	}
	limit.Cur = limit.Max
	if size > 0 {
		limit.Cur = min(size, limit.Max)
	}
	if _, _, no := syscall.RawSyscall6(syscall.SYS_PRLIMIT64, uintptr(pid), syscall.RLIMIT_FSIZE, uintptr(unsafe.Pointer(&limit)), 0, 0, 0); no != 0 {
		t.Fatalf("limit the size of files: %v", no)
	}
}

// filesCannotGrow: neither the database nor the log can be written behind
// their first page.
func filesCannotGrow(t *testing.T) {
	s := newSiege(t, storetest.SQLiteURL(t))
	s.endure(crowd, 2*rounds(), func() {
		s.fullFor(func() { limitFiles(t, s.command.Process.Pid, 4096) }, func() { limitFiles(t, s.command.Process.Pid, 0) },
			"disk is full", "file too large", "disk I/O error")
	})
}

// logCannotGrow: the log cannot grow from the middle of a line on.
func logCannotGrow(t *testing.T) {
	s := newSiege(t, storetest.PostgresURL(t))
	s.blind = []blind{}
	s.endure(crowd, 2*rounds(), func() {
		info, err := os.Stat(s.results)
		if err != nil {
			t.Fatal(err)
		}
		s.muted("file too large", func() { limitFiles(t, s.command.Process.Pid, uint64(info.Size())+700) })
		limitFiles(t, s.command.Process.Pid, 0)
	})
}

// logOnFullDisk: the log's disk is full in the middle of a line: what is left
// of the file's last block can be written.
func logOnFullDisk(t *testing.T) {
	folder, fill, room := smallDisk(t, 4)
	s := prepared(t)
	s.blind = []blind{}
	s.process = newProcessIn(t, folder, storetest.SQLiteURL(t), reachPBX(s.sim.Addr())...)
	s.awaitReady()
	s.endure(crowd, 2*rounds(), func() {
		s.muted("no space left on device", fill)
		room()
	})
}

// muted keeps the log from being written, for which the server gives a reason:
// then it says that it is not ready and places no calls.
func (s *siege) muted(reason string, harm func()) {
	s.t.Helper()
	s.awaited("complaints of the log", s.said(reason), harm)
	eventually(s.t, func() string {
		if s.ready(s.t.Context()) {
			return "the server is ready although it cannot write its log" + s.topUp()
		}
		return ""
	})
	s.wait(time.Second / 2) // what was under way
	before := s.calls()
	s.wait(2 * time.Second)
	if n := s.calls() - before; n > 0 {
		s.t.Errorf("%d calls were placed while the log could not be written", n)
	}
}

// logRows are the rows of TestLogFile that only Linux has.
func logRows(t *testing.T) []row {
	t.Helper()
	rows := []row{{"cannot grow", logCannotGrow}}
	if !mountable(t) {
		return rows
	}
	return append(rows, row{"disk full", logOnFullDisk})
}
