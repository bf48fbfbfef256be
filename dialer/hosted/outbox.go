package hosted

import (
	"context"

	"github.com/outpace/outpace/dialer"
)

// outbox keeps events in the order in which they happened until the one
// goroutine that may call the sink gets to them. It is used under the
// gateway's lock. Its length is bounded by the calls and agents there are: no
// event repeats without a change.
type outbox struct {
	list []dialer.Event
	wake chan struct{}
}

func (o *outbox) put(e dialer.Event) {
	o.list = append(o.list, e)
	poke(o.wake)
}

// pump hands events to sink until ctx ends.
func (g *Gateway) pump(ctx context.Context, sink func(dialer.Event)) {
	for {
		g.mu.Lock()
		list := g.out.list
		g.out.list = nil
		g.mu.Unlock()
		for _, e := range list {
			if ctx.Err() != nil {
				return
			}
			sink(e)
		}
		if len(list) > 0 {
			continue
		}
		select {
		case <-ctx.Done():
			return
		case <-g.out.wake:
		}
	}
}
