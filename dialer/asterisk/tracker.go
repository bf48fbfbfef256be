package asterisk

import (
	"strconv"
	"time"

	"github.com/outpace/outpace/dialer"
	"github.com/outpace/outpace/dialer/ami"
)

// Channel states, as the header ChannelState has them.
const (
	stateRinging = "5"
	stateUp      = "6"
)

// tracker turns the PBX's events into the engine's. It is used by the one
// goroutine that reads the stream and asks nothing of the PBX.
//
// What it remembers between events is forgotten at the end of a session and
// built anew from the look-ups at the start of the next.
type tracker struct {
	emit func(dialer.Event)
	// asked tells when the look-up with an ActionID was asked for.
	asked func(id string) time.Time
	// ours tells whether a Uniqueid is that of a call of the engine.
	ours func(id string) bool
	// moves are the calls that the engine has sent out of their queues.
	moves   *moves
	started time.Time // when the PBX started, zero if not known

	calls   map[string]*call   // ours, by Uniqueid
	callers map[string]string  // queue of each stranger who waits, by Uniqueid
	agents  map[string]*agent  // by interface
	legs    map[string]*leg    // agents' channels, by Uniqueid
	census  map[string]*census // lists of channels that are being read, by ActionID

	queues queueLook
}

// call is what is remembered of a living call of the engine.
type call struct {
	answered bool
	queue    string    // where it waits
	joined   time.Time // when that was heard
}

func newTracker(emit func(dialer.Event), asked func(string) time.Time, moves *moves) *tracker {
	t := &tracker{emit: emit, asked: asked, ours: isUUID, moves: moves}
	t.reset()
	return t
}

// reset forgets everything, at the end of a session.
func (t *tracker) reset() {
	t.calls = map[string]*call{}
	t.callers = map[string]string{}
	t.agents = map[string]*agent{}
	t.legs = map[string]*leg{}
	t.census = map[string]*census{}
	t.queues = queueLook{}
	t.started = time.Time{}
	t.moves.forget(func(string) bool { return true })
}

// handlers are the events that mean something to the engine. The stream is
// asked for no others.
var handlers = map[string]func(*tracker, ami.Event){
	"FullyBooted":       (*tracker).fullyBooted,
	"Newchannel":        (*tracker).newchannel,
	"Newstate":          (*tracker).newstate,
	"DialBegin":         (*tracker).dialBegin,
	"DialState":         (*tracker).dialState,
	"DialEnd":           (*tracker).dialEnd,
	"OriginateResponse": (*tracker).originateResponse,
	"HangupRequest":     (*tracker).hangupRequest,
	"Hangup":            (*tracker).hangup,

	"QueueCallerJoin":  (*tracker).callerJoin,
	"QueueCallerLeave": (*tracker).callerLeave,

	"AgentCalled":       (*tracker).agentCalled,
	"AgentConnect":      (*tracker).agentConnect,
	"AgentRingNoAnswer": (*tracker).agentNoAnswer,
	"AgentDump":         (*tracker).agentNoAnswer,
	"BridgeEnter":       (*tracker).bridgeEnter,
	"BridgeLeave":       (*tracker).bridgeLeave,

	"QueueMemberStatus":    (*tracker).member,
	"QueueMemberPause":     (*tracker).member,
	"QueueMemberAdded":     (*tracker).member,
	"QueueMemberPenalty":   (*tracker).member,
	"QueueMemberRinginuse": (*tracker).member,
	"QueueMemberRemoved":   (*tracker).memberRemoved,

	"QueueParams":         (*tracker).listedQueue,
	"QueueMember":         (*tracker).listedMember,
	"QueueEntry":          (*tracker).listedEntry,
	"QueueStatusComplete": (*tracker).listedAll,

	"CoreShowChannel":          (*tracker).listedChannel,
	"CoreShowChannelsComplete": (*tracker).listedChannels,
}

