package predictor

import (
	"fmt"
	"strings"
)

// The codes of a Decision.
const (
	CodeAgents = "agents" // the agents have what they can take
	CodeLimit  = "limit"  // a hard limit is reached
	CodeList   = "list"   // no more entries are ready
	CodeQueue  = "queue"  // customers find nobody though agents are shown as free
)

const factsMost = 16 // figures behind a decision, beside the limits

// decide bounds what a pacer wants by the list and the hard limits, and says
// what it was that held it back. A destination without agents wants all it can
// get.
func decide(s Snapshot, want int) Decision {
	ready := max(0, s.Ready)
	d := Decision{Place: ready, Code: CodeList}
	if !s.Unlimited && ready > 0 && max(0, want) <= ready {
		d.Place, d.Code = max(0, want), CodeAgents
	}
	var tight Limit
	for _, l := range s.Limits {
		if free := max(0, l.Free); free < d.Place {
			d.Place, d.Code, tight = free, CodeLimit, l
		}
	}
	switch d.Code {
	case CodeAgents:
		d.Reason = agentsReason(s, d.Place)
	case CodeLimit:
		d.Reason = "No more calls are allowed now: " + tight.Name + "."
	case CodeList:
		d.Reason = "Every entry that is ready is dialed."
		if ready == 0 {
			d.Reason = "No entry is ready to be dialed."
		}
	}
	d.Facts = facts(s, want)
	return d
}

// decideFor is decide, with a code and a sentence of the pacer's own where it was
// not the list or a hard limit that held it back, unless there is nobody to call
// for.
func decideFor(s Snapshot, want int, code, why string) Decision {
	d := decide(s, want)
	if d.Code == CodeAgents && s.LoggedIn > 0 {
		d.Code, d.Reason = code, why
	}
	return d
}

// facts are the figures behind a decision; limits come last, in their order.
func facts(s Snapshot, want int) []Figure {
	list := make([]Figure, 0, factsMost+len(s.Limits))
	ready := Figure{"ready", float64(s.Ready)}
	if s.Unlimited {
		list = append(list, ready) // there are no agents to tell of
	} else {
		list = append(list,
			Figure{"want", float64(want)},
			ready,
			Figure{"service_level", float64(s.ServiceLevel)},
			Figure{"logged_in", float64(s.LoggedIn)},
			Figure{"idle", float64(s.Idle)},
			Figure{"busy", float64(len(s.Busy))},
			Figure{"ringing", float64(len(s.Ringing))},
			Figure{"waiting", float64(len(s.Waiting))},
			Figure{"strangers", float64(s.Strangers)},
		)
	}
	for _, l := range s.Limits {
		list = append(list, Figure{l.Name, float64(l.Free)})
	}
	return list
}

// agentsReason says in a sentence why the agents can take no more than place
// calls.
func agentsReason(s Snapshot, place int) string {
	wrapUp := 0
	for _, b := range s.Busy {
		if b.Phase == AgentWrapUp {
			wrapUp++
		}
	}
	busy := len(s.Busy)
	others := max(0, s.LoggedIn-busy)
	switch {
	case place > 0:
		return "Every agent who can take a call gets one."
	case s.Idle > 0:
		return fmt.Sprintf("The calls on their way are enough for the agents who can take one: %s for %s.",
			calls(s), count(s.Idle, "agent", "agents"))
	case busy == 0 && others == 0:
		return "No agent is logged in."
	case busy == 0:
		return fmt.Sprintf("No agent is free: %s logged in, paused or needed elsewhere.", count(others, "agent is", "agents are"))
	case others > 0:
		return fmt.Sprintf("No agent is free: %s%s, %d paused or needed elsewhere.",
			count(busy, "agent is busy", "agents are busy"), inWrapUp(wrapUp), others)
	case busy == 1:
		return "The one agent is busy" + inWrapUp(wrapUp) + "."
	}
	return fmt.Sprintf("All %d agents are busy%s.", busy, inWrapUp(wrapUp))
}

// calls lists the calls that no agent has yet.
func calls(s Snapshot) string {
	var parts []string
	if n := len(s.Ringing); n > 0 {
		parts = append(parts, fmt.Sprintf("%d ringing", n))
	}
	if n := len(s.Waiting); n > 0 {
		parts = append(parts, fmt.Sprintf("%d waiting", n))
	}
	if s.Strangers > 0 {
		parts = append(parts, count(s.Strangers, "other caller", "other callers"))
	}
	return strings.Join(parts, ", ")
}

func inWrapUp(n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf(" (%d in wrap-up)", n)
}

func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
