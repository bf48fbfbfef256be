//go:build !linux

package ami

import "syscall"

func limitUndelivered(string, string, syscall.RawConn) error { return nil }
