package ami

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// Client keeps a session with one PBX. Make it with New, keep it going with
// Run in a goroutine of yours; all other methods may be called from any
// goroutine at any time.
type Client struct {
	cfg     Config
	ids     *idSource
	hub     hub
	states  states
	session atomic.Pointer[session] // nil while there is none
	meter   meter
	epoch   uint64 // of the last session; only Run's goroutine touches it

	mu       sync.Mutex
	running  bool
	closed   bool
	cancel   context.CancelCauseFunc // of Run's context, set while running
	finished chan struct{}           // closed when Run has returned
}

// New checks the configuration and returns a client that does nothing until
// Run. The error names every wrong field.
func New(cfg Config) (*Client, error) {
	cfg = cfg.withDefaults()
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	c := &Client{cfg: cfg, ids: newIDSource(), finished: make(chan struct{})}
	c.states.now = StateChange{State: StateIdle, At: time.Now()}
	return c, nil
}

// Close ends Run, and with it all sessions and subscriptions, and waits until
// Run has returned. It may be called more than once, and before Run, which
// then returns ErrClosed.
func (c *Client) Close() error {
	c.mu.Lock()
	c.closed = true
	if !c.running {
		c.mu.Unlock()
		c.shut(ErrClosed)
		return nil
	}
	c.cancel(ErrClosed)
	c.mu.Unlock()
	<-c.finished
	return nil
}

// shut puts the client into its last state.
func (c *Client) shut(err error) {
	c.shutState(err)
	c.hub.close(ErrClosed)
}

func (c *Client) shutState(err error) {
	c.states.set(StateChange{State: StateClosed, Epoch: c.states.get().Epoch, Err: err, At: time.Now()})
}

// State returns where the client stands now.
func (c *Client) State() State { return c.states.get().State }

// States returns the present state and then each change, until the client is
// closed or stop is called, which closes the channel. If the reader falls 32
// changes behind, the oldest are left out. To see changes in order with the
// events use a Subscription, which has marks for them.
func (c *Client) States() (changes <-chan StateChange, stop func()) { return c.states.listen() }

// Ready waits until the client has a session with a PBX that has booted. It
// returns ErrClosed if the client is closed, and the context's error, together
// with the reason of the last failure, if the context ends first.
func (c *Client) Ready(ctx context.Context) error {
	changes, stop := c.States()
	defer stop()
	var last error
	for {
		select {
		case change, open := <-changes:
			switch {
			case !open || change.State == StateClosed:
				return ErrClosed
			case change.State == StateReady:
				return nil
			case change.Err != nil:
				last = change.Err
			}
		case <-ctx.Done():
			if last != nil {
				return fmt.Errorf("ami: not ready: %w (last: %w)", context.Cause(ctx), last)
			}
			return fmt.Errorf("ami: not ready: %w", context.Cause(ctx))
		}
	}
}

// Subscribe returns a stream of the events that pass the filter. If a session
// is open the stream begins with its marks, as if it had just been opened.
func (c *Client) Subscribe(filter Filter) *Subscription { return c.hub.subscribe(filter) }

// Do sends an action and returns its reply. Many may be in flight. Without a
// deadline in ctx, Config.ActionTimeout holds.
//
// The error is a *ResponseError if the PBX refused, a *NotSentError if the
// action surely was never written (no session, ctx over while it waited,
// Before failed, not a valid action), or an *OutcomeUnknownError if it was
// written and no reply came. Nothing is ever sent twice.
func (c *Client) Do(ctx context.Context, action Action) (Message, error) {
	done, err := c.run(ctx, action, false)
	if err != nil {
		return nil, err
	}
	return done.reply, nil
}

// List sends an action that is answered by a list of events and returns them
// all, the last of which is the one that ends the list. Its errors are those
// of Do, ErrNotAList if the reply announces no list, and *LimitError if the
// list is longer than Config.MaxList. Subscriptions don't get these events
// unless their filter asks for them.
func (c *Client) List(ctx context.Context, action Action) ([]Event, error) {
	done, err := c.run(ctx, action, true)
	if err != nil {
		return nil, err
	}
	return done.events, nil
}

func (c *Client) run(ctx context.Context, action Action, list bool) (*call, error) {
	call, err := c.newCall(action, list)
	if err != nil {
		return nil, &NotSentError{Action: action.Name, Err: err}
	}
	if err := ctx.Err(); err != nil {
		return nil, &NotSentError{Action: action.Name, Err: context.Cause(ctx)}
	}
	s := c.session.Load()
	if s == nil {
		cause := ErrNotConnected
		if c.State() == StateClosed {
			cause = ErrClosed
		}
		return nil, &NotSentError{Action: action.Name, Err: cause}
	}
	if _, limited := ctx.Deadline(); !limited {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, c.cfg.ActionTimeout)
		defer cancel()
	}
	if err := s.do(ctx, call); err != nil {
		return nil, err
	}
	return call, nil
}

func (c *Client) newCall(action Action, list bool) (*call, error) {
	id, err := action.actionID()
	if err != nil {
		return nil, err
	}
	if id == "" {
		id = c.ids.next()
	}
	bytes, err := action.encode(id)
	if err != nil {
		return nil, err
	}
	return &call{name: action.Name, id: id, bytes: bytes, before: action.Before, list: list, done: make(chan struct{})}, nil
}
