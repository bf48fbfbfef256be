package dlma

import "time"

// Numbers is how many numbers an entry may have.
const Numbers = 8

// Status is an entry's status, in the numbers of the wire.
type Status int

// The statuses of an entry.
const (
	Idle     Status = 0
	Dialing  Status = 1
	Reserved Status = 2 // kept out of automatic dialing
)

// Answered is the res_dial of an entry whose customer has answered; such an
// entry is not dialed again.
const Answered = 4

// Entry is one customer of a list. Its JSON, which each open call keeps, leaves
// out what is not set.
type Entry struct {
	UUID       string            `json:",omitzero"`
	List       string            `json:",omitzero"` // uuid of its list
	Name       string            `json:",omitzero"`
	Detail     string            `json:",omitzero"`
	Email      string            `json:",omitzero"`
	Ukey       string            `json:",omitzero"` // the user's own key
	ResvTarget string            `json:",omitzero"`
	Status     Status            `json:",omitzero"`
	Number     [Numbers]string   `json:",omitzero"` // "" = none
	Tries      [Numbers]int      `json:",omitzero"`
	Variables  map[string]string `json:",omitzero"`

	// While a call is open: its uuid and its campaign's and plan's.
	Dialing         string `json:",omitzero"`
	DialingCampaign string `json:",omitzero"`
	DialingPlan     string `json:",omitzero"`

	// The last result.
	ResDial         int    `json:",omitzero"`
	ResDialDetail   string `json:",omitzero"`
	ResHangup       int    `json:",omitzero"`
	ResHangupDetail string `json:",omitzero"`
	// Unknown says that nobody knows whether the last call was answered.
	Unknown bool `json:",omitzero"`

	TmLastDial   time.Time `json:",omitzero"`
	TmLastHangup time.Time `json:",omitzero"`

	InUse    bool      `json:",omitzero"`
	TmCreate time.Time `json:",omitzero"`
	TmUpdate time.Time `json:",omitzero"`
	TmDelete time.Time `json:",omitzero"`
}

// Pick says which entries of a list may be dialed now, and how many are
// wanted. It is what a plan allows, in this package's words.
type Pick struct {
	List          string // uuid
	MaxTries      [Numbers]int
	RetryDelay    time.Duration // an entry is ready when its last hang-up is more than this before Now
	RedialUnknown bool
	// AbandonLock is how long an entry waits after a call to one of its numbers
	// was abandoned, by whatever campaign; 0 = not at all.
	AbandonLock time.Duration
	Now         time.Time
	Count       int // at most so many
}

// Outlook is what a list still holds under a Pick.
type Outlook struct {
	Ready int // entries that could be dialed now, counted up to Pick.Count
	// Next is when the next entry becomes ready that waits for its retry delay
	// or for the end of an abandon lock; zero if none waits. While others are
	// ready, those that wait for a lock don't count.
	Next time.Time
	// Open counts the entries of the list that are being dialed.
	Open int
	// Upcoming are the first of the Ready entries, in the order in which they
	// will be claimed.
	Upcoming []Upcoming
}

// Upcoming is what is known of an entry before it is called.
type Upcoming struct {
	Tries   int // of the number that will be called
	Number  int // which of its numbers that is, 1 to 8
	ResDial int // of its last call, 0 if there was none
}

// Ended reports that nothing is left to dial and nothing is being dialed.
func (o Outlook) Ended() bool { return o.Ready == 0 && o.Next.IsZero() && o.Open == 0 }

// Counts are the entries of a list by what can be done with them under a Pick.
type Counts struct {
	Total    int `json:"total"`
	Idle     int `json:"idle"` // could be dialed now
	Dialing  int `json:"dialing"`
	Answered int `json:"answered"`
	UsedUp   int `json:"used_up"` // no number has tries left
	Waiting  int `json:"waiting"` // have tries left and wait for the retry delay or the end of an abandon lock
	Unknown  int `json:"unknown"` // perhaps answered unseen, not dialed again
}
