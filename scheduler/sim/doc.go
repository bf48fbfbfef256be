// Package sim draws ordeals for the engine and judges what came of them: a
// small campaign, a PBX with limits and people behind it, and a schedule of
// faults, all from one seed. It is for tests only and knows nothing of the
// engine, so that two drivers can play the same ordeal:
//
//   - the tests of this package run the whole process (engine, real store on
//     SQLite, real gateway over pipes to a simulated Asterisk) with real
//     goroutines in the virtual time of testing/synctest;
//   - the step driver of package scheduler runs the loop, the state machine of
//     a call and the writer of the log in one goroutine, where the same seed
//     makes the same steps.
//
// Judge holds what the PBX was asked for, what the database says and what
// stands in the log against each other. What it asks for does not depend on the
// faults: whatever happens, nobody is called twice for one try or after he has
// answered, each call has one result, and the campaign ends once the faults do.
package sim
