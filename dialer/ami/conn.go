package ami

import (
	"errors"
	"io"
	"net"
	"time"
)

// idleConn gives each read and each write of a connection a deadline of its
// own. The connection behind it may be TLS.
type idleConn struct {
	net.Conn
	idle time.Duration // longest silence while reading; 0 = no limit
}

// Read implements io.Reader.
func (c *idleConn) Read(p []byte) (int, error) {
	if c.idle > 0 {
		// A pipe whose far end is closed refuses a deadline; its Read tells the
		// end of the stream.
		err := c.SetReadDeadline(time.Now().Add(c.idle))
		if err != nil && !errors.Is(err, io.ErrClosedPipe) {
			return 0, err
		}
	}
	return c.Conn.Read(p)
}

// writeWithin writes p and returns how many bytes were taken.
func (c *idleConn) writeWithin(p []byte, timeout time.Duration) (int, error) {
	if err := c.SetWriteDeadline(time.Now().Add(timeout)); err != nil {
		return 0, err
	}
	return c.Write(p)
}
