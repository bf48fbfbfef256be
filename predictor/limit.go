package predictor

import "fmt"

// underLimit reports whether every window is under its limit, so that calls
// may be placed that no forecast stands behind: nobody was abandoned, or fewer
// than the target allows. A target of 0 allows none of that. Without a window
// there is no limit to be under or over.
func underLimit(windows []Window) (tight Window, ok bool) {
	for _, w := range windows {
		if !(w.Target > 0) || w.Abandoned > 0 && !(float64(w.Abandoned) < w.Target*float64(w.Live)) { // also NaN
			return w, false
		}
	}
	return Window{}, true
}

// overLimit finds a window that is over its limit.
func overLimit(windows []Window) (Window, bool) {
	for _, w := range windows {
		if w.Abandoned > 0 && !(float64(w.Abandoned) <= w.Target*float64(w.Live)) {
			return w, true
		}
	}
	return Window{}, false
}

// abandonedIn tells how a window stands.
func abandonedIn(w Window) string {
	return fmt.Sprintf("%d of %s abandoned in this %s, and %.4g %% may be",
		w.Abandoned, count(w.Live, "live answer was", "live answers were"), w.Name, 100*w.Target)
}

// progressive says in a sentence why nothing may be placed beyond free agents;
// "" if it may.
func (s Snapshot) progressive() (code, why string) {
	if s.Age > staleAge {
		return CodeAgents, oldView
	}
	w, ok := underLimit(s.Windows)
	switch {
	case ok:
		return "", ""
	case !(w.Target > 0):
		return CodeBudget, targetZero
	}
	return CodeBudget, "No call is placed ahead of a free agent: " + abandonedIn(w) + "."
}

// extra is the service level where it may be added.
func (s Snapshot) extra() int {
	if _, why := s.progressive(); why != "" {
		return 0
	}
	return s.ServiceLevel
}

// What keeps every pacer from calling ahead.
const (
	oldView    = "The view of the agents is too old to call ahead."
	targetZero = "The abandonment target is 0, so no call is placed ahead of a free agent."
)

const countMost = 1_000_000 // agents, callers and calls

// tame bounds the figures that sums are made of, so that no absurd one turns
// into its opposite.
func (s Snapshot) tame() Snapshot {
	s.Idle = min(max(s.Idle, -countMost), countMost)
	s.LoggedIn = min(max(s.LoggedIn, 0), countMost)
	s.Strangers = min(max(s.Strangers, 0), countMost)
	s.Others = min(max(s.Others, 0), len(s.Ringing)+len(s.Waiting))
	s.ServiceLevel = min(max(s.ServiceLevel, 0), countMost)
	return s
}
