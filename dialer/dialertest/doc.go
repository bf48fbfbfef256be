// Package dialertest is the conformance suite of gateways to an Asterisk: the
// same cases run against the simulated PBX and against real ones, so that
// neither the simulator nor the adapter can drift from what a PBX does. The
// cases look at the results that a dialer.Call comes to, and so check the
// adapter, the state machine and the PBX together.
//
// The PBX must have the numbers, queues, agents and contexts of the project's
// lab (deploy/lab).
package dialertest
