package pbxsim

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"
)

// walker does things at random, as managers, agents and customers may.
type walker struct {
	*rand.Rand
	b      *bench
	c      *client
	placed int
}

func pick[T any](w *walker, from ...T) T { return from[w.IntN(len(from))] }

func (w *walker) originate() {
	w.placed++
	channel := pick(w,
		"PJSIP/8%d@trunk", "PJSIP/0%d@trunk", "PJSIP/100%d@trunk", "PJSIP/111%d@trunk", "Local/8%d@customers/n", "Local/101%d@customers/n",
		"Local/8%d@outbound/n", "Local/101%d@outbound/n", "Local/101%d@local-dial/n", "PJSIP/91%d@trunk", "PJSIP/1%d@trunk-dead", "PJSIP/1%d@nosuch",
		"Local/x%d@nowhere/n")
	headers := []string{
		"ActionID", fmt.Sprint("act-", w.placed), "Channel", fmt.Sprintf(channel, w.placed), "ChannelId", fmt.Sprint("call-", w.placed),
		"Async", "true", "Timeout", pick(w, "1000", "15000", "40000"), "EarlyMedia", pick(w, "true", "false"),
	}
	if w.IntN(2) == 0 {
		headers = append(headers, "Application", pick(w, "Queue", "Park", "Wait", "NoSuchApp"), "Data", pick(w, "sales_1", "sales_2", "faulty,,,,10", "local_1", "5"))
	} else {
		headers = append(headers, "Context", "dialer", "Exten", pick(w, "park", "wait", "amd", "sales_2", "local_1", "strict", "wrapup"), "Priority", "1")
	}
	w.c.do("Originate", headers...)
}

func (w *walker) step() {
	call, channel := "", ""
	if calls := w.b.Calls(); len(calls) > 0 {
		call = pick(w, calls...).ID
	}
	w.b.do(func(p *pbx) {
		if all := p.sorted(); len(all) > 0 {
			channel = pick(w, all...).id
		}
	})
	agent := pick(w, "PJSIP/agent-06", "PJSIP/agent-16", "PJSIP/agent-18", "PJSIP/agent-20", "Local/agent-01@agents/n", "Local/brief-01@agents/n")
	queue := pick(w, "sales_1", "sales_2", "faulty", "wrapup", "local_1", "empty")
	switch w.IntN(14) {
	case 0:
		w.c.do("Hangup", "Channel", channel, "Cause", pick(w, "", "16", "17"))
	case 1:
		w.c.do("Redirect", "Channel", call, "Context", "dialer", "Exten", pick(w, "sales_2", "wait", "park", "empty"), "Priority", "1")
	case 2:
		w.c.do("QueueAdd", "Queue", queue, "Interface", agent)
	case 3:
		w.c.do("QueueRemove", "Queue", queue, "Interface", agent)
	case 4:
		w.c.do("QueuePause", "Queue", pick(w, queue, ""), "Interface", agent, "Paused", pick(w, "true", "false"))
	case 5:
		_ = w.b.CustomerHangup(call) // there may be no such call, here and below
	case 6:
		_ = w.b.AgentHangup(call)
	case 7:
		_ = w.b.SetMode(agent, pick(w, AgentAnswers, AgentSilent, AgentBusy, AgentBrief, AgentOffline))
	case 8:
		_, _ = w.b.CallIn(queue, pick(w, Dist{}, Fixed(5*time.Second)), pick(w, Dist{}, Fixed(5*time.Second)))
	default:
		w.originate()
	}
}

// Nothing that may be done at random leaves the PBX in disorder: each originate
// has one response, each channel one end, and nobody stays in a bridge.
func TestRandomWalk(t *testing.T) {
	t.Parallel()
	for seed := range uint64(20) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t, Config{Seed: seed})
				w := &walker{Rand: rand.New(rand.NewPCG(seed, 1)), b: b, c: b.login("call,agent")}
				for range 120 {
					w.step()
					pass(time.Duration(w.Int64N(int64(4 * time.Second))))
					sane(t, b)
				}
				b.Stop()
				synctest.Wait()
				w.check(t)
			})
		})
	}
}

func (w *walker) check(t *testing.T) {
	t.Helper()
	count := func(name string) map[string]int {
		ids := map[string]int{}
		for _, g := range w.c.events(name) {
			ids[g.Get("Uniqueid")]++
		}
		return ids
	}
	opened, ended := count("Newchannel"), count("Hangup")
	for id, n := range opened {
		if n != 1 || ended[id] != 1 {
			t.Errorf("channel %s came %d times and went %d times", id, n, ended[id])
		}
	}
	if len(opened) != len(ended) {
		t.Errorf("%d channels came, %d went", len(opened), len(ended))
	}
	entered, left := count("BridgeEnter"), count("BridgeLeave")
	for id, n := range entered {
		if left[id] != n {
			t.Errorf("channel %s entered %d bridges and left %d", id, n, left[id])
		}
	}
	for i := range w.placed {
		id := fmt.Sprint("act-", i+1)
		w.c.one("OriginateResponse", "ActionID", id)
	}
	if created, gone := len(w.c.events("BridgeCreate")), len(w.c.events("BridgeDestroy")); created != gone {
		t.Errorf("%d bridges came, %d went", created, gone)
	}
}
