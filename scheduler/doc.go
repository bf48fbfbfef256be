// Package scheduler decides which campaigns run now and runs them: the
// calendar, the loop that claims, places, follows and records, recovery after
// a crash, and the numbering of results.
package scheduler
