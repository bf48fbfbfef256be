package dialer

import (
	"time"

	"github.com/outpace/outpace/results"
)

// Kind says what an Event reports.
type Kind int

// The kinds of events. Unless said otherwise Event.Call names the call; those
// about a call come for our calls only and in the order in which the PBX
// reported them, which is not the order of a textbook: an end may be reported
// before the answer, twice, or not at all.
const (
	_ Kind = iota

	// LinkUp: the PBX can be spoken to. Started is when the PBX itself
	// started, zero if unknown. A Census and the whole state of the queues
	// (Agents, Callers after a QueuesReset) follow by themselves.
	LinkUp
	// LinkDown: the PBX cannot be spoken to, or events were lost. Err says why.
	// What happened since then was not seen.
	LinkDown
	// Census: Living holds every call of ours that lives; Started as for LinkUp.
	// At is when it was asked for: it says nothing of calls placed after that.
	Census

	// CallAccepted: the PBX took the request (nothing more).
	CallAccepted
	// CallChannel: the call has a channel, named Channel.
	CallChannel
	// CallDialing: the PBX dials.
	CallDialing
	// CallRinging: the phone rings.
	CallRinging
	// CallAnswered: the phone was picked up.
	CallAnswered
	// CallDialEnd: the dial has ended; Text is the PBX's word for it (ANSWER,
	// BUSY, NOANSWER, CONGESTION, CANCEL, ...).
	CallDialEnd
	// CallResponded: the PBX's final word on the request. OK, Reason (the
	// number of res_dial, as the PBX means it), Channel; ActionID if the PBX
	// says which request it answers.
	CallResponded
	// CallQueued: the customer waits in Queue.
	CallQueued
	// CallUnqueued: the customer waits no more (agent, time-out or gone).
	CallUnqueued
	// CallAgent: Agent took the call.
	CallAgent
	// CallAgentLeft: Agent is no longer in the call.
	CallAgentLeft
	// CallCustomerEnded: the customer's side asked to end the call. Cause is
	// its Q.850 cause, 0 if none.
	CallCustomerEnded
	// CallHangup: the customer's channel is gone. Cause is the Q.850 cause (0
	// if none), TechCause the PBX's own (a SIP code; 0 if none), Text the words.
	CallHangup
	// CallAgentRung: an agent-first PBX rings Agent before it calls the
	// customer. Channel, if set, is what was asked of the PBX for the call,
	// known only now that it has an agent.
	CallAgentRung
	// CallEnded: all that will ever be known of the call is in Outcome. The
	// call ends at once; nothing else is waited for.
	CallEnded

	// QueuesReset: forget all agents and callers; the present ones follow.
	QueuesReset
	// AgentChanged: Member is the present state of an agent, in all his queues.
	AgentChanged
	// AgentGone: the agent named Agent is in no queue any more.
	AgentGone
	// CallerJoined, CallerLeft: somebody who is not our call, named Caller,
	// waits in Queue, or waits there no more.
	CallerJoined
	CallerLeft
)

// Event is one thing that a gateway reports. Which fields are set depends on
// Kind.
type Event struct {
	Kind Kind
	At   time.Time // when it was received (Census: asked for)
	Call string    // uuid of the dialing
	// ActionID is the request's (CallResponded), "" if it is not known.
	ActionID string

	Channel   string
	Agent     string // interface of an agent
	Queue     string
	Caller    string
	Text      string
	OK        bool
	Reason    int
	Cause     int
	TechCause int
	Err       error

	Started time.Time
	Living  map[string]Sighting
	Member  *Agent   // AgentChanged
	Outcome *Outcome // CallEnded
}

// Outcome is the whole fate of a call in one piece, as a PBX tells it that
// writes a record of each call but reports no steps on the way.
type Outcome struct {
	// Disposition is what became of the call; never Abandoned or HungUpEarly,
	// which need steps. A live answer is Answered.
	Disposition results.Disposition
	ResDial     int    // in the numbers of res_dial
	Detail      string // the same in words; "" = the text of ResDial
	Cause       int    // Q.850 cause of the hang-up, 0 if none
	CauseText   string // the PBX's own words for it; "" = the text of Cause

	Answer time.Time     // when the customer picked up, zero: not, or not known
	End    time.Time     // when the call ended, zero if not known
	Talk   time.Duration // how long customer and agent were connected
	// Billsec is the time that the PBX counts as talk, in seconds. Zero unless answered.
	Billsec   int
	Recording string // name or URL of the recording, "" if there is none
}

// Sighting is a living call as a census sees it.
type Sighting struct {
	Channel  string
	Answered bool   // its channel is up
	Ringing  bool   // its channel rings
	Agent    string // interface of the agent who talks with it, "" if none
	Queue    string // queue it waits in, "" if none
	Age      time.Duration
}

// AgentPhase is what an agent is doing.
type AgentPhase int

// The phases. Wrap-up is not among them: it is Free with Agent.TalkEnded
// close enough to now.
const (
	AgentAway    AgentPhase = iota // not registered, not reachable
	AgentFree                      // could be rung
	AgentRinging                   // is being rung
	AgentTalking                   // is in a call, ours or not
)

// Agent is a member of queues, one person by his interface in however many
// queues.
type Agent struct {
	Interface string
	Name      string
	Phase     AgentPhase
	Since     time.Time // when the phase began, as far as it was seen
	TalkEnded time.Time // when his last queue call ended; zero if never seen
	// TalkQueue is the queue that gave him his last or present call, "" if unknown.
	TalkQueue string
	Queues    []Membership // sorted by queue
}

// Membership is an agent's place in one queue.
type Membership struct {
	Queue  string
	Paused bool
	Wrapup time.Duration // the member's own wrap-up time, 0 if none is set
}
