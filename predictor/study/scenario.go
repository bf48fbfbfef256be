package study

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
)

// Scenario describes a world. Times are in seconds.
type Scenario struct {
	Name         string  `json:"name"`
	Shifts       int     `json:"shifts"`        // 1 to 1,000
	ShiftSeconds float64 `json:"shift_seconds"` // up to a day
	Agents       []Staff `json:"agents"`
	Answer       Answer  `json:"answer"`
	Ring         Times   `json:"ring"`
	RingTimeout  float64 `json:"ring_timeout_s"`
	FastFail     Fail    `json:"fast_fail"`
	Talk         Times   `json:"talk"`
	ShortTalk    Short   `json:"short_talk"`
	Wrap         Times   `json:"wrap"`
	Patience     float64 `json:"patience_s"`
	Target       float64 `json:"abandon_target"` // fraction of 1
	// Stuck are times when customers find nobody though agents are shown as free.
	Stuck []Stuck `json:"stuck,omitempty"`
}

// Staff is how many agents are logged in from a second of the shift on.
type Staff struct {
	At float64 `json:"at"`
	N  int     `json:"n"`
}

// Answer is the chance that a dial is answered live, and how it moves.
type Answer struct {
	P           float64 `json:"p"`
	Drift       float64 `json:"drift"` // fraction of P
	DriftPeriod float64 `json:"drift_period_s"`
	Jumps       []Jump  `json:"jumps"`
	// Classes splits the entries of the list into classes with answer chances
	// of their own; without them all entries are alike.
	Classes []Share `json:"classes,omitempty"`
}

// Jump sets the answer chance to a percentage of P from a second of the shift on.
type Jump struct {
	At      float64 `json:"at"`
	Percent float64 `json:"percent"`
}

// Share is one class of entries. The pacer knows it by the number of tries,
// which is its place in the list of classes.
type Share struct {
	Share  float64 `json:"share"`  // weight among the classes
	Factor float64 `json:"factor"` // on the answer chance
	Hidden bool    `json:"hidden"` // the pacer is not told the class
}

// Stuck is a time of each shift when customers find nobody though agents are free.
type Stuck struct {
	At    float64 `json:"at"`
	Until float64 `json:"until"`
	Share float64 `json:"share"` // of the customers whom no agent takes, 0 to 1
}

// Times is a distribution of times: lognormal, exponential, uniform, constant, or
// quantiles: values in rising order, between each two of which lie as many times.
type Times struct {
	Dist string  `json:"dist"`
	Mean float64 `json:"mean_s,omitempty"`
	CV   float64 `json:"cv,omitempty"` // standard deviation over mean
	Min  float64 `json:"min_s,omitempty"`
	Max  float64 `json:"max_s,omitempty"`

	Values []float64 `json:"values_s,omitempty"` // 1 to 1,000
}

// Fail is the share of dials that fail before they would ring out.
type Fail struct {
	P         float64 `json:"p"`
	Min       float64 `json:"min_s"`
	MeanExtra float64 `json:"mean_extra_s"`
}

// Short is the share of talks that end soon.
type Short struct {
	P    float64 `json:"p"`
	Mean float64 `json:"mean_s"`
}

