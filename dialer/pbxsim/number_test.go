package pbxsim

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"
)

// fate is what a client hears of a call into Wait(60) with a Timeout of 10 s.
type fate struct {
	channel  string
	response string
	reason   string
	dial     string // DialStatus of the originated leg, "" for none
	cause    string // "" for no channel
	tech     string
	rang     bool
}

func TestFates(t *testing.T) {
	t.Parallel()
	for _, f := range []fate{
		{"PJSIP/121@trunk", "Success", "4", "ANSWER", "0", "", true},
		{"PJSIP/200@trunk", "Failure", "0", "BUSY", "17", "486", false},
		{"PJSIP/300@trunk", "Failure", "3", "", "19", "480", true},
		{"PJSIP/400@trunk", "Failure", "0", "CONGESTION", "34", "503", false},
		{"PJSIP/500@trunk", "Success", "4", "ANSWER", "0", "", true},
		{"PJSIP/600@trunk", "Failure", "0", "NOANSWER", "1", "404", false},
		{"PJSIP/700@trunk", "Success", "4", "ANSWER", "0", "", true},
		{"PJSIP/900@trunk", "Failure", "3", "", "19", "480", false},
		{"PJSIP/910@trunk", "Failure", "3", "", "19", "480", false},
		{"PJSIP/100@trunk-dead", "Failure", "3", "", "19", "480", false},
		{"PJSIP/100@nosuch", "Failure", "0", "", "", "", false},
		{"PJSIP/agent-offline", "Failure", "0", "", "", "", false},
		{"PJSIP/agent-01", "Success", "4", "ANSWER", "0", "", true},
		{"SIP/100@trunk", "Failure", "0", "", "", "", false},
		{"Foo/100", "Failure", "0", "", "", "", false},
		{"Local/121@customers/n", "Success", "4", "ANSWER", "16", "", true},
		{"Local/200@customers/n", "Failure", "5", "BUSY", "0", "", true},
		{"Local/300@customers/n", "Failure", "3", "", "19", "", true},
		{"Local/400@customers/n", "Failure", "8", "CONGESTION", "0", "", false},
		{"Local/600@customers/n", "Failure", "0", "NOANSWER", "1", "", false},
		{"Local/900@customers/n", "Failure", "3", "", "19", "", false},
		{"Local/nosuch@customers/n", "Failure", "0", "", "0", "", false},
		{"Local/121@outbound/n", "Success", "4", "ANSWER", "16", "", true},
		{"Local/200@outbound/n", "Failure", "0", "BUSY", "17", "", false},
		{"Local/300@outbound/n", "Failure", "3", "", "19", "", true},
		{"Local/400@outbound/n", "Failure", "0", "CONGESTION", "34", "", false},
		{"Local/600@outbound/n", "Failure", "0", "NOANSWER", "1", "", false},
		{"Local/200@local-dial/n", "Failure", "0", "NOANSWER", "16", "", false},
		{"Local/agent-01@agents/n", "Success", "4", "ANSWER", "0", "", false},
	} {
		t.Run(f.channel, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { f.check(t, "22.10.1") })
		})
	}
}

func (f fate) check(t *testing.T, version string) *client {
	b := newBench(t, Config{Version: version})
	c := b.login()
	if r := c.originate("call-1", f.channel, "Wait", "60"); r.Get("Message") != "Originate successfully queued" {
		t.Fatalf("reply %v", r)
	}
	pass(2 * time.Minute)
	r := c.one("OriginateResponse")
	if !has(r.Message, []string{"ActionID", "act-call-1", "Response", f.response, "Reason", f.reason, "Uniqueid", "call-1"}) {
		t.Errorf("OriginateResponse %v", r.Message)
	}
	if f.cause == "" {
		c.none("Newchannel")
		c.none("Hangup")
		return c
	}
	hangup := c.one("Hangup", "Uniqueid", "call-1")
	if hangup.Get("Cause") != f.cause || hangup.Get("TechCause") != f.tech {
		t.Errorf("Hangup %v", hangup.Message)
	}
	if f.dial == "" {
		c.none("DialEnd", "DestUniqueid", "call-1")
	} else {
		c.one("DialEnd", "DestUniqueid", "call-1", "DialStatus", f.dial)
	}
	if rang := len(c.events("DialState", "DestUniqueid", "call-1", "DialStatus", "RINGING")) == 1; rang != f.rang {
		t.Errorf("rang %v, want %v", rang, f.rang)
	}
	if opened, ended := len(c.events("Newchannel")), len(c.events("Hangup")); opened != ended {
		t.Errorf("%d channels came, %d went", opened, ended)
	}
	if calls := b.Calls(); len(calls) != 0 {
		t.Errorf("calls are left: %v", calls)
	}
	return c
}

