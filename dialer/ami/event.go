package ami

import "time"

// EventKind tells an event of the PBX from the marks that the client puts
// into the stream of a subscription.
type EventKind uint8

const (
	// KindEvent is an event of the PBX.
	KindEvent EventKind = iota
	// KindSessionOpened marks a login. All events of the epoch come after it.
	// The PBX may still be booting.
	KindSessionOpened
	// KindSessionStarted marks that the PBX is ready for every action: the
	// moment to look up what was missed. It comes after KindSessionOpened, and
	// before or after the epoch's first events; Uptime is set.
	KindSessionStarted
	// KindSessionEnded marks the end of the epoch, also of one that never
	// started. No event of the epoch comes after it; Err is set.
	KindSessionEnded
)

// String returns the kind's name.
func (k EventKind) String() string {
	switch k {
	case KindEvent:
		return "event"
	case KindSessionOpened:
		return "session opened"
	case KindSessionStarted:
		return "session started"
	case KindSessionEnded:
		return "session ended"
	}
	return "unknown"
}

// Event is one element of a subscription or list.
type Event struct {
	Message // nil in marks

	Kind EventKind
	// Epoch is the number of the session it came in: 1, 2, ... Between two
	// events of different epochs events were missed.
	Epoch uint64
	// Seq grows with each message in the order of the wire, over subscriptions
	// and lists alike. So an event of a subscription is known to be older or
	// newer than a list; numbers may be left out.
	Seq uint64
	// Received is when the message was decoded.
	Received time.Time
	// Uptime is how long the PBX had been up at KindSessionStarted, in whole
	// seconds rounded down; 1 ns in its first second, 0 = not told. A PBX that
	// restarted while the link was down shows here.
	Uptime time.Duration
	// Err is why the session ended; nil but in KindSessionEnded.
	Err error
}

// routing is what the reader must know of a message, found in one pass.
type routing struct {
	event, response, id, list string
	isEvent, isResponse       bool
}

func route(m Message) routing {
	var r routing
	var hasID, hasList bool
	for i := range m {
		key := m[i].Key
		switch len(key) {
		case len("Event"):
			if !r.isEvent && sameKey(key, "Event") {
				r.event, r.isEvent = m[i].Value, true
			}
		case len("Response"): // and of ActionID
			if !hasID && sameKey(key, "ActionID") {
				r.id, hasID = m[i].Value, true
			} else if !r.isResponse && sameKey(key, "Response") {
				r.response, r.isResponse = m[i].Value, true
			}
		case len("EventList"):
			if !hasList && sameKey(key, "EventList") {
				r.list, hasList = m[i].Value, true
			}
		}
	}
	r.isResponse = r.isResponse && !r.isEvent
	return r
}
