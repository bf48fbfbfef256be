package predictor

import "math"

// memories are how many calls each of the estimates looks back on. Which of
// them is right depends on how fast the answer chance moves, so all are kept
// and weighed by how well they have foretold the latest calls.
var memories = [...]float64{60, 120, 240, 480, 960, 1920}

const (
	priorCalls  = 8.0   // weight of the first guess
	priorChance = 0.5   // careful: more answers than most lists have
	trustDecay  = 0.999 // an estimate's record fades with each call
	classCalls  = 15.0  // answers by which a class's factor is drawn to 1
	classDecay  = 0.9995
	triesMost   = 4 // three tries and more are one
	numbersMost = 9
	resultsMost = 16
	chanceLeast = 0.002
	chanceMost  = 0.98
	factorLeast = 0.1
	factorMost  = 10.0
)

// chance learns the chance that a call is answered live: the campaign's own,
// which moves, times a factor for each property of the call's class, which
// hardly does.
type chance struct {
	answers [len(memories)]float64
	calls   [len(memories)]float64
	trust   [len(memories)]float64 // log of the weight
	ended   int
	latest  float64 // what own last found; 0 = not yet since the last call
	unsure  float64 // relative variance of latest

	cells [triesMost * numbersMost * resultsMost]level // tries, number and last result together
	hours [24]level                                    // what the hour adds to that
}

// level is one value of one property of a class: the answers that came, and
// those to be expected of calls like these but for this property.
type level struct{ answers, expected float64 }

func (l level) factor() float64 {
	return min(max((l.answers+classCalls)/(l.expected+classCalls), factorLeast), factorMost)
}

// own is the campaign's own chance: the weighed mean of the estimates.
func (c *chance) own() float64 {
	if c.latest > 0 {
		return c.latest
	}
	best := c.trust[0]
	for _, t := range c.trust {
		best = max(best, t)
	}
	sum, weights, few := 0.0, 0.0, 0.0
	for i := range memories {
		w := math.Exp(c.trust[i] - best)
		sum += w * c.estimate(i)
		few += w / (c.calls[i] + priorCalls)
		weights += w
	}
	c.latest = min(max(sum/weights, chanceLeast), chanceMost)
	// As of so many trials as the estimate remembers. Fading counts them twice
	// over, which is left for what the chance has moved meanwhile.
	c.unsure = few / weights * (1 - c.latest) / c.latest
	return c.latest
}

func (c *chance) estimate(i int) float64 {
	p := (c.answers[i] + priorCalls*priorChance) / (c.calls[i] + priorCalls)
	return min(max(p, chanceLeast), chanceMost)
}

// of is the chance of a call of a class, given the campaign's own.
func (c *chance) of(class Class, own float64) float64 {
	cell, hour := c.levels(class)
	return min(max(own*cell.factor()*hour.factor(), chanceLeast), chanceMost)
}

// levels are the places where a class is kept. Tries, number and last result go
// together, since each says much of the others.
func (c *chance) levels(class Class) (cell, hour *level) {
	within := func(i, most int) int { return min(max(i, 0), most-1) }
	i := within(class.Tries, triesMost)
	i = i*numbersMost + within(class.Number, numbersMost)
	i = i*resultsMost + within(class.LastResult, resultsMost)
	return &c.cells[i], &c.hours[within(class.Hour, len(c.hours))]
}

// learn takes in how a call has ended.
func (c *chance) learn(class Class, answered bool) {
	c.ended++
	own := c.own()
	y := 0.0
	if answered {
		y = 1
	}
	for i, m := range memories {
		q := c.estimate(i)
		if answered {
			c.trust[i] = trustDecay*c.trust[i] + math.Log(q)
		} else {
			c.trust[i] = trustDecay*c.trust[i] + math.Log1p(-q)
		}
		keep := 1 - 1/m
		c.answers[i] = keep*c.answers[i] + y
		c.calls[i] = keep*c.calls[i] + 1
	}
	c.latest = 0
	// Each level is held against what was to be expected without it.
	cell, hour := c.levels(class)
	expected := own * cell.factor()
	cell.learn(y, own)
	hour.learn(y, expected)
}

func (l *level) learn(answers, expected float64) {
	l.answers = classDecay*l.answers + answers
	l.expected = classDecay*l.expected + expected
}
