// Package variables holds the one rule for the channel variables that users
// give to campaigns, plans, destinations, lists and entries: which names and
// values may reach a PBX.
//
// The rule guards against a customer's data setting another variable, a
// function or a second AMI header, so there is one copy of it. It is a package
// of its own, below the nouns that share it, since those do not import each
// other; it imports nothing of this module.
package variables
