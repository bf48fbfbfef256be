package study

import (
	"fmt"
	"math"
	"slices"
	"time"
)

// stay is an agent at work without a long break: from his first call of the
// stretch to the end of his last.
type stay struct{ from, to time.Time }

const longestBreak = 30 * time.Minute // between two calls of an agent who stays logged in

// staff finds out who was logged in when, fills the scenario's staff in and
// returns the wrap-up in seconds. Results do not say when agents log in, so an
// agent counts from his first call to his last.
func (f *fit) staff(s *Scenario) (wrap float64, err error) {
	calls := map[string][]logLine{}
	for _, l := range f.lines {
		if l.Agent != "" && !l.Taken.IsZero() && l.live() {
			calls[l.Agent] = append(calls[l.Agent], l)
			f.busySeconds += max(0, l.Hangup.Sub(l.Taken).Seconds())
		}
	}
	if len(calls) == 0 {
		return 0, errNoAgents
	}
	var gaps []float64
	var stays []stay
	for _, of := range calls {
		slices.SortFunc(of, func(a, b logLine) int { return a.Taken.Compare(b.Taken) })
		at := stay{of[0].Taken, of[0].Hangup}
		for _, l := range of[1:] {
			gap := l.Taken.Sub(at.to)
			if gap > longestBreak {
				stays = append(stays, at)
				at = stay{l.Taken, l.Hangup}
				continue
			}
			if gap > 0 {
				gaps = append(gaps, gap.Seconds())
			}
			if l.Hangup.After(at.to) {
				at.to = l.Hangup
			}
		}
		stays = append(stays, at)
	}
	wrap = f.options.WrapUp.Seconds()
	if wrap == 0 && len(gaps) > 0 {
		sorted := slices.Sorted(slices.Values(gaps))
		wrap = sorted[int(wrapQuantile*float64(len(sorted)))]
		f.notes = append(f.notes, fmt.Sprintf("Results do not tell the wrap-up; the shortest gaps between an agent's calls suggest %.1f s.", wrap))
	}
	for _, st := range stays {
		f.asStaffed += st.to.Sub(st.from).Seconds() + wrap
	}
	s.Agents = f.steps(stays, s.ShiftSeconds)
	return wrap, nil
}

// steps is how many agents are logged in, in quarters of an hour, as the mean
// of the shifts.
func (f *fit) steps(stays []stay, length float64) []Staff {
	step := quarter.Seconds()
	seconds := make([]float64, int(math.Ceil(length/step)))
	shifts := make([]float64, len(seconds)) // seconds of shifts in each
	for _, sh := range f.shifts {
		for i := range seconds {
			from := sh.from.Add(time.Duration(i) * quarter)
			to := from.Add(quarter)
			shifts[i] += overlap(from, to, sh.from, sh.to)
			for _, st := range stays {
				seconds[i] += overlap(from, to, st.from, st.to)
			}
		}
	}
	var staff []Staff
	for i := range seconds {
		if i > 0 && shifts[i] < step/2*float64(len(f.shifts)) {
			continue // the last minutes: some finish their calls
		}
		n := max(1, int(math.Round(rate(seconds[i], shifts[i]))))
		if len(staff) == 0 || staff[len(staff)-1].N != n {
			staff = append(staff, Staff{At: float64(i) * step, N: n})
		}
	}
	return staff
}

// overlap is how many seconds two stretches of time share.
func overlap(a, b, from, to time.Time) float64 {
	if from.After(a) {
		a = from
	}
	if to.Before(b) {
		b = to
	}
	return max(0, b.Sub(a).Seconds())
}
