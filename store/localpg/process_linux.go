package localpg

import (
	"runtime"
	"syscall"
)

func holdThread() { runtime.LockOSThread() }

// serverAttr has the server killed if the process ends without stopping it.
func serverAttr(who *syscall.Credential) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Credential: who, Pdeathsig: syscall.SIGQUIT}
}
