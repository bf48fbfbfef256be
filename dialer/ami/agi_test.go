package ami_test

import (
	"errors"
	"testing"
	"time"

	"github.com/outpace/outpace/dialer/ami"
	"github.com/outpace/outpace/dialer/ami/amitest"
)

func TestAGI(t *testing.T) {
	bubble(t, func(t *testing.T) {
		server := amitest.NewServer(t, acceptAnd(func(p *amitest.Peer) error {
			return p.Serve(func(a ami.Message) []ami.Message {
				queued := amitest.Reply(a, "Success", "Message", "Added AGI command to queue")
				end := amitest.Event("AsyncAGIEnd", "Channel", a.Get("Channel"), "Uniqueid", "1.1")
				switch a.Get("Command") {
				case "NOOP":
					return []ami.Message{
						// The result of another command first, and ours before the reply.
						amitest.Event("AsyncAGIExec", "CommandID", "other", "Result", "200%20result%3D9%0A"),
						amitest.Event("AsyncAGIExec", "CommandID", a.Get("CommandID"), "Result", "200%20result%3D0%0A"), queued,
					}
				case "HANGUP":
					other := amitest.Event("AsyncAGIEnd", "Channel", "SIP/other", "Uniqueid", "2.2")
					return []ami.Message{queued, other, end}
				case "WAIT":
					return []ami.Message{queued}
				}
				return []ami.Message{amitest.Reply(a, "Error", "Message", "Channel is not in Async AGI")}
			})
		}))
		c := ready(t, server.Config())
		result, err := c.AGI(t.Context(), "SIP/1-1", "NOOP")
		if err != nil || result.Code != 200 || result.Result != "0" {
			t.Errorf("NOOP: %+v, %v", result, err)
		}
		_, err = c.AGI(t.Context(), "SIP/1-1", "HANGUP")
		wantError(t, err, ami.ErrChannelGone)
		wantError(t, err, ami.ErrOutcomeUnknown)
		began := time.Now()
		_, err = c.AGI(t.Context(), "SIP/1-1", "WAIT")
		wantError(t, err, ami.ErrOutcomeUnknown)
		if took := time.Since(began); took != 30*time.Second {
			t.Errorf("took %v, want the ActionTimeout", took)
		}
		_, err = c.AGI(t.Context(), "SIP/1-1", "OTHER")
		if _, ok := errors.AsType[*ami.ResponseError](err); !ok {
			t.Errorf("OTHER: %v", err)
		}
		_, err = c.AGI(t.Context(), "", "NOOP")
		wantError(t, err, ami.ErrNotSent)
		if n := len(c.Stats().Subscriptions); n != 0 {
			t.Errorf("%d subscriptions left behind", n)
		}
	})
}
