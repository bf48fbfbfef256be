package hosted

import (
	"context"
	"net/http"
	"time"

	"github.com/outpace/outpace/dialer"
)

// PBX is what a kind provides: how its pages say what every kind can say.
// Methods may be called by several goroutines at once. None of them retries,
// waits for a rate or counts failures by itself: Client does that.
type PBX interface {
	// Connect makes the PBX ready: it logs in and registers hooks that are not
	// registered yet. It is called at the start of Run and again after the PBX
	// was down, so it has to be harmless to repeat.
	Connect(ctx context.Context) error
	// Agents lists the agents of the pools that campaigns draw from now. A
	// kind whose PBX has no queues ignores pools and lists all agents that it
	// knows, with Pools nil.
	Agents(ctx context.Context, pools []dialer.Pool) ([]Agent, error)
	// Place asks for one call, agent-first, once. id is the PBX's own name for
	// the call, "" if it gives none. The error wraps dialer.ErrNotSent,
	// dialer.ErrOutcomeUnknown, or a *Refusal (which is a dialer.ErrRefused);
	// Client.Send returns the first two as they have to be.
	Place(ctx context.Context, o Order) (id string, err error)
	// Rows reads the call log: all rows of outbound calls that began in the
	// window, of all pages. It may give more, and rows that are not of our
	// calls.
	Rows(ctx context.Context, w Window) ([]Row, error)
}

// Hanger is a PBX that can end calls.
type Hanger interface {
	// Hangup ends the agent's call. An error that wraps dialer.ErrNoCall says
	// that there is none.
	Hangup(ctx context.Context, c Live) error
}

// Detailer is a PBX whose call log tells more of a row when it is asked for
// that row alone.
type Detailer interface {
	// Detail completes a row that has been matched to the call c, before the
	// row ends it. An error leaves the row for the next poll; with the third
	// one the row that is returned beside the error counts: r, or what more of
	// it is known.
	Detail(ctx context.Context, c Live, r Row) (Row, error)
}

// Hooked is a PBX that tells of calls by requests to us.
type Hooked interface {
	// Offer is what a request brings that Hook will compare with the secret,
	// "" if it brings nothing of the kind, and what of that is the same in the
	// next request: all of it, unless it is good once only.
	Offer(r *http.Request) (offer, lasting string)
	// Hook checks that a request comes from the PBX, with its whole body at
	// hand, and reads it. ErrForbidden (wrapped) is answered with 401, with
	// challenge as WWW-Authenticate if not ""; any other error with 400.
	Hook(r *http.Request, body []byte) (news []News, challenge string, err error)
}

// Recorder is a PBX that gives out recordings.
type Recorder interface {
	// Recording makes the request that fetches the recording which a result
	// names (Row.Recording). The core refuses it unless it goes to the
	// gateway's own host or one of recording_hosts. A kind that has to ask for
	// the address first does so here, by Client.
	Recording(ctx context.Context, name string) (*http.Request, error)
}

// Checker adds lines of its own to `outpace gateway check`.
type Checker interface {
	Check(ctx context.Context) []Finding
}

// Finding is one line of a check.
type Finding struct {
	Name string // what was looked at, e.g. "event hooks"
	Text string // what was found, for people; no secrets
	Err  error  // nil: it works
}

// State is what the PBX says an agent is doing.
type State int

// The states.
const (
	Away    State = iota // not logged in, not registered, paused, do not disturb
	Free                 // could be rung
	Ringing              // is being rung
	Talking              // is in a call, ours or not
	Unseen               // the PBX does not tell: he counts as free while no call of ours is his
)

// Agent is one agent as the PBX sees him.
type Agent struct {
	Exten string // what Order.Agent and Row.Agent call him
	Name  string // for people
	State State
	// Pools are the names (Pool.Name) of those pools asked for that he is a
	// member of, where the PBX knows its queues. nil: the settings know, or
	// every queue has all agents. An agent at an extension that is asked for
	// need not name that pool.
	Pools []string
	// CallID and Number are the call that he is in, as far as the PBX tells.
	CallID, Number string
}

// Order is one call to place.
type Order struct {
	Call     string // uuid of the dialing
	Agent    string // extension or device to ring first
	Number   string // of the customer
	Hotline  string // number to show: the plan's caller_id, "" = the PBX's own
	Name     string // of the campaign, to show to the agent; "" if unknown
	Customer string // name of the entry, to show to the agent; "" if unknown
	// Variables are the merged variables of the call, for what a kind can use of them.
	Variables map[string]string
	// Before has to be handed to Client.Send, which calls it right before the
	// first byte is written.
	Before func() error
}

// Live is a call in flight.
type Live struct {
	Call   string // uuid of the dialing
	ID     string // the PBX's own name for it, "" if unknown
	Agent  string
	Number string
	Sent   time.Time
}

// Window is a stretch of the PBX's call log. Times are by the PBX's clock: the
// core has added the skew and an overlap. A kind with a limit on the length of
// a window (24 h, 31 days) cuts it into several requests by Split.
type Window struct {
	From, To time.Time // rows whose call began in between
	// EndedFrom is later than From: what ended before it has been read
	// already. A kind that can ask for ends may use it instead of From.
	EndedFrom time.Time
}

// Row is one call in the PBX's log, which has ended.
type Row struct {
	// ID names the row: no row is matched twice. Required. A kind without row
	// ids makes one from everything that the row says.
	ID string
	// CallID is the PBX's own name for the call, in the names that Place
	// returns and hooks use; "" if the row does not tell it.
	CallID string
	Agent  string // who was rung first; "" if the row does not tell
	Number string // of the customer, in any spelling: the last nine digits count
	// Start is when the call began, Answer when the customer picked up and End
	// when it ended, by the PBX's clock. Start is required.
	Start, Answer, End Instant
	// Duration is from Start to End, where End is not told.
	Duration time.Duration
	// Outcome is the row by the kind's table (see Table). Answer and End in it
	// are filled in by the core.
	Outcome dialer.Outcome
}

// Stage is how far a call has come, as news tells it.
type Stage int

// The stages, in their order.
const (
	Begun    Stage = iota + 1 // the PBX has begun the call: the agent's phone rings
	Answered                  // somebody picked up, maybe the agent only
	Over                      // the call has ended; the log will tell how
)

// News is what a hook says of one call.
type News struct {
	CallID string // the PBX's own name for the call; "" if the hook does not tell
	Agent  string // "" if the hook does not tell
	Number string
	At     time.Time // when it happened, by the PBX's clock; zero if not told
	Stage  Stage     // 0 if it only carries a Row
	// Row is the call's record, where the hook carries it.
	Row *Row
}
