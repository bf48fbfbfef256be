package hostedtest

import (
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/outpace/outpace/dialer"
	"github.com/outpace/outpace/dialer/hosted/hostedsim"
	"github.com/outpace/outpace/results"
)

// answerLost: the request is carried out, but no answer comes. It is never
// made again; what became of the call is looked up.
func answerLost(d *desk, l *Lab) {
	// Not before the request is made: the looks at the agents would be lost
	// too, and the PBX be taken for down.
	lose := func() error {
		l.World.SetFaults(hostedsim.Faults{Lost: 1})
		return nil
	}
	id, err := d.try(order{number: number("111", "100"), exten: "102", before: lose})
	if !errors.Is(err, dialer.ErrOutcomeUnknown) {
		d.T.Fatalf("a lost answer: %v", err)
	}
	l.World.SetFaults(hostedsim.Faults{})
	d.Expect(id, results.Answered, results.DialAnswered)
	if n := len(l.World.Calls()); n != 1 {
		d.T.Errorf("the PBX was asked for %d calls", n)
	}
}

// lateAnswer: the engine has given up waiting for the answer, which comes
// after all.
func lateAnswer(d *desk, l *Lab) {
	l.World.SetFaults(hostedsim.Faults{Slow: 1, Late: 500 * time.Millisecond})
	id, err := d.try(order{number: number("112", "100"), exten: "102", limit: 100 * time.Millisecond})
	if !errors.Is(err, dialer.ErrOutcomeUnknown) && !errors.Is(err, dialer.ErrNotSent) {
		d.T.Fatalf("an answer that is late: %v", err)
	}
	l.World.SetFaults(hostedsim.Faults{})
	if errors.Is(err, dialer.ErrNotSent) {
		return
	}
	// On a slow machine the request may not have been written by then.
	if r := d.Result(id); r.Disposition == results.NotPlaced {
		if n := len(l.World.Calls()); n != 0 {
			d.T.Errorf("not placed, but the PBX has %d calls", n)
		}
		return
	}
	d.Expect(id, results.Answered, results.DialAnswered)
}

// serverError: nobody knows what an error of the PBX has done. Without a row
// the call is unknown, and the agent is free again.
func serverError(d *desk, l *Lab) {
	l.World.SetFaults(hostedsim.Faults{ServerError: 1})
	id, err := d.try(order{number: number("113", "100"), exten: "102"})
	l.World.SetFaults(hostedsim.Faults{})
	switch {
	case errors.Is(err, dialer.ErrNotSent): // logging in failed
		d.Expect(id, results.NotPlaced, results.DialNone)
	case errors.Is(err, dialer.ErrOutcomeUnknown):
		d.Expect(id, results.Unknown, results.DialNone)
	default:
		d.T.Fatalf("an error of the PBX: %v", err)
	}
	if n := len(l.World.Calls()); n != 0 {
		d.T.Errorf("the PBX placed %d calls", n)
	}
	d.Wait("the agent", func() bool { return d.Agents["102"].Phase == dialer.AgentFree })
}

// tokenExpires: a token that is not good any more is renewed once, whoever
// finds out, and no call is lost by it.
func tokenExpires(d *desk, l *Lab) {
	d.Free(len(Agents))
	for range 3 {
		before := l.World.Counted("logins")
		l.World.ExpireTokens()
		ids := make([]string, len(Agents))
		var wg sync.WaitGroup
		for i := range Agents {
			wg.Go(func() {
				id, err := d.try(order{number: number("114", "100")})
				if err != nil {
					d.T.Errorf("place: %v", err)
				}
				ids[i] = id
			})
		}
		wg.Wait()
		for _, id := range ids {
			d.Expect(id, results.Answered, results.DialAnswered)
		}
		if n := l.World.Counted("logins") - before; n != 1 {
			d.T.Errorf("%d logins for one expiry", n)
		}
		d.Free(len(Agents))
	}
}

func malformed(d *desk, l *Lab) {
	d.Free(len(Agents))
	l.World.SetFaults(hostedsim.Faults{Malformed: 1})
	id, err := d.try(order{number: number("115", "100"), exten: "102"})
	l.World.SetFaults(hostedsim.Faults{})
	switch {
	case errors.Is(err, dialer.ErrNotSent):
		d.Expect(id, results.NotPlaced, results.DialNone)
	case err == nil && !d.kind.IDs, errors.Is(err, dialer.ErrOutcomeUnknown):
		d.Expect(id, results.Answered, results.DialAnswered)
	default:
		d.T.Errorf("an answer that is cut off: %v", err)
	}
}

func skewed(by time.Duration) func(*desk, *Lab) {
	return func(d *desk, l *Lab) {
		l.World.SetFaults(hostedsim.Faults{Skew: by})
		// The next look at the agents tells the time.
		looks := l.World.Counted("requests")
		eventually(d.T, "looks at the agents", func() bool { return l.World.Counted("requests") >= looks+2 })
		ids := []string{
			d.place(order{number: number("116", "100"), exten: "102"}), d.place(order{number: number("117", "200")}),
		}
		r := d.Expect(ids[0], results.Answered, results.DialAnswered)
		d.Expect(ids[1], results.Busy, results.DialBusy)
		if r.TmAnswer.Before(r.TmDial) || r.TmHangup.After(time.Now()) {
			d.T.Errorf("dial %v, answer %v, hang-up %v are not by our clock", r.TmDial, r.TmAnswer, r.TmHangup)
		}
	}
}

