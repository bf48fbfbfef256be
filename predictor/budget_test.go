package predictor

import "testing"

func newBudget() *budget { return &budget{windows: map[string]*history{}} }

func day(live, abandoned int) []Window {
	return []Window{{Name: "day", Live: live, Abandoned: abandoned, Target: 0.03}}
}

func TestBudgetStartsWithNothing(t *testing.T) {
	b := newBudget()
	for live := range 34 { // 34 answers allow one loss and the reserve's rounding
		b.see(day(live, 0))
		if v := b.allowance(day(live, 0), 10, 0); v.lambda != 0 {
			t.Fatalf("after %d answers the allowance is %v: one loss would break the limit", live, v.lambda)
		}
	}
	if v := b.allowance(day(100, 0), 10, 0); v.lambda <= 0 {
		t.Error("after 100 answers without a loss nothing is allowed")
	}
}

// Near the limit nothing is allowed, whatever is known of the past.
func TestBudgetStopsAtTheLimit(t *testing.T) {
	b := newBudget()
	for _, live := range []int{200, 1000, 5000, 50_000} {
		b.windows["day"] = &history{live: live, ended: []int{2 * live}}
		if live > 1000 { // later than any credit
			b.windows["day"].ended = []int{live}
		}
		most := int(0.03 * float64(live))
		if v := b.allowance(day(live, most), 100, 0); live > 200 && v.lambda != 0 {
			t.Errorf("at the limit of %d answers the allowance is %v", live, v.lambda)
		}
	}
}

func TestBudgetFallsWithEachLossAndWithCallsAtRisk(t *testing.T) {
	b := newBudget()
	last := 1.0
	for lost := range 31 {
		v := b.allowance(day(1000, lost), 20, 0)
		if v.lambda > last {
			t.Fatalf("the allowance grows with loss %d", lost)
		}
		last = v.lambda
	}
	if last != 0 {
		t.Errorf("with all losses spent the allowance is %v", last)
	}
	if v := b.allowance(day(1000, 25), 20, 4); v.lambda != 0 {
		t.Errorf("four calls at risk of the five that are left, and the allowance is %v", v.lambda)
	}
}

func TestBudgetObeysTheTightestWindow(t *testing.T) {
	b := newBudget()
	both := []Window{day(5000, 10)[0], {Name: "month", Live: 90_000, Abandoned: 2700, Target: 0.03}}
	if v := b.allowance(both, 20, 0); v.lambda != 0 || v.window.Name != "month" {
		t.Errorf("allowance %v by window %q; the month's budget is spent", v.lambda, v.window.Name)
	}
	if v := b.allowance(nil, 20, 0); v.lambda != 0 {
		t.Errorf("without a window the allowance is %v", v.lambda)
	}
}

func TestBudgetGivesCreditOnlyAfterAWindow(t *testing.T) {
	b := newBudget()
	b.see(day(4000, 100))
	b.see(day(0, 0)) // the next day
	if v := b.allowance(day(1, 0), 20, 0); v.lambda <= 0 {
		t.Error("a day like the last one starts without any allowance")
	}
	if c := b.windows["day"].credit(day(1300, 0)[0], 10); c != 0 {
		t.Errorf("a third into the day there is still a credit of %v", c)
	}
}
