package results

import "time"

// Query selects numbered results, by seq.
type Query struct {
	Campaign    string      // uuid, "" = any
	From, To    time.Time   // of the hang-up, To exclusive; zero = open
	Disposition Disposition // "" = any
	After       int64       // only results with a greater seq
	Count       int         // at most so many, from 1
}

// Tally sums up results.
type Tally struct {
	By        map[Disposition]int
	Live      int // live answers that count for abandonment
	Abandoned int
}

// Day sums up what counts for abandonment in one calendar day of a campaign.
type Day struct {
	Date      string // YYYY-MM-DD, in the campaign's zone
	Live      int
	Abandoned int
}

// AbandonmentRate is abandoned over live answers, a fraction of 1; ok is false
// while there are no live answers.
func (t Tally) AbandonmentRate() (rate float64, ok bool) {
	if t.Live == 0 {
		return 0, false
	}
	return float64(t.Abandoned) / float64(t.Live), true
}
