// Package dlma holds where we call: the dial list (dlma on the wire) and its
// entries (dl), each one customer with up to eight numbers, and the reading of
// entries from CSV files.
//
// It is a leaf: it imports nothing of this module.
package dlma
