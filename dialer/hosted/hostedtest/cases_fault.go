package hostedtest

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/outpace/outpace/dialer"
	"github.com/outpace/outpace/dialer/hosted/hostedsim"
	"github.com/outpace/outpace/results"
)

// answerLost: the request is carried out, but no answer comes. It is never
// made again; what became of the call is looked up.
func answerLost(d *desk, l *Lab) {
	l.World.SetFaults(hostedsim.Faults{Lost: 1})
	id, err := d.try(order{number: number("111", "100"), exten: "102"})
	if !errors.Is(err, dialer.ErrOutcomeUnknown) {
		d.t.Fatalf("a lost answer: %v", err)
	}
	l.World.SetFaults(hostedsim.Faults{})
	d.expect(id, results.Answered, results.DialAnswered)
	if n := len(l.World.Calls()); n != 1 {
		d.t.Errorf("the PBX was asked for %d calls", n)
	}
}

// lateAnswer: the engine has given up waiting for the answer, which comes
// after all.
func lateAnswer(d *desk, l *Lab) {
	l.World.SetFaults(hostedsim.Faults{Slow: 1, Late: 500 * time.Millisecond})
	id, err := d.try(order{number: number("112", "100"), exten: "102", limit: 100 * time.Millisecond})
	if !errors.Is(err, dialer.ErrOutcomeUnknown) && !errors.Is(err, dialer.ErrNotSent) {
		d.t.Fatalf("an answer that is late: %v", err)
	}
	l.World.SetFaults(hostedsim.Faults{})
	if errors.Is(err, dialer.ErrNotSent) {
		return
	}
	// On a slow machine the request may not have been written by then.
	if r := d.result(id); r.Disposition == results.NotPlaced {
		if n := len(l.World.Calls()); n != 0 {
			d.t.Errorf("not placed, but the PBX has %d calls", n)
		}
		return
	}
	d.expect(id, results.Answered, results.DialAnswered)
}

// serverError: nobody knows what an error of the PBX has done. Without a row
// the call is unknown, and the agent is free again.
func serverError(d *desk, l *Lab) {
	l.World.SetFaults(hostedsim.Faults{ServerError: 1})
	id, err := d.try(order{number: number("113", "100"), exten: "102"})
	l.World.SetFaults(hostedsim.Faults{})
	switch {
	case errors.Is(err, dialer.ErrNotSent): // logging in failed
		d.expect(id, results.NotPlaced, results.DialNone)
	case errors.Is(err, dialer.ErrOutcomeUnknown):
		d.expect(id, results.Unknown, results.DialNone)
	default:
		d.t.Fatalf("an error of the PBX: %v", err)
	}
	if n := len(l.World.Calls()); n != 0 {
		d.t.Errorf("the PBX placed %d calls", n)
	}
	d.wait("the agent", func() bool { return d.agents["102"].Phase == dialer.AgentFree })
}

// tokenExpires: a token that is not good any more is renewed once, whoever
// finds out, and no call is lost by it.
func tokenExpires(d *desk, l *Lab) {
	d.free(len(Agents))
	for range 3 {
		before := l.World.Counted("logins")
		l.World.ExpireTokens()
		ids := make([]string, len(Agents))
		var wg sync.WaitGroup
		for i := range Agents {
			wg.Go(func() {
				id, err := d.try(order{number: number("114", "100")})
				if err != nil {
					d.t.Errorf("place: %v", err)
				}
				ids[i] = id
			})
		}
		wg.Wait()
		for _, id := range ids {
			d.expect(id, results.Answered, results.DialAnswered)
		}
		if n := l.World.Counted("logins") - before; n != 1 {
			d.t.Errorf("%d logins for one expiry", n)
		}
		d.free(len(Agents))
	}
}

func malformed(d *desk, l *Lab) {
	d.free(len(Agents))
	l.World.SetFaults(hostedsim.Faults{Malformed: 1})
	id, err := d.try(order{number: number("115", "100"), exten: "102"})
	l.World.SetFaults(hostedsim.Faults{})
	switch {
	case errors.Is(err, dialer.ErrNotSent):
		d.expect(id, results.NotPlaced, results.DialNone)
	case err == nil && !d.kind.IDs, errors.Is(err, dialer.ErrOutcomeUnknown):
		d.expect(id, results.Answered, results.DialAnswered)
	default:
		d.t.Errorf("an answer that is cut off: %v", err)
	}
}

