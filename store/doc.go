// Package store keeps everything that must outlive the process, on SQLite or
// on Postgres, through gorm: the objects of the API, the claims of entries,
// open dialings, results with their numbers, leases and live statistics. One
// suite of tests runs against both databases.
//
// Rules that hold everywhere in it:
//
//   - Times are microseconds since 1970 UTC in the tables, 0 for "never". What
//     the store makes up itself (creation, update, deletion) is cut to
//     microseconds, so that an object reads back as it was returned.
//   - Deleted objects stay in their tables with in_use = 0.
//   - A hot statement names its dial list first, so that the tables can be
//     spread by it one day.
//   - Every write of a call names its claim (owner, the token of a lease);
//     where that is not the present one, nothing is changed.
//   - Rows travel to the database as one JSON parameter, so that a statement
//     has the same text and one round trip for any number of rows.
//
// A claim passes over entries with a number that is in an open call (dialings)
// or was abandoned not long ago (abandons, written with the result that ends
// the call), so that there is no moment in which neither shows.
//
// The claim depends on the column dls.spent. It is 0, or a Rule (the limits
// of a plan, packed into a number) under which the entry surely has nothing
// left to dial. It is a fact about the entry, not an opinion of a campaign: an
// entry that is spent under some limits is spent under all that allow no more,
// and every claim looks at all entries whose spent does not settle the
// question. So a stale value costs time and never an entry, and two plans on
// one list do not undo each other's marks.
package store
