package dialertest

import (
	"errors"
	"sync"
	"time"

	"github.com/outpace/outpace/dialer"
	"github.com/outpace/outpace/results"
)

// lastCensus returns the newest census, and how many there were. It is called
// under the lock.
func (d *desk) lastCensus() (census dialer.Event, n int) {
	for _, e := range d.events {
		if e.Kind == dialer.Census {
			census, n = e, n+1
		}
	}
	return census, n
}

func (d *desk) survey() map[string]dialer.Sighting {
	d.t.Helper()
	asked := time.Now()
	if err := d.gw.Survey(d.t.Context()); err != nil {
		d.t.Fatalf("survey: %v", err)
	}
	var census dialer.Event
	d.wait("a census", func() bool {
		census, _ = d.lastCensus()
		return !census.At.Before(asked)
	})
	return census.Living
}

func survey(d *desk) {
	up := d.place(order{number: "100"})
	rings := d.place(order{number: "300"})
	talks := d.place(intoQueue("local_1"))
	d.phase(up, dialer.Talking)
	d.phase(rings, dialer.Ringing)
	d.phase(talks, dialer.Talking)
	living := d.survey()
	if s, ok := living[up]; !ok || !s.Answered || s.Channel == "" {
		d.t.Errorf("the answered call: %+v, %t", s, ok)
	}
	if s, ok := living[rings]; !ok || s.Answered || !s.Ringing {
		d.t.Errorf("the ringing call: %+v, %t", s, ok)
	}
	if s, ok := living[talks]; !ok || !s.Answered || s.Agent == "" {
		d.t.Errorf("the call with an agent: %+v, %t", s, ok)
	}
	d.hangup(up)
	d.hangup(rings)
	d.result(up)
	d.result(rings)
	living = d.survey()
	for _, id := range []string{up, rings} {
		if _, ok := living[id]; ok {
			d.t.Error("a call that has ended is in the census")
		}
	}
	d.result(talks)
}

// cut cuts the link, waits until that has been noticed, and mends it after do.
func (d *desk) cut(do func()) {
	d.t.Helper()
	mend := d.lab.Cut(d.t)
	d.wait("the loss of the link", func() bool { return !d.up })
	do()
	mend()
	d.wait("the state of the PBX", func() bool { return d.synced })
}

func linkLost(d *desk) {
	up := d.place(order{number: "100"})
	rings := d.place(order{number: "300"})
	talks := d.place(order{number: "100", app: "Queue", data: "local_1", queue: "local_1"})
	d.phase(up, dialer.Talking)
	d.phase(rings, dialer.Ringing)
	d.phase(talks, dialer.Talking)
	d.mu.Lock()
	name := d.calls[talks].Row().Agent
	d.mu.Unlock()
	d.cut(func() {})
	d.wait("the agent's talk", func() bool { return d.agents[name].Phase == dialer.AgentTalking })
	for _, id := range []string{up, rings, talks} {
		d.hangup(id)
	}
	d.expect(up, results.Answered, results.DialAnswered)
	d.expect(rings, results.Cancelled, results.DialNone)
	if r := d.expect(talks, results.Answered, results.DialAnswered); r.Abandoned == nil || *r.Abandoned {
		d.t.Errorf("abandoned %v, but the agent was there before the link was lost", r.Abandoned)
	}
	d.wait("the agent to be free", func() bool {
		a := d.agents[name]
		return a.Phase == dialer.AgentFree && !a.TalkEnded.IsZero()
	})
}

// endsUnseen: an answered call is finished as answered, one that may have been
// answered unseen is unknown.
func endsUnseen(d *desk) {
	up := d.place(order{number: "100", claimed: time.Hour})
	rings := d.place(order{number: "300", claimed: time.Hour})
	d.phase(up, dialer.Talking)
	d.phase(rings, dialer.Ringing)
	d.cut(func() {
		d.admin("Hangup", "Channel", up)
		d.admin("Hangup", "Channel", rings)
	})
	d.expect(up, results.Answered, results.DialAnswered)
	r := d.expect(rings, results.Unknown, results.DialNone)
	if !r.TmHangup.IsZero() || r.TmUpdate.IsZero() {
		d.t.Errorf("hang-up %v was not seen; update %v", r.TmHangup, r.TmUpdate)
	}
}

