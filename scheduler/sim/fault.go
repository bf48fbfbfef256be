package sim

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"
)

// Kind is a kind of fault, or of what a user does in the middle of it all.
type Kind string

// The kinds. N and For are a fault's fields; where For is not named the fault
// is over at once. Those of the link, the database and the log's disk hit one
// engine or all, see [Fault.Hits].
const (
	LinkCut    Kind = "link cut"       // no new link for For
	LinkFrozen Kind = "link half-open" // nothing gets through, nothing is closed, for For
	LinkDeaf   Kind = "events lost"    // for For; replies get through
	DropBefore Kind = "link cut before an originate was read"
	DropAfter  Kind = "link cut after an originate was read"
	ReplyLost  Kind = "replies lost" // of the next N originates
	ReplyLate  Kind = "replies late" // of the next N actions
	Refused    Kind = "originates refused"
	EventsLate Kind = "events late"
	// Busy is played by the step driver only: a request takes up to N seconds
	// to become a call, whatever happens to the link meanwhile.
	Busy      Kind = "PBX busy"      // for For
	Restarted Kind = "PBX restarted" // N = 1: its calls live on

	StoreDown  Kind = "database gone"        // for For
	StoreSlow  Kind = "database slow"        // N ms an access, for For
	Unrenewed  Kind = "lease not renewed"    // that of the gateway, for For; all else of the database works
	CommitMade Kind = "commit made, unsaid"  // of the next N writes
	CommitLost Kind = "commit not made"      // of the next N writes
	ClaimMade  Kind = "claim made, unsaid"   // of the next N claims
	ClaimLost  Kind = "claim not made"       // of the next N claims
	LogFull    Kind = "disk of the log full" // for For
	LogGone    Kind = "folder of the log gone"
	LogRotated Kind = "log rotated by somebody"

	Clock Kind = "clock put" // by N seconds

	Killed        Kind = "engine killed"                // and started again after For
	KilledAt      Kind = "engine killed at an access"   // to the database, the Nth from then; started again after For
	KilledInClaim Kind = "engine killed after a claim"  // the Nth from then, before it knows; started again after For
	KilledInLog   Kind = "engine killed in a log write" // the next one; started again after For

	// A frozen engine does not run, and then goes on where it was, as after
	// SIGSTOP and SIGCONT. These are played by the step driver only.
	Frozen        Kind = "engine frozen"               // for For
	FrozenAt      Kind = "engine frozen at an access"  // to the database, the Nth from then, for For
	FrozenInClaim Kind = "engine frozen after a claim" // the Nth from then, before it knows; for For
	// FrozenInPlace comes between the last check of the next originate and its
	// write, for less than trust in a lease ends before the lease does.
	FrozenInPlace Kind = "engine frozen in an originate" // for For

	Stopped    Kind = "user stops"  // and starts again after For
	Paused     Kind = "user pauses" // and starts again after For
	Forced     Kind = "user stops by force"
	HangupAsk  Kind = "user hangs up" // the Nth open call
	PlanEdited Kind = "user edits the plan"
)

// Fault is one of them at a time.
type Fault struct {
	Kind Kind
	At   time.Duration // since the start
	For  time.Duration
	N    int
}

// String is the fault in one line.
func (f Fault) String() string {
	text := fmt.Sprintf("%7.3f s  %s", f.At.Seconds(), f.Kind)
	if f.N != 0 {
		text += fmt.Sprintf(" (%d)", f.N)
	}
	if f.For > 0 {
		text += fmt.Sprintf(" for %s", f.For)
	}
	return text
}

// Slot is the engine that a fault of one engine hits.
func (f Fault) Slot(engines int) int { return int(f.bits(0)) % engines }

// Either is a coin that was thrown with the fault, for what it does in one way
// or another.
func (f Fault) Either() bool { return f.bits(1)%2 == 0 }

// Hits reports whether a fault that may hit one engine alone hits that of a
// slot: one in four hits all.
func (f Fault) Hits(slot, engines int) bool { return f.bits(2)%4 == 0 || slot == f.Slot(engines) }

