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

func outcomes(d *desk, _ *Lab) {
	want := []struct {
		end         string
		disposition results.Disposition
		resDial     int
	}{
		{"100", results.Answered, results.DialAnswered},
		{"200", results.Busy, results.DialBusy},
		{"300", results.NoAnswer, results.DialNoAnswer},
		{"600", results.Unallocated, results.DialNone},
		{"700", results.Rejected, results.DialRejected},
		{"400", results.Congestion, results.DialCongestion},
	}
	ids := make([]string, len(want))
	for i, w := range want {
		d.free(1)
		ids[i] = d.place(order{number: number("111", w.end)})
	}
	for i, w := range want {
		if as, ok := d.kind.Merged[w.end]; ok { // the page has one word for several fates
			w.disposition, w.resDial = as.Disposition, as.ResDial
		}
		r := d.expect(ids[i], w.disposition, w.resDial)
		if !strings.HasSuffix(r.DialChannel, "/"+r.Agent+"/"+r.DialAddr) || r.Agent == "" || strings.Count(r.DialChannel, "/") != 2 {
			d.t.Errorf("dial_channel %q, agent %q", r.DialChannel, r.Agent)
		}
		if r.Disposition != results.Answered {
			if !r.TmAnswer.IsZero() || r.Billsec != 0 || r.Abandoned != nil || r.Talk != 0 {
				d.t.Errorf("%s: has signs of an answer", w.end)
			}
			continue
		}
		switch {
		case r.Billsec < 1 || r.Talk < time.Second:
			d.t.Errorf("billsec %d, talk %v", r.Billsec, r.Talk)
		case r.TmAnswer.Before(r.TmDial) || r.TmHangup.Before(r.TmAnswer):
			d.t.Errorf("times out of order: dial %v, answer %v, hang-up %v", r.TmDial, r.TmAnswer, r.TmHangup)
		case r.Abandoned == nil || *r.Abandoned:
			d.t.Errorf("abandoned %v: agent-first calls abandon nobody", r.Abandoned)
		case (r.Recording != "") != d.kind.Recordings:
			d.t.Errorf("recording %q", r.Recording)
		}
	}
}

func oneEach(d *desk, l *Lab) {
	d.free(len(Agents))
	seen := map[string]bool{}
	var ids []string
	for range Agents {
		id := d.place(order{number: number("222", "101")})
		ids = append(ids, id)
		seen[d.agentOf(id)] = true
	}
	if len(seen) != len(Agents) {
		d.t.Errorf("%d calls went to the agents %v", len(Agents), seen)
	}
	if _, err := d.try(order{number: number("222", "101")}); !errors.Is(err, dialer.ErrNotSent) {
		d.t.Errorf("a call without a free agent: %v", err)
	}
	if n := len(l.World.Calls()); n != len(Agents) {
		d.t.Errorf("the PBX was asked for %d calls", n)
	}
	for _, id := range ids {
		d.expect(id, results.Answered, results.DialAnswered)
	}
	d.free(len(Agents))
	d.wait("the ends of their talks", func() bool {
		for _, a := range d.agents {
			if a.TalkEnded.IsZero() || a.TalkQueue != d.kind.Queue {
				return false
			}
		}
		return true
	})
}

// agentOf waits until it is known whose a call is.
func (d *desk) agentOf(id string) string {
	d.t.Helper()
	d.wait("the call's agent", func() bool { return d.calls[id].Row().Agent != "" })
	return d.row(id).Agent
}

func extension(d *desk, _ *Lab) {
	id := d.place(order{number: number("333", "100"), exten: "102"})
	if _, err := d.try(order{number: number("334", "100"), exten: "102"}); !errors.Is(err, dialer.ErrNotSent) {
		d.t.Errorf("a second call for the same extension: %v", err)
	}
	r := d.expect(id, results.Answered, results.DialAnswered)
	if r.Agent != "102" || r.Abandoned != nil {
		d.t.Errorf("agent %q, abandoned %v", r.Agent, r.Abandoned)
	}
	if _, err := d.try(order{number: number("335", "100"), exten: "999"}); !errors.Is(err, dialer.ErrNotSent) {
		d.t.Errorf("an extension that nobody knows: %v", err)
	}
}

func queueOfSettings(d *desk, _ *Lab) {
	d.free(len(Agents))
	got := map[string]bool{}
	for range 2 {
		got[d.agentOf(d.place(order{number: number("444", "101"), queue: "vip"}))] = true
	}
	if !got["102"] || !got["104"] {
		d.t.Errorf("queue vip gave %v, it has 102 and 104", got)
	}
	if _, err := d.try(order{number: number("444", "101"), queue: "vip"}); !errors.Is(err, dialer.ErrNotSent) {
		d.t.Errorf("queue vip has no agent left: %v", err)
	}
}

