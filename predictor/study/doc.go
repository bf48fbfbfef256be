// Package study runs pacers in a simulated call centre, in virtual time. A
// Scenario describes the world, Run plays it with one pacer and one seed, and
// the Result holds what is judged: the utilisation of the agents and the
// abandonment rate at the end of each shift.
//
// The world is an event simulation: calls ring, are answered or fail, talk and
// wrap up; the pacer is asked once a second and after each event, and sees only
// a predictor.Snapshot and the outcomes that it is told. The same scenario,
// seed and pacer give the same result on every machine.
package study
