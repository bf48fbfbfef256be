// Package oncallsim simulates an OnCall PBX over a hostedsim.World: the
// requests of its page that a gateway needs, and its events. Where the page is
// silent (what a request to place a call is answered with, and how) it does what
// package oncall says that it expects.
package oncallsim
