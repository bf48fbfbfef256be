// Package plan holds how and when we call: dial mode, gateway and trunk, ring
// timeout, retry strategy, pacing and its limits. The retry strategy is a pure
// function of a plan's limits and an entry's numbers and tries.
//
// It is a leaf: it imports nothing of this module.
package plan
