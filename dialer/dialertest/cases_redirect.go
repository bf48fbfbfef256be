package dialertest

import (
	"errors"
	"time"

	"github.com/google/uuid"

	"github.com/outpace/outpace/dialer"
	"github.com/outpace/outpace/dialer/ami"
	"github.com/outpace/outpace/results"
)

// theMessage is where the lab's dialplan plays one and hangs up.
var theMessage = dialer.Exten{Context: "dialer", Exten: "abandon", Priority: "1"}

func (l Lab) redirects() bool {
	_, ok := l.Gateway.(dialer.Redirector)
	return ok
}

// redirect sends a call away through the gateway, as the engine does.
func (d *desk) redirect(id string, to dialer.Exten) error {
	d.T.Helper()
	gateway, ok := d.Gateway.(dialer.Redirector)
	if !ok {
		d.T.Fatal("the gateway cannot redirect")
	}
	err := gateway.Redirect(d.T.Context(), id, to)
	if err == nil {
		d.mu.Lock()
		d.Calls[id].Redirected(time.Now())
		d.mu.Unlock()
	}
	return err
}

// lostPatience places a call that nobody takes, and waits until it says so.
func (d *desk) lostPatience(o order) string {
	d.T.Helper()
	id := d.place(o)
	d.Wait("the end of the patience", func() bool {
		c := d.Calls[id]
		return c.Row().Abandoned && c.Phase() == dialer.Waiting
	})
	return id
}

// gone checks that a customer who was sent to a message waits nowhere, and
// that his result says what became of him.
func (d *desk) gone(id, queue string) {
	d.T.Helper()
	if seen, lives := d.Survey()[id]; lives && (seen.Queue != "" || seen.Agent != "") {
		d.T.Errorf("the census has him in the queue %q with %q", seen.Queue, seen.Agent)
	}
	listed, err := d.lab.Admin.List(d.T.Context(), ami.Action{Name: "QueueStatus", Headers: ami.Message{{Key: "Queue", Value: queue}}})
	if err != nil {
		d.T.Fatalf("list the queue: %v", err)
	}
	for _, e := range listed {
		if e.Event() == "QueueEntry" && e.Get("Uniqueid") == id {
			d.T.Error("the PBX has him in the queue")
		}
	}
	r := d.Expect(id, results.Abandoned, results.DialAnswered)
	switch {
	case r.Abandoned == nil || !*r.Abandoned || !r.TmAgent.IsZero() || r.Agent != "" || r.Talk != 0:
		d.T.Errorf("abandoned %v, agent %q, talked %v", r.Abandoned, r.Agent, r.Talk)
	case r.Wait < d.pbx(2*time.Second) || r.Wait > r.TmHangup.Sub(r.TmAnswer):
		d.T.Errorf("waited %v of %v", r.Wait, r.TmHangup.Sub(r.TmAnswer))
	}
	if err := d.redirect(id, theMessage); !errors.Is(err, dialer.ErrNoCall) {
		d.T.Errorf("redirect of a call that has ended: %v", err)
	}
}

// unqueued tells whether the PBX said that a call has left its queue.
func (d *desk) unqueued(id string) (said bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, e := range d.Events {
		said = said || e.Kind == dialer.CallUnqueued && e.Call == id
	}
	return said
}

// sentToMessage: nobody says of a call that was placed into a queue that it
// has left it, and yet it has.
func sentToMessage(d *desk) {
	if err := d.redirect(uuid.NewString(), theMessage); !errors.Is(err, dialer.ErrNoCall) {
		d.T.Errorf("redirect of nothing: %v", err)
	}
	id := d.lostPatience(order{number: "100", app: "Queue", data: "empty", queue: "empty"})
	if err := d.redirect(id, theMessage); err != nil {
		d.T.Fatalf("redirect: %v", err)
	}
	d.gone(id, "empty")
	if d.unqueued(id) {
		d.T.Error("the PBX said that he has left the queue")
	}
}

func sentByDialplan(d *desk) {
	id := d.lostPatience(order{number: "100", exten: "empty", queue: "empty"})
	if err := d.redirect(id, theMessage); err != nil {
		d.T.Fatalf("redirect: %v", err)
	}
	d.gone(id, "empty")
	if !d.unqueued(id) {
		d.T.Error("the PBX did not say that he has left the queue")
	}
}

func sentWhileRinging(d *desk) {
	const mute = "PJSIP/agent-18"
	for _, name := range []string{"PJSIP/agent-19", "PJSIP/agent-20"} {
		d.pause("faulty", name, true)
		defer d.pause("faulty", name, false)
	}
	id := d.lostPatience(order{number: "100", app: "Queue", data: "faulty", queue: "faulty"})
	d.Wait("the agent to ring", func() bool { return d.Agents[mute].Phase == dialer.AgentRinging })
	if err := d.redirect(id, theMessage); err != nil {
		d.T.Fatalf("redirect: %v", err)
	}
	d.Wait("the agent to be free", func() bool { return d.Agents[mute].Phase == dialer.AgentFree })
	d.gone(id, "faulty")
}

// sentNowhere: an extension that is not there is no error, the customer is
// hung up.
func sentNowhere(d *desk) {
	id := d.lostPatience(order{number: "100", app: "Queue", data: "empty", queue: "empty"})
	if err := d.redirect(id, dialer.Exten{Context: "nosuch", Exten: "nosuch", Priority: "1"}); err != nil {
		d.T.Fatalf("redirect: %v", err)
	}
	d.gone(id, "empty")
}

// tornFromAgent is what a redirect must not be used for: the customer is hung up.
func tornFromAgent(d *desk) {
	id := d.place(order{number: "100", app: "Queue", data: "local_1", queue: "local_1"})
	d.Wait("an agent", func() bool { return d.Calls[id].Row().Agent != "" })
	name := d.Row(id).Agent
	d.Wait("his talk", func() bool { return d.Agents[name].Phase == dialer.AgentTalking })
	if err := d.redirect(id, theMessage); err != nil {
		d.T.Fatalf("redirect: %v", err)
	}
	r := d.Expect(id, results.Answered, results.DialAnswered)
	if r.Abandoned == nil || *r.Abandoned || r.Agent != name || r.ResHangup != 16 {
		d.T.Errorf("abandoned %v, agent %q, hang-up %d", r.Abandoned, r.Agent, r.ResHangup)
	}
	d.Wait("the agent to be free again", func() bool { return d.Agents[name].Phase == dialer.AgentFree })
}