func skewed(by time.Duration) func(*desk, *Lab) {
	return func(d *desk, l *Lab) {
		l.World.SetFaults(hostedsim.Faults{Skew: by})
		// The next look at the agents tells the time.
		looks := l.World.Counted("requests")
		d.eventually("looks at the agents", func() bool { return l.World.Counted("requests") >= looks+2 })
		ids := []string{
			d.place(order{number: number("116", "100"), exten: "102"}), d.place(order{number: number("117", "200")}),
		}
		r := d.expect(ids[0], results.Answered, results.DialAnswered)
		d.expect(ids[1], results.Busy, results.DialBusy)
		if r.TmAnswer.Before(r.TmDial) || r.TmHangup.After(time.Now()) {
			d.t.Errorf("dial %v, answer %v, hang-up %v are not by our clock", r.TmDial, r.TmAnswer, r.TmHangup)
		}
	}
}

// eventually waits for what no event tells.
func (d *desk) eventually(what string, cond func() bool) {
	d.t.Helper()
	tick := time.NewTicker(tickTime)
	defer tick.Stop()
	for end := time.Now().Add(patience); !cond(); {
		if time.Now().After(end) {
			d.t.Fatalf("waited in vain for %s", what)
		}
		<-tick.C
	}
}

func rowFirst(d *desk, l *Lab) {
	d.free(len(Agents))
	l.World.SetFaults(hostedsim.Faults{RowFirst: true})
	d.expect(d.place(order{number: number("118", "200")}), results.Busy, results.DialBusy)
	d.expect(d.place(order{number: number("119", "300")}), results.NoAnswer, results.DialNoAnswer)
}

func rowLate(d *desk, l *Lab) {
	l.World.SetFaults(hostedsim.Faults{RowDelay: time.Second})
	d.expect(d.place(order{number: number("120", "100"), exten: "102"}), results.Answered, results.DialAnswered)
}

func noRow(d *desk, _ *Lab) {
	id := d.place(order{number: number("121", "900"), exten: "102"})
	r := d.expect(id, results.Unknown, results.DialNone)
	if !r.TmAnswer.IsZero() || r.Abandoned != nil {
		d.t.Errorf("answer %v, abandoned %v", r.TmAnswer, r.Abandoned)
	}
	d.expect(d.place(order{number: number("122", "100"), exten: "102"}), results.Answered, results.DialAnswered)
}

func maxCall(d *desk, l *Lab) {
	d.free(len(Agents))
	l.World.SetFaults(hostedsim.Faults{RowDelay: time.Hour})
	d.expect(d.place(order{number: number("123", "101")}), results.Unknown, results.DialNone)
}

func hookFaults(f hostedsim.Faults) func(*desk, *Lab) {
	return func(d *desk, l *Lab) {
		l.World.SetFaults(f)
		d.free(len(Agents))
		want := map[string]results.Disposition{"100": results.Answered, "200": results.Busy, "300": results.NoAnswer}
		for end, disposition := range want {
			resDial := map[results.Disposition]int{results.Answered: 4, results.Busy: 5, results.NoAnswer: 3}[disposition]
			d.expect(d.place(order{number: number("124", end)}), disposition, resDial)
		}
		if l.World.Counted("hooks") == 0 {
			d.t.Error("the PBX has no hooks to post")
		}
	}
}

