package pbxsim

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// desks are agents who answer after a second, each for all queues named.
func desks(n int, talk Dist) []MemberConfig {
	var members []MemberConfig
	for i := range n {
		members = append(members, MemberConfig{
			Interface: fmt.Sprintf("PJSIP/desk-%d", i), Name: fmt.Sprintf("Desk %d", i), Answer: Fixed(time.Second), Talk: talk,
		})
	}
	return members
}

// callers places n calls of customers who answer at once and stay.
func callers(c *client, n int, queue string) {
	for i := range n {
		c.originate(fmt.Sprintf("call-%d", i), "PJSIP/100@trunk", "Queue", queue)
	}
}

func agentsOf(c *client, event string) []string {
	var who []string
	for _, g := range c.events(event) {
		who = append(who, g.Get("Interface"))
	}
	return who
}

func TestCallersAreServedInOrder(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, Config{Queues: []QueueConfig{{Name: "q", Strategy: rrMemory, Members: desks(1, Fixed(10*time.Second))}}})
		c := b.login()
		callers(c, 3, "q")
		pass(time.Minute)
		var served []string
		for _, g := range c.events("AgentConnect") {
			served = append(served, g.Get("Uniqueid"))
		}
		if want := []string{"call-0", "call-1", "call-2"}; !slices.Equal(served, want) {
			t.Errorf("served %v, want %v", served, want)
		}
		for i, g := range c.events("AgentConnect")[1:] {
			if last := c.events("AgentComplete")[i]; g.at < last.at+time.Second {
				t.Errorf("call %d was connected at %v, the one before ended at %v", i+1, g.at, last.at)
			}
		}
		joined := c.events("QueueCallerJoin")
		if joined[2].Get("Position") != "3" || joined[2].Get("Count") != "3" {
			t.Errorf("the third joined as %v", joined[2].Message)
		}
	})
}

func TestStrategies(t *testing.T) {
	t.Parallel()
	talk := Fixed(2 * time.Second)
	for _, x := range []struct {
		strategy string
		called   []string
	}{
		{rrMemory, []string{"PJSIP/desk-0", "PJSIP/desk-1", "PJSIP/desk-2", "PJSIP/desk-0"}},
		{longestIdle, []string{"PJSIP/desk-0", "PJSIP/desk-1", "PJSIP/desk-2", "PJSIP/desk-0"}},
		{leastRecent, []string{"PJSIP/desk-0", "PJSIP/desk-1", "PJSIP/desk-2", "PJSIP/desk-0"}},
		{ringAll, []string{
			"PJSIP/desk-0", "PJSIP/desk-1", "PJSIP/desk-2", "PJSIP/desk-0", "PJSIP/desk-1", "PJSIP/desk-2",
			"PJSIP/desk-0", "PJSIP/desk-1", "PJSIP/desk-2", "PJSIP/desk-0", "PJSIP/desk-1", "PJSIP/desk-2",
		}},
	} {
		t.Run(x.strategy, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := newBench(t, Config{Queues: []QueueConfig{{Name: "q", Strategy: x.strategy, Members: desks(3, talk)}}}).login()
				for i := range 4 {
					c.originate(fmt.Sprintf("call-%d", i), "PJSIP/100@trunk", "Queue", "q")
					pass(10 * time.Second)
				}
				if got := agentsOf(c, "AgentCalled"); !slices.Equal(got, x.called) {
					t.Errorf("called %v, want %v", got, x.called)
				}
				if n := len(c.events("AgentComplete", "Reason", "agent")); n != 4 {
					t.Errorf("%d talks were ended by the agents, want 4", n)
				}
			})
		})
	}
}

// An agent in two queues has one call at a time; his status comes once for each.
func TestOneAgentTwoQueues(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		members := desks(1, Fixed(10*time.Second))
		c := newBench(t, Config{Queues: []QueueConfig{{Name: "q1", Members: members}, {Name: "q2", Members: members}}}).login()
		c.originate("one", "PJSIP/100@trunk", "Queue", "q1")
		c.originate("two", "PJSIP/100@trunk", "Queue", "q2")
		pass(5 * time.Second)
		c.one("AgentConnect", "Uniqueid", "one")
		c.none("AgentCalled", "Uniqueid", "two")
		c.one("QueueMemberStatus", "Queue", "q1", "Status", "2", "InCall", "1")
		c.one("QueueMemberStatus", "Queue", "q2", "Status", "2", "InCall", "0")
		pass(30 * time.Second)
		ended := c.one("Hangup", "Uniqueid", "one").at
		if at := c.one("AgentConnect", "Uniqueid", "two").at; at < ended {
			t.Errorf("second talk at %v, the first ended at %v", at, ended)
		}
	})
}

