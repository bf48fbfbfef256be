package dialer

// Phase is where a call stands, for pacing and for people.
type Phase int

// The phases of a call, in their order. A call may skip phases, and never goes
// back except from Talking to Waiting (its agent left, the customer stays).
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
)
