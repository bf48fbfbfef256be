// Package campaign holds why we call and who takes the answered call: the
// Campaign with its status machine and calendar, and the Destination.
//
// It is a leaf: it knows nothing of storage, REST or telephony. Campaigns name
// their plan, destination and dial list by uuid only.
package campaign
