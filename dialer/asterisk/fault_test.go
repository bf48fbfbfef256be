package asterisk_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/outpace/outpace/dialer"
	"github.com/outpace/outpace/dialer/ami"
	"github.com/outpace/outpace/dialer/asterisk"
	"github.com/outpace/outpace/dialer/pbxsim"
)

// stage runs a gateway to a simulated PBX and keeps its events.
type stage struct {
	t   *testing.T
	sim *pbxsim.Server
	gw  *asterisk.Gateway

	mu      sync.Mutex
	changed chan struct{}
	events  []dialer.Event
	hold    chan struct{} // while set, the sink waits for it
}

func newStage(t *testing.T, cfg pbxsim.Config, adjust func(*asterisk.Config, *asterisk.Gateway)) *stage {
	t.Helper()
	cfg.Seed, cfg.TimeScale = 7, 10
	sim := startSim(t, cfg)
	s := &stage{t: t, sim: sim, changed: make(chan struct{})}
	config := asterisk.Config{Name: "sim", AMI: ami.Config{
		Address: sim.Addr(), Username: "dialer", Secret: "secret", BackoffMin: 10 * time.Millisecond, BackoffMax: 50 * time.Millisecond,
	}}
	if adjust != nil {
		adjust(&config, nil)
	}
	gw, err := asterisk.New(config)
	if err != nil {
		t.Fatal(err)
	}
	if adjust != nil {
		adjust(&config, gw)
	}
	s.gw = gw
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := gw.Run(ctx, s.sink); err != nil {
			t.Errorf("Run: %v", err)
		}
	})
	t.Cleanup(func() {
		cancel()
		wg.Wait()
	})
	s.wait("the first census", func(e dialer.Event) bool { return e.Kind == dialer.Census })
	return s
}

func (s *stage) sink(e dialer.Event) {
	s.mu.Lock()
	hold := s.hold
	s.events = append(s.events, e)
	close(s.changed)
	s.changed = make(chan struct{})
	s.mu.Unlock()
	if hold != nil {
		<-hold
	}
}

// wait waits for an event and forgets it and those before it.
func (s *stage) wait(what string, is func(dialer.Event) bool) dialer.Event {
	s.t.Helper()
	timer := time.NewTimer(20 * time.Second)
	defer timer.Stop()
	for {
		s.mu.Lock()
		for i, e := range s.events {
			if is(e) {
				s.events = s.events[i+1:]
				s.mu.Unlock()
				return e
			}
		}
		changed := s.changed
		s.mu.Unlock()
		select {
		case <-changed:
		case <-timer.C:
			s.t.Fatalf("waited in vain for %s", what)
		}
	}
}

func (s *stage) kind(k dialer.Kind, call string) dialer.Event {
	s.t.Helper()
	return s.wait("an event", func(e dialer.Event) bool { return e.Kind == k && e.Call == call })
}

func request(number string) dialer.Request {
	return dialer.Request{
		Call: uuid.NewString(), ActionID: uuid.NewString(), Channel: "PJSIP/" + number + "@trunk", Number: number,
		Timeout: 20 * time.Second, Application: "Wait", Data: "60",
	}
}

// TestPlaceFaults: what Place says when the PBX or the link fails it, and how
// often the PBX was asked.
func TestPlaceFaults(t *testing.T) {
	for _, test := range []struct {
		name    string
		fault   pbxsim.Fault
		want    error
		reached int
	}{
		{"refused", pbxsim.Refuse, dialer.ErrRefused, 1},
		{"link cut before", pbxsim.DropBefore, dialer.ErrOutcomeUnknown, 0},
		{"link cut after", pbxsim.DropAfter, dialer.ErrOutcomeUnknown, 1},
		{"no reply", pbxsim.LoseReply, dialer.ErrOutcomeUnknown, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newStage(t, pbxsim.Config{}, nil)
			s.sim.Arm(test.fault, 1)
			ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
			defer cancel()
			r := request("100")
			if err := s.gw.Place(ctx, r); !errors.Is(err, test.want) {
				t.Fatalf("%v, want %v", err, test.want)
			}
			if n := len(s.sim.Originates()); n != test.reached {
				t.Errorf("%d requests were looked at, want %d", n, test.reached)
			}
			if test.reached == 1 && test.fault != pbxsim.Refuse {
				s.wait("the call to be found", func(e dialer.Event) bool {
					_, found := e.Living[r.Call]
					return found || e.Kind == dialer.CallAnswered && e.Call == r.Call
				})
			}
		})
	}
}