// In wrap-up an agent is not in use and QueueSummary has him available, yet he
// is not called. The member's own time shows in QueueMember, the queue's does not.
func TestWrapup(t *testing.T) {
	t.Parallel()
	for _, x := range []struct {
		name        string
		own, queues time.Duration
		shown       string
	}{{"own", 20 * time.Second, 0, "20"}, {"queue's", 0, 20 * time.Second, "0"}} {
		t.Run(x.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				members := desks(1, Fixed(2*time.Second))
				members[0].Wrapup = x.own
				c := newBench(t, Config{Queues: []QueueConfig{{Name: "q", Wrapup: x.queues, Members: members}}}).login()
				callers(c, 2, "q")
				pass(10 * time.Second)
				ended := c.one("AgentComplete").at
				c.do("QueueSummary", "Queue", "q")
				c.one("QueueSummary", "LoggedIn", "1", "Available", "1", "Callers", "1")
				c.do("QueueStatus", "Queue", "q")
				c.one("QueueMember", "Status", "1", "Wrapuptime", x.shown, "CallsTaken", "1")
				c.one("AgentCalled")
				pass(20 * time.Second)
				called := c.events("AgentCalled")
				if len(called) != 2 || called[1].at-ended != 20*time.Second {
					t.Errorf("called %d times, last %v, talk ended %v", len(called), called[len(called)-1].at, ended)
				}
			})
		})
	}
}

func TestCrowdLosesPatience(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		crowd := Crowd{Answer: 1, Ring: Fixed(2 * time.Second), Talk: Fixed(7 * time.Second), Patience: Fixed(4 * time.Second)}
		c := newBench(t, Config{Crowd: crowd, Queues: []QueueConfig{{Name: "q", Members: desks(1, Dist{})}}}).login()
		c.originate("one", "PJSIP/01@trunk", "Queue", "q")
		c.originate("two", "PJSIP/02@trunk", "Queue", "q")
		pass(time.Minute)
		connected := c.one("AgentConnect", "Uniqueid", "one")
		done := c.one("AgentComplete", "Uniqueid", "one", "Reason", "caller", "TalkTime", "7")
		if d := done.at - connected.at; d != 7*time.Second {
			t.Errorf("talked %v, want 7 s", d)
		}
		gone := c.one("QueueCallerAbandon", "Uniqueid", "two", "HoldTime", "4")
		if d := gone.at - c.one("QueueCallerJoin", "Uniqueid", "two").at; d != 4*time.Second {
			t.Errorf("waited %v, want 4 s", d)
		}
	})
}

func TestMembersByMethods(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, Config{Queues: []QueueConfig{{Name: "q"}}})
		c := b.login("agent,call")
		desk := desks(1, Dist{})[0]
		for _, err := range []error{
			b.AddMember("q", desk), b.PauseMember("q", desk.Interface, true, "lunch"),
			b.PauseMember("q", desk.Interface, false, ""), b.SetMode(desk.Interface, AgentOffline),
			b.SetMode(desk.Interface, AgentAnswers),
		} {
			if err != nil {
				t.Fatal(err)
			}
		}
		id, err := b.CallIn("q", Dist{}, Fixed(5*time.Second))
		if err != nil {
			t.Fatal(err)
		}
		pass(3 * time.Second)
		c.one("QueueMemberAdded", "Membership", "dynamic", "MemberName", "Desk 0")
		c.one("QueueMemberPause", "Paused", "1", "PausedReason", "lunch")
		c.one("QueueMemberStatus", "Status", "5")
		c.one("AgentConnect", "Uniqueid", id)
		if calls := b.Calls(); len(calls) != 1 || !calls[0].Stranger || calls[0].Agent != desk.Interface || calls[0].Queue != "q" {
			t.Errorf("calls %+v", calls)
		}
		if err := b.RemoveMember("q", desk.Interface); err != nil {
			t.Fatal(err)
		}
		pass(time.Minute)
		c.one("QueueMemberRemoved")
		c.one("Hangup", "Uniqueid", id)
		c.none("OriginateResponse")
		for _, err := range []error{
			b.AddMember("none", desk), b.RemoveMember("q", desk.Interface), b.PauseMember("q", "x", true, ""), b.SetMode("x", AgentBusy),
			b.Hangup(id), b.CustomerHangup(id), b.AgentHangup(id),
		} {
			if err == nil {
				t.Error("no error for what is not there")
			}
		}
	})
}
