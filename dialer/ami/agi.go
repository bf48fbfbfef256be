package ami

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
)

// ErrChannelGone says that the channel left AsyncAGI before it ran the command.
var ErrChannelGone = errors.New("ami: the channel left AsyncAGI")

// agiBuffer is how many AsyncAGI events of all channels may come while one
// command is on its way.
const agiBuffer = 1024

// AGIResult is what an AGI command gave.
type AGIResult struct {
	Code   int    // 200 = done, 510 = invalid command, 511 = dead channel, 520 = usage
	Result string // what follows "result=" up to a blank, such as "0", "1" or "-1"
	Data   string // the rest, such as "(value)"
	Raw    string // the whole answer, decoded
}

// AGI runs a command on a channel that is in AsyncAGI and waits for its result:
// AsyncAGIExec with the CommandID that the client gave. Without a deadline in
// ctx, Config.ActionTimeout holds for both together. The errors are those of
// Do; once the command was accepted, an end of ctx, of the session or of the
// subscription is an *OutcomeUnknownError, and so is ErrChannelGone.
func (c *Client) AGI(ctx context.Context, channel, command string) (AGIResult, error) {
	b := builder{}
	b.need("Channel", channel)
	b.need("Command", command)
	id := c.ids.next()
	b.set("CommandID", id)
	action, err := b.action("AGI")
	if err != nil {
		return AGIResult{}, &NotSentError{Action: "AGI", Err: err}
	}
	if _, limited := ctx.Deadline(); !limited {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, c.cfg.ActionTimeout)
		defer cancel()
	}
	events := c.Subscribe(Filter{Names: []string{"AsyncAGIExec", "AsyncAGIEnd"}, Buffer: agiBuffer})
	defer events.Close()
	if _, err := c.Do(ctx, action); err != nil {
		return AGIResult{}, err
	}
	m, err := awaitAGI(ctx, events, channel, id)
	if err != nil {
		return AGIResult{}, &OutcomeUnknownError{Action: "AGI", Err: err}
	}
	return parseAGI(m.Get("Result"))
}

func awaitAGI(ctx context.Context, events *Subscription, channel, id string) (Message, error) {
	for {
		select {
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		case ev, open := <-events.C():
			switch {
			case !open:
				return nil, events.Err()
			case ev.Kind == KindSessionEnded:
				return nil, ev.Err
			case ev.Kind != KindEvent:
				continue
			case ev.Event() == "AsyncAGIExec" && ev.Get("CommandID") == id:
				return ev.Message, nil
			case ev.Event() == "AsyncAGIEnd" && (ev.Get("Channel") == channel || ev.Get("Uniqueid") == channel):
				return nil, ErrChannelGone
			}
		}
	}
}

// parseAGI reads an answer such as "200%20result%3D1%20(speech)%0A".
func parseAGI(encoded string) (AGIResult, error) {
	raw, err := url.PathUnescape(encoded)
	if err != nil {
		return AGIResult{}, fmt.Errorf("ami: AGI result: %w", err)
	}
	result := AGIResult{Raw: strings.TrimSpace(raw)}
	if len(result.Raw) < 3 {
		return result, fmt.Errorf("ami: AGI result %q has no code", result.Raw)
	}
	if result.Code, err = strconv.Atoi(result.Raw[:3]); err != nil {
		return result, fmt.Errorf("ami: AGI result %.40q has no code", result.Raw)
	}
	rest := strings.TrimLeft(result.Raw[3:], " -")
	if value, found := strings.CutPrefix(rest, "result="); found {
		result.Result, result.Data, _ = strings.Cut(value, " ")
	} else {
		result.Data = rest
	}
	return result, nil
}
