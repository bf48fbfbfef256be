package pbxsim

import (
	"context"
	"crypto/md5"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/outpace/outpace/dialer/ami"
)

func TestLoginRefused(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, Config{Username: "u", Secret: "s"})
		for _, user := range []string{"u", "nobody"} {
			c := b.dial()
			c.write(action("Login", "ActionID", "1", "Username", user, "Secret", "wrong"))
			pass(999 * time.Millisecond)
			if c.count() != 0 || c.closed() {
				t.Fatal("answered before a second was over")
			}
			pass(2 * time.Millisecond)
			if got := c.messages(); len(got) != 1 || got[0].Get("Message") != "Authentication failed" || got[0].ActionID() != "1" {
				t.Fatalf("got %v", got)
			}
			if !c.closed() {
				t.Fatal("still open")
			}
		}
		if n := b.Links(); n != 0 {
			t.Errorf("%d links", n)
		}
	})
}

func TestLoginWithChallenge(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newBench(t, Config{}).dial()
		challenge := c.do("Challenge", "AuthType", "MD5").Get("Challenge")
		sum := md5.Sum([]byte(challenge + "secret"))
		r := c.do("Login", "AuthType", "MD5", "Username", "dialer", "Key", hex.EncodeToString(sum[:]))
		if r.Response() != "Success" || challenge == "" {
			t.Fatalf("challenge %q, %v", challenge, r)
		}
		c.one("FullyBooted", "Status", "Fully Booted")
	})
}

func TestLoginMissing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newBench(t, Config{}).dial()
		if r := c.do("Ping"); r.Get("Message") != "Permission denied" {
			t.Fatalf("%v", r)
		}
		pass(29 * time.Second)
		if c.closed() {
			t.Fatal("closed before 30 s")
		}
		pass(2 * time.Second)
		if !c.closed() {
			t.Fatal("open after 30 s without a login")
		}
	})
}

func TestUptimeAndLogoff(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, Config{})
		pass(90 * time.Second)
		c := b.login()
		c.one("FullyBooted", "Uptime", "90")
		if r := c.do("Logoff"); r.Response() != "Goodbye" {
			t.Fatalf("%v", r)
		}
		synctest.Wait()
		if !c.closed() {
			t.Fatal("open after Logoff")
		}
	})
}

func TestEventMask(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, Config{})
		all, off, some, changed := b.login(), b.login("off"), b.login("agent,user"), b.login("off")
		if r := changed.do("Events", "EventMask", "call"); r.Get("Events") != "On" {
			t.Fatalf("%v", r)
		}
		all.originate("call-1", "PJSIP/101@trunk", "Queue", "empty", "Variable", "A=1")
		pass(20 * time.Second)
		for _, c := range []*client{all, changed} {
			c.one("Hangup")
		}
		all.one("VarSet", "Variable", "A", "Value", "1")
		changed.none("VarSet")
		changed.none("QueueCallerJoin")
		some.one("QueueCallerJoin")
		some.none("Hangup")
		off.none("FullyBooted")
		if n := off.count(); n != 1 {
			t.Errorf("with events off %d messages came:\n%s", n, off.dump())
		}
	})
}

func TestBadActions(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newBench(t, Config{}).login()
		long := strings.Repeat("x", 1100)
		many := []string{"ActionID", "many"}
		for range 130 {
			many = append(many, "X", "1")
		}
		for _, x := range []struct {
			name  string
			pairs []string
			want  string
		}{
			{"NoSuchAction", nil, "Invalid/unknown command: NoSuchAction. Use Action: ListCommands to show available commands."},
			{"", nil, "Missing action in request"},
			{"Ping", []string{"X", long}, "Failed to parse message: line too long"},
			{"Ping", many, "Too many lines in message or allocation failure"},
			{"Originate", []string{"Application", "Wait"}, "Channel not specified"},
			{"Originate", []string{"Channel", "Local"}, "Invalid channel"},
			{"Originate", []string{"Channel", "Local/1@customers", "Exten", "wait", "Context", "dialer", "Priority", "x"}, "Invalid priority"},
			{"Originate", []string{"Channel", "Local/1@customers", "Application", "Wait", "Timeout", "soon"}, "Invalid timeout"},
			{"Originate", []string{"Channel", "Local/1@customers", "Exten", "NOPE", "Context", "dialer", "Priority", "1"}, "Extension does not exist."},
			{"Originate", []string{"Channel", "Local/1@customers", "ChannelId", strings.Repeat("x", 150)}, "Uniqueid length exceeds maximum of 149\n"},
			{"Hangup", nil, "No channel specified"},
			{"Hangup", []string{"Channel", "gone"}, "No such channel"},
			{"Getvar", []string{"Channel", "gone", "Variable", "X"}, "No such channel"},
			{"Status", []string{"Channel", "gone"}, "No such channel"},
			{"QueuePause", []string{"Interface", "PJSIP/nobody", "Paused", "true"}, "Interface not found"},
			{"QueueAdd", []string{"Queue", "none", "Interface", "PJSIP/x"}, "Unable to add interface to queue: No such queue"},
			{"ModuleCheck", []string{"Module", "chan_sip"}, "Module not loaded"},
			{"SIPshowpeer", nil, "Invalid/unknown command: SIPshowpeer. Use Action: ListCommands to show available commands."},
			{"PJSIPShowEndpoint", nil, "Endpoint parameter missing."},
		} {
			if r := c.do(x.name, x.pairs...); r.Response() != "Error" || r.Get("Message") != x.want {
				t.Errorf("%s %v: %v", x.name, x.pairs, r)
			}
		}
		if r := c.do("Getvar", "Variable", "IFMODULE(chan_pjsip.so)"); r.Get("Value") != "1" {
			t.Errorf("IFMODULE: %v", r)
		}
		if r := c.do("Ping"); r.Get("Ping") != "Pong" {
			t.Errorf("after all that: %v", r)
		}
	})
}

