package dialer

import (
	"fmt"
	"testing"
	"time"

	"github.com/outpace/outpace/results"
)

// answeredAt10 is a call into a queue whose customer answers at 10 s; his
// patience ends at 12 s.
func answeredAt10() *Call {
	c := placed("q")
	apply(c, ev(CallAnswered, 10), responded(10, true, 4))
	return c
}

func queued(seconds float64) map[string]Sighting {
	return map[string]Sighting{testCall: {Channel: "x", Answered: true, Queue: "q", Age: time.Duration(seconds) * time.Second}}
}

// TestPatienceEnds: when a call says that its customer's patience has ended,
// if it does, and what it comes to then. An empty event is a tick.
func TestPatienceEnds(t *testing.T) {
	tick := func(seconds float64) Event { return Event{At: at(seconds)} }
	customer := func(seconds float64) Event { return ev(CallCustomerEnded, seconds) }
	down := func(seconds float64) Event { return Event{Kind: LinkDown, At: at(seconds)} }
	up := func(seconds float64) Event { return Event{Kind: LinkUp, At: at(seconds)} }
	waiting := func(seconds float64) Event { return census(seconds, queued(0)) }
	gone := func(seconds float64) Event { return census(seconds, map[string]Sighting{testCall: {Answered: true}}) }
	for _, test := range []struct {
		name   string
		events []Event
		says   float64 // 0: never
		want   string
	}{
		{"by the clock", []Event{tick(11.9), tick(12), tick(12.1), hungUp(30, 16)}, 12, "abandoned 4 true"},
		{"a tick that comes late", []Event{tick(13), hungUp(30, 16)}, 13, "abandoned 4 true"},
		{"an agent in time", []Event{agent(12, "a"), tick(12), tick(13), hungUp(30, 16)}, 0, "answered 4 false"},
		{"an agent in time who leaves", []Event{agent(11, "a"), ev(CallAgentLeft, 11.5), tick(12), tick(13), hungUp(30, 16)}, 0, "answered 4 false"},
		{"an agent after it", []Event{tick(12), agent(12.1, "a"), tick(13), hungUp(30, 16)}, 12, "abandoned 4 true"},
		{"an agent shows that it had ended", []Event{agent(12.1, "a"), tick(13), hungUp(30, 16)}, 12.1, "abandoned 4 true"},
		{"any event shows it", []Event{ev(CallQueued, 12.5), agent(13, "a"), hungUp(30, 16)}, 12.5, "abandoned 4 true"},
		{"the queue lets go of him", []Event{ev(CallQueued, 10), ev(CallUnqueued, 12.5), agent(12.5, "a"), hungUp(30, 16)}, 12.5, "abandoned 4 true"},
		{"a look-up shows it", []Event{waiting(12.5), hungUp(30, 16)}, 12.5, "abandoned 4 true"},
		{"a look-up that was asked for before", []Event{waiting(11.5), tick(12), hungUp(30, 16)}, 12, "abandoned 4 true"},
		{"the customer inside it", []Event{customer(12), tick(12), tick(13), hungUp(13, 16)}, 0, "hung_up_early 4 false"},
		{"the customer after it", []Event{customer(12.1), hungUp(12.2, 16)}, 12.1, "abandoned 4 true"},
		{"the customer after it, who is not heard", []Event{hungUp(12.2, 0)}, 12.2, "abandoned 4 true"},
		{"the PBX inside it", []Event{hungUp(11, 16)}, 11, "abandoned 4 true"},

		{"no link", []Event{down(11), tick(12), tick(13), up(14), hungUp(30, 16)}, 0, "answered 4"},
		{"no link for a moment", []Event{down(11), up(11.2), tick(12), tick(13), hungUp(30, 16)}, 0, "answered 4"},
		{"no link, and no agent yet", []Event{down(11), up(11.2), waiting(11.3), tick(11.9), tick(12), hungUp(30, 16)}, 12, "abandoned 4 true"},
		{"no link, and an agent in time", []Event{down(11), up(11.2), waiting(11.3), agent(11.9, "a"), tick(12), hungUp(30, 16)}, 0, "answered 4 false"},
		{"no link, and still no agent after it", []Event{down(11), up(12.5), tick(12.6), waiting(13), hungUp(30, 16)}, 13, "abandoned 4 true"},
		{"no link, and no more in the queue", []Event{down(11), up(11.2), gone(11.3), tick(12), hungUp(30, 16)}, 0, "answered 4"},
		{"no link twice", []Event{down(11), up(11.2), waiting(11.3), down(11.4), tick(12), up(12.5), tick(13), hungUp(30, 16)}, 0, "answered 4"},
		{"no link after it", []Event{down(12.5), up(13), agent(14, "a"), hungUp(30, 16)}, 12.5, "abandoned 4 true"},
		{"no link from its last moment", []Event{down(12), tick(12), up(13), hungUp(30, 16)}, 0, "answered 4"},
		{"its channel is not found", []Event{census(11, nil), tick(12), tick(13), census(50, nil)}, 0, "answered 4"},
		{"its channel is not found, and then it is", []Event{census(11, nil), tick(12), ev(CallQueued, 12.3), hungUp(30, 16)}, 12.3, "abandoned 4 true"},
		{"its channel is not found, and the link is lost", []Event{census(11, nil), down(12.5), up(13), census(50, nil), census(51, nil)}, 0, "answered 4"},
		{"never heard of after it", []Event{tick(12), down(13), up(14), census(50, nil), census(51, nil)}, 12, "abandoned 4 true"},
	} {
		c := answeredAt10()
		says := 0.0
		for _, e := range test.events {
			var change Change
			if e.Kind == 0 {
				change = c.Tick(e.At)
			} else {
				change = c.Apply(e)
			}
			if change&ChangeAbandoned == 0 {
				continue
			}
			if says != 0 {
				t.Errorf("%s: says it twice", test.name)
			}
			says = e.At.Sub(claimTime).Seconds()
			if !c.Row().Abandoned || change&ChangeRow == 0 {
				t.Errorf("%s: its row does not say so", test.name)
			}
		}
		if says != test.says {
			t.Errorf("%s: says it at %v, want %v", test.name, says, test.says)
		}
		if got := outcome(c); got != test.want {
			t.Errorf("%s: %s, want %s", test.name, got, test.want)
		}
	}
}

