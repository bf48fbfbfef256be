// Package predictor decides how many calls to place now. It is pure: time and
// state come in as a Snapshot, a Decision with its reasons goes out. There is
// no clock, no goroutine and no I/O, and nothing of this module is imported,
// so that another dialer could use it.
package predictor
