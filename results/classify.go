package results

import (
	"slices"
	"time"
)

// Signals are all the hints that a PBX gave about one call. None of them
// says what happened for itself: an Asterisk reports Reason 0 for busy,
// congested and unknown numbers alike, leaves the DialEnd out when the
// time-out strikes, and gives no cause at all in some builds of a channel.
// Which hints come, and in which order, differs between versions and
// technologies; Classify needs whatever came by the end of the call.
type Signals struct {
	Answered   bool   // an answer was seen
	Response   bool   // the final word on the request (OriginateResponse) came
	ResponseOK bool   // and it was a success
	Reason     int    // its Reason; 0 if none
	DialStatus string // of the DialEnd of our leg: ANSWER, BUSY, ...; "" if none came
	Hangup     bool   // the hang-up of our channel was seen
	Cause      int    // its Q.850 cause; 0 if none
	TechCause  int    // its SIP status; 0 if none (Asterisk 16 never tells)
	// Channel says that the call has or had a channel, or may have had one
	// while nobody looked. Only without one is a failure "not placed".
	Channel       bool
	Rang          bool          // the phone rang
	CancelledByUs bool          // we asked the PBX to end the call
	CustomerEnded bool          // the customer's side asked to end it
	Timeout       time.Duration // how long the call was to ring; 0 = not known
	Elapsed       time.Duration // request to end
}

// Outcome is what happened to the person's phone.
type Outcome struct {
	ResDial     int    // 0, 1, 3, 4, 5 or 8
	Detail      string // the same in words
	Disposition Disposition
}

// The values of res_dial that an Outcome may have.
const (
	DialNone       = 0 // unallocated, no channel, hung up by us, unknown
	DialRejected   = 1
	DialNoAnswer   = 3
	DialAnswered   = 4
	DialBusy       = 5
	DialCongestion = 8
)

// timeoutSlack is how much earlier than its time-out a call may end and still
// count as timed out: the PBX starts its clock when the channel exists, we
// when the request was written, and both round.
const timeoutSlack = 250 * time.Millisecond

// rule is one row of the table that turns signals into an outcome.
type rule struct {
	when        func(Signals) bool
	resDial     int
	disposition Disposition
	detail      string // "" = the text of resDial
}

// rules are tried from the top. What the far end said about itself comes
// first, the more exact word before the broader one (SIP channels call many
// refusals "congestion"), then what only the clock or we ourselves can have
// caused, then what is left.
var rules = []rule{
	{answered, DialAnswered, Answered, ""},
	{busy, DialBusy, Busy, ""},
	{unallocated, DialNone, Unallocated, "Number does not exist"},
	{refused, DialRejected, Rejected, ""},
	{congested, DialCongestion, Congestion, ""},
	{timedOut, DialNoAnswer, NoAnswer, ""},
	{endAlone, DialNone, Unknown, textUnknown},
	{neverPlaced, DialNone, NotPlaced, "No channel could be made for the call"},
	{cancelled, DialNone, Cancelled, "Hung up by us before the answer"},
	{silent, DialNoAnswer, NoAnswer, ""},
	{farEndHungUp, DialRejected, Rejected, ""},
	{ended, DialNone, Failed, "Call failed on the way to the phone"},
}

const textUnknown = "Not known whether the call was answered"

// Classify works out from all signals together what became of a call. An
// answered call has disposition Answered; whether an agent took it in time is
// not for the signals to say. Signals that neither tell of an end nor of an
// answer give Unknown.
func Classify(s Signals) Outcome {
	for _, r := range rules {
		if !r.when(s) {
			continue
		}
		o := Outcome{ResDial: r.resDial, Detail: r.detail, Disposition: r.disposition}
		if o.Detail == "" {
			o.Detail = DialText(o.ResDial)
		}
		return o
	}
	return Outcome{ResDial: DialNone, Detail: textUnknown, Disposition: Unknown}
}

func answered(s Signals) bool {
	return s.Answered || (s.Response && s.ResponseOK) || s.DialStatus == "ANSWER"
}

// Reasons 5 and 8 come from Local channels that run Busy() or Congestion();
// their Cause is 0 then, since it stays on the channel's other half.
func busy(s Signals) bool {
	return s.DialStatus == "BUSY" || s.Reason == DialBusy || s.Cause == 17 ||
		slices.Contains([]int{486, 600}, s.TechCause)
}

// unallocated comes before congested: channels that report a 404 as congestion
// still set cause 1.
func unallocated(s Signals) bool {
	return slices.Contains([]int{1, 22, 28}, s.Cause) ||
		slices.Contains([]int{404, 410, 484, 604}, s.TechCause)
}

func refused(s Signals) bool {
	return s.Cause == 21 || s.Reason == DialRejected || slices.Contains([]int{403, 603, 607, 608}, s.TechCause)
}

func congested(s Signals) bool {
	return s.DialStatus == "CONGESTION" || s.Reason == DialCongestion ||
		slices.Contains([]int{34, 42}, s.Cause) || s.TechCause == 503
}

// timedOut trusts the PBX's own word only: a call that we end at the same
// moment is not one that nobody answered.
func timedOut(s Signals) bool { return s.Reason == DialNoAnswer }

// endAlone: the hang-up was seen and the word on the request was not, so that
// the answer may have been missed as well. Only what no answered call says of
// its end tells that nobody picked up.
func endAlone(s Signals) bool {
	return s.Hangup && !s.Response && s.DialStatus == "" && !nobodyThere(s)
}

// neverPlaced: a failure without any channel has touched no phone.
func neverPlaced(s Signals) bool {
	return s.Response && !s.ResponseOK && !s.Channel && !s.Hangup && !s.Rang && s.DialStatus == ""
}

func cancelled(s Signals) bool { return s.CancelledByUs && ended(s) }

// silent: nobody picked up, as the network says (cause 18 is a SIP time-out,
// 19 a network that gave up ringing), or as the clock says where the PBX gives
// no cause at all.
func silent(s Signals) bool {
	if nobodyThere(s) {
		return true
	}
	late := s.Timeout > 0 && s.Elapsed >= s.Timeout-timeoutSlack
	return late && ended(s) && s.Cause == 0 && !s.CustomerEnded
}

func nobodyThere(s Signals) bool {
	return slices.Contains([]int{18, 19}, s.Cause) || slices.Contains([]int{408, 480}, s.TechCause)
}

// farEndHungUp: a normal clearing before the answer that was not ours.
func farEndHungUp(s Signals) bool { return s.CustomerEnded || s.Cause == 16 }

func ended(s Signals) bool { return s.Response || s.Hangup }
