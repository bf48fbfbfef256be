//go:build unix

package main

import "syscall"

// openFiles is how many files the process may have open at once.
func openFiles() int {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return 3 * mostConnections
	}
	return int(min(uint64(limit.Cur), 3*mostConnections)) //nolint:unconvert // signed on some systems
}
