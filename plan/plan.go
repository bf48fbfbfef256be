package plan

import "time"

// Numbers is how many numbers an entry may have.
const Numbers = 8

// The dial modes, in the numbers of the wire.
const (
	ModeNone       = 0 // a campaign with such a plan does not start
	ModePredictive = 1
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

	InUse    bool
	TmCreate time.Time
	TmUpdate time.Time
	TmDelete time.Time
}
