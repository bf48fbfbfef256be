//go:build !unix

package main

// openFiles is how many files the process may have open at once; elsewhere
// than on Unix there is no such limit to ask for.
func openFiles() int { return 3 * mostConnections }