func TestNotRunning(t *testing.T) {
	gw, err := asterisk.New(asterisk.Config{Name: "x", AMI: ami.Config{Address: "127.0.0.1:1", Username: "u", Secret: "s"}})
	if err != nil {
		t.Fatal(err)
	}
	for name, got := range map[string]error{
		"Place": gw.Place(t.Context(), request("100")), "Hangup": gw.Hangup(t.Context(), uuid.NewString()), "Survey": gw.Survey(t.Context()),
	} {
		if !errors.Is(got, dialer.ErrNotSent) {
			t.Errorf("%s: %v", name, got)
		}
	}
	if known, err := gw.Supports(t.Context(), "PJSIP"); !known || err == nil {
		t.Errorf("Supports: %t, %v", known, err)
	}
	if err := gw.Hangup(t.Context(), "/.*/"); err == nil {
		t.Error("a pattern must not go to the PBX")
	}
	for _, cfg := range []asterisk.Config{{}, {Name: "x"}} {
		if _, err := asterisk.New(cfg); err == nil {
			t.Errorf("%+v was accepted", cfg)
		}
	}
}

// TestStrangers: callers who are not ours are seen to wait and to leave.
func TestStrangers(t *testing.T) {
	s := newStage(t, pbxsim.Config{}, nil)
	id, err := s.sim.CallIn("empty", pbxsim.Fixed(5*time.Second), pbxsim.Dist{})
	if err != nil {
		t.Fatal(err)
	}
	mine := func(k dialer.Kind) {
		t.Helper()
		e := s.wait("the stranger", func(e dialer.Event) bool { return e.Kind == k && e.Caller == id })
		if e.Queue != "empty" {
			t.Errorf("queue %q", e.Queue)
		}
	}
	mine(dialer.CallerJoined)
	s.sim.DropLinks()
	s.wait("the new state", func(e dialer.Event) bool { return e.Kind == dialer.QueuesReset })
	mine(dialer.CallerJoined)
	mine(dialer.CallerLeft)
}

// TestLagged: a sink that is too slow costs events, which is said, and then
// all is looked up anew.
func TestLagged(t *testing.T) {
	s := newStage(t, pbxsim.Config{}, func(_ *asterisk.Config, g *asterisk.Gateway) {
		if g != nil {
			g.SetBuffer(300)
		}
	})
	hold := make(chan struct{})
	s.mu.Lock()
	s.hold = hold
	s.mu.Unlock()
	last := ""
	for range 100 {
		r := request("100")
		if err := s.gw.Place(t.Context(), r); err != nil {
			t.Fatal(err)
		}
		last = r.Call
	}
	s.mu.Lock()
	s.hold = nil
	s.mu.Unlock()
	close(hold)
	down := s.wait("the loss", func(e dialer.Event) bool { return e.Kind == dialer.LinkDown })
	if !errors.Is(down.Err, ami.ErrLagged) {
		t.Errorf("link down: %v", down.Err)
	}
	s.wait("the link", func(e dialer.Event) bool { return e.Kind == dialer.LinkUp })
	s.wait("all calls", func(e dialer.Event) bool { return e.Kind == dialer.Census && len(e.Living) == 100 })
	if err := s.gw.Hangup(t.Context(), last); err != nil {
		t.Fatal(err)
	}
	s.kind(dialer.CallHangup, last)
}

// TestFrozen: a link that has died without a word is found out.
func TestFrozen(t *testing.T) {
	s := newStage(t, pbxsim.Config{}, func(c *asterisk.Config, _ *asterisk.Gateway) {
		c.AMI.PingInterval, c.AMI.PingTimeout, c.AMI.GreetingTimeout = 100*time.Millisecond, 100*time.Millisecond, 200*time.Millisecond
	})
	s.sim.Freeze()
	s.wait("the loss", func(e dialer.Event) bool { return e.Kind == dialer.LinkDown })
	s.sim.Thaw()
	s.wait("the link", func(e dialer.Event) bool { return e.Kind == dialer.LinkUp })
	s.wait("a census", func(e dialer.Event) bool { return e.Kind == dialer.Census })
}

// TestRunAgain: a gateway whose Run has returned can be run once more, and the
// state of the PBX comes anew.
func TestRunAgain(t *testing.T) {
	sim := startSim(t, pbxsim.Config{Seed: 7, TimeScale: 10})
	gw, err := asterisk.New(asterisk.Config{Name: "sim", AMI: ami.Config{Address: sim.Addr(), Username: "dialer", Secret: "secret"}})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		ctx, cancel := context.WithCancel(t.Context())
		agents := 0
		err := gw.Run(ctx, func(e dialer.Event) {
			switch e.Kind {
			case dialer.AgentChanged:
				agents++
			case dialer.Census:
				cancel()
			}
		})
		cancel()
		if err != nil || agents != 40 {
			t.Fatalf("Run: %v, %d agents", err, agents)
		}
	}
}
