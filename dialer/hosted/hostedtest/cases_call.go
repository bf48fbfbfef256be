package hostedtest

import (
	"errors"
	"strings"
	"time"

	"github.com/outpace/outpace/dialer"
	"github.com/outpace/outpace/dialer/hosted/hostedsim"
	"github.com/outpace/outpace/results"
)

// number makes a number with an end that says what becomes of it.
func number(middle, end string) string { return "0901" + middle + end }

func oneEach(d *desk, l *Lab) {
	d.Free(len(Agents))
	seen := map[string]bool{}
	var ids []string
	for range Agents {
		id := d.place(order{number: number("222", held)})
		ids = append(ids, id)
		seen[d.agentOf(id)] = true
	}
	if len(seen) != len(Agents) {
		d.T.Errorf("%d calls went to the agents %v", len(Agents), seen)
	}
	if _, err := d.try(order{number: number("222", "101")}); !errors.Is(err, dialer.ErrNotSent) {
		d.T.Errorf("a call without a free agent: %v", err)
	}
	if n := len(l.World.Calls()); n != len(Agents) {
		d.T.Errorf("the PBX was asked for %d calls", n)
	}
	for _, a := range Agents {
		l.letGo(d.T, a.Exten)
	}
	for _, id := range ids {
		d.Expect(id, results.Answered, results.DialAnswered)
	}
	d.Free(len(Agents))
	d.Wait("the ends of their talks", func() bool {
		for _, a := range d.Agents {
			if a.TalkEnded.IsZero() || a.TalkQueue != d.kind.Queue {
				return false
			}
		}
		return true
	})
}

// agentOf waits until it is known whose a call is.
func (d *desk) agentOf(id string) string {
	d.T.Helper()
	d.Wait("the call's agent", func() bool { return d.Calls[id].Row().Agent != "" })
	return d.Row(id).Agent
}

func extension(d *desk, l *Lab) {
	id := d.place(order{number: number("333", held), exten: "102"})
	if _, err := d.try(order{number: number("334", "100"), exten: "102"}); !errors.Is(err, dialer.ErrNotSent) {
		d.T.Errorf("a second call for the same extension: %v", err)
	}
	l.letGo(d.T, "102")
	r := d.Expect(id, results.Answered, results.DialAnswered)
	if r.Agent != "102" || r.Abandoned != nil {
		d.T.Errorf("agent %q, abandoned %v", r.Agent, r.Abandoned)
	}
	if _, err := d.try(order{number: number("335", "100"), exten: "999"}); !errors.Is(err, dialer.ErrNotSent) {
		d.T.Errorf("an extension that nobody knows: %v", err)
	}
}

func queueOfSettings(d *desk, _ *Lab) {
	d.Free(len(Agents))
	got := map[string]bool{}
	for range 2 {
		got[d.agentOf(d.place(order{number: number("444", held), queue: "vip"}))] = true
	}
	if !got["102"] || !got["104"] {
		d.T.Errorf("queue vip gave %v, it has 102 and 104", got)
	}
	if _, err := d.try(order{number: number("444", "101"), queue: "vip"}); !errors.Is(err, dialer.ErrNotSent) {
		d.T.Errorf("queue vip has no agent left: %v", err)
	}
}

func noPool(d *desk, l *Lab) {
	err := d.Gateway.Place(d.T.Context(), dialer.Request{Call: "x", Number: number("111", "100"), Application: "Park"})
	if !errors.Is(err, dialer.ErrNotSent) || len(l.World.Calls()) != 0 {
		d.T.Errorf("a destination that rings nobody: %v", err)
	}
}

func busyAgent(d *desk, l *Lab) {
	d.Free(len(Agents))
	l.World.SetAgent("102", func(a *hostedsim.Agent) { a.Elsewhere = true })
	d.Wait("the agent's other call", func() bool { return d.Agents["102"].Phase != dialer.AgentFree })
	if _, err := d.try(order{number: number("555", "100"), exten: "102"}); !errors.Is(err, dialer.ErrNotSent) {
		d.T.Errorf("an agent who is in a call: %v", err)
	}
	l.World.SetAgent("102", func(a *hostedsim.Agent) { a.Elsewhere = false })
	d.Wait("the end of it", func() bool { return d.Agents["102"].Phase == dialer.AgentFree })
	l.World.SetAgent("102", func(a *hostedsim.Agent) { a.LoggedIn = false })
	d.Wait("his leaving", func() bool { a, there := d.Agents["102"]; return !there || a.Phase == dialer.AgentAway })
}

// offline: the PBX refuses an agent whose phone is not there, in its own words.
func offline(d *desk, l *Lab) {
	d.Free(len(Agents))
	l.World.SetAgent("102", func(a *hostedsim.Agent) { a.Registered = false })
	began := time.Now()
	id, err := d.try(order{number: number("666", "100"), exten: "102"})
	if !errors.Is(err, dialer.ErrRefused) {
		d.T.Fatalf("a phone that is not registered: %v", err)
	}
	r := d.Expect(id, results.NotPlaced, results.DialNone)
	if r.Agent != "102" || !r.Disposition.TryGivenBack() || r.Status != results.StatusQueueFailed {
		d.T.Errorf("agent %q, status %d", r.Agent, r.Status)
	}
	if strings.Contains(r.ResDialDetail, "0901") {
		d.T.Error("the reason names the number")
	}
	_, err = d.try(order{number: number("667", "100"), exten: "102"})
	// He is left alone for a while only, which may be over on a slow machine.
	if !errors.Is(err, dialer.ErrNotSent) && time.Since(began) < l.Settings.Offline {
		d.T.Errorf("he was not left alone: %v", err)
	}
	l.World.SetAgent("102", func(a *hostedsim.Agent) { a.Registered = true })
	d.Expect(d.place(order{number: number("668", "100"), exten: "102"}), results.Answered, results.DialAnswered)
}

// sameNumber: two calls to one number by one agent, one after the other, each
// with a row of its own.
func sameNumber(d *desk, l *Lab) {
	first := d.Expect(d.place(order{number: number("999", "100"), exten: "102"}), results.Answered, results.DialAnswered)
	d.Wait("the agent", func() bool { return d.Agents["102"].Phase == dialer.AgentFree })
	second := d.Expect(d.place(order{number: number("999", "100"), exten: "102"}), results.Answered, results.DialAnswered)
	if len(l.World.Calls()) != 2 {
		d.T.Errorf("%d calls were placed", len(l.World.Calls()))
	}
	if d.kind.Recordings && first.Recording == second.Recording {
		d.T.Error("both have the same recording")
	}
}