// bits are what has been drawn with the time of a fault.
func (f Fault) bits(from int) uint64 { return uint64(f.At/time.Millisecond) >> from }

// PlaceHeld is how long an engine may be stopped right before it writes an
// originate: less than trust in a lease ends before the lease does.
const PlaceHeld = 1900 * time.Millisecond

// shape says how often a kind is drawn, how long it lasts at most, in seconds,
// and how large its N is at most.
type shape struct {
	kind   Kind
	weight int
	most   float64
	n      int
}

// late are drawn after all else, so that they leave the rest of a seed as it was.
var late = []shape{
	{Frozen, 4, 30, 0},
	{FrozenAt, 3, 20, 40},
	{FrozenInPlace, 2, PlaceHeld.Seconds(), 0},
	{Unrenewed, 3, 20, 0},
}

var shapes = []shape{
	{LinkCut, 4, 20, 0},
	{LinkFrozen, 2, 40, 0},
	{LinkDeaf, 2, 20, 0},
	{DropBefore, 2, 0, 2},
	{DropAfter, 3, 0, 2},
	{ReplyLost, 3, 0, 3},
	{ReplyLate, 2, 0, 5},
	{Refused, 2, 0, 4},
	{EventsLate, 2, 5, 0},
	{Busy, 3, 30, 6},
	{Restarted, 3, 0, 1},
	{StoreDown, 3, 40, 0},
	{StoreSlow, 2, 20, 3000},
	{CommitMade, 3, 0, 3},
	{CommitLost, 2, 0, 3},
	{ClaimMade, 4, 0, 2},
	{ClaimLost, 1, 0, 2},
	{LogFull, 2, 15, 0},
	{LogGone, 2, 15, 0},
	{LogRotated, 2, 0, 0},
	{Clock, 3, 0, 90},
	{Killed, 6, 10, 0},
	{KilledAt, 6, 10, 40},
	{KilledInClaim, 4, 10, 2},
	{KilledInLog, 3, 10, 0},
	{Stopped, 2, 10, 0},
	{Paused, 1, 10, 0},
	{Forced, 1, 10, 0},
	{HangupAsk, 2, 0, 4},
	{PlanEdited, 1, 0, 3},
}

func drawFaults(r *rand.Rand, n int, of []shape) []Fault {
	total := 0
	for _, s := range of {
		total += s.weight
	}
	var list []Fault
	for range n {
		at := r.IntN(total)
		i := slices.IndexFunc(of, func(s shape) bool {
			at -= s.weight
			return at < 0
		})
		list = append(list, of[i].draw(r))
	}
	return list
}

func (s shape) draw(r *rand.Rand) Fault {
	// Early ones hit a campaign that still dials.
	f := Fault{Kind: s.kind, At: time.Duration(r.Float64()*r.Float64()*55_000) * time.Millisecond}
	if s.most > 0 {
		f.For = time.Duration(r.Float64()*s.most*1000) * time.Millisecond
	}
	if s.n > 0 {
		f.N = 1 + r.IntN(s.n)
	}
	switch s.kind {
	case Clock:
		if r.IntN(2) == 0 {
			f.N = -f.N
		}
	case Restarted:
		f.N = r.IntN(2)
	}
	return f
}

// GatewayLease is the lease of the one gateway of an ordeal.
const GatewayLease = "gateway:pbx"

// drawSplit lets a lease run out while its owner stands between a claim and its
// call: what never happens by chance, with a lease that is renewed five times
// before it runs out.
func drawSplit(r *rand.Rand) []Fault {
	lost := Fault{Kind: Unrenewed, At: ms(r, 20_000), For: 10*time.Second + ms(r, 10_000)}
	// Of the same engine: see Slot.
	held := Fault{Kind: FrozenInClaim, At: lost.At + 4*time.Second + 2*ms(r, 2500), For: time.Second + ms(r, 3500), N: 1}
	if r.IntN(2) == 0 {
		held.Kind, held.For, held.N = FrozenInPlace, ms(r, int(PlaceHeld/time.Millisecond)), 0
	}
	return []Fault{lost, held}
}

func ms(r *rand.Rand, n int) time.Duration { return time.Duration(r.IntN(n)) * time.Millisecond }
