package ami

import (
	"net"
	"syscall"
	"testing"
	"time"
)

// TestUndeliveredIsGivenUp: the sockets of a client have the kernel's limit for
// what is not delivered.
func TestUndeliveredIsGivenUp(t *testing.T) {
	ln, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	conn, err := Config{Address: ln.Addr().String()}.withDefaults().Dial(t.Context(), "tcp", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	raw, err := conn.(*net.TCPConn).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	var limit int
	err = raw.Control(func(fd uintptr) {
		limit, _ = syscall.GetsockoptInt(int(fd), syscall.IPPROTO_TCP, tcpUserTimeout)
	})
	if got := time.Duration(limit) * time.Millisecond; err != nil || got != Undelivered {
		t.Errorf("the limit is %s, want %s; %v", got, Undelivered, err)
	}
}
