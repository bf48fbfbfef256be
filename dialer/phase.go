package dialer

// Phase is where a call stands, for pacing and for people.
type Phase int

// The phases of a call, in their order. A call may skip phases, and never goes
// back except from Talking to Waiting (its agent left, the customer stays).
// One that is sent from the queue to a message goes from Waiting to Talking.
const (
	Placing Phase = iota // claimed, nothing heard from the phone
	Ringing              // the phone rings
	Waiting              // answered, no agent yet
	Talking              // with an agent, or in a destination without agents
	Ended
)

// Change says what an event changed in a call.
type Change int

// The changes, as bits.
const (
	ChangeRow    Change = 1 << iota // the live row has changed and may be stored at leisure
	ChangeAnswer                    // an answer: has to be stored before anything is decided on it
	ChangePhase                     // Phase has changed
	ChangeEnded                     // the call has ended, Result is final
	// ChangeAbandoned: a live answer that no agent took in time, once for each
	// call that Result calls abandoned, unless its row said so when it was read
	// back. It comes when the patience ends, or with the end where that is sooner.
	ChangeAbandoned
)
