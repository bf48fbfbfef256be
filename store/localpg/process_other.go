//go:build unix && !linux

package localpg

import "syscall"

func holdThread() {}

func serverAttr(who *syscall.Credential) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Credential: who}
}
