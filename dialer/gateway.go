package dialer

import (
	"context"
	"errors"
	"time"

	"github.com/outpace/outpace/results"
)

// Gateway is one PBX that we place calls through.
type Gateway interface {
	// Name is the gateway's name in the settings.
	Name() string
	Capabilities() Capabilities
	// Run connects, reconnects and reports until ctx ends. It calls sink from
	// one goroutine, in the order of what happened; sink may block for a short
	// while. The first event is LinkUp or LinkDown.
	Run(ctx context.Context, sink func(Event)) error
	// Place asks the PBX to place a call and returns when the PBX has taken
	// the request. Its error wraps ErrNotSent, ErrRefused or
	// ErrOutcomeUnknown, and ErrUnusable too where that is so. The call's
	// events may come before Place returns.
	Place(ctx context.Context, r Request) error
	// Hangup asks the PBX to end a call. An error that wraps ErrNoCall says
	// that the PBX does not know the call.
	Hangup(ctx context.Context, call string) error
	// Survey asks the PBX which of our calls live. The answer is one Census
	// event in the stream of events, so that it stands in order with them.
	Survey(ctx context.Context) error
	// Supports reports whether the PBX can dial with a channel technology;
	// true where it cannot be known.
	Supports(ctx context.Context, tech string) (bool, error)
}

// Watcher is a Gateway that sees only the agents it is asked for. Watch names
// the pools that campaigns draw from now, in place of those named before; it
// does not block. The gateway then reports its agents (AgentChanged) with
// these pools among their Queues, under their names.
type Watcher interface {
	Watch(pools []Pool)
}

// Adopter is a Gateway that cannot ask its PBX which calls are ours: it has to
// be told of those that an earlier process, or an earlier Run, has placed.
// Adopt is called before Run, with all of them that are open.
type Adopter interface {
	Adopt(open []results.Dialing)
}

// Redirector is a Gateway that can send a customer who waits in a queue to an
// extension of the PBX's dialplan: to a message, when nobody takes him.
//
// The PBX asks no questions: a customer who is with an agent is torn from him.
// So it is for calls whose last known phase is Waiting, and a small risk
// remains: that an agent takes the call while the request is on its way.
// Call.Redirected is to be told of a success. The error is as Hangup's; after
// one that wraps ErrOutcomeUnknown the customer may be there all the same, and
// the next Census tells.
type Redirector interface {
	Redirect(ctx context.Context, call string, to Exten) error
}

// Exten is an extension of a PBX's dialplan.
type Exten struct{ Context, Exten, Priority string }

// Pool is the agents that a destination draws from: those of a queue, or the
// one at an extension.
type Pool struct {
	Queue string // name, number or id, as the destination says it
	Exten string // if not "", the pool is this extension alone
}

// Name is what the pool is called among the queues of an agent.
func (p Pool) Name() string {
	if p.Exten != "" {
		return "extension " + p.Exten
	}
	return p.Queue
}

// Capabilities are the differences between kinds of PBX that the engine has to
// respect.
type Capabilities struct {
	// AgentFirst: the agent is rung first, the customer after. Then there is
	// one call for each free agent and nobody is abandoned.
	AgentFirst bool
	// Hangup: calls can be ended by us.
	Hangup bool
	// Agents: the agents of queues are seen and reported.
	Agents bool
}

// What became of a request to place a call. After ErrNotSent and ErrRefused
// no phone rings; after ErrOutcomeUnknown one may, and the request must not be
// repeated. ErrUnusable stands beside one of the first two where the number or
// the variables themselves are at fault, so that no later request could do
// better: such a call counts its try, or its entry would come back for ever.
var (
	ErrNotSent        = errors.New("request was not sent")
	ErrRefused        = errors.New("request was refused by the PBX")
	ErrOutcomeUnknown = errors.New("request was sent, no answer came")
	ErrUnusable       = errors.New("the number or its variables cannot be dialed")
	ErrNoCall         = errors.New("the PBX does not know the call")
	ErrNotOffered     = errors.New("not offered by this kind of PBX")
)

// AgentError is a failed request that an agent had been chosen for already.
type AgentError struct {
	Agent   string // who was to be rung
	Channel string // what was asked of the PBX
	Err     error
}

// Error says what failed.
func (e *AgentError) Error() string { return e.Err.Error() }

// Unwrap returns what failed.
func (e *AgentError) Unwrap() error { return e.Err }

// Request is one call to place.
type Request struct {
	Call     string // uuid of the dialing; the channel's id at the PBX
	ActionID string // uuid of the request
	Channel  string // what to dial, e.g. PJSIP/300@trunk
	Number   string // the bare number
	CallerID string // "" = the PBX's default
	Codecs   string // comma separated, "" = the PBX's
	Timeout  time.Duration

	// Either an extension (Context, Exten, Priority) or an application.
	Context, Exten, Priority string
	Application, Data        string
	EarlyMedia               bool // extensions only

	Variables map[string]string

	// Names for people, where a PBX shows some: the campaign's and the entry's.
	Campaign, Name string

	// Before, if set, is called right before the request is written to the
	// PBX. Its error means that nothing is written (ErrNotSent).
	Before func() error
}
