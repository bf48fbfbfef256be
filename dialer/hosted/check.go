package hosted

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// checkBack is how far back a check reads the call log.
const checkBack = 24 * time.Hour

// Check tries out, for someone who sets the gateway up, what can be tried
// without placing a call: logging in, the agents, the call log, the clock, and
// what the kind adds. It changes nothing at the PBX.
func (g *Gateway) Check(ctx context.Context) []Finding {
	agents, err := g.kind.PBX.Agents(ctx, nil)
	found := []Finding{{
		Name: "log in and list agents", Err: err,
		Text: fmt.Sprintf("%s answers, %d agents: %s", g.client.Location(), len(agents), describe(agents)),
	}}
	if err == nil && len(agents) == 0 {
		found[0].Text = "no agent is logged in, or the settings name none: no call could be placed now"
	}
	for _, name := range slices.Sorted(maps.Keys(g.set.Queues)) {
		found = append(found, g.checkQueue(name, agents))
	}
	now := time.Now()
	rows, err := g.kind.PBX.Rows(ctx, Window{From: now.Add(-checkBack), To: now, EndedFrom: now.Add(-checkBack)})
	found = append(found, Finding{
		Name: "call log", Err: err, Text: fmt.Sprintf("%d outbound calls in the last 24 hours", len(rows)),
	}, g.checkClock(rows, now))
	if checker, ok := g.kind.PBX.(Checker); ok {
		found = append(found, checker.Check(ctx)...)
	}
	return found
}

func (g *Gateway) checkQueue(name string, agents []Agent) Finding {
	f := Finding{Name: "queue " + name}
	var there, missing []string
	for _, exten := range g.set.Queues[name] {
		if slices.ContainsFunc(agents, func(a Agent) bool { return a.Exten == exten }) {
			there = append(there, exten)
		} else {
			missing = append(missing, exten)
		}
	}
	f.Text = fmt.Sprintf("%d of %d agents are known to the PBX now", len(there), len(there)+len(missing))
	if len(missing) > 0 {
		f.Text += "; not " + strings.Join(missing, ", ")
	}
	return f
}

// checkClock compares the clocks, and the time zone by the newest rows.
func (g *Gateway) checkClock(rows []Row, now time.Time) Finding {
	f := Finding{Name: "clock", Text: "the PBX does not tell its time"}
	ahead, known := g.client.Skew()
	if known {
		f.Text = fmt.Sprintf("the PBX's clock is %v ahead of ours, which is allowed for", ahead.Round(time.Second))
		if ahead < 0 {
			f.Text = fmt.Sprintf("the PBX's clock is %v behind ours, which is allowed for", (-ahead).Round(time.Second))
		}
	}
	for _, row := range rows {
		if at := row.Start.Near(now).Add(-ahead); at.After(now.Add(slack)) {
			f.Err = fmt.Errorf("a call in the log began in the future, by %v: is the setting timezone (%s) right?",
				at.Sub(now).Round(time.Minute), g.set.Zone)
			break
		}
	}
	return f
}

// describe counts agents by what they do.
func describe(agents []Agent) string {
	names := map[State]string{
		Away: "away", Free: "free", Ringing: "ringing", Talking: "in a call", Unseen: "configured (the PBX does not tell what they do)",
	}
	counts := map[State]int{}
	for _, a := range agents {
		counts[a.State]++
	}
	var parts []string
	for _, s := range slices.Sorted(maps.Keys(counts)) {
		parts = append(parts, fmt.Sprintf("%d %s", counts[s], names[s]))
	}
	if len(parts) == 0 {
		return "none"
	}
	return strings.Join(parts, ", ")
}
