package pbxsim

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/outpace/outpace/dialer/ami"
)

func TestRepeats(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, Config{})
		c := b.login()
		b.Arm(RepeatHangup, 1)
		b.Arm(RepeatResponse, 1)
		c.originate("one", "Local/200@customers/n", "Wait", "1")
		c.originate("two", "Local/200@customers/n", "Wait", "1")
		pass(time.Minute)
		for name, ids := range map[string][2]int{"Hangup": {2, 1}, "OriginateResponse": {2, 1}} {
			if n := len(c.events(name, "Uniqueid", "one")); n != ids[0] {
				t.Errorf("%s came %d times, want %d", name, n, ids[0])
			}
			if n := len(c.events(name, "Uniqueid", "two")); n != ids[1] {
				t.Errorf("%s came %d times, want %d", name, n, ids[1])
			}
		}
	})
}

func TestReorder(t *testing.T) {
	t.Parallel()
	for _, channel := range []string{"PJSIP/200@trunk", "PJSIP/300@trunk", "PJSIP/600@trunk", "Local/300@customers/n", "Local/200@outbound/n"} {
		t.Run(channel, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t, Config{})
				c := b.login()
				order := func(id string) bool {
					c.originate(id, channel, "Wait", "1")
					pass(20 * time.Second)
					return c.at("OriginateResponse", "Uniqueid", id) < c.at("Hangup", "Uniqueid", id)
				}
				usual := order("one")
				b.Arm(Reorder, 1)
				if order("two") == usual {
					t.Error("the order is as usual")
				}
			})
		})
	}
}

// The response of a short call may come after its end.
func TestReorderAnswered(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, Config{Faults: Faults{Reorder: 1}})
		c := b.login()
		c.originate("one", "PJSIP/500@trunk", "Wait", "60")
		pass(20 * time.Second)
		if c.at("OriginateResponse", "Response", "Success") < c.at("Hangup") {
			t.Error("the response came before the end")
		}
	})
}

func TestReplies(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, Config{Faults: Faults{Late: 3 * time.Second}})
		c := b.login()
		send := func(id string) {
			c.write(action("Originate", "ActionID", id, "Channel", "PJSIP/200@trunk", "Async", "true", "ChannelId", id, "Application", "Wait", "Data", "1"))
		}
		replies := func(id string) (n int, at time.Duration) {
			for _, g := range c.messages() {
				if g.IsResponse() && g.ActionID() == id {
					n, at = n+1, g.at
				}
			}
			return n, at
		}
		b.Arm(LateReply, 1)
		send("late")
		pass(2 * time.Second)
		if n, _ := replies("late"); n != 0 || len(c.events("Hangup", "Uniqueid", "late")) != 1 {
			t.Errorf("%d replies; the call must be over by now", n)
		}
		pass(2 * time.Second)
		if n, at := replies("late"); n != 1 || at != 3*time.Second {
			t.Errorf("%d replies, at %v", n, at)
		}
		b.Arm(LoseReply, 1)
		send("lost")
		pass(time.Minute)
		if n, _ := replies("lost"); n != 0 {
			t.Errorf("%d replies", n)
		}
		c.one("OriginateResponse", "ActionID", "lost")
		b.Arm(Refuse, 1)
		send("refused")
		pass(time.Second)
		c.none("Newchannel", "Uniqueid", "refused")
		records := b.Originates()
		if n := records[0].Replied.Sub(records[0].At); n != 3*time.Second || !records[0].Ended.Before(records[0].Replied) {
			t.Errorf("late: replied after %v; over before: %v", n, records[0].Ended.Before(records[0].Replied))
		}
		if !records[1].Replied.IsZero() || records[1].Ended.IsZero() || records[2].Replied.IsZero() || !records[2].Ended.IsZero() {
			t.Errorf("records %+v", records)
		}
		for f, want := range map[Fault]int{LateReply: 1, LoseReply: 1, Refuse: 1, DropAfter: 0} {
			if n := b.Strikes(f); n != want {
				t.Errorf("fault %d has struck %d times, want %d", f, n, want)
			}
		}
		if len(records) != 3 || !records[0].Accepted || !records[1].Accepted || records[2].Accepted {
			t.Errorf("records %+v", records)
		}
	})
}

func TestDroppedLinks(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, Config{})
		watch := b.login()
		for _, x := range []struct {
			fault  Fault
			id     string
			dialed bool
		}{{DropBefore, "before", false}, {DropAfter, "after", true}} {
			c := b.login()
			b.Arm(x.fault, 1)
			c.write(action("Originate", "ActionID", x.id, "Channel", "PJSIP/200@trunk", "Async", "true", "ChannelId", x.id, "Application", "Wait"))
			pass(time.Second)
			if !c.closed() {
				t.Errorf("%s: link is up", x.id)
			}
			for _, g := range c.messages() {
				if g.ActionID() == x.id {
					t.Errorf("%s: a reply came", x.id)
				}
			}
			if dialed := len(watch.events("Hangup", "Uniqueid", x.id)) == 1; dialed != x.dialed {
				t.Errorf("%s: dialed %v", x.id, dialed)
			}
		}
		if records := b.Originates(); len(records) != 1 || records[0].ChannelID != "after" {
			t.Errorf("records %+v", records)
		}
		b.DropLinks()
		synctest.Wait()
		if !watch.closed() || b.Links() != 0 {
			t.Error("a link is up after DropLinks")
		}
	})
}

