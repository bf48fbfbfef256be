package dialertest

import (
	"strconv"
	"strings"
	"time"

	"github.com/outpace/outpace/dialer"
	"github.com/outpace/outpace/results"
)

// intoQueue is a call to a customer who hangs up five seconds after his answer.
func intoQueue(queue string) order {
	return order{number: "101", app: "Queue", data: queue + ",,,,60", queue: queue}
}

func queueWithAgent(d *desk) {
	id := d.place(intoQueue("local_1"))
	d.Wait("an agent", func() bool { return d.Calls[id].Row().Agent != "" })
	d.mu.Lock()
	name := d.Calls[id].Row().Agent
	d.mu.Unlock()
	d.Wait("the agent's talk", func() bool {
		a := d.Agents[name]
		return a.Phase == dialer.AgentTalking && a.TalkQueue == "local_1" && a.TalkEnded.IsZero()
	})
	r := d.Expect(id, results.Answered, results.DialAnswered)
	if r.Abandoned == nil || *r.Abandoned || r.Talk < d.pbx(2500*time.Millisecond) || r.TmAgent.Before(r.TmAnswer) {
		d.T.Errorf("abandoned %v, talked %v, answer %v, agent %v", r.Abandoned, r.Talk, r.TmAnswer, r.TmAgent)
	}
	if !strings.HasPrefix(r.Agent, "Local/agent-") {
		d.T.Errorf("agent %q", r.Agent)
	}
	d.Wait("the agent to be free again", func() bool {
		a := d.Agents[name]
		return a.Phase == dialer.AgentFree && !a.TalkEnded.IsZero() && a.TalkQueue == "local_1"
	})
}

// badAgents: one never answers, one is busy, one hangs up at once; the
// customer gets somebody only after his patience.
func badAgents(d *desk) {
	o := intoQueue("faulty")
	o.number = "110"
	// Whose turn it is depends on earlier calls, so leave the queue one only.
	others := []string{"PJSIP/agent-19", "PJSIP/agent-20"}
	for _, name := range others {
		d.pause("faulty", name, true)
	}
	id := d.place(o)
	d.Wait("agent 18 to ring", func() bool { return d.Agents["PJSIP/agent-18"].Phase == dialer.AgentRinging })
	for _, name := range others {
		d.pause("faulty", name, false)
	}
	r := d.Expect(id, results.Abandoned, results.DialAnswered)
	if r.Abandoned == nil || !*r.Abandoned || r.Agent != "PJSIP/agent-20" {
		d.T.Errorf("abandoned %v, agent %q", r.Abandoned, r.Agent)
	}
	d.Wait("all agents to be free, but the one who is not there", func() bool {
		return d.Agents["PJSIP/agent-18"].Phase == dialer.AgentFree &&
			d.Agents["PJSIP/agent-19"].Phase == dialer.AgentFree &&
			d.Agents["PJSIP/agent-20"].Phase == dialer.AgentFree &&
			d.Agents["PJSIP/agent-offline"].Phase == dialer.AgentAway
	})
	if a := d.Agent("PJSIP/agent-18"); !a.TalkEnded.IsZero() {
		d.T.Error("agent 18 never talked")
	}
}

// twoQueues: agents 06 to 10 are in two queues, each of them is one agent.
func twoQueues(d *desk) {
	a := d.Agent("PJSIP/agent-06")
	if len(a.Queues) != 2 || a.Queues[0].Queue != "sales_1" || a.Queues[1].Queue != "sales_2" {
		d.T.Fatalf("agent 06 is in %v", a.Queues)
	}
	if n := len(d.Agent("PJSIP/agent-01").Queues); n != 1 {
		d.T.Errorf("agent 01 is in %d queues", n)
	}
	id := d.place(intoQueue("sales_2"))
	d.Wait("an agent", func() bool { return d.Calls[id].Row().Agent != "" })
	d.Wait("one agent to talk", func() bool {
		talking := 0
		for _, a := range d.Agents {
			if a.Phase == dialer.AgentTalking {
				talking++
			}
		}
		return talking == 1 && d.Agents[d.Calls[id].Row().Agent].Phase == dialer.AgentTalking
	})
	d.Result(id)
	d.Wait("nobody to talk", func() bool {
		for _, a := range d.Agents {
			if a.Phase == dialer.AgentTalking || a.Phase == dialer.AgentRinging {
				return false
			}
		}
		return true
	})
}

// paused tells whether an agent is on pause in a queue. It is called under the
// lock.
func (d *desk) paused(queue, name string) bool {
	for _, m := range d.Agents[name].Queues {
		if m.Queue == queue {
			return m.Paused
		}
	}
	return false
}

// pause has an agent pause in a queue, or go on, and waits until that shows.
func (d *desk) pause(queue, name string, to bool) {
	d.T.Helper()
	d.admin("QueuePause", "Queue", queue, "Interface", name, "Paused", strconv.FormatBool(to))
	d.Wait("a pause", func() bool { return d.paused(queue, name) == to })
}

func pauses(d *desk) {
	const name = "PJSIP/agent-07"
	both := func(one, two bool) func() bool {
		return func() bool { return d.paused("sales_1", name) == one && d.paused("sales_2", name) == two }
	}
	d.pause("sales_1", name, true)
	d.Wait("the pause in one queue", both(true, false))
	d.admin("QueuePause", "Interface", name, "Paused", "true")
	d.Wait("the pause in both", both(true, true))
	d.admin("QueuePause", "Interface", name, "Paused", "false")
	d.Wait("the end of the pause", both(false, false))
}

func comesAndGoes(d *desk) {
	const name = "Local/slow-01@agents/n"
	d.admin("QueueAdd", "Queue", "empty", "Interface", name, "MemberName", "Slow")
	d.Wait("the new agent", func() bool {
		a, there := d.Agents[name]
		return there && a.Name == "Slow" && len(a.Queues) == 1
	})
	id := d.place(order{number: "101", app: "Queue", data: "empty", queue: "empty"})
	d.Wait("the new agent to ring", func() bool { return d.Agents[name].Phase == dialer.AgentRinging })
	r := d.Expect(id, results.Abandoned, results.DialAnswered) // he takes 3 s, the patience is 2 s
	if r.Agent != name {
		d.T.Errorf("agent %q", r.Agent)
	}
	d.admin("QueueRemove", "Queue", "empty", "Interface", name)
	d.Wait("the agent to be gone", func() bool { _, there := d.Agents[name]; return !there })
}

// wrapUp: a member in wrap-up is as free as any to the PBX; the end of his
// talk says that he is not.
func wrapUp(d *desk) {
	const name, mute = "PJSIP/agent-16", "PJSIP/agent-18"
	d.pause("wrapup", mute, true)
	defer d.pause("wrapup", mute, false)
	id := d.place(intoQueue("wrapup"))
	r := d.Result(id)
	if r.Agent != name {
		d.T.Fatalf("agent %q, disposition %s", r.Agent, r.Disposition)
	}
	d.Wait("the end of the talk", func() bool {
		a := d.Agents[name]
		return a.Phase == dialer.AgentFree && !a.TalkEnded.IsZero() && a.TalkQueue == "wrapup"
	})
	if ended := d.Agent(name).TalkEnded; ended.Before(r.TmAgent) || ended.After(r.TmHangup.Add(d.pbx(time.Second))) {
		d.T.Errorf("talk ended %v, agent %v, hang-up %v", ended, r.TmAgent, r.TmHangup)
	}
}
