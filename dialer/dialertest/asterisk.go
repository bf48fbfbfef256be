package dialertest

import (
	"cmp"
	"fmt"
	"testing"
	"time"

	"github.com/outpace/outpace/dialer"
	"github.com/outpace/outpace/dialer/ami"
	"github.com/outpace/outpace/results"
)

// desk is the desk of the cases about an Asterisk.
type desk struct {
	*Desk

	lab Lab
}

// pbx returns how long a time of the PBX is here.
func (l Lab) pbx(of time.Duration) time.Duration {
	return time.Duration(float64(of) / cmp.Or(l.Scale, 1))
}

func (d *desk) pbx(of time.Duration) time.Duration { return d.lab.pbx(of) }

// order is a call to place by an Asterisk.
type order struct {
	channel   string // with the number for %s
	number    string
	timeout   time.Duration // of the PBX; default 20 s
	app, data string        // default Wait(60)
	exten     string        // in the context dialer, instead of an application
	context   string        // instead of dialer
	queue     string        // what the engine knows the destination's queue to be
	variables map[string]string
	claimed   time.Duration // how long ago
}

func (o order) order(l Lab) Order {
	r := dialer.Request{
		Number: o.number, Channel: fmt.Sprintf(cmp.Or(o.channel, "PJSIP/%s@trunk"), o.number),
		Timeout: o.timeout, Variables: o.variables,
	}
	switch {
	case o.exten != "":
		r.Context, r.Exten, r.Priority = cmp.Or(o.context, "dialer"), o.exten, "1"
	case o.app != "":
		r.Application, r.Data = o.app, o.data
	default:
		r.Application, r.Data = "Wait", "60"
	}
	return Order{
		Request: r, Queue: o.queue, Patience: l.pbx(2 * time.Second), Claimed: o.claimed,
	}
}

func (d *desk) place(o order) string {
	d.T.Helper()
	return d.Place(o.order(d.lab))
}

func (d *desk) try(o order) (string, error) { return d.Try(o.order(d.lab)) }

// hangup ends a call through the gateway.
func (d *desk) hangup(id string) {
	d.T.Helper()
	if err := d.Hangup(id); err != nil {
		d.T.Fatalf("hang up: %v", err)
	}
}

// cut cuts the link as the cases of the port do.
func (d *desk) cut(do func()) {
	d.T.Helper()
	(&port{Desk: d.Desk, lab: PortLab{Cut: d.lab.Cut}}).cut(do)
}

// admin does an action beside the gateway.
func (d *desk) admin(name string, headers ...string) ami.Message {
	d.T.Helper()
	return d.lab.admin(d.T, name, headers...)
}

func (l Lab) admin(t *testing.T, name string, headers ...string) ami.Message {
	t.Helper()
	a := ami.Action{Name: name}
	for i := 0; i+1 < len(headers); i += 2 {
		a.Headers.Add(headers[i], headers[i+1])
	}
	reply, err := l.Admin.Do(t.Context(), a)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return reply
}

// port is what the cases of every gateway need of an Asterisk.
func (l Lab) port() PortLab {
	of := func(o order) func() Order { return func() Order { return o.order(l) } }
	p := PortLab{
		Gateway: l.Gateway, Again: l.Again, Cut: l.Cut, Storm: l.Storm, Rounds: 12,
		// A call that was claimed long ago is looked up without a wait.
		Long:    of(order{number: "101", claimed: time.Hour}),
		Held:    of(order{number: "100"}),
		ToAgent: of(intoQueue("local_1")),
		Fates: map[string]Fate{
			"answered": {Order: of(order{number: "111", timeout: 3 * time.Second}), Disposition: results.Answered, ResDial: results.DialAnswered},
		},
		End: func(t *testing.T, call results.Dialing) { l.admin(t, "Hangup", "Channel", call.UUID) },
	}
	if l.Placed != nil {
		p.Placed = func(call results.Dialing) int { return l.Placed(call.UUID) }
	}
	for _, f := range []struct {
		name, number string
		disposition  results.Disposition
		resDial      int
		rings        bool
	}{
		{"busy", "200", results.Busy, results.DialBusy, true},
		{"no answer", "300", results.NoAnswer, results.DialNoAnswer, true},
		{"congestion", "400", results.Congestion, results.DialCongestion, false},
		{"unallocated", "600", results.Unallocated, results.DialNone, false},
		{"nothing at all", "900", results.NoAnswer, results.DialNoAnswer, false},
	} {
		check := func(t *testing.T, r results.Result) {
			if rang := !r.TmRing.IsZero(); rang != f.rings && f.number != "200" {
				t.Errorf("%s: rang %t", r.DialChannel, rang)
			}
		}
		for name, channel := range map[string]string{f.name: "", f.name + " over Local": "Local/%s@customers/n"} {
			p.Fates[name] = Fate{
				Order:       of(order{channel: channel, number: f.number, timeout: 2 * time.Second}),
				Disposition: f.disposition, ResDial: f.resDial, Check: check, Quiet: channel != "" || f.number == "900",
			}
		}
	}
	for _, number := range []string{"", "100,A=1", "1 0", "100\r\nVariable: A=1"} {
		p.Bad = append(p.Bad, Bad{
			Order: order{channel: "PJSIP/1%s@trunk", number: number}.order(l),
			Errs:  []error{dialer.ErrNotSent, dialer.ErrUnusable},
		})
	}
	p.Bad = append(p.Bad, Bad{
		Order: order{number: "100", context: "nosuch", exten: "nosuch"}.order(l), Errs: []error{dialer.ErrRefused},
	})
	return p
}
