package dialertest

import (
	"errors"
	"strings"
	"time"

	"github.com/outpace/outpace/dialer"
	"github.com/outpace/outpace/results"
)

func customerHangsUp(d *desk) {
	r := d.Expect(d.place(order{number: "111"}), results.Answered, results.DialAnswered)
	switch {
	case r.TmDial.IsZero() || r.TmRing.IsZero() || r.TmAnswer.IsZero() || r.TmHangup.IsZero():
		d.T.Errorf("times: dial %v ring %v answer %v hang-up %v", r.TmDial, r.TmRing, r.TmAnswer, r.TmHangup)
	case r.TmRing.Before(r.TmDial) || r.TmAnswer.Before(r.TmRing) || r.TmHangup.Before(r.TmAnswer):
		d.T.Error("the times are out of order")
	case r.Ring < d.pbx(500*time.Millisecond) || r.Talk < d.pbx(2500*time.Millisecond):
		d.T.Errorf("rang %v, talked %v", r.Ring, r.Talk)
	case r.Abandoned != nil:
		d.T.Error("a destination without agents has no abandonment figure")
	case r.Channel == "" || r.Status != results.StatusHangup:
		d.T.Errorf("channel %q, status %d", r.Channel, r.Status)
	}
}

func hungUpEarly(d *desk) {
	r := d.Expect(d.place(order{number: "500", app: "Queue", data: "empty", queue: "empty"}), results.HungUpEarly, results.DialAnswered)
	if r.Abandoned == nil || *r.Abandoned {
		d.T.Error("a customer who hangs up inside the patience is a live answer, not abandoned")
	}
}

func abandoned(d *desk) {
	r := d.Expect(d.place(order{number: "101", app: "Queue", data: "empty", queue: "empty"}), results.Abandoned, results.DialAnswered)
	if r.Abandoned == nil || !*r.Abandoned || !r.TmAgent.IsZero() || r.Wait <= d.pbx(2*time.Second) {
		d.T.Errorf("abandoned %v, agent at %v, waited %v", r.Abandoned, r.TmAgent, r.Wait)
	}
}

func notPlaced(d *desk) {
	for _, channel := range []string{"PJSIP/%s@nosuch", "PJSIP/nosuch%s", "Foo/%s"} {
		r := d.Expect(d.place(order{channel: channel, number: "100"}), results.NotPlaced, results.DialNone)
		if r.Status != results.StatusOriginFailed || !r.Disposition.TryGivenBack() {
			d.T.Errorf("%s: status %d", channel, r.Status)
		}
	}
}

func refused(d *desk) {
	id, err := d.try(order{number: "100", context: "nosuch", exten: "nosuch"})
	if !errors.Is(err, dialer.ErrRefused) {
		d.T.Errorf("an unknown extension: %v", err)
	}
	if r := d.Expect(id, results.NotPlaced, results.DialNone); r.Status != results.StatusQueueFailed {
		d.T.Errorf("refused: status %d", r.Status)
	}
}

func extension(d *desk) {
	id := d.place(order{number: "101", exten: "wait"})
	d.Phase(id, dialer.Talking)
	d.Expect(id, results.Answered, results.DialAnswered)
}

// variables arrive byte for byte, and no value sets another one.
func variables(d *desk) {
	values := map[string]string{
		"PLAIN": "x", "COMMA": "Anne, Bob", "QUOTE": `say "hi"`, "SLASH": `a\b\\c`, "EQUALS": "a=b,INJECTED=1",
		"DOLLAR": "${EXTEN}$[1+1]", "NESTED": "f(a,b)[c]{d}", "LETTERS": "Žluťoučký kůň", "SEMI": "a;b",
		"BLANKS": " a ", "_SON": "heir", "__SONS": "heirs",
	}
	id := d.place(order{number: "100", variables: values})
	d.Phase(id, dialer.Talking)
	for name, want := range values {
		// The underscores say who inherits it, and are no part of the name.
		reply := d.admin("Getvar", "Channel", id, "Variable", strings.TrimLeft(name, "_"))
		if got := reply.Get("Value"); got != want {
			d.T.Errorf("%s arrived as %q, want %q", name, got, want)
		}
	}
	if got := d.admin("Getvar", "Channel", id, "Variable", "INJECTED").Get("Value"); got != "" {
		d.T.Errorf("a value has set another variable, to %q", got)
	}
	d.hangup(id)
	d.Result(id)
}

func technologies(d *desk) {
	for tech, want := range map[string]bool{"PJSIP": true, "Local": true, "SIP": false} {
		for range 2 { // the second time from memory
			got, err := d.Gateway.Supports(d.T.Context(), tech)
			if err != nil || got != want {
				d.T.Errorf("%s: %t, %v; want %t", tech, got, err, want)
			}
		}
	}
}

func cancelled(d *desk) {
	for _, channel := range []string{"PJSIP/%s@trunk", "Local/%s@customers/n"} {
		id := d.place(order{channel: channel, number: "300"})
		d.Phase(id, dialer.Ringing)
		d.hangup(id)
		d.Expect(id, results.Cancelled, results.DialNone)
	}
}
