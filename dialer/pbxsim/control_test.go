package pbxsim

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestEndsByMethods(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, Config{})
		c := b.login()
		for _, id := range []string{"hangup", "customer", "agent"} {
			c.originate(id, "PJSIP/100@trunk", "Queue", "sales_2")
		}
		c.originate("rings", "PJSIP/300@trunk", "Queue", "sales_2")
		pass(5 * time.Second)
		talks := 0
		for _, call := range b.Calls() {
			if call.Agent != "" && call.Queue == "sales_2" && call.State == "Up" && call.Number == "100" {
				talks++
			}
		}
		if talks != 3 {
			t.Fatalf("%d talks of %+v", talks, b.Calls())
		}
		for _, err := range []error{b.Hangup("hangup"), b.CustomerHangup("customer"), b.AgentHangup("agent"), b.Hangup("rings")} {
			if err != nil {
				t.Error(err)
			}
		}
		synctest.Wait()
		c.none("AgentComplete", "Uniqueid", "hangup")
		c.one("AgentComplete", "Uniqueid", "customer", "Reason", "caller")
		agent := c.one("AgentComplete", "Uniqueid", "agent", "Reason", "agent")
		if dest := agent.Get("DestUniqueid"); dest == "" || dest != c.one("AgentConnect", "Uniqueid", "agent").Get("DestUniqueid") {
			t.Errorf("AgentComplete names the agent's channel as %q", dest)
		}
		c.one("HangupRequest", "Uniqueid", "customer")
		c.none("HangupRequest", "Uniqueid", "agent")
		c.one("OriginateResponse", "Uniqueid", "rings", "Response", "Failure", "Reason", "0")
		if n := len(c.events("Hangup", "Cause", "16", "ChannelStateDesc", "Up")); n != 6 {
			t.Errorf("%d hang-ups, want 3 calls and 3 agents", n)
		}
		for _, id := range []string{"hangup", "rings"} {
			if err := b.Hangup(id); err == nil {
				t.Errorf("%s was hung up twice", id)
			}
		}
	})
}

func TestAgentHangupNeedsAnAgent(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, Config{})
		b.login().originate("one", "PJSIP/100@trunk", "Queue", "empty")
		pass(time.Second)
		if err := b.AgentHangup("one"); err == nil {
			t.Error("an agent hung up who was never there")
		}
	})
}

func TestLines(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, Config{})
		ctx, cancel := context.WithCancel(t.Context())
		lines := b.Lines(ctx)
		b.login("off").originate("one", "PJSIP/200@trunk", "Wait", "1")
		pass(time.Second)
		cancel()
		var all []string
		for line := range lines {
			all = append(all, line)
		}
		text := strings.Join(all, "\n")
		for _, want := range []string{
			"Response: Success  ActionID=act-one  Message=Originate successfully queued",
			"Event: DialEnd  DestChannel=PJSIP/trunk-00000000  DestUniqueid=one  DialStatus=BUSY",
			"Event: Hangup  Channel=PJSIP/trunk-00000000  ChannelStateDesc=Down  Uniqueid=one  Cause=17",
		} {
			if !strings.Contains(text, want) {
				t.Errorf("no line %q in\n%s", want, text)
			}
		}
		b.do(func(p *pbx) {
			if len(p.lines) != 0 || p.wanted != classNone {
				t.Errorf("%d feeds, classes %b after the end", len(p.lines), p.wanted)
			}
		})
	})
}

// While an Originate without Async waits, its connection stands still: neither
// replies nor events come.
func TestSynchronousOriginate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, Config{})
		c, other := b.login("call"), b.login("call")
		before := c.count()
		c.write(action("Originate", "ActionID", "1", "Channel", "PJSIP/120@trunk", "ChannelId", "one", "Application", "Wait", "Data", "1"))
		c.write(action("Ping", "ActionID", "2"))
		pass(1900 * time.Millisecond)
		if n := c.count() - before; n != 0 {
			t.Errorf("%d messages came: %s", n, c.dump())
		}
		other.one("Newchannel")
		pass(5 * time.Second)
		got := c.messages()[before:]
		if got[0].ActionID() != "1" || got[0].Get("Message") != "Originate successfully queued" || got[1].Event() != "Newchannel" {
			t.Errorf("first came %v, %v", got[0].Message, got[1].Message)
		}
		c.none("OriginateResponse")
		c.one("Hangup")
		if last := c.messages(); !func() bool {
			for _, g := range last {
				if g.ActionID() == "2" && g.Get("Ping") == "Pong" {
					return true
				}
			}
			return false
		}() {
			t.Error("the Ping was never answered")
		}
	})
}

// Nobody is called twice under one id, and an id that lives can't be used again.
func TestChannelIDTwice(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, Config{})
		c := b.login()
		c.originate("one", "PJSIP/100@trunk", "Wait", "60")
		pass(time.Second)
		c.do("Originate", "ActionID", "again", "Channel", "PJSIP/100@trunk", "Async", "true", "ChannelId", "one", "Application", "Wait")
		pass(time.Second)
		c.one("Newchannel", "Uniqueid", "one")
		c.one("OriginateResponse", "ActionID", "again", "Response", "Failure", "Uniqueid", "one")
		if n := len(b.Calls()); n != 1 {
			t.Errorf("%d calls", n)
		}
	})
}

func TestCommands(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, Config{Version: "21.3.0"})
		c := b.login()
		if r := c.do("Command", "Command", "core show version"); r.Get("Output") != "Asterisk 21.3.0 (simulated)" {
			t.Errorf("%v", r)
		}
		if r := c.do("Command", "Command", "core  destroy"); r.Response() != "Error" || !strings.HasPrefix(r.Get("Output"), "No such command 'core destroy'") {
			t.Errorf("%v", r)
		}
		c.originate("one", "PJSIP/100@trunk", "MusicOnHold", "")
		pass(time.Second)
		if r := c.do("CoreStatus"); r.Get("CoreCurrentCalls") != "1" || r.Get("CoreStartupDate") != "2000-01-01" {
			t.Errorf("%v", r)
		}
		c.do("Status", "Channel", "one")
		c.one("Status", "Uniqueid", "one", "Application", "MusicOnHold", "Seconds", "1")
		c.do("UserEvent", "UserEvent", "Hello", "Who", "me")
		c.one("UserEvent", "UserEvent", "Hello", "Who", "me")
	})
}
