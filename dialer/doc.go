// Package dialer places calls and follows them. It holds the port to a PBX
// (Gateway), the events a gateway reports (Event), and the state machine of
// one call (Call). The adapters are beneath it, one package for each kind of
// PBX; what differs between kinds is a capability, not a branch in the engine.
//
// The phases of a call:
//
//	            Placed: not sent, refused
//	   ┌───────────────────────────────────────────────────┐
//	   │        failed                                     │
//	   ├───────────────┬───────────────────────────────────┤
//	   │               │                                   ▼
//	Placing ──────► Ringing ──────► Waiting ───────────►  Ended
//	   │               │  answered     │  ▲    hung up     ▲
//	   │               │               │  │                │
//	   │               │         agent │  │ agent left     │
//	   │               │               ▼  │                │
//	   └───────────────┴───────────► Talking ──────────────┘
//	      answered, where no queue      hung up
//	      takes the call
//
// A customer whom nobody takes may be sent from the queue to a message
// (Redirector); he is then Talking. That no agent came within the patience is
// no phase but a mark, set once (ChangeAbandoned).
//
// A failed call has ended when the PBX's response to the request and the
// hang-up are both in, or when the later one can no longer come; an answered
// one likewise. Beside the phase a call may be lost: the link was down, or no
// answer came to the request, so nobody knows whether it lives. Any event and
// any Census that shows it ends that. A lost call is dead when a second Census
// does not show it after its time-out and ten seconds, or the first one if the
// PBX has started since: then it was answered if that is known, else unknown.
package dialer
