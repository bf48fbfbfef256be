package hostedtest

import (
	"testing"
	"time"

	"github.com/outpace/outpace/dialer"
	"github.com/outpace/outpace/dialer/dialertest"
	"github.com/outpace/outpace/dialer/hosted"
	"github.com/outpace/outpace/results"
)

// desk is the desk of the cases about hosted PBXs.
type desk struct {
	*dialertest.Desk

	kind Kind
}

func (k Kind) pools() []dialer.Pool {
	return []dialer.Pool{{Queue: k.Queue}, {Exten: "102"}, {Queue: "vip"}}
}

func newDesk(t *testing.T, k Kind, gw *hosted.Gateway, open ...results.Dialing) *desk {
	t.Helper()
	return &desk{Desk: dialertest.NewDesk(t, gw, k.pools(), open...), kind: k}
}

// open waits until the gateway says that the PBX can be used.
func (d *desk) open() *desk {
	d.T.Helper()
	d.Wait("the link", func() bool { return d.Up && len(d.Agents) > 0 })
	return d
}

// order is a call to place; without exten into the queue of the kind.
type order struct {
	number string
	exten  string
	queue  string
	limit  time.Duration // how long Place may take
	before func() error  // right before the request is written
}

func (o order) order(k Kind) dialertest.Order {
	r := dialer.Request{
		Channel: "PJSIP/" + o.number, Number: o.number, CallerID: "Outpace <19001919>",
		Timeout: 30 * time.Second, Campaign: "spring", Name: "Anne Doe", Before: o.before,
	}
	if o.exten != "" {
		r.Context, r.Exten, r.Priority = "default", o.exten, "1"
		return dialertest.Order{Request: r, Limit: o.limit}
	}
	if o.queue == "" {
		o.queue = k.Queue
	}
	r.Application, r.Data = "Queue", o.queue+",,,,60"
	return dialertest.Order{Request: r, Queue: o.queue, Patience: 2 * time.Second, Limit: o.limit}
}

// place places an order that must be taken, as soon as an agent is free for it.
func (d *desk) place(o order) string {
	d.T.Helper()
	free := func() bool {
		for name, a := range d.Agents {
			if a.Phase == dialer.AgentFree && (o.exten == "" || o.exten == name) {
				return true
			}
		}
		return false
	}
	id, err := d.Send(free, func() dialertest.Order { return o.order(d.kind) }, nil)
	if err != nil {
		d.T.Fatalf("place: %v", err)
	}
	return id
}

func (d *desk) try(o order) (string, error) { return d.Try(o.order(d.kind)) }