// eventNames are the keys of handlers, for the subscription.
var eventNames = func() []string {
	names := make([]string, 0, len(handlers))
	for name := range handlers {
		names = append(names, name)
	}
	return names
}()

// event takes the next event of the stream.
func (t *tracker) event(ev ami.Event) {
	if handle := handlers[ev.Event()]; handle != nil {
		handle(t, ev)
	}
}

// fullyBooted tells how long the PBX has been up; a session's mark can't say
// zero, which it is after a restart.
func (t *tracker) fullyBooted(ev ami.Event) {
	if seconds, err := strconv.Atoi(ev.Get("Uptime")); err == nil && seconds >= 0 {
		t.started = startOf(ev.Received, time.Duration(seconds)*time.Second)
	}
}

// startOf returns when the PBX started at the earliest: it takes its uptime
// from whole seconds of its clock.
func startOf(told time.Time, uptime time.Duration) time.Time { return told.Add(-uptime - time.Second) }

// report sends an event about a call of the engine.
func (t *tracker) report(ev ami.Event, id string, e dialer.Event) {
	e.Call, e.At = id, ev.Received
	t.emit(e)
}

// known returns what is remembered of a call of the engine that has a channel.
func (t *tracker) known(id string) *call {
	c := t.calls[id]
	if c == nil {
		c = &call{}
		t.calls[id] = c
		t.born(id)
	}
	return c
}

// born notes for the lists that are being read that they may lack a channel.
func (t *tracker) born(id string) {
	for _, list := range t.census {
		list.born[id] = true
	}
}

func (t *tracker) newchannel(ev ami.Event) {
	id := ev.Get("Uniqueid")
	if !t.ours(id) {
		return
	}
	t.known(id)
	t.report(ev, id, dialer.Event{Kind: dialer.CallChannel, Channel: ev.Get("Channel")})
}

func (t *tracker) newstate(ev ami.Event) {
	id := ev.Get("Uniqueid")
	if !t.ours(id) {
		return
	}
	channel := ev.Get("Channel")
	c := t.known(id)
	switch ev.Get("ChannelState") {
	case stateRinging:
		t.report(ev, id, dialer.Event{Kind: dialer.CallRinging, Channel: channel})
	case stateUp:
		c.answered = true
		t.report(ev, id, dialer.Event{Kind: dialer.CallAnswered, Channel: channel})
	}
}

// The originated leg is the Dest of the Dial events; an agent's leg too, but
// then there is a Uniqueid, that of the caller.

func (t *tracker) dialBegin(ev ami.Event) {
	if id := ev.Get("DestUniqueid"); t.ours(id) {
		t.report(ev, id, dialer.Event{Kind: dialer.CallDialing, Channel: ev.Get("DestChannel")})
	}
}

func (t *tracker) dialState(ev ami.Event) {
	id := ev.Get("DestUniqueid")
	if t.ours(id) && ev.Get("DialStatus") == "RINGING" {
		t.report(ev, id, dialer.Event{Kind: dialer.CallRinging, Channel: ev.Get("DestChannel")})
	}
}

func (t *tracker) dialEnd(ev ami.Event) {
	id, status := ev.Get("DestUniqueid"), ev.Get("DialStatus")
	if t.ours(id) {
		if c := t.calls[id]; c != nil && status == "ANSWER" {
			c.answered = true
		}
		t.report(ev, id, dialer.Event{Kind: dialer.CallDialEnd, Text: status, Channel: ev.Get("DestChannel")})
		return
	}
	if l := t.legs[id]; l != nil && status != "ANSWER" && !l.talking {
		t.dropLeg(ev.Received, id)
	}
}

