package pbxsim

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// TestCustomerSaysHisFate: with Config.Customer each call goes as the caller
// of New wants it, to the millisecond.
func TestCustomerSaysHisFate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var asked []string
		fates := map[string]Fate{
			"1": {After: 3 * time.Second, Talk: 20 * time.Second},
			"2": {Does: Busy, After: 2 * time.Second},
			"3": {Does: NoAnswer},
			"4": {Does: Congestion},
			"5": {Does: Unallocated},
			"6": {Patience: 7 * time.Second},
		}
		b := newBench(t, Config{
			Customer: func(number string) Fate { asked = append(asked, number); return fates[number] },
			Queues: []QueueConfig{
				{Name: "q", Members: []MemberConfig{{Interface: "PJSIP/desk", Answer: Fixed(0)}}}, {Name: "nobody"},
			},
		})
		c := b.login()
		c.originate("call-1", "PJSIP/1@trunk", "Queue", "q")
		for _, number := range []string{"2", "3", "4", "5"} {
			c.originate("call-"+number, "PJSIP/"+number+"@trunk", "Wait", "60")
		}
		c.originate("call-6", "PJSIP/6@trunk", "Queue", "nobody")
		pass(time.Minute)
		if want := []string{"1", "2", "3", "4", "5", "6"}; !slices.Equal(asked, want) {
			t.Errorf("asked for %v, want %v", asked, want)
		}
		for number, want := range map[string]string{"1": "4 16", "2": "0 17", "3": "3 19", "4": "0 34", "5": "0 1", "6": "4 0"} {
			id := "call-" + number
			if got := c.one("OriginateResponse", "Uniqueid", id).Get("Reason") + " " + c.one("Hangup", "Uniqueid", id).Get("Cause"); got != want {
				t.Errorf("%s: reason and cause %s, want %s", number, got, want)
			}
		}
		answer := c.one("DialEnd", "DestUniqueid", "call-1", "DialStatus", "ANSWER")
		agent := c.one("AgentConnect")
		end := c.one("Hangup", "Uniqueid", "call-1")
		if ring := answer.at - c.one("DialBegin", "DestUniqueid", "call-1").at; ring != 3*time.Second+signalling {
			t.Errorf("rang for %v", ring)
		}
		if took := agent.at - answer.at; took != agentSignalling {
			t.Errorf("the agent took %v to answer at once", took)
		}
		if talk := end.at - agent.at; talk != 20*time.Second {
			t.Errorf("talked for %v", talk)
		}
		if wait := c.one("QueueCallerAbandon").at - c.one("QueueCallerJoin", "Uniqueid", "call-6").at; wait != 7*time.Second {
			t.Errorf("waited for %v", wait)
		}
		if busy := c.one("Hangup", "Uniqueid", "call-2").at; busy != 2*time.Second+signalling {
			t.Errorf("busy after %v", busy)
		}
	})
}

// TestLongestIdle: the next call goes to the agent whose last one ended first,
// and not before his wrap-up is over.
func TestLongestIdle(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		talks := map[string]time.Duration{"1": 30 * time.Second, "2": 10 * time.Second, "3": 5 * time.Second}
		var members []MemberConfig
		for i := range 3 {
			members = append(members, MemberConfig{Interface: fmt.Sprintf("PJSIP/desk-%d", i), Answer: Fixed(0)})
		}
		b := newBench(t, Config{
			Customer: func(number string) Fate { return Fate{Talk: talks[number]} },
			Queues:   []QueueConfig{{Name: "q", Strategy: leastRecent, Wrapup: 20 * time.Second, Members: members}},
		})
		c := b.login()
		for i, number := range []string{"1", "2", "3"} {
			c.originate(fmt.Sprint("early-", i), "PJSIP/"+number+"@trunk", "Queue", "q")
		}
		pass(15 * time.Second)
		c.originate("next", "PJSIP/4@trunk", "Queue", "q") // desks 1 and 2 are in wrap-up, 0 talks
		pass(time.Minute)
		connect := c.one("AgentConnect", "Uniqueid", "next")
		ended := c.one("Hangup", "Uniqueid", "early-2").at
		if who := connect.Get("Interface"); who != "PJSIP/desk-2" || connect.at-ended != 20*time.Second+agentSignalling {
			t.Errorf("%s took it %v after the first talk had ended", who, connect.at-ended)
		}
		c.originate("last", "PJSIP/5@trunk", "Queue", "q") // all are free but desk 2
		pass(time.Second)
		if who := c.one("AgentConnect", "Uniqueid", "last").Get("Interface"); who != "PJSIP/desk-1" {
			t.Errorf("%s took it, desk 1 has been idle longest", who)
		}
	})
}
