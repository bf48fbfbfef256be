package asterisk

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"
	"sync"
	"time"

	"github.com/outpace/outpace/dialer"
	"github.com/outpace/outpace/dialer/ami"
)

// Redirect sends a customer who waits in a queue to an extension. Asterisk
// says Success to an extension that is not there, too, and hangs up.
//
// It moves a channel wherever it is and can be given no condition. If an agent
// takes the call at that moment he loses it again: of a call that was
// originated with an application the customer is then hung up, of one that
// runs the dialplan he hears the message. In the instant between AgentConnect
// and the bridge he hears it either way, and the agent stays alone on the line
// until he hangs up. (QueueWithdrawCaller does ask whether the caller still
// waits, but leads to what follows Queue() in the dialplan, and behind a bare
// application there is nothing.)
func (g *Gateway) Redirect(ctx context.Context, call string, to dialer.Exten) error {
	client := g.client.Load()
	if client == nil {
		return fmt.Errorf("%w: gateway %q is not running", dialer.ErrNotSent, g.cfg.Name)
	}
	// Asterisk knows channels by name as well, which a uuid never is.
	if !isUUID(call) {
		return fmt.Errorf("%w: not a uuid", dialer.ErrNoCall)
	}
	action, err := ami.Redirect{Channel: call, Context: to.Context, Exten: to.Exten, Priority: to.Priority}.Action()
	if err != nil {
		return fmt.Errorf("%w: %w", dialer.ErrNotSent, err)
	}
	_, err = client.Do(ctx, action)
	var refused *ami.ResponseError
	if errors.As(err, &refused) && strings.HasPrefix(refused.Text(), "Channel does not exist") {
		return fmt.Errorf("redirect: %w", dialer.ErrNoCall)
	}
	if err == nil {
		g.moves.note(call, time.Now())
	}
	return placeError(err)
}

// moves are the calls that were sent out of the queue they waited in, by
// Uniqueid, and when Asterisk had done so. It reports no QueueCallerLeave of a
// call that was originated with an application.
type moves struct {
	mu    sync.Mutex
	times map[string]time.Time
}

func (m *moves) note(id string, at time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.times == nil {
		m.times = map[string]time.Time{}
	}
	m.times[id] = at
}

func (m *moves) when(id string) time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.times[id]
}

// forget drops the calls that are over, or all when a session is: the next one
// looks up where everybody is.
func (m *moves) forget(over func(id string) bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	maps.DeleteFunc(m.times, func(id string, _ time.Time) bool { return over(id) })
}

// queueOf returns the queue that a call of the engine waits in, "" if none. Of
// one that was redirected all that was heard before that is out of date.
func (t *tracker) queueOf(id string, c *call) string {
	if moved := t.moves.when(id); !moved.IsZero() && !c.joined.After(moved) {
		return ""
	}
	return c.queue
}
