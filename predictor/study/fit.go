package study

import (
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"time"
)

const (
	shiftGap     = 90 * time.Minute // without a call, between two shifts
	quarter      = 15 * time.Minute // steps of the staff
	hour         = 3600.0           // steps of the answer chance, in seconds
	hourCalls    = 30.0             // calls by which an hour's chance is drawn to the day's
	fitAnswers   = 30               // live answers that are needed
	fitQuantiles = 64               // of a distribution of times
	fitShifts    = 5                // that are played at least
	fitShiftsTop = 20
	wrapQuantile = 0.1 // of the gaps between an agent's calls: the wrap-up, with hardly any idle time
	fastShare    = 0.9 // of the time-out: what fails sooner did not ring out
	patience     = 2.0 // seconds, where nobody was abandoned
	defaultLimit = 0.03
)

// Fitted is a scenario made after a campaign's results, and how they were.
type Fitted struct {
	Scenario Scenario
	AsItWas  Result // only the figures that results tell; Minutes is empty
	Notes    []string
}

// FitOptions say what results do not.
type FitOptions struct {
	Name     string        // of the scenario
	Campaign string        // whose results count; "" = the only one's
	WrapUp   time.Duration // 0 = as the gaps between an agent's calls suggest
	Target   float64       // highest abandonment rate, a fraction of 1; 0 = 3 %
}

// Fit makes a scenario after the results of a campaign, one JSON object a line
// as the result log has them: staff by the quarter of an hour, answer chance by
// the hour, and ring, fail and talk times as they were. The error says what is
// missing.
func Fit(r io.Reader, o FitOptions) (Fitted, error) {
	lines, err := readLog(r, o.Campaign)
	if err != nil {
		return Fitted{}, fmt.Errorf("fit results: %w", err)
	}
	f := fit{lines: lines, options: o}
	f.split()
	fitted, err := f.scenario()
	if err != nil {
		return Fitted{}, fmt.Errorf("fit results: %w", err)
	}
	if err := fitted.Scenario.Validate(); err != nil {
		return Fitted{}, fmt.Errorf("fit results: %w", err)
	}
	return fitted, nil
}

// fit is the work on one log.
type fit struct {
	lines   []logLine
	options FitOptions
	shifts  []span
	notes   []string

	live, lost             int
	rings, fails, talks    []float64 // seconds
	waits, timeouts        []float64
	asStaffed, busySeconds float64 // agent seconds
}

// span is one shift: from its first dial to its last end.
type span struct{ from, to time.Time }

func (s span) seconds() float64 { return s.to.Sub(s.from).Seconds() }

// split finds the shifts: stretches without a long time between calls.
func (f *fit) split() {
	for _, l := range f.lines {
		last := len(f.shifts) - 1
		if last < 0 || l.Dial.Sub(f.shifts[last].to) > shiftGap || l.Dial.Sub(f.shifts[last].from) > 23*time.Hour {
			f.shifts = append(f.shifts, span{l.Dial, l.Hangup})
			continue
		}
		if l.Hangup.After(f.shifts[last].to) {
			f.shifts[last].to = l.Hangup
		}
	}
}

// sort takes each line's times to where they belong.
func (f *fit) sort() {
	for _, l := range f.lines {
		if l.Timeout > 0 {
			f.timeouts = append(f.timeouts, l.Timeout/1000)
		}
		ring := l.Hangup.Sub(l.Dial).Seconds()
		if !l.Answer.IsZero() {
			ring = l.Answer.Sub(l.Dial).Seconds()
		}
		if l.Ring != nil {
			ring = *l.Ring / 1000
		}
		ring = max(ring, 0.001)
		if !l.live() {
			f.fails = append(f.fails, ring)
			continue
		}
		f.live++
		f.rings = append(f.rings, ring)
		switch {
		case l.Disposition == "abandoned":
			f.lost++
			if l.Wait != nil {
				f.waits = append(f.waits, *l.Wait/1000)
			}
		case l.Talk != nil && l.Disposition == "answered":
			f.talks = append(f.talks, max(*l.Talk/1000, 0.001))
		}
	}
}