// TestPatienceWakes: the call wants to be ticked when the patience ends, and
// only if it depends on that.
func TestPatienceWakes(t *testing.T) {
	for name, test := range map[string]struct {
		events []Event
		want   float64
	}{
		"waits":            {nil, 12},
		"has an agent":     {[]Event{agent(11, "a")}, 0},
		"had an agent":     {[]Event{agent(11, "a"), ev(CallAgentLeft, 11.5)}, 0},
		"is gone":          {[]Event{ev(CallCustomerEnded, 11)}, 0},
		"is abandoned":     {[]Event{ev(CallQueued, 13)}, 0},
		"is not seen":      {[]Event{{Kind: LinkDown, At: at(11)}}, 0},
		"was not seen":     {[]Event{{Kind: LinkDown, At: at(11)}, {Kind: LinkUp, At: at(11.1)}}, 0},
		"is seen to wait":  {[]Event{{Kind: LinkDown, At: at(11)}, {Kind: LinkUp, At: at(11.1)}, census(11.2, queued(1))}, 12},
		"may be no more":   {[]Event{census(11, nil)}, 0},
		"has no more link": {[]Event{{Kind: LinkDown, At: at(13)}}, 0},
	} {
		c := answeredAt10()
		apply(c, test.events...)
		want := time.Time{}
		if test.want != 0 {
			want = at(test.want)
		}
		if got := c.Wake(); !got.Equal(want) {
			t.Errorf("%s: wakes at %v, want %v", name, got, want)
		}
	}
	none := placed("")
	apply(none, ev(CallAnswered, 10), responded(10, true, 4))
	if !none.Wake().IsZero() {
		t.Error("without a queue nobody waits")
	}
}

// TestAroundTheDeadline gives an agent, the customer's hang-up, the end and a
// tick in every order, with the deadline between any two of them.
func TestAroundTheDeadline(t *testing.T) {
	const agentComes, customerEnds, ends, ticks = 0, 1, 2, 3
	permute4(func(order [4]int) {
		for early := range len(order) + 1 { // so many of them come before the deadline
			name := fmt.Sprintf("%v, %d early", order, early)
			c := answeredAt10()
			want, over := "", false
			var said Change
			for i, what := range order {
				when := 11.1 + float64(i)/10
				late := i >= early
				if late {
					when++
				}
				switch {
				case over || want == "answered 4 false" || what == ticks && !late:
				case late && (want == "" || what == agentComes):
					want = "abandoned 4 true"
				case late:
				case what == agentComes: // a customer who asked for the end has one all the same
					want = "answered 4 false"
				case what == customerEnds:
					want = "hung_up_early 4 false"
				case want == "": // the PBX ends it
					want = "abandoned 4 true"
				}
				over = over || what == ends
				var change Change
				switch what {
				case agentComes:
					change = apply(c, agent(when, "a"))
				case customerEnds:
					change = apply(c, ev(CallCustomerEnded, when))
				case ends:
					change = apply(c, hungUp(when, 16))
				default:
					change = c.Tick(at(when))
				}
				if said&change&ChangeAbandoned != 0 {
					t.Fatalf("%s: abandoned twice", name)
				}
				said |= change
			}
			if got := outcome(c); got != want || (said&ChangeAbandoned != 0) != (want == "abandoned 4 true") {
				t.Errorf("%s: %s, said %t; want %s", name, got, said&ChangeAbandoned != 0, want)
			}
		}
	})
}

