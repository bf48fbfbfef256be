package plan

import "time"

// Numbers is how many numbers an entry may have.
const Numbers = 8

// The dial modes, in the numbers of the wire.
const (
	ModeNone       = 0 // a campaign with such a plan does not start
	ModePredictive = 1
)

// The ways to pace.
const (
	PacingPredictive = "predictive" // learns, and calls ahead within the abandonment target
	PacingFormula    = "formula"    // free agents - calls no agent has yet + service level
	PacingRatio      = "ratio"      // a fixed number of calls for each free agent
)

// Plan is how and when a campaign calls. Empty strings stand for "not set"
// (null on the wire).
type Plan struct {
	UUID        string
	Name        string
	Detail      string
	Mode        int           // ModeNone or ModePredictive
	Gateway     string        // name of the gateway, "" = the default one
	Tech        string        // channel technology as the user wrote it, default "SIP"
	Trunk       string        // "" = none
	DialTimeout time.Duration // how long it rings: 1 s to 120 s, whole milliseconds
	// EndHandle says what happens when the list has ended: 0 waits for more
	// entries, 1 stops the campaign and starts its next one.
	EndHandle     int
	RetryDelay    time.Duration // pause between two tries of an entry: 0 to 31,536,000 s, whole seconds
	CallerID      string
	ServiceLevel  int    // calls placed beyond the free agents: 0 to 10,000
	EarlyMedia    string // "true", "false" or ""
	Codecs        string // comma separated, "" = the PBX's
	Variables     map[string]string
	MaxRetry      [Numbers]int // total tries allowed for each number: 0 to 100
	RedialUnknown bool         // call again when it is not known whether a call was answered
	MaxCalls      *int         // calls at once, nil = the gateway's
	MaxCPS        *int         // calls placed a second, nil = the gateway's

	// Pacing is how it is decided how many calls are placed for the agents of a
	// queue: PacingPredictive, PacingFormula or PacingRatio.
	Pacing string
	Ratio  float64 // calls for each free agent under PacingRatio: 1 to 20; 0 = not set
	// AbandonTarget is the highest share of live answers that may be abandoned,
	// in each calendar day and in the last AbandonWindow days: 0 to 100, per
	// cent. 0 never calls ahead of a free agent.
	AbandonTarget   float64
	AbandonPatience time.Duration // how long an answered customer may wait for an agent: 100 ms to 60 s, whole milliseconds
	AbandonWindow   int           // days, 1 to 366
	// AbandonDestination is the uuid of a destination of type 0, a message say,
	// that a customer is sent to whose patience has ended; "" leaves him in the queue.
	AbandonDestination string
	// AbandonLock is how long a number is not dialed again after a call to it
	// was abandoned: 0 to 8,760 h, whole hours; 0 = no lock.
	AbandonLock time.Duration

	InUse    bool
	TmCreate time.Time
	TmUpdate time.Time
	TmDelete time.Time
}
