package predictor

import (
	"math"
	"math/rand/v2"
	"testing"
)

func day(live, abandoned int) []Window {
	return []Window{{Name: "day", Live: live, Abandoned: abandoned, Target: 0.03}}
}

const plenty = 1e6 // answers that the list can still give

// after is a day that others have gone before.
func after(past []int, live, abandoned int) []Window {
	w := day(live, abandoned)
	w[0].Past = past
	return w
}

// allow asks a budget while the list has no end in sight.
func allow(b *budget, windows []Window, atRisk float64) verdict {
	return b.allowance(windows, atRisk, plenty)
}

func TestBudgetStartsWithNothing(t *testing.T) {
	b := &budget{}
	for live := range 34 { // 34 answers allow one loss
		v := allow(b, day(live, 0), 0)
		if !v.spent || v.risk > 1.01*breakChance {
			t.Fatalf("after %d answers, when one loss would break the limit, it says %+v", live, v)
		}
	}
	if v := allow(b, day(100, 0), 0); v.spent || v.lambda < 0.005 {
		t.Errorf("after 100 answers without a loss it says %+v", v)
	}
}

func TestBudgetStopsAtTheLimit(t *testing.T) {
	for _, live := range []int{200, 1000, 5000, 50_000} {
		b := &budget{}
		most := int(0.03 * float64(live))
		if v := allow(b, day(live, most), 0); !v.spent || v.risk > 1.01*breakChance {
			t.Errorf("at the limit of %d answers it says %+v", live, v)
		}
		if v := allow(b, day(live, most+1), 0); !v.spent || v.lambda != 0 || v.risk != 0 {
			t.Errorf("above the limit of %d answers it says %+v", live, v)
		}
	}
}

func TestBudgetFallsWithEachLossAndWithCallsAtRisk(t *testing.T) {
	b := &budget{}
	last := 1.0
	for lost := range 32 {
		v := allow(b, day(1000, lost), 0)
		if v.lambda > last {
			t.Fatalf("the allowance grows with loss %d", lost)
		}
		last = v.lambda
	}
	if last != 0 {
		t.Errorf("above the limit the allowance is %v", last)
	}
	if free, risky := allow(b, day(1000, 20), 0), allow(b, day(1000, 20), 4); risky.lambda >= free.lambda {
		t.Errorf("four calls at risk of the ten losses that are left, and the allowance is %v, %v without", risky.lambda, free.lambda)
	}
}

func TestBudgetObeysTheTightestWindow(t *testing.T) {
	b := &budget{}
	both := []Window{day(5000, 10)[0], {Name: "month", Live: 90_000, Abandoned: 2701, Target: 0.03}}
	if v := allow(b, both, 0); v.lambda != 0 || v.window.Name != "month" || !v.spent {
		t.Errorf("allowance %v by window %q; the month's budget is spent", v.lambda, v.window.Name)
	}
	if v := allow(b, nil, 0); v.lambda != 0 || !v.spent {
		t.Errorf("without a window it says %+v", v)
	}
}

// What past windows got is counted on for the first half of the shortest, and
// never more than the list can give.
func TestBudgetCountsOnWhatIsSure(t *testing.T) {
	b := &budget{}
	days := []int{100, 4000, 3000, 5000, 4000, 4000, 4000, 4000, 4000} // the ninth last is forgotten
	if v := allow(b, after(days, 1, 0), 0); v.spent || v.lambda < 0.01 {
		t.Errorf("a day like the last ones starts with %+v", v)
	}
	if v := allow(b, day(1, 0), 0); !v.spent {
		t.Errorf("a day of which nothing is known starts with %+v", v)
	}
	h := Window{Past: days}.past()
	for _, c := range []struct{ live, ready, want float64 }{
		{0, plenty, 1500}, {1000, plenty, 500}, {1500, plenty, 0}, {2000, plenty, 0}, {1000, 40, 40}, {1000, 0, 0},
	} {
		if got := h.sure(c.live, c.ready); got != c.want {
			t.Errorf("after %v answers with %v to come %v are sure, want %v", c.live, c.ready, got, c.want)
		}
	}
	if early, late := h.horizon(0.03, 2000, 0), h.horizon(0.03, 3990, 0); late > 0.5*early {
		t.Errorf("where windows usually end the horizon is %v, %v before", late, early)
	}
}

// A chain of answers, each lost with the chance that was allowed: the limit holds
// at every answer of the first window, at the second half of the later ones, and
// little of the budget is left over.
func TestBudgetIsSpentAndHolds(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 1))
	for range 40 {
		b := &budget{}
		var past []int
		for window := range 3 {
			lost := 0
			const answers = 2000
			for live := range answers {
				v := allow(b, after(past, live, lost), 0)
				rate := v.lambda * b.bias()
				if v.spent {
					rate = 0 // what is allowed then may hardly be lost at all
				}
				if r.Float64() < rate {
					lost++
				}
				if (window == 0 || live > answers/2) && float64(lost) > 0.03*float64(live+1) {
					t.Fatalf("window %d: %d of %d answers are lost", window, lost, live+1)
				}
			}
			if used := float64(lost) / (0.03 * answers); used < 0.8 {
				t.Errorf("window %d: only %.2f of the budget is used", window, used)
			}
			past = append(past, answers)
		}
	}
}

func TestMostRiskIsThePoissonBound(t *testing.T) {
	if mostRisk(-0.1) != 0 {
		t.Error("above the limit a call may be at risk")
	}
	last := 0.0
	for left := range risks {
		r := mostRisk(float64(left) + 0.5)
		if r <= last {
			t.Fatalf("with %d losses left the bound is %v, not above %v", left, r, last)
		}
		if c := poissonAbove(left, r); math.Abs(c-breakChance) > 0.01*breakChance {
			t.Errorf("with %d losses left, and %v at risk, the limit breaks with a chance of %v", left, r, c)
		}
		last = r
	}
	near(t, "chance of two or more", poissonAbove(1, 0.1), 1-math.Exp(-0.1)*1.1, 1e-12)
}