func permute4(visit func([4]int)) {
	for n := range 256 {
		order := [4]int{n & 3, n >> 2 & 3, n >> 4 & 3, n >> 6}
		if 1<<order[0]|1<<order[1]|1<<order[2]|1<<order[3] == 15 {
			visit(order)
		}
	}
}

// TestUnseenAnswerIsNotAbandoned: when the answer was not seen, nobody knows
// when the patience began.
func TestUnseenAnswerIsNotAbandoned(t *testing.T) {
	c := placed("q")
	said := apply(c, ev(CallRinging, 5), Event{Kind: LinkDown, At: at(6)}, Event{Kind: LinkUp, At: at(9)}, census(9.1, queued(0)))
	said |= c.Tick(at(12)) | apply(c, census(13, queued(4)), responded(13, true, 4), hungUp(30, 16))
	if got := outcome(c); said&ChangeAbandoned != 0 || got != "answered 4" {
		t.Errorf("%s, said %b", got, said)
	}
}

// TestRecoveredAbandoned: what the row says stays true, and is said once.
func TestRecoveredAbandoned(t *testing.T) {
	row := claimed("q")
	row.Status, row.ResDial, row.TmAnswer, row.TmUpdate = results.StatusResponded, results.DialAnswered, at(10), at(12)
	fresh := row
	row.Abandoned = true
	helped := row
	helped.TmAgent, helped.Agent = at(13), "a"
	up := Event{Kind: LinkUp, At: at(20)}
	for _, test := range []struct {
		name   string
		row    results.Dialing
		events []Event
		phase  Phase
		says   bool
		want   string
	}{
		{"dead", row, []Event{up, census(50, nil), census(51, nil)}, Ended, false, "abandoned 4 true"},
		{"hung up", row, []Event{up, ev(CallCustomerEnded, 21), hungUp(21, 16)}, Waiting, false, "abandoned 4 true"},
		{"an agent came", row, []Event{up, census(21, map[string]Sighting{testCall: {Answered: true, Agent: "a"}}), hungUp(30, 16)}, Talking, false, "abandoned 4 true"},
		{"waits on", row, []Event{up, census(21, queued(11)), hungUp(30, 16)}, Waiting, false, "abandoned 4 true"},
		{"hears a message", row, []Event{up, census(21, map[string]Sighting{testCall: {Answered: true}}), hungUp(30, 16)}, Talking, false, "abandoned 4 true"},
		{"an agent came and left", helped, []Event{up, ev(CallAgentLeft, 21), census(21.5, map[string]Sighting{testCall: {Answered: true}}), hungUp(30, 16)}, Waiting, false, "abandoned 4 true"},
		{"still waits", fresh, []Event{up, census(21, queued(11)), hungUp(30, 16)}, Waiting, true, "abandoned 4 true"},
		{"waits, an agent later", fresh, []Event{up, census(11, queued(1)), agent(11.5, "a"), hungUp(30, 16)}, Talking, false, "answered 4 false"},
		{"waits no more", fresh, []Event{up, census(21, map[string]Sighting{testCall: {Answered: true}}), hungUp(30, 16)}, Waiting, false, "answered 4"},
	} {
		c := Recovered(test.row)
		if !c.Wake().IsZero() {
			t.Errorf("%s: wants a tick though nobody has seen it", test.name)
		}
		said := c.Tick(at(20))
		for i, e := range test.events {
			if i == len(test.events)-1 && c.Phase() != test.phase && test.phase != Ended {
				t.Errorf("%s: phase %d, want %d", test.name, c.Phase(), test.phase)
			}
			said |= c.Apply(e)
		}
		said |= c.Tick(at(60))
		if got := outcome(c); got != test.want || (said&ChangeAbandoned != 0) != test.says {
			t.Errorf("%s: %s, said %t; want %s, %t", test.name, got, said&ChangeAbandoned != 0, test.want, test.says)
		}
	}
}

