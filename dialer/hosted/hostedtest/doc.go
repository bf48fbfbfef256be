// Package hostedtest is the conformance suite of gateways to hosted PBXs. Each
// kind runs it over its simulator.
package hostedtest
