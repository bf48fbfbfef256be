package study

import (
	"context"
	"fmt"

	"github.com/outpace/outpace/predictor"
)

// Result is what one pacer did in one scenario. Rates are fractions of 1.
type Result struct {
	Name        string    `json:"name"`
	Pacer       string    `json:"pacer"`
	Utilisation float64   `json:"utilisation"` // agent time in talk and wrap-up over agent time logged in
	WorstShift  float64   `json:"worst_shift"` // the highest of Abandonment
	Abandonment []float64 `json:"abandonment"` // abandoned over live answers, a figure for each shift
	Answers     int       `json:"answers"`     // live ones
	Dials       int       `json:"dials"`
	IdlePerCall float64   `json:"idle_per_call_s"` // idle agent seconds for each live answer that an agent took

	// OverTime is the share of time that the shift's rate was above the target,
	// after its first 100 live answers: the chance that a shift that ends at
	// any moment ends badly.
	OverTime float64 `json:"-"`
	// Minutes is what plots draw: one point for each minute of the shifts.
	Minutes []Point `json:"-"`
}

// Point is the state of a study at the end of a minute.
type Point struct {
	Shift       int     // from 0
	Minute      int     // of the shift, from 1
	Utilisation float64 // of this minute
	Abandonment float64 // of the shift so far
}

// Run plays the whole scenario with one pacer and one seed. It calls progress,
// if that is not nil, with the share that is done after each shift. The error
// is that of a scenario that cannot be played, or of ctx, which is looked at
// between shifts.
func Run(ctx context.Context, s Scenario, pacer predictor.Pacer, seed uint64, progress func(done float64)) (Result, error) {
	if err := s.Validate(); err != nil {
		return Result{}, fmt.Errorf("run scenario: %w", err)
	}
	r := Result{Name: s.Name}
	d := newDraws(seed)
	var sum shiftCount
	var past []int // live answers of the shifts before
	abandoned := 0
	for i := range s.Shifts {
		if err := ctx.Err(); err != nil {
			return Result{}, fmt.Errorf("run scenario %s: %w", s.Name, err)
		}
		w := &world{scenario: &s, pacer: pacer, draws: d, start: float64(i) * (s.ShiftSeconds + shiftBreak), past: past}
		var before shiftCount
		minute := 0
		c := w.play(func(c shiftCount) {
			minute++
			r.Minutes = append(r.Minutes, Point{
				Shift: i, Minute: minute,
				Utilisation: rate(c.busy-before.busy, c.loggedIn-before.loggedIn),
				Abandonment: rate(float64(c.abandoned), float64(c.live)),
			})
			before = c
		})
		shift := rate(float64(c.abandoned), float64(c.live))
		r.Abandonment = append(r.Abandonment, shift)
		r.WorstShift = max(r.WorstShift, shift)
		past = append(past, c.live)
		r.Answers += c.live
		r.Dials += c.dials
		abandoned += c.abandoned
		sum.busy += c.busy
		sum.loggedIn += c.loggedIn
		sum.over += c.over
		sum.seconds += c.seconds
		if progress != nil {
			progress(float64(i+1) / float64(s.Shifts))
		}
	}
	r.Utilisation = rate(sum.busy, sum.loggedIn)
	r.OverTime = rate(sum.over, sum.seconds)
	r.IdlePerCall = rate(sum.loggedIn-sum.busy, float64(r.Answers-abandoned))
	return r, nil
}

func rate(part, whole float64) float64 {
	if whole <= 0 {
		return 0
	}
	return part / whole
}
