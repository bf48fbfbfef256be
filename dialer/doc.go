// Package dialer places calls and follows them. It holds the port to a PBX
// (Gateway), the events a gateway reports (Event), and the state machine of
// one call (Call). The adapters are beneath it, one package for each kind of
// PBX; what differs between kinds is a capability, not a branch in the engine.
package dialer
