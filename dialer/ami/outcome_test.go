package ami_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/outpace/outpace/dialer/ami"
	"github.com/outpace/outpace/dialer/ami/amitest"
)

func TestBefore(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var seen []string
		server := amitest.NewServer(t, acceptAnd(func(p *amitest.Peer) error {
			return p.Serve(func(a ami.Message) []ami.Message {
				seen = append(seen, a.Get("Action"))
				return []ami.Message{amitest.Reply(a, "Success")}
			})
		}))
		c := ready(t, server.Config())
		tooOld := errors.New("too old")
		_, err := c.Do(t.Context(), ami.Action{Name: "Old", Before: func() error { return tooOld }})
		wantError(t, err, ami.ErrNotSent)
		wantError(t, err, tooOld)
		called := 0
		if _, err := c.Do(t.Context(), ami.Action{Name: "Fresh", Before: func() error { called++; return nil }}); err != nil {
			t.Fatal(err)
		}
		if called != 1 || strings.Join(seen, " ") != "Fresh" {
			t.Errorf("Before called %d times, the PBX saw %q", called, seen)
		}
	})
}

// With a PBX that does not read, the action that is being written may arrive
// and the ones behind it surely don't. Before runs when the waiting is over.
func TestPBXDoesNotRead(t *testing.T) {
	bubble(t, func(t *testing.T) {
		stall := func(p *amitest.Peer) error { // takes the first byte of an action, no more
			if _, err := p.Conn().Read(make([]byte, 1)); err != nil {
				return err
			}
			<-time.After(time.Hour)
			return nil
		}
		server := amitest.NewServer(t, acceptAnd(stall), accept)
		c := ready(t, server.Config())
		result := make([]chan error, 4)
		send := func(i int, ctx context.Context, a ami.Action) {
			result[i] = make(chan error, 1)
			go func() { _, err := c.Do(ctx, a); result[i] <- err }()
			synctest.Wait()
		}
		ran := false
		send(0, t.Context(), ami.Action{Name: "First"})
		send(1, canceledIn(t, time.Second), ami.Action{Name: "Second"})
		send(2, t.Context(), ami.Action{Name: "Third", Before: func() error { ran = true; return nil }})
		wantError(t, <-result[1], ami.ErrNotSent)
		first := <-result[0]
		wantError(t, first, ami.ErrOutcomeUnknown)
		if errors.Is(first, ami.ErrNotSent) {
			t.Errorf("both unknown and not sent: %v", first)
		}
		wantError(t, <-result[2], ami.ErrNotSent)
		if ran {
			t.Error("Before ran for an action that was never written")
		}
	})
}

func TestNothingTakenIsNotSent(t *testing.T) {
	bubble(t, func(t *testing.T) {
		server := amitest.NewServer(t, acceptAnd(func(*amitest.Peer) error {
			<-time.After(time.Hour)
			return nil
		}), accept)
		c := ready(t, server.Config())
		began := time.Now()
		_, err := c.Do(t.Context(), ami.Action{Name: "Originate"})
		wantError(t, err, ami.ErrNotSent)
		if took := time.Since(began); took != 5*time.Second {
			t.Errorf("took %v, want the WriteTimeout", took)
		}
	})
}

func TestSentWithoutReply(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var sent int
		server := amitest.NewServer(t, acceptAnd(func(p *amitest.Peer) error {
			if _, err := p.Expect("Originate"); err != nil {
				return err
			}
			sent++
			_, err := p.Expect("Hangup")
			return err // and hangs up
		}), acceptAnd(func(p *amitest.Peer) error {
			return p.Serve(func(a ami.Message) []ami.Message {
				sent++
				return nil
			})
		}))
		c := ready(t, server.Config())
		_, err := c.Do(canceledIn(t, time.Second), ami.Action{Name: "Originate"})
		wantError(t, err, ami.ErrOutcomeUnknown)
		wantError(t, err, context.DeadlineExceeded)
		_, err = c.Do(t.Context(), ami.Action{Name: "Hangup"})
		wantError(t, err, ami.ErrOutcomeUnknown)
		if err := c.Ready(t.Context()); err != nil {
			t.Fatal(err)
		}
		<-time.After(time.Minute)
		synctest.Wait()
		if sent != 1 {
			t.Errorf("the PBX saw the action %d times", sent)
		}
	})
}

