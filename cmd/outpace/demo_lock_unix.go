//go:build unix

package main

import (
	"os"

	"golang.org/x/sys/unix"
)

// lockFolder takes the only lock on an open folder; it ends when the folder is
// closed, or with the process.
func lockFolder(folder *os.File) error {
	return unix.Flock(int(folder.Fd()), unix.LOCK_EX|unix.LOCK_NB)
}