// A client that does not read is cut off; others don't suffer.
func TestSlowReader(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, Config{WriteLimit: 64 << 10, WriteTimeout: time.Minute})
		good := b.login()
		conn, err := b.ln.Dial(t.Context(), "", "")
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		d := ami.NewDecoder(conn)
		if _, err := d.Greeting(); err != nil {
			t.Fatal(err)
		}
		if err := ami.Encode(conn, action("Login", "Username", "dialer", "Secret", "secret")); err != nil {
			t.Fatal(err)
		}
		if _, err := d.Decode(); err != nil {
			t.Fatal(err)
		}
		if d := b.Stuck(); d != 0 {
			t.Errorf("stuck for %v with nothing to write", d)
		}
		for i := range 100 {
			if d := b.Stuck(); i == 10 && d < 400*time.Millisecond {
				t.Errorf("a write to a client that does not read was stuck for %v only", d)
			}
			good.originate(fmt.Sprint("call-", i), "PJSIP/200@trunk", "Wait", "1")
			pass(50 * time.Millisecond)
		}
		pass(time.Second)
		if n := b.Links(); n != 1 {
			t.Errorf("%d links, want 1: the one that reads", n)
		}
		began := time.Now()
		for err == nil {
			_, err = d.Decode()
		}
		if d := time.Since(began); d != 0 {
			t.Errorf("the connection that does not read was closed %v late", d)
		}
		if d := b.Stuck(); d != 0 {
			t.Errorf("stuck for %v, though who is left reads", d)
		}
		if n := len(good.events("Hangup")); n != 100 {
			t.Errorf("%d hang-ups, want 100", n)
		}
	})
}

// The same over TCP, in real time: what the address, the greeting and Close do.
func TestOverTCP(t *testing.T) {
	t.Parallel()
	s, err := New(Config{TimeScale: 100})
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- s.Run(t.Context()) }()
	var dialer net.Dialer
	conn, err := dialer.DialContext(t.Context(), "tcp", s.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	d := ami.NewDecoder(conn)
	if greeting, err := d.Greeting(); err != nil || greeting != "Asterisk Call Manager/11.0.0" {
		t.Fatalf("%q, %v", greeting, err)
	}
	for _, m := range []ami.Message{
		action("Login", "Username", "dialer", "Secret", "secret"),
		action("Originate", "ActionID", "1", "Channel", "PJSIP/111@trunk", "Async", "true", "Application", "Wait", "Data", "60"),
	} {
		if err := ami.Encode(conn, m); err != nil {
			t.Fatal(err)
		}
	}
	for {
		m, err := d.Decode()
		if err != nil {
			t.Fatal(err)
		}
		if m.Event() == "Hangup" {
			break
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	for err == nil {
		_, err = d.Decode()
	}
	if err := s.Close(); err != nil {
		t.Errorf("closed twice: %v", err)
	}
	if err := s.Run(t.Context()); err == nil {
		t.Error("ran a second time")
	}
	if n := len(s.Originates()); n != 1 {
		t.Errorf("%d originates after the end, want 1", n)
	}
}

func TestCloseWithoutRun(t *testing.T) {
	t.Parallel()
	s, err := New(Config{})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := s.Run(context.Background()); !errors.Is(err, ErrClosed) {
		t.Fatalf("Run after Close: %v", err)
	}
}
