package sim

import "time"

// Weather is what the database and the disk of the log are like for one engine
// at a moment.
type Weather struct {
	Down bool          // the database does not answer
	Hung bool          // nor does it refuse
	Slow time.Duration // how much longer an access takes at most
	Full bool          // the disk of the log

	Unrenewed bool // the gateway's lease is not
}

// Turn lets a fault begin or end. Those that are not of the weather change nothing.
func (w *Weather) Turn(f Fault, bad bool) {
	switch f.Kind {
	case StoreDown:
		w.Down, w.Hung = bad, f.Either()
	case StoreSlow:
		w.Slow = 0
		if bad {
			w.Slow = time.Duration(f.N) * time.Millisecond
		}
	case Unrenewed:
		w.Unrenewed = bad
	case LogFull:
		w.Full = bad
	}
}

// Fails reports whether an access fails, and if so whether nobody says that it does.
func (w *Weather) Fails(a Access) (fails, hung bool) {
	return w.Down || w.Unrenewed && a.Lease == GatewayLease, w.Down && w.Hung
}