func foreignHook(d *desk, l *Lab) {
	resp, err := http.Post(l.HookURL, "application/json", strings.NewReader(`{}`)) //nolint:noctx // a test
	if err != nil {
		d.t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusUnauthorized {
		d.t.Errorf("a hook without the secret: %s", resp.Status)
	}
	resp, err = http.Get(l.HookURL) //nolint:noctx // a test
	if err != nil {
		d.t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusMethodNotAllowed {
		d.t.Errorf("GET of the hooks: %s", resp.Status)
	}
}

func hangUp(d *desk, _ *Lab) {
	id := d.place(order{number: number("125", "101"), exten: "102"})
	err := d.gw.Hangup(d.t.Context(), id)
	if d.gw.Capabilities().Hangup {
		if err != nil {
			d.t.Errorf("hang up: %v", err)
		}
		d.mu.Lock()
		d.calls[id].HangupSent(time.Now())
		d.mu.Unlock()
		if r := d.result(id); r.Disposition != results.Cancelled && r.Disposition != results.Answered {
			d.t.Errorf("hung up by us: %s", r.Disposition)
		}
		if err := d.gw.Hangup(d.t.Context(), id); !errors.Is(err, dialer.ErrNoCall) {
			d.t.Errorf("hang up of a call that has ended: %v", err)
		}
		return
	}
	if !errors.Is(err, dialer.ErrNotOffered) {
		d.t.Errorf("hang up: %v", err)
	}
	d.expect(id, results.Answered, results.DialAnswered)
}

func pbxDown(d *desk, l *Lab) {
	id := d.place(order{number: number("126", "101"), exten: "102"})
	l.World.SetFaults(hostedsim.Faults{Refuse: true})
	d.wait("the loss of the link", func() bool { return !d.up })
	if _, err := d.try(order{number: number("127", "100")}); err == nil {
		d.t.Error("a call was placed through a PBX that is down")
	}
	l.World.SetFaults(hostedsim.Faults{})
	d.expect(id, results.Answered, results.DialAnswered)
	d.wait("the link", func() bool { return d.up && len(d.agents) > 0 })
	d.free(len(Agents) - 1)
}

func downAtStart(d *desk, l *Lab) {
	// Whatever has been done by now, from here on the PBX fails.
	l.World.SetFaults(hostedsim.Faults{ServerError: 1})
	d.wait("the failure", func() bool { return !d.up })
	l.World.SetFaults(hostedsim.Faults{})
	d.open().free(len(Agents))
	d.expect(d.place(order{number: number("128", "100")}), results.Answered, results.DialAnswered)
}

// restart: a second process takes over the calls of the first one.
func restart(d *desk, l *Lab) {
	d.free(len(Agents))
	ids := []string{
		d.place(order{number: number("129", "101")}), d.place(order{number: number("130", "300")}),
	}
	rows := make([]results.Dialing, len(ids))
	for i, id := range ids {
		d.agentOf(id)
		if d.kind.IDs {
			d.wait("the PBX's name for the call", func() bool { return d.calls[id].Row().Channel != "" })
		}
		rows[i] = d.row(id)
	}
	d.stop()
	again := newDesk(d.t, d.kind, d.kind.Start(d.t, l), rows...)
	again.expect(ids[0], results.Answered, results.DialAnswered)
	r := again.expect(ids[1], results.NoAnswer, results.DialNoAnswer)
	if !strings.HasSuffix(r.DialChannel, r.Agent+"/"+r.DialAddr) {
		d.t.Errorf("dial_channel %q", r.DialChannel)
	}
	again.open().free(len(Agents))
	again.once()
}

// restartBlind: the first process had no time to write down whose the calls
// are. One of them has no row, but no agent can be in it.
func restartBlind(d *desk, l *Lab) {
	d.free(len(Agents))
	ids := []string{
		d.place(order{number: number("131", "101")}), d.place(order{number: number("132", "900")}),
	}
	rows := make([]results.Dialing, len(ids))
	for i, id := range ids {
		rows[i] = d.row(id)
		rows[i].Agent, rows[i].Channel, rows[i].TmDial = "", "", time.Time{}
	}
	d.stop()
	l.Settings.Grace = time.Second
	again := newDesk(d.t, d.kind, d.kind.Start(d.t, l), rows...)
	again.expect(ids[0], results.Answered, results.DialAnswered)
	again.expect(ids[1], results.Unknown, results.DialNone)
}

// storm: whatever goes wrong, no call is asked for twice, each comes to one
// end, and what is said of it is true or "unknown".
func storm(d *desk, l *Lab) {
	l.World.SetFaults(hostedsim.Faults{
		Slow: 0.05, Late: 300 * time.Millisecond, ServerError: 0.05, Malformed: 0.05, Lost: 0.05, Expired: 0.03,
		LostHook: 0.3, DoubleHook: 0.3, MixedHook: 0.3, RowFirst: true, Skew: -40 * time.Minute,
	})
	want := map[string]results.Disposition{"100": results.Answered, "200": results.Busy, "300": results.NoAnswer}
	const each = 8
	ids := map[string]string{} // numbers by call
	fates := map[results.Disposition]int{}
	for i := range each {
		for end := range want {
			d.wait("the link and a free agent", func() bool {
				free := false
				for _, a := range d.agents {
					free = free || a.Phase == dialer.AgentFree
				}
				return d.up && free
			})
			n := number(fmt.Sprintf("%03d", 200+i), end)
			id, _ := d.try(order{number: n})
			ids[id] = n
		}
	}
	l.World.SetFaults(hostedsim.Faults{Skew: -40 * time.Minute})
	for id, n := range ids {
		r := d.result(id)
		fates[r.Disposition]++
		switch r.Disposition {
		case want[n[len(n)-3:]], results.Unknown, results.NotPlaced:
		default:
			d.t.Errorf("…%s: %s", n[len(n)-3:], r.Disposition)
		}
	}
	asked := map[string]int{}
	for _, c := range l.World.Calls() {
		if asked[c.Number]++; asked[c.Number] > 1 {
			d.t.Errorf("a number was called %d times", asked[c.Number])
		}
	}
	for id, n := range ids {
		if r := d.result(id); r.Disposition == results.NotPlaced && asked[n] > 0 {
			d.t.Error("a call was placed, but its result says that it was not")
		}
	}
	d.t.Logf("results: %v", fates)
}
