// Package hostedsim is the world behind the simulators of hosted PBXs: agents
// with phones, customers who behave as their numbers say, calls that run by
// themselves, a call log, and faults. What a PBX's page says is not in it: each
// kind's simulator is an http.Handler over a World.
//
// Customers, by the last three digits of their numbers (Numbers):
//
//	100 answers, talks 3 units     400 congestion
//	101 answers, talks 8 units     600 no such number
//	200 busy                       700 refuses
//	300 rings 4 units, no answer   800 the agent does not pick up
//	                               900 answers, but no row is ever written
//
// Any other number has one of these fates by chance, the same one each time.
package hostedsim
