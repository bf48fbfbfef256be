package predictor

import (
	"math"
	"math/rand/v2"
	"testing"
)

func near(t *testing.T, what string, got, want, tolerance float64) {
	t.Helper()
	if math.Abs(got-want) > tolerance || math.IsNaN(got) {
		t.Errorf("%s is %.4f, want %.4f within %.4f", what, got, want, tolerance)
	}
}

func TestChanceFindsTheAnswerChance(t *testing.T) {
	for _, p := range []float64{0.03, 0.12, 0.3, 0.6, 0.9} {
		var c chance
		r := rand.New(rand.NewPCG(1, 2))
		for range 4000 {
			c.learn(Class{}, r.Float64() < p)
		}
		near(t, "answer chance", c.own(), p, 0.035)
		near(t, "chance of the only class", c.of(Class{}, c.own()), p, 0.05)
	}
}

func TestChanceFollowsAJump(t *testing.T) {
	var c chance
	r := rand.New(rand.NewPCG(1, 3))
	for range 3000 {
		c.learn(Class{}, r.Float64() < 0.15)
	}
	before := c.own()
	for range 300 {
		c.learn(Class{}, r.Float64() < 0.45)
	}
	near(t, "before the jump", before, 0.15, 0.05)
	near(t, "300 calls after it", c.own(), 0.45, 0.09)
}

func TestChanceIsNotFooledByARunOfLuck(t *testing.T) {
	var c chance
	r := rand.New(rand.NewPCG(1, 4))
	for range 3000 {
		c.learn(Class{}, r.Float64() < 0.3)
	}
	before := c.own()
	for range 5 { // one in four hundred
		c.learn(Class{}, true)
	}
	near(t, "after five answers in a row", c.own(), before, 0.06)
}

func TestChanceTellsClassesApart(t *testing.T) {
	var c chance
	r := rand.New(rand.NewPCG(1, 5))
	rare, often := Class{Tries: 3}, Class{Tries: 0}
	for range 4000 {
		c.learn(often, r.Float64() < 0.45)
		c.learn(rare, r.Float64() < 0.10)
	}
	near(t, "the frequent class", c.of(often, c.own()), 0.45, 0.06)
	near(t, "the rare class", c.of(rare, c.own()), 0.10, 0.04)
	near(t, "a class never seen", c.of(Class{Tries: 7, Number: 5, Hour: 3, LastResult: 8}, c.own()), c.own(), 0.06)
}

func TestChanceTakesAnyClass(t *testing.T) {
	var c chance
	for _, wild := range []Class{{Tries: -4, Number: 99, Hour: 1000, LastResult: -1}, {Tries: 1 << 40}} {
		c.learn(wild, true)
		if p := c.of(wild, c.own()); !(p > 0 && p < 1) {
			t.Errorf("the chance of %+v is %v", wild, p)
		}
	}
}

func TestRingTimeFindsTheDistribution(t *testing.T) {
	ring := newRingTime(12)
	r := rand.New(rand.NewPCG(1, 6))
	for range 5000 {
		ring.learn(9 * r.ExpFloat64())
	}
	ring.rebuild()
	for _, at := range []float64{1, 3, 9, 20, 40} {
		near(t, "share answered", ring.before(at), 1-math.Exp(-at/9), 0.04)
	}
	near(t, "median", ring.quantile(0.5), 9*math.Ln2, 1)
	near(t, "before the start", ring.before(-3), 0, 0)
	near(t, "far out", ring.before(1e6), 1, 0)
}

func TestHazardFindsTheDistribution(t *testing.T) {
	h := newHazard(150)
	r := rand.New(rand.NewPCG(1, 7))
	for range 5000 {
		h.learn(60 * r.ExpFloat64())
	}
	h.rebuild()
	for _, age := range []float64{0, 30, 90} { // no memory
		near(t, "chance to end in 20 s", h.leaves(age, 20), 1-math.Exp(-20.0/60), 0.05)
	}
	near(t, "no time", h.leaves(10, 0), 0, 0)
	if p := h.leaves(1e7, 10); !(p >= 0 && p <= 1) {
		t.Errorf("chance to end far beyond the table is %v", p)
	}
}

// A uniform wrap-up of 10 to 20 s must not be taken for one that can end at once.
func TestHazardFindsAShape(t *testing.T) {
	h := newHazard(30)
	r := rand.New(rand.NewPCG(1, 8))
	for range 4000 {
		h.learn(10 + 10*r.Float64())
	}
	h.rebuild()
	near(t, "end before 7 s", h.leaves(0, 7), 0, 0.02)
	near(t, "end before 15 s", h.leaves(0, 15), 0.5, 0.06)
	near(t, "one of 18 s ends within 2 s", h.leaves(18, 2.5), 1, 0.15)
}

// Agents who still talk are information: without them the talks that ended
// would make all talks look short.
func TestHazardCountsThoseStillBusy(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 9))
	with, without := newHazard(150), newHazard(150)
	for range 400 {
		talk := 200 * r.ExpFloat64()
		if talk < 60 {
			with.learn(talk)
			without.learn(talk)
			continue
		}
		expose(&with.censored, 60)
	}
	with.rebuild()
	without.rebuild()
	truth := 1 - math.Exp(-30.0/200)
	near(t, "with those still busy", with.leaves(0, 30), truth, 0.04)
	if p := without.leaves(0, 30); p < 1.3*truth {
		t.Errorf("without them the chance is %.3f, not far above %.3f: the test shows nothing", p, truth)
	}
}