// originateResponse goes by the Uniqueid, which is the ChannelId that was
// asked for even if there never was a channel. The ActionID goes along, since a
// request with the id of a living call fails under that id.
func (t *tracker) originateResponse(ev ami.Event) {
	id := ev.Get("Uniqueid")
	if !t.ours(id) {
		return
	}
	e := dialer.Event{Kind: dialer.CallResponded, ActionID: ev.ActionID(), OK: ev.Response() == "Success", Reason: number(ev, "Reason")}
	if e.OK {
		e.Channel = ev.Get("Channel") // of a failure it is the dial string
		if c := t.calls[id]; c != nil {
			c.answered = true
		}
	}
	t.report(ev, id, e)
}

// hangupRequest comes for a channel when its far end hangs up, never for one
// that the PBX or a manager ends.
func (t *tracker) hangupRequest(ev ami.Event) {
	if id := ev.Get("Uniqueid"); t.ours(id) {
		t.seenUp(ev, id)
		t.report(ev, id, dialer.Event{Kind: dialer.CallCustomerEnded, Cause: number(ev, "Cause")})
	}
}

// seenUp reports the answer of a channel that is up: it was answered, seen or not.
func (t *tracker) seenUp(ev ami.Event, id string) {
	if ev.Get("ChannelState") != stateUp {
		return
	}
	if c := t.known(id); !c.answered {
		c.answered = true
		t.report(ev, id, dialer.Event{Kind: dialer.CallAnswered, Channel: ev.Get("Channel")})
	}
}

func (t *tracker) hangup(ev ami.Event) {
	id := ev.Get("Uniqueid")
	for _, list := range t.census {
		list.hungUp(id)
	}
	if t.ours(id) {
		t.seenUp(ev, id)
		delete(t.calls, id)
		t.moves.forget(func(moved string) bool { return moved == id })
		t.report(ev, id, dialer.Event{
			Kind:      dialer.CallHangup,
			Channel:   ev.Get("Channel"),
			Cause:     number(ev, "Cause"),
			TechCause: number(ev, "TechCause"),
			Text:      ev.Get("Cause-txt"),
		})
		return
	}
	t.dropLeg(ev.Received, id)
	t.strangerLeft(ev.Received, id)
}

func (t *tracker) callerJoin(ev ami.Event) {
	id, queue := ev.Get("Uniqueid"), ev.Get("Queue")
	if t.ours(id) {
		c := t.known(id)
		c.queue, c.joined, c.answered = queue, ev.Received, true
		t.report(ev, id, dialer.Event{Kind: dialer.CallQueued, Queue: queue, Channel: ev.Get("Channel")})
		return
	}
	t.strangerWaits(ev.Received, id, queue)
}

// callerLeave: a caller who is redirected, or hung up by the PBX, may leave
// without it; then the next queue or the Hangup ends the wait.
func (t *tracker) callerLeave(ev ami.Event) {
	id, queue := ev.Get("Uniqueid"), ev.Get("Queue")
	if !t.ours(id) {
		t.strangerLeft(ev.Received, id)
		return
	}
	if c := t.calls[id]; c != nil {
		c.queue = ""
	}
	t.report(ev, id, dialer.Event{Kind: dialer.CallUnqueued, Queue: queue})
}

func (t *tracker) strangerWaits(at time.Time, id, queue string) {
	if t.queues.running {
		t.queues.callers[id] = true
	}
	before, waits := t.callers[id]
	if waits && before == queue {
		return
	}
	if waits {
		t.strangerLeft(at, id)
	}
	t.callers[id] = queue
	if t.queues.synced {
		t.emit(dialer.Event{Kind: dialer.CallerJoined, At: at, Caller: id, Queue: queue})
	}
}

func (t *tracker) strangerLeft(at time.Time, id string) {
	queue, waits := t.callers[id]
	if !waits {
		return
	}
	delete(t.callers, id)
	if t.queues.synced {
		t.emit(dialer.Event{Kind: dialer.CallerLeft, At: at, Caller: id, Queue: queue})
	}
}

// number reads a header that is a decimal number; 0 if it is not.
func number(ev ami.Event, key string) int {
	n, err := strconv.Atoi(ev.Get(key))
	if err != nil {
		return 0
	}
	return n
}
