package dialertest

import (
	"errors"

	"github.com/outpace/outpace/dialer"
)

// Send places an order as soon as that can be, which ready tells when it is
// called under the lock: the state of a link or of an agent may be known to the
// gateway a little earlier than to us. It may be called by any goroutine, and
// tells made, if that is not nil, of each request that it made.
func (d *Desk) Send(ready func() bool, order func() Order, made func(id string, err error)) (id string, err error) {
	for {
		seen := 0
		d.Await(func() bool { seen = len(d.Events); return ready() })
		id, err = d.Try(order())
		if made != nil {
			made(id, err)
		}
		if !mayTryAgain(err) || !d.Await(func() bool { return len(d.Events) > seen }) {
			return id, err
		}
	}
}

func mayTryAgain(err error) bool {
	return errors.Is(err, dialer.ErrNotSent) && !errors.Is(err, dialer.ErrUnusable)
}
