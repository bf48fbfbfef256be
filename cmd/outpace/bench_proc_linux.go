package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// clockTick is the unit of times in /proc, on every Linux that Go knows.
const clockTick = 10 * time.Millisecond

// ownCPU is what this process has used so far.
func ownCPU() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// ownMemory is what this process has resident, in bytes.
func ownMemory() int64 {
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(text))
	if len(fields) < 2 {
		return 0
	}
	pages, err := strconv.ParseInt(fields[1], 10, 64)
	if err != nil {
		return 0
	}
	return pages * int64(os.Getpagesize())
}

// ownFiles is how many files, sockets and pipes this process has open.
func ownFiles() int {
	list, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return 0
	}
	return len(list) - 1 // without the one that reads the folder
}

// procStat is what /proc says of a process.
type procStat struct {
	parent    int
	own, dead time.Duration // CPU time of it, and of its children that have ended
}

func readProc(pid int) (procStat, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return procStat{}, err
	}
	_, rest, found := strings.Cut(string(text), ") ") // the name before may hold blanks
	fields := strings.Fields(rest)
	if !found || len(fields) < 15 {
		return procStat{}, fmt.Errorf("/proc/%d/stat cannot be read", pid)
	}
	number := func(i int) int64 {
		n, err := strconv.ParseInt(fields[i], 10, 64)
		if err != nil {
			return 0
		}
		return n
	}
	return procStat{
		parent: int(number(1)),
		own:    time.Duration(number(11)+number(12)) * clockTick,
		dead:   time.Duration(number(13)+number(14)) * clockTick,
	}, nil
}

// processCPU is what a process has used so far; family adds its children.
func processCPU(pid int, family bool) time.Duration {
	p, err := readProc(pid)
	if err != nil {
		return 0
	}
	if !family {
		return p.own
	}
	sum := p.own + p.dead
	list, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		return sum
	}
	for _, dir := range list {
		id, err := strconv.Atoi(filepath.Base(dir))
		if err != nil {
			continue
		}
		if child, err := readProc(id); err == nil && child.parent == pid {
			sum += child.own + child.dead
		}
	}
	return sum
}
