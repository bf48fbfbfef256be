package ami

import (
	"fmt"
	"syscall"
)

// tcpUserTimeout is TCP_USER_TIMEOUT of linux/tcp.h: for how many milliseconds
// sent data may stay unacknowledged. It holds for a closed socket too.
const tcpUserTimeout = 18

func limitUndelivered(_, _ string, c syscall.RawConn) error {
	var failed error
	err := c.Control(func(fd uintptr) {
		failed = syscall.SetsockoptInt(int(fd), syscall.IPPROTO_TCP, tcpUserTimeout, int(Undelivered.Milliseconds()))
	})
	if err == nil {
		err = failed
	}
	if err != nil {
		return fmt.Errorf("limit the time for what is not delivered: %w", err)
	}
	return nil
}