func TestAsterisk16(t *testing.T) {
	t.Parallel()
	for _, f := range []fate{
		{"PJSIP/200@trunk", "Failure", "0", "BUSY", "17", "", false},
		{"PJSIP/300@trunk", "Failure", "3", "", "0", "", true},
		{"Local/300@customers/n", "Failure", "3", "", "0", "", true},
	} {
		t.Run(f.channel, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := f.check(t, "16.28.0")
				if v := c.do("CoreSettings").Get("AMIversion"); v != "5.0.4" {
					t.Errorf("AMIversion %s", v)
				}
			})
		})
	}
}

func TestTimesOfDigits(t *testing.T) {
	t.Parallel()
	for _, x := range []struct {
		number     string
		ring, talk time.Duration
	}{
		{"1250000123", 2 * time.Second, 25 * time.Second},
		{"131", 3 * time.Second, 5 * time.Second},
		{"500", time.Second, 0},
		{"700", 3 * time.Second, 30 * time.Second},
	} {
		t.Run(x.number, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := newBench(t, Config{}).login()
				c.originate("call-1", "PJSIP/"+x.number+"@trunk", "Wait", "600")
				pass(time.Minute)
				began, up, end := c.one("DialBegin").at, c.one("DialEnd").at, c.one("Hangup").at
				if ring := up - began; ring < x.ring || ring > x.ring+50*time.Millisecond {
					t.Errorf("rang %v, want %v", ring, x.ring)
				}
				if talk := end - up; talk < x.talk || talk > x.talk+50*time.Millisecond {
					t.Errorf("talked %v, want %v", talk, x.talk)
				}
			})
		})
	}
}

func TestTimeScale(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newBench(t, Config{TimeScale: 10}).login()
		c.originate("call-1", "PJSIP/300@trunk", "Wait", "600")
		c.originate("call-2", "PJSIP/151@trunk", "Wait", "600")
		pass(time.Minute)
		if d := c.one("Hangup", "Uniqueid", "call-1").at; d < time.Second || d > 1100*time.Millisecond {
			t.Errorf("a Timeout of 10 s took %v", d)
		}
		if d := c.one("Hangup", "Uniqueid", "call-2").at; d < time.Second || d > 1100*time.Millisecond {
			t.Errorf("5 s of ringing and 5 s of talk took %v", d)
		}
	})
}

// The draws are as the table in the package comment says, and each number
// does the same in each run with the same seed.
func TestDraws(t *testing.T) {
	t.Parallel()
	count := func(seed uint64) (shares map[Outcome]int, first []Outcome) {
		cfg, err := Config{Seed: seed}.withDefaults()
		if err != nil {
			t.Fatal(err)
		}
		shares = map[Outcome]int{}
		for i := range 10_000 {
			number := fmt.Sprintf("8%09d", i)
			who := cfg.customer(number, cfg.stream("number "+number, 0))
			shares[who.does]++
			first = append(first, who.does)
		}
		return shares, first
	}
	shares, one := count(1)
	for does, want := range map[Outcome]int{Answers: 4000, Busy: 1500, NoAnswer: 3500, Congestion: 500, Unallocated: 500} {
		if d := shares[does] - want; d < -200 || d > 200 {
			t.Errorf("Outcome %d: %d of 10,000, want about %d", does, shares[does], want)
		}
	}
	_, same := count(1)
	_, other := count(2)
	if fmt.Sprint(one) != fmt.Sprint(same) {
		t.Error("the same seed gave other draws")
	}
	if fmt.Sprint(one) == fmt.Sprint(other) {
		t.Error("another seed gave the same draws")
	}
}