func (f *fit) scenario() (Fitted, error) {
	f.sort()
	if f.live < fitAnswers || len(f.talks) < fitAnswers/2 {
		return Fitted{}, fmt.Errorf("%d live answers and %d talks are too few; %d and %d are needed", f.live, len(f.talks), fitAnswers, fitAnswers/2)
	}
	s := Scenario{Name: f.options.Name, Target: f.options.Target, Patience: patience}
	if s.Target == 0 {
		s.Target = defaultLimit
	}
	if len(f.waits) > 0 {
		s.Patience = median(f.waits)
	}
	var lengths []float64
	for _, sh := range f.shifts {
		lengths = append(lengths, sh.seconds())
	}
	s.Shifts = min(max(len(f.shifts), fitShifts), fitShiftsTop)
	s.ShiftSeconds = math.Ceil(min(max(median(lengths), 60), 86_400))
	s.Answer = f.answer(s.ShiftSeconds)
	s.RingTimeout = max(slices.Max(f.rings), 1)
	if len(f.timeouts) > 0 {
		s.RingTimeout = max(median(f.timeouts), 1)
	}
	s.Ring = quantiles(f.rings)
	s.FastFail = f.fastFail(s.RingTimeout)
	s.Talk = quantiles(f.talks)
	wrap, err := f.staff(&s)
	if err != nil {
		return Fitted{}, err
	}
	s.Wrap = Times{Dist: "constant", Mean: max(wrap, 0.001)}
	return Fitted{Scenario: s, AsItWas: f.asItWas(wrap), Notes: f.notes}, nil
}

// answer is the answer chance, by the hour where there are calls enough.
func (f *fit) answer(length float64) Answer {
	p := float64(f.live) / float64(len(f.lines))
	hours := int(math.Ceil(length / hour))
	calls, answers := make([]float64, hours), make([]float64, hours)
	for _, l := range f.lines {
		h := int(f.since(l.Dial) / hour)
		if h >= hours {
			continue
		}
		calls[h]++
		if l.live() {
			answers[h]++
		}
	}
	a := Answer{P: p}
	for h := range hours {
		percent := 100 * (answers[h] + hourCalls*p) / (calls[h] + hourCalls) / p
		a.Jumps = append(a.Jumps, Jump{At: float64(h) * hour, Percent: math.Round(percent)})
	}
	return a
}

// since is how far into its shift a moment is, in seconds.
func (f *fit) since(t time.Time) float64 {
	for i := len(f.shifts) - 1; i >= 0; i-- {
		if !t.Before(f.shifts[i].from) {
			return t.Sub(f.shifts[i].from).Seconds()
		}
	}
	return 0
}

// fastFail is the share of dials that fail before they would ring out.
func (f *fit) fastFail(timeout float64) Fail {
	var fast []float64
	for _, s := range f.fails {
		if s < fastShare*timeout {
			fast = append(fast, s)
		}
	}
	if len(fast) == 0 {
		return Fail{}
	}
	least, sum := slices.Min(fast), 0.0
	for _, s := range fast {
		sum += s
	}
	return Fail{P: float64(len(fast)) / float64(len(f.lines)), Min: least, MeanExtra: sum/float64(len(fast)) - least}
}

func (f *fit) asItWas(wrap float64) Result {
	r := Result{
		Name: f.options.Name, Answers: f.live, Dials: len(f.lines),
		Utilisation: min(rate(f.busySeconds+wrap*float64(len(f.talks)), f.asStaffed), 1),
	}
	r.IdlePerCall = rate(max(0, f.asStaffed*(1-r.Utilisation)), float64(len(f.talks)))
	for _, sh := range f.shifts {
		live, lost := 0.0, 0.0
		for _, l := range f.lines {
			if l.live() && !l.Dial.Before(sh.from) && !l.Dial.After(sh.to) {
				live++
				if l.Disposition == "abandoned" {
					lost++
				}
			}
		}
		r.Abandonment = append(r.Abandonment, rate(lost, live))
		r.WorstShift = max(r.WorstShift, rate(lost, live))
	}
	return r
}

// quantiles is a distribution as it was seen.
func quantiles(seen []float64) Times {
	sorted := slices.Sorted(slices.Values(seen))
	t := Times{Dist: "quantiles"}
	for i := range fitQuantiles {
		at := (float64(i) + 0.5) / fitQuantiles * float64(len(sorted)-1)
		k := int(at)
		v := sorted[k]
		if k+1 < len(sorted) {
			v += (at - float64(k)) * (sorted[k+1] - v)
		}
		t.Values = append(t.Values, math.Round(1000*v)/1000)
	}
	return t
}

func median(of []float64) float64 {
	if len(of) == 0 {
		return 0
	}
	return slices.Sorted(slices.Values(of))[len(of)/2]
}

var errNoAgents = errors.New("no result says which agent took the call, so that the team is not known")
