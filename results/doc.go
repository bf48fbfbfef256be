// Package results holds what became of each dialing: the live row of a call,
// its Result, the dispositions, the table from a PBX's causes to results, and
// the NDJSON log.
//
// It is a leaf: it imports nothing of this module.
package results