// Read reads one scenario in JSON. Unknown keys and values out of range are
// errors that name the key.
func Read(r io.Reader) (Scenario, error) {
	var s Scenario
	d := json.NewDecoder(r)
	d.DisallowUnknownFields()
	if err := d.Decode(&s); err != nil {
		return Scenario{}, fmt.Errorf("parse: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return Scenario{}, errors.New("parse: text after the scenario")
	}
	return s, s.Validate()
}

// Validate says what is wrong with a scenario, naming the key; nil if it can be
// played.
func (s Scenario) Validate() error {
	in := func(key string, v, low, high float64) error {
		if !(v >= low && v <= high) { // also refuses NaN
			return fmt.Errorf("%s must be %v to %v, not %v", key, low, high, v)
		}
		return nil
	}
	errs := []error{
		in("shifts", float64(s.Shifts), 1, 1000),
		in("shift_seconds", s.ShiftSeconds, 1, 86_400),
		in("answer.p", s.Answer.P, 0, 1),
		in("answer.drift", s.Answer.Drift, 0, 1),
		in("ring_timeout_s", s.RingTimeout, 1, 1e9),
		in("fast_fail.p", s.FastFail.P, 0, 1),
		in("fast_fail.min_s", s.FastFail.Min, 0, 1e6),
		in("fast_fail.mean_extra_s", s.FastFail.MeanExtra, 0, 1e6),
		in("short_talk.p", s.ShortTalk.P, 0, 1),
		in("short_talk.mean_s", s.ShortTalk.Mean, 0, 1e6),
		in("patience_s", s.Patience, 0, 3600),
		in("abandon_target", s.Target, 0, 1),
		s.Ring.validate("ring"), s.Talk.validate("talk"), s.Wrap.validate("wrap"),
	}
	if s.Name == "" {
		errs = append(errs, errors.New("name is missing"))
	}
	if s.Answer.Drift > 0 && !(s.Answer.DriftPeriod > 0) {
		errs = append(errs, fmt.Errorf("answer.drift_period_s must be above 0, not %v", s.Answer.DriftPeriod))
	}
	if len(s.Agents) == 0 {
		errs = append(errs, errors.New("agents is missing"))
	}
	last := -1.0
	for _, a := range s.Agents {
		errs = append(errs, in("agents.n", float64(a.N), 0, 10_000), in("agents.at", a.At, last, s.ShiftSeconds))
		last = a.At
	}
	for _, k := range s.Stuck {
		errs = append(errs, in("stuck.at", k.At, 0, s.ShiftSeconds), in("stuck.until", k.Until, k.At, s.ShiftSeconds), in("stuck.share", k.Share, 0, 1))
	}
	last = -1
	for _, j := range s.Answer.Jumps {
		errs = append(errs, in("answer.jumps.percent", j.Percent, 0, 1e4), in("answer.jumps.at", j.At, last, s.ShiftSeconds))
		last = j.At
	}
	total := 0.0
	for _, c := range s.Answer.Classes {
		errs = append(errs, in("answer.classes.share", c.Share, 0, 1e6), in("answer.classes.factor", c.Factor, 0, 100))
		total += c.Share
	}
	if len(s.Answer.Classes) > 0 && total == 0 {
		errs = append(errs, errors.New("answer.classes: the shares are all 0"))
	}
	return errors.Join(errs...)
}

func (t Times) validate(key string) error {
	positive := func(name string, v float64) error {
		if !(v > 0 && v <= 1e6) {
			return fmt.Errorf("%s.%s must be above 0, at most 1e6, not %v", key, name, v)
		}
		return nil
	}
	switch t.Dist {
	case "lognormal":
		return errors.Join(positive("mean_s", t.Mean), positive("cv", t.CV))
	case "exponential", "constant":
		return positive("mean_s", t.Mean)
	case "uniform":
		if !(t.Min >= 0 && t.Max >= t.Min && t.Max <= 1e6) {
			return fmt.Errorf("%s.min_s and max_s must be a range from 0 up, not %v to %v", key, t.Min, t.Max)
		}
		return nil
	case "quantiles":
		if n := len(t.Values); n < 1 || n > 1000 || !(t.Values[0] >= 0 && t.Values[n-1] <= 1e6) || !slices.IsSorted(t.Values) {
			return fmt.Errorf("%s.values_s must be 1 to 1000 times in rising order, from 0 to 1e6", key)
		}
		return nil
	}
	return fmt.Errorf("%s.dist must be lognormal, exponential, uniform, constant or quantiles, not %q", key, t.Dist)
}

// stuck is the share of customers whom no agent takes at second at of a shift.
func (s *Scenario) stuck(at float64) float64 {
	for _, k := range s.Stuck {
		if k.At <= at && at < k.Until {
			return k.Share
		}
	}
	return 0
}

// answerChance is the chance that a dial at second at of a shift is answered
// live; start is when the shift started, from the start of the first.
func (a Answer) answerChance(start, at float64) float64 {
	p := a.P
	if a.Drift > 0 {
		p *= 1 + a.Drift*math.Sin(2*math.Pi*(start+at)/a.DriftPeriod)
	}
	for i := len(a.Jumps) - 1; i >= 0; i-- {
		if a.Jumps[i].At <= at {
			p *= a.Jumps[i].Percent / 100
			break
		}
	}
	return p
}
