package results

// Disposition is what became of an attempt, in one word.
type Disposition string

// The dispositions.
const (
	Answered      Disposition = "answered"        // a person picked up, and an agent took the call in time (or the destination has no agents)
	Abandoned     Disposition = "abandoned"       // a person picked up and no agent had taken him when the patience ended
	HungUpEarly   Disposition = "hung_up_early"   // a person picked up and hung up inside the patience, before an agent
	Busy          Disposition = "busy"            //
	NoAnswer      Disposition = "no_answer"       // rang, or said nothing, until the time-out
	Congestion    Disposition = "congestion"      //
	Unallocated   Disposition = "unallocated"     // no such number
	Rejected      Disposition = "rejected"        // the other end refused, or hung up before the answer
	Failed        Disposition = "failed"          // any other failure on the way to the phone, or a number or variables that can never be dialed
	Cancelled     Disposition = "cancelled"       // we hung up before the answer
	AgentNoAnswer Disposition = "agent_no_answer" // agent-first gateways: the agent did not pick up
	NotPlaced     Disposition = "not_placed"      // surely never reached a phone
	Unknown       Disposition = "unknown"         // may have been answered unseen
)

// TryGivenBack reports whether such a result gives the entry its try back:
// no phone was reached.
func (d Disposition) TryGivenBack() bool { return d == NotPlaced || d == AgentNoAnswer }
