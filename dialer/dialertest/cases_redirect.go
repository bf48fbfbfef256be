package dialertest

import (
	"errors"
	"slices"
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
	// The channel's own thread takes him out, a moment after the answer.
	d.poll("the PBX to have him out of the queue", func() bool {
		return !d.listed("QueueStatus", func(e ami.Event) bool {
			return e.Event() == "QueueEntry" && e.Get("Queue") == queue && e.Get("Uniqueid") == id
		})
	})
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

// listed tells whether something is in a list of the PBX.
func (d *desk) listed(action string, is func(ami.Event) bool) bool {
	d.T.Helper()
	list, err := d.lab.Admin.List(d.T.Context(), ami.Action{Name: action})
	if err != nil {
		d.T.Fatalf("%s: %v", action, err)
	}
	return slices.ContainsFunc(list, is)
}

// poll asks the PBX until cond is true.
func (d *desk) poll(what string, cond func() bool) {
	d.T.Helper()
	for began := time.Now(); !cond(); {
		if time.Since(began) > placeTime {
			d.T.Fatalf("waited in vain for %s", what)
		}
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

// tornFromAgent is what a redirect must not be used for: the customer is hung
// up. (Still worse is the moment before the two are joined: an agent may be
// left alone on the line.)
func tornFromAgent(d *desk) {
	id := d.place(order{number: "100", app: "Queue", data: "local_1", queue: "local_1"})
	d.Wait("an agent", func() bool { return d.Calls[id].Row().Agent != "" })
	name := d.Row(id).Agent
	d.poll("the two to be joined", func() bool {
		return d.listed("CoreShowChannels", func(e ami.Event) bool { return e.Get("Uniqueid") == id && e.Get("BridgeId") != "" })
	})
	if err := d.redirect(id, theMessage); err != nil {
		d.T.Fatalf("redirect: %v", err)
	}
	r := d.Expect(id, results.Answered, results.DialAnswered)
	if r.Abandoned == nil || *r.Abandoned || r.Agent != name || r.ResHangup != 16 {
		d.T.Errorf("abandoned %v, agent %q, hang-up %d", r.Abandoned, r.Agent, r.ResHangup)
	}
	d.Wait("the agent to be free again", func() bool { return d.Agents[name].Phase == dialer.AgentFree })
}
