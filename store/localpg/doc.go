// Package localpg runs a Postgres server of its own from the binaries that are
// installed on the machine: throw-away, or for as long as a measurement takes.
// The server listens on a socket in its own directory and on no network, dies
// with the process that started it (on Linux, however that ends), and leaves
// nothing behind: what a killed process left is removed by the next start.
package localpg