func noPool(d *desk, l *Lab) {
	err := d.gw.Place(d.t.Context(), dialer.Request{Call: "x", Number: number("111", "100"), Application: "Park"})
	if !errors.Is(err, dialer.ErrNotSent) || len(l.World.Calls()) != 0 {
		d.t.Errorf("a destination that rings nobody: %v", err)
	}
}

func busyAgent(d *desk, l *Lab) {
	d.free(len(Agents))
	l.World.SetAgent("102", func(a *hostedsim.Agent) { a.Elsewhere = true })
	d.wait("the agent's other call", func() bool { return d.agents["102"].Phase != dialer.AgentFree })
	if _, err := d.try(order{number: number("555", "100"), exten: "102"}); !errors.Is(err, dialer.ErrNotSent) {
		d.t.Errorf("an agent who is in a call: %v", err)
	}
	l.World.SetAgent("102", func(a *hostedsim.Agent) { a.Elsewhere = false })
	d.wait("the end of it", func() bool { return d.agents["102"].Phase == dialer.AgentFree })
	l.World.SetAgent("102", func(a *hostedsim.Agent) { a.LoggedIn = false })
	d.wait("his leaving", func() bool { a, there := d.agents["102"]; return !there || a.Phase == dialer.AgentAway })
}

// offline: the PBX refuses an agent whose phone is not there, in its own words.
func offline(d *desk, l *Lab) {
	d.free(len(Agents))
	l.World.SetAgent("102", func(a *hostedsim.Agent) { a.Registered = false })
	id, err := d.try(order{number: number("666", "100"), exten: "102"})
	if !errors.Is(err, dialer.ErrRefused) {
		d.t.Fatalf("a phone that is not registered: %v", err)
	}
	r := d.expect(id, results.NotPlaced, results.DialNone)
	if r.Agent != "102" || !r.Disposition.TryGivenBack() || r.Status != results.StatusQueueFailed {
		d.t.Errorf("agent %q, status %d", r.Agent, r.Status)
	}
	if strings.Contains(r.ResDialDetail, "0901") {
		d.t.Error("the reason names the number")
	}
	if _, err := d.try(order{number: number("667", "100"), exten: "102"}); !errors.Is(err, dialer.ErrNotSent) {
		d.t.Errorf("he was not left alone: %v", err)
	}
	l.World.SetAgent("102", func(a *hostedsim.Agent) { a.Registered = true })
	d.wait("his return", func() bool { return d.agents["102"].Phase == dialer.AgentFree })
	d.expect(d.place(order{number: number("668", "100"), exten: "102"}), results.Answered, results.DialAnswered)
}

func before(d *desk, l *Lab) {
	late := errors.New("too late")
	err := d.gw.Place(d.t.Context(), dialer.Request{
		Call: "y", Number: number("777", "100"), Application: "queue", Data: d.kind.Queue, Before: func() error { return late },
	})
	if !errors.Is(err, dialer.ErrNotSent) || !errors.Is(err, late) {
		d.t.Errorf("Before failed: %v", err)
	}
	if n := len(l.World.Calls()); n != 0 {
		d.t.Errorf("the PBX was asked for %d calls", n)
	}
	d.free(len(Agents))
}

func agentSilent(d *desk, _ *Lab) {
	id, err := d.try(order{number: number("888", "800")})
	if err != nil {
		d.t.Fatalf("place: %v", err)
	}
	if d.kind.Silent {
		if r := d.expect(id, results.AgentNoAnswer, results.DialNone); !r.Disposition.TryGivenBack() {
			d.t.Error("the try is not given back")
		}
	} else {
		d.expect(id, results.NoAnswer, results.DialNoAnswer)
	}
	d.free(len(Agents))
}

// sameNumber: two calls to one number by one agent, one after the other, each
// with a row of its own.
func sameNumber(d *desk, l *Lab) {
	first := d.expect(d.place(order{number: number("999", "100"), exten: "102"}), results.Answered, results.DialAnswered)
	d.wait("the agent", func() bool { return d.agents["102"].Phase == dialer.AgentFree })
	second := d.expect(d.place(order{number: number("999", "100"), exten: "102"}), results.Answered, results.DialAnswered)
	if len(l.World.Calls()) != 2 {
		d.t.Errorf("%d calls were placed", len(l.World.Calls()))
	}
	if d.kind.Recordings && first.Recording == second.Recording {
		d.t.Error("both have the same recording")
	}
}
