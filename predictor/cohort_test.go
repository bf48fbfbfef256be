package predictor

import (
	"testing"
	"time"
)

// A wave of calls that is learned as it ends would look at first as if all were
// answered.
func TestAWaveOfCallsIsLearnedWhole(t *testing.T) {
	p := NewPredictive()
	at := noon
	for range 20 {
		for range 10 { // in a wave ten calls are answered, twenty ring out
			p.Observe(Outcome{Kind: CallAnswered, At: at.Add(seconds(8)), After: seconds(8)})
		}
		for range 20 {
			p.Observe(Outcome{Kind: CallFailed, At: at.Add(seconds(25)), After: seconds(25)})
		}
		at = at.Add(30 * time.Second)
	}
	before := p.chance.own()
	for range 60 { // the answers of the next, larger wave
		p.Observe(Outcome{Kind: CallAnswered, At: at.Add(seconds(8)), After: seconds(8)})
	}
	p.Decide(Snapshot{Now: at.Add(seconds(9)), LoggedIn: 20, Ready: 100, Windows: day(1000, 0)})
	near(t, "the answer chance in the middle of a wave", p.chance.own(), before, 0.02)
}

func TestCohortReleasesInOrderAndIsBounded(t *testing.T) {
	var c cohort
	for i := range 10 { // ended in another order than placed
		c.add(heldCall{placed: noon.Add(seconds(float64((i * 7) % 10))), after: float64((i * 7) % 10)})
	}
	var got []float64
	learn := func(h heldCall) { got = append(got, h.after) }
	c.release(noon.Add(14*time.Second), 10*time.Second, learn)
	if len(got) != 5 || len(c.held) != 5 {
		t.Fatalf("%v are released, %d held", got, len(c.held))
	}
	for i, after := range got {
		if after != float64(i) {
			t.Errorf("released in the order %v", got)
		}
	}
	for range 2 * heldMost {
		c.add(heldCall{placed: noon.Add(time.Hour)})
		c.release(noon, 10*time.Second, learn)
	}
	if len(c.held) > heldMost {
		t.Errorf("%d calls are held", len(c.held))
	}
}
