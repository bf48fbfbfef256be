package ami

import (
	"net"
	"time"
)

// Undelivered is how long the kernel keeps what a dead network does not take,
// where it can be told (Linux); then it gives the connection up. It is short,
// since a request that is delivered minutes later, when nobody counts on it any
// more, still makes a phone ring.
const Undelivered = 5 * time.Second

// newDialer returns what opens connections unless Config.Dial does.
func newDialer() *net.Dialer { return &net.Dialer{Control: limitUndelivered} }
