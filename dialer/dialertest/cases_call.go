package dialertest

import (
	"errors"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/outpace/outpace/dialer"
	"github.com/outpace/outpace/results"
)

func customerHangsUp(d *desk) {
	id := d.place(order{number: "111"})
	r := d.expect(id, results.Answered, results.DialAnswered)
	switch {
	case r.TmDial.IsZero() || r.TmRing.IsZero() || r.TmAnswer.IsZero() || r.TmHangup.IsZero():
		d.t.Errorf("times: dial %v ring %v answer %v hang-up %v", r.TmDial, r.TmRing, r.TmAnswer, r.TmHangup)
	case r.TmRing.Before(r.TmDial) || r.TmAnswer.Before(r.TmRing) || r.TmHangup.Before(r.TmAnswer):
		d.t.Error("the times are out of order")
	case r.Ring < d.pbx(500*time.Millisecond) || r.Talk < d.pbx(2500*time.Millisecond):
		d.t.Errorf("rang %v, talked %v", r.Ring, r.Talk)
	case r.Abandoned != nil:
		d.t.Error("a destination without agents has no abandonment figure")
	case r.Channel == "" || r.Status != results.StatusHangup:
		d.t.Errorf("channel %q, status %d", r.Channel, r.Status)
	}
}

// failures: what every way of not being answered comes to.
func failures(d *desk, channel string) {
	ids := map[string]string{}
	want := map[string]struct {
		disposition results.Disposition
		resDial     int
		rang        bool
	}{
		"200": {results.Busy, results.DialBusy, true},
		"300": {results.NoAnswer, results.DialNoAnswer, true},
		"400": {results.Congestion, results.DialCongestion, false},
		"600": {results.Unallocated, results.DialNone, false},
		"900": {results.NoAnswer, results.DialNoAnswer, false},
	}
	for number := range want {
		ids[number] = d.place(order{channel: channel, number: number, timeout: 2 * time.Second})
	}
	for number, w := range want {
		r := d.expect(ids[number], w.disposition, w.resDial)
		if rings := !r.TmRing.IsZero(); rings != w.rang && number != "200" {
			d.t.Errorf("%s: rang %t", number, rings)
		}
		if !r.TmAnswer.IsZero() || r.Billsec != 0 || r.Abandoned != nil {
			d.t.Errorf("%s: has signs of an answer", number)
		}
	}
}

func hungUpEarly(d *desk) {
	r := d.expect(d.place(order{number: "500", app: "Queue", data: "empty", queue: "empty"}), results.HungUpEarly, results.DialAnswered)
	if r.Abandoned == nil || *r.Abandoned {
		d.t.Error("a customer who hangs up inside the patience is a live answer, not abandoned")
	}
}

func abandoned(d *desk) {
	r := d.expect(d.place(order{number: "101", app: "Queue", data: "empty", queue: "empty"}), results.Abandoned, results.DialAnswered)
	if r.Abandoned == nil || !*r.Abandoned || !r.TmAgent.IsZero() || r.Wait <= d.pbx(2*time.Second) {
		d.t.Errorf("abandoned %v, agent at %v, waited %v", r.Abandoned, r.TmAgent, r.Wait)
	}
}

func notPlaced(d *desk) {
	for _, channel := range []string{"PJSIP/%s@nosuch", "PJSIP/nosuch%s", "Foo/%s"} {
		r := d.expect(d.place(order{channel: channel, number: "100"}), results.NotPlaced, results.DialNone)
		if r.Status != results.StatusOriginFailed || !r.Disposition.TryGivenBack() {
			d.t.Errorf("%s: status %d", channel, r.Status)
		}
	}
}

func refused(d *desk) {
	id, err := d.try(order{number: "100", context: "nosuch", exten: "nosuch"})
	if !errors.Is(err, dialer.ErrRefused) {
		d.t.Errorf("an unknown extension: %v", err)
	}
	if r := d.expect(id, results.NotPlaced, results.DialNone); r.Status != results.StatusQueueFailed {
		d.t.Errorf("refused: status %d", r.Status)
	}
	for _, number := range []string{"", "100,A=1", "1 0", "100\r\nVariable: A=1"} {
		if _, err := d.try(order{channel: "PJSIP/1%s@trunk", number: number}); !errors.Is(err, dialer.ErrNotSent) || !errors.Is(err, dialer.ErrUnusable) {
			d.t.Errorf("number %q: %v", number, err)
		}
	}
	late := errors.New("too late")
	err = d.gw.Place(d.t.Context(), dialer.Request{
		Call: uuid.NewString(), ActionID: uuid.NewString(), Number: "100", Channel: "PJSIP/100@trunk",
		Timeout: time.Second, Application: "Wait", Data: "1", Before: func() error { return late },
	})
	if !errors.Is(err, dialer.ErrNotSent) || !errors.Is(err, late) {
		d.t.Errorf("Before failed: %v", err)
	}
}

func extension(d *desk) {
	id := d.place(order{number: "101", exten: "wait"})
	d.phase(id, dialer.Talking)
	d.expect(id, results.Answered, results.DialAnswered)
}

// variables arrive byte for byte, and no value sets another one.
func variables(d *desk) {
	values := map[string]string{
		"PLAIN": "x", "COMMA": "Anne, Bob", "QUOTE": `say "hi"`, "SLASH": `a\b\\c`, "EQUALS": "a=b,INJECTED=1",
		"DOLLAR": "${EXTEN}$[1+1]", "NESTED": "f(a,b)[c]{d}", "LETTERS": "Žluťoučký kůň", "SEMI": "a;b",
		"BLANKS": " a ", "_SON": "heir", "__SONS": "heirs",
	}
	id := d.place(order{number: "100", variables: values})
	d.phase(id, dialer.Talking)
	for name, want := range values {
		// The underscores say who inherits it, and are no part of the name.
		reply := d.admin("Getvar", "Channel", id, "Variable", strings.TrimLeft(name, "_"))
		if got := reply.Get("Value"); got != want {
			d.t.Errorf("%s arrived as %q, want %q", name, got, want)
		}
	}
	if got := d.admin("Getvar", "Channel", id, "Variable", "INJECTED").Get("Value"); got != "" {
		d.t.Errorf("a value has set another variable, to %q", got)
	}
	d.hangup(id)
	d.result(id)
}

func technologies(d *desk) {
	for tech, want := range map[string]bool{"PJSIP": true, "Local": true, "SIP": false} {
		for range 2 { // the second time from memory
			got, err := d.gw.Supports(d.t.Context(), tech)
			if err != nil || got != want {
				d.t.Errorf("%s: %t, %v; want %t", tech, got, err, want)
			}
		}
	}
}

func cancelled(d *desk) {
	for _, channel := range []string{"PJSIP/%s@trunk", "Local/%s@customers/n"} {
		id := d.place(order{channel: channel, number: "300"})
		d.phase(id, dialer.Ringing)
		d.hangup(id)
		d.expect(id, results.Cancelled, results.DialNone)
	}
}

func endedByUs(d *desk) {
	id := d.place(order{number: "100"})
	d.phase(id, dialer.Talking)
	d.hangup(id)
	if r := d.expect(id, results.Answered, results.DialAnswered); r.ResHangup != 16 {
		d.t.Errorf("cause %d, want 16", r.ResHangup)
	}
	if err := d.gw.Hangup(d.t.Context(), id); !errors.Is(err, dialer.ErrNoCall) {
		d.t.Errorf("hang up of a call that has ended: %v", err)
	}
}