func TestLateReplyGoesToNobody(t *testing.T) {
	bubble(t, func(t *testing.T) {
		server := amitest.NewServer(t, acceptAnd(func(p *amitest.Peer) error {
			slow, err := p.Expect("Slow")
			if err != nil {
				return err
			}
			fast, err := p.Expect("Fast")
			if err != nil {
				return err
			}
			noID := ami.Message{{Key: "Response", Value: "Error"}, {Key: "Message", Value: "Missing action in request"}}
			if err := p.Send(amitest.Reply(slow, "Success"), noID, amitest.Reply(fast, "Success", "Value", "fast")); err != nil {
				return err
			}
			return p.Drain()
		}))
		c := ready(t, server.Config())
		_, err := c.Do(canceledIn(t, time.Second), ami.Action{Name: "Slow"})
		wantError(t, err, ami.ErrOutcomeUnknown)
		reply, err := c.Do(t.Context(), ami.Action{Name: "Fast"})
		if err != nil || reply.Get("Value") != "fast" {
			t.Errorf("Do: %v, %v", reply, err)
		}
		if n := c.Stats().Unmatched; n != 2 {
			t.Errorf("%d unmatched replies, want 2", n)
		}
	})
}

func TestActionsThatAreRefusedUnsent(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var seen int
		server := amitest.NewServer(t, acceptAnd(func(p *amitest.Peer) error {
			return p.Serve(func(ami.Message) []ami.Message { seen++; return nil })
		}))
		cfg := server.Config()
		cfg.MaxInFlight = 2
		c := ready(t, cfg)
		header := func(key, value string) ami.Message { return ami.Message{{Key: key, Value: value}} }
		var many ami.Message
		for range 127 {
			many.Add("X", "1")
		}
		for name, action := range map[string]ami.Action{
			"line end in value":   {Name: "Setvar", Headers: header("Value", "x\r\n\r\nAction: Originate")},
			"bare line feed":      {Name: "Setvar", Headers: header("Value", "x\ny")},
			"NUL":                 {Name: "Setvar", Headers: header("Value", "x\x00y")},
			"line end in key":     {Name: "Setvar", Headers: header("A\r\nB", "x")},
			"colon in key":        {Name: "Setvar", Headers: header("A: B", "x")},
			"line end in name":    {Name: "Ping\r\nAction: Originate"},
			"no name":             {},
			"second Action":       {Name: "Ping", Headers: header("action", "Originate")},
			"empty ActionID":      {Name: "Ping", Headers: header("ActionID", "")},
			"blank in ActionID":   {Name: "Ping", Headers: header("ActionID", " x")},
			"101-byte ActionID":   {Name: "Ping", Headers: header("ActionID", strings.Repeat("x", 101))},
			"line end ActionID":   {Name: "Ping", Headers: header("ActionID", "a\r\nb")},
			"line too long":       {Name: "Ping", Headers: header("X", strings.Repeat("x", 1020))},
			"129 headers in all":  {Name: "Ping", Headers: many},
			"empty name of a key": {Name: "Ping", Headers: header("", "x")},
		} {
			if _, err := c.Do(t.Context(), action); !errors.Is(err, ami.ErrNotSent) {
				t.Errorf("%s: %v", name, err)
			}
		}
		longest := header("ActionID", strings.Repeat("x", 100))
		long := make(chan error, 1)
		go func() {
			_, err := c.Do(canceledIn(t, time.Minute), ami.Action{Name: "Wait", Headers: longest})
			long <- err
		}()
		synctest.Wait()
		_, err := c.Do(t.Context(), ami.Action{Name: "Wait", Headers: longest})
		wantError(t, err, ami.ErrDuplicateActionID)
		wantError(t, err, ami.ErrNotSent)
		go func() { _, _ = c.Do(canceledIn(t, time.Minute), ami.Action{Name: "Wait"}) }()
		synctest.Wait()
		_, err = c.Do(t.Context(), ami.Action{Name: "Wait"})
		wantError(t, err, ami.ErrTooManyActions)
		wantError(t, <-long, ami.ErrOutcomeUnknown)
		canceled, cancel := context.WithCancel(t.Context())
		cancel()
		_, err = c.Do(canceled, ami.Action{Name: "Wait"})
		wantError(t, err, ami.ErrNotSent)
		synctest.Wait()
		if seen != 2 {
			t.Errorf("the PBX saw %d actions, want 2", seen)
		}
	})
}
