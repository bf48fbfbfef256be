package pbxsim

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// since returns the names of the events about a channel from at on.
func since(c *client, at time.Duration, id string) (names []string) {
	for _, m := range c.messages() {
		if m.at >= at && m.Get("Uniqueid") == id && m.Get("Event") != "VarSet" {
			names = append(names, m.Get("Event"))
		}
	}
	return names
}

// TestRedirect: what is told of a caller who is sent to the message, as real
// Asterisks tell it.
func TestRedirect(t *testing.T) {
	t.Parallel()
	for name, x := range map[string]struct {
		to     []string // of the Originate
		exten  string
		want   []string
		cause  string
		length time.Duration
	}{
		"application": {
			[]string{"Application", "Queue", "Data", "empty"}, "abandon",
			[]string{"SoftHangupRequest", "UserEvent", "Hangup"}, "16", 4 * time.Second,
		},
		"dialplan": {
			[]string{"Context", "dialer", "Exten", "empty", "Priority", "1"}, "abandon",
			[]string{"MusicOnHoldStop", "QueueCallerAbandon", "QueueCallerLeave", "SoftHangupRequest", "UserEvent", "Hangup"}, "16", 4 * time.Second,
		},
		"an agent rings": {
			[]string{"Application", "Queue", "Data", "faulty"}, "abandon",
			[]string{"SoftHangupRequest", "UserEvent", "Hangup"}, "16", 4 * time.Second,
		},
		"no such extension": {
			[]string{"Application", "Queue", "Data", "empty"}, "", []string{"SoftHangupRequest", "Hangup"}, "0", 0,
		},
		"with an agent": {
			[]string{"Application", "Queue", "Data", "local_1"}, "abandon", []string{"BridgeLeave", "Hangup"}, "16", 0,
		},
		"with an agent, dialplan": {
			[]string{"Context", "dialer", "Exten", "local_1", "Priority", "1"}, "abandon",
			[]string{"BridgeLeave", "SoftHangupRequest", "UserEvent", "AgentComplete", "Hangup"}, "16", 4 * time.Second,
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t, Config{Message: 4 * time.Second})
				if err := b.PauseMember("faulty", "PJSIP/agent-19", true, ""); err != nil {
					t.Fatal(err)
				}
				c := b.login()
				c.do("Originate", append([]string{"Channel", "PJSIP/100@trunk", "ChannelId", "one", "Async", "true"}, x.to...)...)
				pass(2 * time.Second)
				at := time.Since(c.began)
				context := "dialer"
				if x.exten == "" {
					context, x.exten = "nosuch", "nosuch"
				}
				if r := c.do("Redirect", "Channel", "one", "Context", context, "Exten", x.exten, "Priority", "1"); r.Get("Message") != "Redirect successful" {
					t.Fatalf("redirect: %v", r)
				}
				for _, call := range b.Calls() {
					if call.Queue != "" || call.Agent != "" {
						t.Errorf("in %q with %q", call.Queue, call.Agent)
					}
				}
				pass(time.Minute)
				if got := since(c, at, "one"); !slices.Equal(got, x.want) {
					t.Errorf("events %v, want %v", got, x.want)
				}
				if hangup := c.one("Hangup", "Uniqueid", "one", "Cause", x.cause); hangup.at-at != x.length {
					t.Errorf("hung up after %v, want %v", hangup.at-at, x.length)
				}
				c.none("DialEnd", "DialStatus", "CANCEL")
				c.do("QueueStatus", "Queue", "empty")
				c.none("QueueEntry")
				if r := c.do("Redirect", "Channel", "one", "Context", "dialer", "Exten", "abandon"); r.Get("Message") != "Channel does not exist: one" {
					t.Errorf("redirect of nothing: %v", r)
				}
			})
		})
	}
}