// TestRedirected: whoever was sent to a message is abandoned and waits no
// more, whatever the queue still says about him.
func TestRedirected(t *testing.T) {
	late := []Event{ev(CallQueued, 13), ev(CallUnqueued, 13), agent(13, "late"), ev(CallAgentLeft, 13.5), census(14, queued(4)), ev(CallQueued, 14)}
	c := answeredAt10()
	said := c.Tick(at(12))
	if change := c.Redirected(at(12.5)); change != ChangePhase || c.Phase() != Talking {
		t.Errorf("change %b, phase %d", change, c.Phase())
	}
	for _, e := range late {
		said |= c.Apply(e)
		if c.Phase() != Talking || c.Agent() != "" {
			t.Fatalf("kind %d: phase %d, agent %q", e.Kind, c.Phase(), c.Agent())
		}
	}
	if c.Redirected(at(15)) != 0 || !c.Wake().IsZero() {
		t.Error("redirected twice, or wants a tick")
	}
	apply(c, ev(CallCustomerEnded, 18), hungUp(18, 16))
	r := c.Result()
	if got := outcome(c); got != "abandoned 4 true" || !r.TmAgent.IsZero() || r.Agent != "" {
		t.Errorf("%s, agent %q at %v", got, r.Agent, r.TmAgent)
	}
	if r.Wait != 2500*time.Millisecond || r.Talk != 0 || r.Billsec != 8 {
		t.Errorf("waited %v, talked %v, billsec %d", r.Wait, r.Talk, r.Billsec)
	}
	if c.Redirected(at(19)) != 0 {
		t.Error("redirected after the end")
	}
}

// TestRedirectedOutOfOrder: before the patience has ended, unseen, too early,
// too late, and where an agent was faster.
func TestRedirectedOutOfOrder(t *testing.T) {
	early := answeredAt10()
	if change := early.Redirected(at(11)); change != ChangeRow|ChangePhase|ChangeAbandoned {
		t.Errorf("inside the patience: change %b", change)
	}
	apply(early, ev(CallCustomerEnded, 11.5), hungUp(11.5, 16))
	if got := outcome(early); got != "abandoned 4 true" {
		t.Errorf("inside the patience: %s", got)
	}
	blind := answeredAt10()
	apply(blind, Event{Kind: LinkDown, At: at(11)}, Event{Kind: LinkUp, At: at(11.1)})
	if blind.Redirected(at(13))&ChangeAbandoned == 0 {
		t.Error("whoever is sent to a message is abandoned, seen or not")
	}
	for name, c := range map[string]*Call{"not answered": placed("q"), "no queue": placed("")} {
		if name == "no queue" {
			apply(c, ev(CallAnswered, 10))
		}
		if c.Redirected(at(11)) != 0 {
			t.Errorf("%s: redirected", name)
		}
	}
	for name, test := range map[string]struct {
		events []Event
		wait   time.Duration
	}{
		"hung up before we were told": {[]Event{hungUp(12.9, 16)}, 2900 * time.Millisecond},
		"its end was not seen":        {[]Event{{Kind: LinkDown, At: at(14)}, {Kind: LinkUp, At: at(15)}, census(50, nil), census(51, nil)}, 3 * time.Second},
	} {
		c := answeredAt10()
		c.Redirected(at(13))
		apply(c, test.events...)
		if r := c.Result(); r.Wait != test.wait || r.Talk != 0 || outcome(c) != "abandoned 4 true" {
			t.Errorf("%s: %s, waited %v, talked %v", name, outcome(c), r.Wait, r.Talk)
		}
	}
	faster := answeredAt10()
	faster.Tick(at(12))
	apply(faster, agent(12.5, "a"))
	if change := faster.Redirected(at(13)); change != 0 {
		t.Errorf("from an agent: change %b", change)
	}
	apply(faster, ev(CallAgentLeft, 13), hungUp(20, 16))
	r := faster.Result()
	if r.Agent != "a" || r.Wait != 2500*time.Millisecond || r.Talk != 500*time.Millisecond || r.Abandoned == nil || !*r.Abandoned {
		t.Errorf("from an agent: %q, waited %v, talked %v, abandoned %v", r.Agent, r.Wait, r.Talk, r.Abandoned)
	}
}