func TestDelayedEvents(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, Config{Faults: Faults{Late: 5 * time.Second}})
		c := b.login("call")
		b.Arm(DelayEvents, 1)
		c.originate("one", "PJSIP/200@trunk", "Wait", "1")
		pass(4 * time.Second)
		if n := len(c.events("Newchannel")); n != 0 {
			t.Error("an event came through")
		}
		if r := c.do("Ping"); r.Get("Ping") != "Pong" {
			t.Errorf("%v", r)
		}
		held := b.Strikes(DelayEvents)
		pass(2 * time.Second)
		if all := len(c.messages()); held < 5 || held > all {
			t.Errorf("%d events of %d messages were held back", held, all)
		}
		if c.at("Newchannel") > c.at("Hangup") {
			t.Error("events are out of order")
		}
	})
}

func TestFreeze(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, Config{})
		c := b.login()
		c.originate("one", "PJSIP/101@trunk", "Wait", "60")
		pass(time.Second)
		b.Freeze()
		before := c.count()
		c.write(action("Originate", "ActionID", "two", "Channel", "PJSIP/200@trunk", "Async", "true", "ChannelId", "two", "Application", "Wait"))
		pass(time.Minute)
		if n := c.count() - before; n != 0 || c.closed() || len(b.Originates()) != 1 {
			t.Errorf("%d messages, closed %v, %d originates", n, c.closed(), len(b.Originates()))
		}
		b.Thaw()
		pass(time.Minute)
		c.one("Hangup", "Uniqueid", "one")
		c.one("Hangup", "Uniqueid", "two")

		b.Freeze()
		c.write(action("Originate", "ActionID", "three", "Channel", "PJSIP/200@trunk", "Async", "true", "ChannelId", "three", "Application", "Wait"))
		pass(time.Second)
		b.DropLinks()
		b.Thaw()
		pass(time.Second)
		if !c.closed() || len(b.Originates()) != 2 {
			t.Errorf("closed %v, %d originates: what a dead link held is lost", c.closed(), len(b.Originates()))
		}
	})
}

func TestRestart(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, Config{})
		c := b.login()
		c.originate("one", "PJSIP/100@trunk", "Wait", "600")
		c.do("QueueAdd", "Queue", "empty", "Interface", "PJSIP/agent-17")
		pass(10 * time.Second)
		b.Restart(true)
		synctest.Wait()
		if !c.closed() {
			t.Fatal("the link outlived a restart of the manager")
		}
		c = b.login()
		c.one("FullyBooted", "Uptime", "10")
		c.do("CoreShowChannels")
		c.one("CoreShowChannel", "Uniqueid", "one", "ChannelStateDesc", "Up")
		b.Restart(false)
		pass(time.Second)
		c = b.login()
		c.one("FullyBooted", "Uptime", "1")
		c.do("CoreShowChannels")
		c.one("CoreShowChannelsComplete", "ListItems", "0")
		c.do("QueueStatus", "Queue", "empty")
		c.none("QueueMember")
		if n := len(b.Originates()); n != 1 {
			t.Errorf("%d originates are remembered, want 1", n)
		}
		c.originate("two", "PJSIP/200@trunk", "Wait", "1")
		pass(time.Second)
		c.one("Hangup", "Uniqueid", "two", "Cause", "17")
	})
}

func TestStop(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, Config{})
		c := b.login()
		c.originate("up", "PJSIP/100@trunk", "Queue", "sales_2")
		c.originate("rings", "PJSIP/300@trunk", "Queue", "sales_2")
		pass(5 * time.Second)
		b.Stop()
		synctest.Wait()
		c.one("SoftHangupRequest", "Uniqueid", "up", "Cause", "4")
		c.one("Hangup", "Uniqueid", "up", "Cause", "16")
		c.one("AgentComplete", "Uniqueid", "up")
		c.one("OriginateResponse", "Uniqueid", "rings", "Response", "Failure", "Reason", "0")
		c.one("Shutdown", "Restart", "False")
		if !c.closed() {
			t.Error("the link is up")
		}
		conn, err := b.ln.Dial(t.Context(), "", "")
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if _, err := ami.NewDecoder(conn).Greeting(); err == nil {
			t.Error("greeted while down")
		}
		b.SetDown(false)
		b.login().one("FullyBooted")
	})
}

func TestConfigErrors(t *testing.T) {
	t.Parallel()
	for _, cfg := range []Config{
		{TimeScale: -1},
		{Queues: []QueueConfig{{}}},
		{Queues: []QueueConfig{{Name: "q"}, {Name: "q"}}},
		{Queues: []QueueConfig{{Name: "q", Strategy: "loudest"}}},
		{Queues: []QueueConfig{{Name: "q", Members: []MemberConfig{{}}}}},
		{Faults: Faults{Refuse: 2}},
	} {
		if s, err := New(cfg); err == nil {
			t.Errorf("%+v was accepted", cfg)
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		}
	}
}
