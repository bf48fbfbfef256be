package hostedtest

import (
	"testing"
	"time"

	"github.com/outpace/outpace/dialer/dialertest"
	"github.com/outpace/outpace/dialer/hosted"
	"github.com/outpace/outpace/dialer/hosted/hostedsim"
)

// testCase is one case: a world, settings, and what is done there.
type testCase struct {
	name     string
	needs    func(Kind) bool // nil: for every kind
	world    hostedsim.Config
	settings hosted.Settings
	run      func(d *desk, l *Lab)
	closed   bool // the desk is not waited for to open
}

// Run runs the suite. Its cases run at the same time.
func Run(t *testing.T, k Kind) {
	t.Helper()
	t.Run("port", func(t *testing.T) { dialertest.Port(t, k.port) })
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if c.needs != nil && !c.needs(k) {
				return // the kind cannot do what the case is about
			}
			t.Parallel()
			s := c.settings
			quick(&s)
			l, gw := newLab(t, k, c.world, s)
			d := newDesk(t, k, gw)
			if !c.closed {
				d.open()
			}
			c.run(d, l)
			d.Once()
		})
	}
}

// quick makes times short where the case has none of its own.
func quick(s *hosted.Settings) {
	for _, d := range []struct {
		set *time.Duration
		to  time.Duration
	}{
		{&s.PollInterval, 40 * time.Millisecond}, {&s.Grace, 5 * time.Second}, {&s.MaxCall, time.Minute},
		{&s.Timeout, 30 * time.Second}, {&s.Down, 100 * time.Millisecond}, {&s.Offline, 300 * time.Millisecond},
	} {
		if *d.set == 0 {
			*d.set = d.to
		}
	}
	if s.Rate == 0 {
		s.Rate = 500
	}
	s.Queues = map[string][]string{"vip": {"102", "104"}}
}

func hooks(k Kind) bool { return k.Hooks }

func states(k Kind) bool { return k.States }

// cases are the suite.
var cases = []testCase{
	{name: "one call for each free agent", run: oneEach},
	{name: "extension", run: extension},
	{name: "queue of the settings", run: queueOfSettings},
	{name: "destination that rings nobody", run: noPool},
	{name: "busy agent", needs: states, run: busyAgent},
	{name: "phone not registered", needs: func(k Kind) bool { return k.Offline }, run: offline},
	{name: "same number again", run: sameNumber},
	{name: "answer lost", settings: hosted.Settings{Timeout: 2 * time.Second}, run: answerLost},
	{name: "late answer", run: lateAnswer},
	{name: "server error", needs: states, settings: hosted.Settings{Grace: time.Second}, run: serverError},
	{name: "token expires", needs: func(k Kind) bool { return k.Tokens }, run: tokenExpires},
	{name: "malformed answer", run: malformed},
	{name: "clock ahead", run: skewed(2 * time.Hour)},
	{name: "clock behind", run: skewed(-26 * time.Hour)},
	{name: "row first", run: rowFirst},
	{name: "row late", run: rowLate},
	{name: "no row ever", needs: states, settings: hosted.Settings{Grace: 2 * time.Second}, run: noRow},
	{name: "no row until max call", settings: hosted.Settings{MaxCall: 2 * time.Second}, run: maxCall},
	{name: "hooks lost", needs: hooks, run: hookFaults(hostedsim.Faults{LostHook: 1})},
	{name: "hooks doubled and out of order", needs: hooks, run: hookFaults(hostedsim.Faults{DoubleHook: 0.7, MixedHook: 0.5})},
	{name: "foreign hook", needs: hooks, run: foreignHook},
	{name: "down at the start", run: downAtStart, closed: true},
	{name: "restart", run: restart},
	{name: "restart without the agent", needs: states, run: restartBlind},
}
