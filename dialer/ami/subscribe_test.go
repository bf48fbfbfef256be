package ami_test

import (
	"errors"
	"fmt"
	"testing"
	"testing/synctest"

	"github.com/outpace/outpace/dialer/ami"
	"github.com/outpace/outpace/dialer/ami/amitest"
)

// flood is a script that answers each action behind ten events.
func flood(p *amitest.Peer) error {
	return p.Serve(func(a ami.Message) []ami.Message {
		var all []ami.Message
		for i := range 10 {
			all = append(all, amitest.Event("Newstate", "N", fmt.Sprint(i)))
		}
		return append(all, amitest.Reply(a, "Success"))
	})
}

// A subscriber that does not read delays neither replies nor other
// subscribers, and learns that it missed something.
func TestSlowSubscriberIsClosed(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := ready(t, amitest.NewServer(t, acceptAnd(flood)).Config())
		slow := c.Subscribe(ami.Filter{Names: []string{"Newstate"}, Buffer: 14})
		fast := c.Subscribe(ami.Filter{Names: []string{"Newstate"}})
		defer fast.Close()
		for range 3 {
			if _, err := c.Do(t.Context(), ami.Action{Name: "Next"}); err != nil {
				t.Fatal(err)
			}
		}
		var got int
		for ev := range slow.C() {
			if ev.Kind == ami.KindEvent {
				got++
			}
		}
		wantError(t, slow.Err(), ami.ErrLagged)
		if got != 12 { // the two marks take their places too
			t.Errorf("%d events before the end, want 12", got)
		}
		wantKind(t, fast, ami.KindSessionOpened)
		wantKind(t, fast, ami.KindSessionStarted)
		for i := range 30 {
			if ev := wantEvent(t, fast, "Newstate"); ev.Get("N") != fmt.Sprint(i%10) {
				t.Fatalf("event %d is %s", i, ev.Get("N"))
			}
		}
		slow.Close()
		wantError(t, slow.Err(), ami.ErrLagged)
	})
}

func TestSlowSubscriberDrops(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := ready(t, amitest.NewServer(t, acceptAnd(flood)).Config())
		s := c.Subscribe(ami.Filter{Names: []string{"Newstate"}, Buffer: 6, Policy: ami.DropWhenFull})
		if _, err := c.Do(t.Context(), ami.Action{Name: "Next"}); err != nil {
			t.Fatal(err)
		}
		if s.Dropped() != 6 {
			t.Errorf("%d dropped, want 6", s.Dropped())
		}
		stats := c.Stats().Subscriptions
		if len(stats) != 1 || stats[0] != (ami.SubscriptionStats{Depth: 6, Capacity: 6, Dropped: 6}) {
			t.Errorf("stats %+v", stats)
		}
		// The buffer is full, the end of the session shows nevertheless.
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
		var last ami.Event
		for ev := range s.C() {
			last = ev
		}
		if last.Kind != ami.KindSessionEnded {
			t.Errorf("last is %v", last.Kind)
		}
		wantError(t, s.Err(), ami.ErrClosed)
	})
}

func TestSubscriptionClose(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := ready(t, amitest.NewServer(t, acceptAnd(flood)).Config())
		s := c.Subscribe(ami.Filter{})
		s.Close()
		s.Close()
		if _, err := c.Do(t.Context(), ami.Action{Name: "Next"}); err != nil {
			t.Fatal(err)
		}
		wantKind(t, s, ami.KindSessionOpened)
		wantKind(t, s, ami.KindSessionStarted)
		if ev, open := <-s.C(); open {
			t.Errorf("%v after Close", ev.Kind)
		}
		if s.Err() != nil {
			t.Errorf("error %v after Close", s.Err())
		}
	})
}

// Who acts on a mark finds the client in the state that the mark tells.
func TestMarksAndStateAgree(t *testing.T) {
	bubble(t, func(t *testing.T) {
		hangUp := make(chan struct{})
		server := amitest.NewServer(t, acceptAnd(func(p *amitest.Peer) error {
			go func() {
				<-hangUp
				_ = p.Close()
			}()
			return p.Serve(func(a ami.Message) []ami.Message { return []ami.Message{amitest.Reply(a, "Success")} })
		}), nil)
		c, err := ami.New(server.Config())
		if err != nil {
			t.Fatal(err)
		}
		s := c.Subscribe(ami.Filter{})
		returned := make(chan error, 1)
		go func() { returned <- c.Run(t.Context()) }()
		for ev := range s.C() {
			switch ev.Kind {
			case ami.KindSessionOpened, ami.KindSessionStarted:
				if _, err := c.Do(t.Context(), ami.Action{Name: "Any"}); err != nil {
					t.Errorf("at %v: %v", ev.Kind, err)
				}
				if ev.Kind == ami.KindSessionStarted && c.State() != ami.StateReady {
					t.Errorf("state %v at %v", c.State(), ev.Kind)
				}
			case ami.KindSessionEnded:
				if state := c.State(); state == ami.StateReady || state == ami.StateBooting {
					t.Errorf("state %v at the end of the session", state)
				}
				_, err := c.Do(t.Context(), ami.Action{Name: "Any"})
				wantError(t, err, ami.ErrNotSent)
				go func() { returned <- errors.Join(c.Close(), <-returned) }()
			case ami.KindEvent:
				if ev.Event() == "FullyBooted" {
					close(hangUp)
				}
			}
		}
		synctest.Wait()
		if err := <-returned; err != nil {
			t.Error(err)
		}
	})
}