// eventually waits for what no event tells.
func eventually(t *testing.T, what string, cond func() bool) {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(time.Minute); !cond(); {
		if time.Now().After(end) {
			t.Fatalf("waited in vain for %s", what)
		}
		<-tick.C
	}
}

func rowFirst(d *desk, l *Lab) {
	d.Free(len(Agents))
	l.World.SetFaults(hostedsim.Faults{RowFirst: true})
	d.Expect(d.place(order{number: number("118", "200")}), results.Busy, results.DialBusy)
	d.Expect(d.place(order{number: number("119", "300")}), results.NoAnswer, results.DialNoAnswer)
}

func rowLate(d *desk, l *Lab) {
	l.World.SetFaults(hostedsim.Faults{RowDelay: time.Second})
	d.Expect(d.place(order{number: number("120", "100"), exten: "102"}), results.Answered, results.DialAnswered)
}

func noRow(d *desk, _ *Lab) {
	id := d.place(order{number: number("121", "900"), exten: "102"})
	r := d.Expect(id, results.Unknown, results.DialNone)
	if !r.TmAnswer.IsZero() || r.Abandoned != nil {
		d.T.Errorf("answer %v, abandoned %v", r.TmAnswer, r.Abandoned)
	}
	d.Expect(d.place(order{number: number("122", "100"), exten: "102"}), results.Answered, results.DialAnswered)
}

func maxCall(d *desk, l *Lab) {
	d.Free(len(Agents))
	l.World.SetFaults(hostedsim.Faults{RowDelay: time.Hour})
	d.Expect(d.place(order{number: number("123", "101")}), results.Unknown, results.DialNone)
}

func hookFaults(f hostedsim.Faults) func(*desk, *Lab) {
	return func(d *desk, l *Lab) {
		l.World.SetFaults(f)
		d.Free(len(Agents))
		want := map[string]results.Disposition{"100": results.Answered, "200": results.Busy, "300": results.NoAnswer}
		for end, disposition := range want {
			resDial := map[results.Disposition]int{results.Answered: 4, results.Busy: 5, results.NoAnswer: 3}[disposition]
			d.Expect(d.place(order{number: number("124", end)}), disposition, resDial)
		}
		if l.World.Counted("hooks") == 0 {
			d.T.Error("the PBX has no hooks to post")
		}
	}
}

func foreignHook(d *desk, l *Lab) {
	resp, err := http.Post(l.HookURL, "application/json", strings.NewReader(`{}`)) //nolint:noctx // a test
	if err != nil {
		d.T.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusUnauthorized {
		d.T.Errorf("a hook without the secret: %s", resp.Status)
	}
	resp, err = http.Get(l.HookURL) //nolint:noctx // a test
	if err != nil {
		d.T.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusMethodNotAllowed {
		d.T.Errorf("GET of the hooks: %s", resp.Status)
	}
}

func downAtStart(d *desk, l *Lab) {
	// Whatever has been done by now, from here on the PBX fails.
	l.World.SetFaults(hostedsim.Faults{ServerError: 1})
	d.Wait("the failure", func() bool {
		downs := 0 // the first says that there is no link yet
		for _, e := range d.Events {
			if e.Kind == dialer.LinkDown {
				downs++
			}
		}
		return downs > 1 && !d.Up
	})
	l.World.SetFaults(hostedsim.Faults{})
	d.open().Free(len(Agents))
	d.Expect(d.place(order{number: number("128", "100")}), results.Answered, results.DialAnswered)
}

// restart: a second process takes over a call that nobody has answered yet.
func restart(d *desk, l *Lab) {
	d.Free(len(Agents))
	ids := []string{
		d.place(order{number: number("129", "101")}), d.place(order{number: number("130", "300")}),
	}
	rows := make([]results.Dialing, len(ids))
	for i, id := range ids {
		d.agentOf(id)
		if d.kind.IDs {
			d.Wait("the PBX's name for the call", func() bool { return d.Calls[id].Row().Channel != "" })
		}
		rows[i] = d.Row(id)
	}
	d.Stop()
	again := newDesk(d.T, d.kind, d.kind.Start(d.T, l), rows...)
	again.Expect(ids[0], results.Answered, results.DialAnswered)
	r := again.Expect(ids[1], results.NoAnswer, results.DialNoAnswer)
	if !strings.HasSuffix(r.DialChannel, r.Agent+"/"+r.DialAddr) {
		d.T.Errorf("dial_channel %q", r.DialChannel)
	}
	again.open().Free(len(Agents))
	again.Once()
}

// restartBlind: the first process had no time to write down whose the calls
// are. One of them has no row, but no agent can be in it.
func restartBlind(d *desk, l *Lab) {
	d.Free(len(Agents))
	ids := []string{
		d.place(order{number: number("131", "101")}), d.place(order{number: number("132", "900")}),
	}
	rows := make([]results.Dialing, len(ids))
	for i, id := range ids {
		rows[i] = d.Row(id)
		rows[i].Agent, rows[i].Channel, rows[i].TmDial = "", "", time.Time{}
	}
	d.Stop()
	l.Settings.Grace = 2 * time.Second
	again := newDesk(d.T, d.kind, d.kind.Start(d.T, l), rows...)
	again.Expect(ids[0], results.Answered, results.DialAnswered)
	again.Expect(ids[1], results.Unknown, results.DialNone)
}
