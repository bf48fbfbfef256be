package dialer

import (
	"errors"
	"time"

	"github.com/outpace/outpace/results"
)

// How long a call waits for the second of its two last words (the response to
// the request, the hang-up) before it ends without.
const (
	// graceNoChannel: a failure without a channel has no hang-up; the time is
	// for a channel whose first event is on its way.
	graceNoChannel = time.Second
	// graceAnswered: what an answered call's response would say is known, but
	// if it comes after the end it must not be taken for a stray one.
	graceAnswered = time.Second
	// graceLast is for all the rest.
	graceLast = 5 * time.Second
	// graceLookup is how long after its time-out a request may still sit in a
	// socket or in a busy PBX.
	graceLookup = 10 * time.Second
	// graceCensus is how long a new link may take to bring the census that
	// follows by itself.
	graceCensus = 2 * time.Second
)

// Call is the state machine of one call, from its claim to its result. It has
// no clock, does no I/O and is not safe for concurrent use. Events may come in
// any order, repeatedly or not at all; after the end nothing changes.
type Call struct {
	row    results.Dialing
	result results.Result
	phase  Phase
	ended  bool

	sent     time.Time // when the request was written; zero: not yet, or not known
	answered bool
	channel  bool // it has, or had, a channel
	rang     bool

	response    bool
	responseOK  bool
	reason      int
	respondedAt time.Time

	dialStatus string

	hangup    bool
	hangupAt  time.Time
	techCause int

	cancelledAt time.Time // when we asked the PBX to end it
	customer    bool      // the customer's side asked to end it
	customerAt  time.Time
	// customerCause stands in for the cause of a hang-up that is not seen.
	customerCause int

	redirectedAt time.Time // when we had the PBX send him from the queue to a message

	sight sight
}

// NewCall returns the call of a dialing that has just been claimed.
func NewCall(d results.Dialing) *Call { return &Call{row: d} }

// Recovered returns the call of a dialing that was read back from the
// database: what happened to it since its row was written was not seen.
func Recovered(d results.Dialing) *Call {
	c := &Call{row: d, sent: d.TmDial}
	c.rang = !d.TmRing.IsZero()
	c.channel = d.Channel != "" || c.rang
	c.answered = !d.TmAnswer.IsZero() || d.ResDial == results.DialAnswered
	switch {
	case c.answered && (d.Queue == "" || !d.TmAgent.IsZero()):
		c.phase = Talking
	case c.answered:
		c.phase = Waiting
	case c.rang:
		c.phase = Ringing
	}
	if d.HangupAsked {
		c.cancelledAt = d.TmUpdate
	}
	c.sight = sight{recovered: true, lost: true, gap: true, dim: !c.answered}
	c.sight.blind = c.answered && d.TmAgent.IsZero()
	c.sight.guessed = c.answered && d.TmAnswer.IsZero()
	c.recoverEnd()
	return c
}

// recoverEnd takes from the row what it says about the end of the call. Such a
// call needs no look-up.
func (c *Call) recoverEnd() {
	switch c.row.Status {
	case results.StatusSendFailed, results.StatusQueueFailed, results.StatusOriginFailed:
		// Written by one who saw it all: there never was a channel.
		if !c.answered {
			c.response, c.respondedAt, c.sight.gap = true, c.row.TmUpdate, false
		}
	case results.StatusResponded:
		if !c.answered {
			c.response, c.reason, c.respondedAt, c.channel = true, c.row.ResDial, c.row.TmUpdate, true
		}
	case results.StatusHangup:
		c.hangup, c.hangupAt, c.channel = true, c.row.TmUpdate, true
		c.reason = c.row.ResDial
		if c.answered {
			c.reason = 0
		}
	}
	if c.endSeen() {
		c.sight.lost = false
	}
}

// ID returns the dialing's uuid.
func (c *Call) ID() string { return c.row.UUID }

// Phase returns where the call stands.
func (c *Call) Phase() Phase { return c.phase }

// Agent returns who has the call, or is rung for it before the customer; "" if
// nobody yet.
func (c *Call) Agent() string { return c.row.Agent }

