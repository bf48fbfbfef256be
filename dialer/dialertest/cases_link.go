package dialertest

import (
	"time"

	"github.com/outpace/outpace/dialer"
	"github.com/outpace/outpace/results"
)

func survey(d *desk) {
	up := d.place(order{number: "100"})
	rings := d.place(order{number: "300"})
	talks := d.place(intoQueue("local_1"))
	d.Phase(up, dialer.Talking)
	d.Phase(rings, dialer.Ringing)
	d.Phase(talks, dialer.Talking)
	living := d.Survey()
	if s, ok := living[up]; !ok || !s.Answered || s.Channel == "" {
		d.T.Errorf("the answered call: %+v, %t", s, ok)
	}
	if s, ok := living[rings]; !ok || s.Answered || !s.Ringing {
		d.T.Errorf("the ringing call: %+v, %t", s, ok)
	}
	if s, ok := living[talks]; !ok || !s.Answered || s.Agent == "" {
		d.T.Errorf("the call with an agent: %+v, %t", s, ok)
	}
	d.hangup(up)
	d.hangup(rings)
	if r := d.Result(up); r.ResHangup != 16 {
		d.T.Errorf("hung up by us: cause %d, want 16", r.ResHangup)
	}
	d.Result(rings)
	d.Result(talks)
}

func linkLost(d *desk) {
	up := d.place(order{number: "100"})
	rings := d.place(order{number: "300"})
	talks := d.place(order{number: "100", app: "Queue", data: "local_1", queue: "local_1"})
	d.Phase(up, dialer.Talking)
	d.Phase(rings, dialer.Ringing)
	d.Phase(talks, dialer.Talking)
	d.mu.Lock()
	name := d.Calls[talks].Row().Agent
	d.mu.Unlock()
	d.cut(func() {})
	d.Wait("the agent's talk", func() bool { return d.Agents[name].Phase == dialer.AgentTalking })
	for _, id := range []string{up, rings, talks} {
		d.hangup(id)
	}
	d.Expect(up, results.Answered, results.DialAnswered)
	d.Expect(rings, results.Cancelled, results.DialNone)
	if r := d.Expect(talks, results.Answered, results.DialAnswered); r.Abandoned == nil || *r.Abandoned {
		d.T.Errorf("abandoned %v, but the agent was there before the link was lost", r.Abandoned)
	}
	d.Wait("the agent to be free", func() bool {
		a := d.Agents[name]
		return a.Phase == dialer.AgentFree && !a.TalkEnded.IsZero()
	})
}

// endsUnseen: a call that may have been answered unseen is unknown.
func endsUnseen(d *desk) {
	rings := d.place(order{number: "300", claimed: time.Hour})
	d.Phase(rings, dialer.Ringing)
	d.cut(func() { d.admin("Hangup", "Channel", rings) })
	r := d.Expect(rings, results.Unknown, results.DialNone)
	if !r.TmHangup.IsZero() || r.TmUpdate.IsZero() {
		d.T.Errorf("hang-up %v was not seen; update %v", r.TmHangup, r.TmUpdate)
	}
}

// takenOver: the rows of calls that another process placed are followed.
func takenOver(d *desk) {
	up := d.place(order{number: "100"})
	rings := d.place(order{number: "300"})
	d.Phase(up, dialer.Talking)
	d.Phase(rings, dialer.Ringing)
	d.mu.Lock()
	for _, id := range []string{up, rings} {
		row := d.Calls[id].Row()
		// As the row may be stored late, it knows less than there was.
		row.TmRing, row.Channel = time.Time{}, ""
		d.Calls[id] = dialer.Recovered(row)
	}
	dead := d.Calls[up].Row()
	dead.UUID, dead.TmAnswer, dead.ResDial = "00000000-0000-4000-8000-000000000000", time.Time{}, 0
	dead.TmCreate, dead.TmDial = time.Now().Add(-time.Hour), time.Time{}
	dead.Status = results.StatusNone
	d.Calls[dead.UUID] = dialer.Recovered(dead)
	d.mu.Unlock()
	d.Expect(dead.UUID, results.Unknown, results.DialNone)
	d.Wait("the ringing call to be seen", func() bool { return d.Calls[rings].Phase() == dialer.Ringing })
	d.hangup(up)
	d.hangup(rings)
	d.Expect(up, results.Answered, results.DialAnswered)
	d.Expect(rings, results.Cancelled, results.DialNone)
}

func restarts(d *desk) {
	up := d.place(order{number: "100"})
	rings := d.place(order{number: "300"})
	d.Phase(up, dialer.Talking)
	d.Phase(rings, dialer.Ringing)
	// The PBX tells its age in whole seconds, so let some go by.
	d.Result(d.place(order{number: "101"}))
	d.lab.Restart(d.T)
	d.Expect(up, results.Answered, results.DialAnswered)
	r := d.Expect(rings, results.Unknown, results.DialNone)
	if due := r.TmCreate.Add(r.DialTimeout + 10*time.Second); !r.TmUpdate.Before(due) {
		d.T.Errorf("found dead %v after the claim, but the PBX started after it", r.TmUpdate.Sub(r.TmCreate))
	}
	d.Wait("the queues", func() bool { return d.Synced && len(d.Agents["PJSIP/agent-06"].Queues) == 2 })
	d.Expect(d.place(order{number: "200"}), results.Busy, results.DialBusy)
}

func disturbed(d *desk) {
	d.lab.Disturb(d.T)
	busy := d.place(order{number: "200"})
	early := d.place(order{number: "500"})
	talks := d.place(intoQueue("local_1"))
	d.Expect(busy, results.Busy, results.DialBusy)
	d.Expect(talks, results.Answered, results.DialAnswered)
	d.Expect(early, results.Answered, results.DialAnswered)
}