// takenOver: the rows of calls that another process placed are followed.
func takenOver(d *desk) {
	up := d.place(order{number: "100"})
	rings := d.place(order{number: "300"})
	d.phase(up, dialer.Talking)
	d.phase(rings, dialer.Ringing)
	d.mu.Lock()
	for _, id := range []string{up, rings} {
		row := d.calls[id].Row()
		// As the row may be stored late, it knows less than there was.
		row.TmRing, row.Channel = time.Time{}, ""
		d.calls[id] = dialer.Recovered(row)
	}
	dead := d.calls[up].Row()
	dead.UUID, dead.TmAnswer, dead.ResDial = "00000000-0000-4000-8000-000000000000", time.Time{}, 0
	dead.TmCreate, dead.TmDial = time.Now().Add(-time.Hour), time.Time{}
	dead.Status = results.StatusNone
	d.calls[dead.UUID] = dialer.Recovered(dead)
	d.mu.Unlock()
	d.expect(dead.UUID, results.Unknown, results.DialNone)
	d.wait("the ringing call to be seen", func() bool { return d.calls[rings].Phase() == dialer.Ringing })
	d.hangup(up)
	d.hangup(rings)
	d.expect(up, results.Answered, results.DialAnswered)
	d.expect(rings, results.Cancelled, results.DialNone)
}

func restarts(d *desk) {
	up := d.place(order{number: "100"})
	rings := d.place(order{number: "300"})
	d.phase(up, dialer.Talking)
	d.phase(rings, dialer.Ringing)
	// The PBX tells its age in whole seconds, so let some go by.
	d.result(d.place(order{number: "101"}))
	d.lab.Restart(d.t)
	d.expect(up, results.Answered, results.DialAnswered)
	r := d.expect(rings, results.Unknown, results.DialNone)
	if due := r.TmCreate.Add(r.DialTimeout + 10*time.Second); !r.TmUpdate.Before(due) {
		d.t.Errorf("found dead %v after the claim, but the PBX started after it", r.TmUpdate.Sub(r.TmCreate))
	}
	d.wait("the queues", func() bool { return d.synced && len(d.agents["PJSIP/agent-06"].Queues) == 2 })
	d.expect(d.place(order{number: "200"}), results.Busy, results.DialBusy)
}

func disturbed(d *desk) {
	d.lab.Disturb(d.t)
	busy := d.place(order{number: "200"})
	early := d.place(order{number: "500"})
	talks := d.place(intoQueue("local_1"))
	d.expect(busy, results.Busy, results.DialBusy)
	d.expect(talks, results.Answered, results.DialAnswered)
	d.expect(early, results.Answered, results.DialAnswered)
}

// storm: whatever goes wrong, no call is asked for twice, each comes to an
// end, and what is said of it is true or "unknown".
func storm(d *desk) {
	const each = 12
	placed := d.lab.Storm(d.t)
	want := map[string]results.Disposition{
		"200": results.Busy, "300": results.NoAnswer, "400": results.Congestion, "600": results.Unallocated, "111": results.Answered,
	}
	var wg sync.WaitGroup
	var mu sync.Mutex
	numbers := map[string]string{}
	errs := map[string]error{}
	atOnce := make(chan struct{}, 3) // a cut link loses all that were sent and not looked at
	for number := range want {
		for range each {
			wg.Go(func() {
				atOnce <- struct{}{}
				defer func() { <-atOnce }()
				for {
					seen := 0
					d.await(func() bool { seen = len(d.events); return d.synced })
					id, err := d.try(order{number: number, timeout: 3 * time.Second, claimed: time.Hour})
					mu.Lock()
					numbers[id], errs[id] = number, err
					mu.Unlock()
					if !errors.Is(err, dialer.ErrNotSent) {
						return
					}
					// The link is lost, which is about to be reported.
					if !d.await(func() bool { return len(d.events) > seen }) {
						return
					}
				}
			})
		}
	}
	wg.Wait()
	fates := map[results.Disposition]int{}
	for id, number := range numbers {
		r := d.result(id)
		fates[r.Disposition]++
		switch r.Disposition {
		case want[number], results.Unknown:
		case results.NotPlaced:
			if errs[id] == nil {
				d.t.Errorf("%s was not placed, but Place gave no error", number)
			}
		default:
			d.t.Errorf("%s: %s (%v)", number, r.Disposition, errs[id])
		}
	}
	for id, n := range placed() {
		if n > 1 {
			d.t.Errorf("%s was asked for %d times", numbers[id], n)
		}
	}
	d.t.Logf("results: %v", fates)
}
