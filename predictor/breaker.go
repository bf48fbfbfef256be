package predictor

import (
	"fmt"
	"time"
)

const (
	missedRow    = 3                // customers in a row whom no free agent took, that trip the breaker
	missedLately = 20               // live answers for which one such loss is remembered
	pauseLeast   = 30 * time.Second // after the first loss,
	pauseMost    = 5 * time.Minute  // and twice as long after each further one, up to this
)

// breaker holds a campaign back whose customers find nobody although agents are
// shown as free: phones that ring unanswered, a queue that is stuck. The slot
// formula would call one customer after another for agents who are not there.
//
// It trips when three such customers in a row were lost and none was taken, and
// where a window is over its limit already with one in the last 20 live
// answers. Then one call at a time is placed, one more for each that an agent
// takes, and none for a while after a loss.
type breaker struct {
	row     int           // lost to free agents since a customer was taken
	first   time.Time     // when the first of the row was lost
	answers int           // live answers since the latest loss
	taken   int           // customers taken since the latest loss
	pause   time.Duration // 0 = no such loss lately
	lost    time.Time     // when the pause began
}

// observe takes in what became of customers.
func (b *breaker) observe(o Outcome) {
	switch o.Kind {
	case CallAnswered:
		if b.answers++; b.answers >= missedLately && b.row < missedRow {
			*b = breaker{}
		}
	case CallAbandoned:
		b.abandoned(o)
	case CallTaken:
		b.row = 0
		b.taken++
	case TalkEnded: // as good, of a talk that has begun since
		if b.row > 0 && o.At.Add(-o.After).After(b.first) {
			b.row = 0
			b.taken++
		}
	case CallFailed, WrapUpEnded:
	}
}

// abandoned takes in that a customer was lost; while the breaker is tripped it
// does not matter how. Losses of a pause do not make the next one longer: they
// are of calls that were on their way.
func (b *breaker) abandoned(o Outcome) {
	if !o.Idle && b.row < missedRow {
		return
	}
	b.answers, b.taken = 0, 0
	if b.row == 0 {
		b.first = o.At
	}
	b.row++
	if b.left(o.At) == 0 {
		b.pause, b.lost = min(max(2*b.pause, pauseLeast), pauseMost), o.At
	}
}

// left is what is left of the pause; none if the clock was set back.
func (b *breaker) left(now time.Time) time.Duration {
	left := b.lost.Add(b.pause).Sub(now)
	if left < 0 || left > b.pause {
		return 0
	}
	return left
}

// hold is how a tripped breaker holds calls back.
type hold struct {
	most int    // calls that may be placed
	why  string // in a sentence; "" = it is not tripped
}

// hold asks the breaker.
func (b *breaker) hold(s Snapshot) hold {
	w, over := overLimit(s.Windows)
	why := "Customers find nobody though agents are shown as free: "
	out := len(s.Ringing) + len(s.Waiting)
	switch {
	case b.row >= missedRow:
		why += fmt.Sprintf("%d in a row were lost", b.row)
	case over && b.pause > 0:
		why += abandonedIn(w)
		out -= s.Others // of a campaign that is under its limit some always ring
	default:
		return hold{}
	}
	if left := b.left(s.Now); left > 0 {
		return hold{why: fmt.Sprintf("%s. The next call is placed in %s.", why, left.Round(time.Second))}
	}
	return hold{
		most: max(0, 1+b.taken-out),
		why:  fmt.Sprintf("%s. %s at a time, one more for each that is taken.", why, count(1+b.taken, "call is placed", "calls are placed")),
	}
}
