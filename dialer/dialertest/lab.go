package dialertest

import (
	"testing"

	"github.com/outpace/outpace/dialer"
	"github.com/outpace/outpace/dialer/ami"
)

// Lab is a PBX to test with, and a gateway to it.
type Lab struct {
	Gateway dialer.Gateway // not running
	// Admin is a manager connection beside the gateway's, with all rights,
	// that runs and is ready.
	Admin *ami.Client
	// Scale is how many seconds of the PBX go by in a second; 0 = 1.
	Scale float64
	// Cut cuts the gateway's link and keeps it cut until mend is called.
	Cut func(t *testing.T) (mend func())
	// Restart kills the PBX and starts it again; nil if the lab can't.
	Restart func(t *testing.T)
	// Disturb makes the PBX send the last events of calls twice and in another
	// order; nil if the lab can't.
	Disturb func(t *testing.T)
	// Again makes another gateway to the same PBX.
	Again func(t *testing.T) dialer.Gateway
	// Placed is how often the PBX was asked for a call, by its uuid; nil if the
	// lab can't tell.
	Placed func(call string) int
	// Storm lets all kinds of things go wrong at random until calm is called;
	// nil if the lab can't. It needs Placed.
	Storm func(t *testing.T) (calm func())
}

// Exercise runs the cases of every gateway and those of an Asterisk, each with
// a lab of its own.
func Exercise(t *testing.T, newLab func(t *testing.T) Lab) {
	t.Helper()
	t.Run("port", func(t *testing.T) {
		Port(t, func(t *testing.T) PortLab { return newLab(t).port() })
	})
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			lab := newLab(t)
			if c.offered != nil && !c.offered(lab) {
				t.Logf("not offered by this lab")
				return
			}
			c.run(&desk{Desk: NewDesk(t, lab.Gateway, nil).Open(), lab: lab})
		})
	}
}

type testCase struct {
	name    string
	offered func(Lab) bool // nil: by every lab
	run     func(*desk)
}

var cases = []testCase{
	{name: "answered, the customer hangs up", run: customerHangsUp},
	{name: "customer hangs up before an agent", run: hungUpEarly},
	{name: "customer waits too long", run: abandoned},
	{name: "no endpoint, no technology", run: notPlaced},
	{name: "refused", run: refused},
	{name: "extension", run: extension},
	{name: "variables", run: variables},
	{name: "technologies", run: technologies},
	{name: "hung up by us while it rings", run: cancelled},
	{name: "queue and agent", run: queueWithAgent},
	{name: "agents who do not answer", run: badAgents},
	{name: "one agent in two queues", run: twoQueues},
	{name: "pause", run: pauses},
	{name: "member comes and goes", run: comesAndGoes},
	{name: "wrap-up", run: wrapUp},
	{name: "sent to a message", offered: Lab.redirects, run: sentToMessage},
	{name: "sent to a message by the dialplan", offered: Lab.redirects, run: sentByDialplan},
	{name: "sent to a message while an agent rings", offered: Lab.redirects, run: sentWhileRinging},
	{name: "sent to nowhere", offered: Lab.redirects, run: sentNowhere},
	{name: "torn from an agent", offered: Lab.redirects, run: tornFromAgent},
	{name: "survey", run: survey},
	{name: "link lost, with an agent and without", run: linkLost},
	{name: "unanswered call ends while the link is cut", run: endsUnseen},
	{name: "taken over with less than there was", run: takenOver},
	{name: "PBX restarts", offered: func(l Lab) bool { return l.Restart != nil }, run: restarts},
	{name: "last events twice and disordered", offered: func(l Lab) bool { return l.Disturb != nil }, run: disturbed},
}
