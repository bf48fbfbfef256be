// Package pbxsim is a simulated Asterisk that speaks AMI over TCP. Tests, the
// demo and load runs dial it instead of a telephone network.
//
// It answers the actions that a dialer needs and sends the events of a real
// Asterisk 22 in their order and with their fields; recorded exchanges of real
// servers are the yardstick in its tests. What it leaves out: media,
// DeviceStateChange, TestEvent, RTCP events, the Newexten events and the
// variables that applications set by themselves. A Local channel is never
// optimized away, as if it always had /n.
//
// What a called number does is in its digits:
//
//	1RT..  rings R seconds, answers, talks T x 5 seconds, hangs up.
//	       R=0 at once, R=9 1 to 15 s at random; T=0 until the other side
//	       hangs up, T=9 5 to 60 s at random
//	2..    busy after 0.3 s
//	3..    rings for ever
//	4..    congestion after 0.3 s
//	5..    rings 1 s, answers, hangs up at once
//	6..    unallocated, after 0.3 s
//	70..   an answering machine, 71.. a person who says nothing more: after 3 s
//	8..    a draw: of 100 calls 30 answer (as 199), 5 are machines, 15 busy,
//	       35 not answered, 5 congestion, 5 unallocated, 5 hang up at once
//	90..   nothing at all, 91.. early media without an answer
//	0..    a person as in Config.Crowd, with random ring and talk times: the
//	       demo's numbers
//
// unless Config.Customer says it for every call.
//
// It is reached as PJSIP/NUMBER@trunk (see Config.Trunks), by way of a
// dialplan as Local/NUMBER@customers/n, Local/NUMBER@outbound/n and
// Local/NUMBER@local-dial/n, and as PJSIP/NUMBER@trunk-dead, where nobody is.
//
// One goroutine owns the state of the PBX and works off a queue of actions,
// control calls and timers. Each connection has a reader and a writer, both
// bounded: a client that does not read is cut off. All randomness comes from
// Config.Seed; what a customer does depends on the seed, the number and how
// often it was called, what an agent does on the seed and the agent, so that
// neither depends on the order of requests of others.
package pbxsim