// Row returns the live row as it is now.
func (c *Call) Row() results.Dialing { return c.row }

// Result returns what became of the call. It is valid once a Change had
// ChangeEnded. TmHangup is zero where no hang-up was seen; TmUpdate is when
// the call was found to have ended, and always set.
func (c *Call) Result() results.Result { return c.result }

// Sent says that the request is about to be written. After it the call may
// exist at the PBX.
func (c *Call) Sent(at time.Time) Change {
	if c.ended || !c.sent.IsZero() {
		return 0
	}
	c.sent = at
	c.row.TmDial = at
	c.raise(results.StatusSent)
	return c.changed(at)
}

// Placed says what the gateway's Place returned. An error that wraps neither
// ErrNotSent nor ErrRefused counts as ErrOutcomeUnknown. What was not placed
// gives the try back unless the error wraps ErrUnusable as well.
func (c *Call) Placed(at time.Time, err error) Change {
	if c.ended {
		return 0
	}
	if chosen, ok := errors.AsType[*AgentError](err); ok {
		c.agentRung(Event{At: at, Agent: chosen.Agent, Channel: chosen.Channel})
	}
	exists := c.channel || c.response || c.hangup || c.answered
	switch {
	case err == nil:
		c.raise(results.StatusQueued)
		return c.changed(at)
	case errors.Is(err, ErrNotSent) && !exists:
		return c.notPlaced(at, results.StatusSendFailed, err)
	case errors.Is(err, ErrRefused) && !exists:
		return c.notPlaced(at, results.StatusQueueFailed, err)
	case !exists:
		c.lose(at)
		c.sight.since = time.Time{} // look it up at once
	}
	return 0
}

// HangupSent says that we have asked the PBX to end the call.
func (c *Call) HangupSent(at time.Time) Change {
	if !c.ended && c.cancelledAt.IsZero() {
		c.cancelledAt = at
	}
	return 0
}

// Wake returns the next moment at which Tick must be called; zero if none. It
// may change with every other call of a method.
func (c *Call) Wake() time.Time {
	switch {
	case c.ended:
		return time.Time{}
	case c.hangup && c.answered:
		return c.hangupAt.Add(graceAnswered)
	case c.hangup:
		return c.hangupAt.Add(graceLast)
	case c.endSeen() && c.mayHaveChannel():
		return c.respondedAt.Add(graceLast)
	case c.endSeen():
		return c.respondedAt.Add(graceNoChannel)
	case c.waits():
		return c.deadline()
	case c.answered || c.sight.lost || c.sent.IsZero():
		return time.Time{}
	}
	// The PBX should have said what became of it by then: it was lost sight of.
	from := c.sent
	if c.sight.seen.After(from) {
		from = c.sight.seen
	}
	return from.Add(c.row.DialTimeout + graceLookup)
}

// Tick does what has become due.
func (c *Call) Tick(now time.Time) Change {
	wake := c.Wake()
	switch {
	case wake.IsZero() || now.Before(wake):
		return 0
	case c.endSeen():
		return c.finish(now)
	case c.answered:
		return c.abandon(now)
	}
	c.lose(now)
	c.sight.since = time.Time{}
	return 0
}

// GiveUp ends the call with what is known: nobody can look it up any more.
func (c *Call) GiveUp(at time.Time) Change {
	if c.ended {
		return 0
	}
	return c.dead(at)
}

// endSeen tells whether the PBX has said that the call has ended, or never
// came to be.
func (c *Call) endSeen() bool {
	return c.hangup || c.response && !c.responseOK && !c.answered
}

// mayHaveChannel tells whether the call has or had a channel, or may have had
// one while nobody looked.
func (c *Call) mayHaveChannel() bool { return c.channel || c.sight.gap }

// raise sets the status unless the call was further already.
func (c *Call) raise(status int) { c.row.Status = max(c.row.Status, status) }

func (c *Call) changed(at time.Time) Change {
	c.row.TmUpdate = at
	return ChangeRow
}

func (c *Call) enter(p Phase) Change {
	if c.phase == p {
		return 0
	}
	c.phase = p
	return ChangePhase
}
