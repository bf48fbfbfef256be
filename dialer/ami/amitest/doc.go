// Package amitest plays the PBX in tests of programs that speak AMI.
//
// A Script is the PBX's side of one connection, written as straight code: what
// it reads, what it answers, where it stalls, cuts a message in two or hangs
// up. A Server runs one script for each connection that the client opens, over
// net.Pipe, so that tests may run on the fake clock of testing/synctest.
package amitest
