package campaign

import "time"

// Pacing is how the engine that runs a campaign paces it.
type Pacing struct {
	Decisions []Decision `json:"decisions"` // the last ones, newest last
	// Warnings are sentences about what keeps pacing from working as it should.
	Warnings []string `json:"warnings"`
}

// Decision is how many calls were to be placed at a moment, and why not more.
type Decision struct {
	At     time.Time `json:"at"`
	Place  int       `json:"place"`
	Code   string    `json:"code"`   // of what held it back, for machines; "" if nothing did
	Reason string    `json:"reason"` // the same in a sentence
	// Facts are the figures behind the reason, by name. None may be NaN or
	// infinite: JSON has no such numbers.
	Facts map[string]float64 `json:"facts"`
}
