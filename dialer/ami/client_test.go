package ami_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/outpace/outpace/dialer/ami"
	"github.com/outpace/outpace/dialer/ami/amitest"
)

func TestSessionFromLoginToClose(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var goodbye string
		server := amitest.NewServer(t, acceptAnd(func(p *amitest.Peer) error {
			action, err := p.Expect("Getvar")
			if err != nil {
				return err
			}
			err = p.Send(amitest.Event("Newchannel", "Uniqueid", "1.1"), amitest.Reply(action, "Success", "Value", "Up"))
			if err != nil {
				return err
			}
			last, err := p.Read()
			goodbye = last.Get("Action")
			return err
		}))
		c, err := ami.New(server.Config())
		if err != nil {
			t.Fatal(err)
		}
		if c.State() != ami.StateIdle {
			t.Errorf("state %v before Run", c.State())
		}
		events := c.Subscribe(ami.Filter{})
		changes, stop := c.States()
		defer stop()
		returned := make(chan error, 1)
		go func() { returned <- c.Run(t.Context()) }()
		if err := c.Ready(t.Context()); err != nil {
			t.Fatal(err)
		}
		if c.Version() != strings.TrimSpace(amitest.Greeting) {
			t.Errorf("version %q", c.Version())
		}
		get, err := ami.Getvar{Channel: "1.1", Name: "CHANNEL(state)"}.Action()
		if err != nil {
			t.Fatal(err)
		}
		reply, err := c.Do(t.Context(), get)
		if err != nil || reply.Get("value") != "Up" {
			t.Fatalf("Do: %v, %v", reply, err)
		}
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
		if err := <-returned; err != nil {
			t.Errorf("Run after Close: %v", err)
		}

		opened := wantKind(t, events, ami.KindSessionOpened)
		started := wantKind(t, events, ami.KindSessionStarted)
		booted := wantEvent(t, events, "FullyBooted")
		channel := wantEvent(t, events, "Newchannel")
		ended := wantKind(t, events, ami.KindSessionEnded)
		if _, open := <-events.C(); open {
			t.Error("the subscription goes on after Close")
		}
		wantError(t, events.Err(), ami.ErrClosed)
		wantError(t, ended.Err, ami.ErrClosed)
		if started.Uptime != time.Hour {
			t.Errorf("uptime %v, want 1h", started.Uptime)
		}
		seq := uint64(0)
		for _, ev := range []ami.Event{opened, started, booted, channel, ended} {
			if ev.Epoch != 1 || ev.Seq <= seq || ev.Received.IsZero() {
				t.Errorf("%v: epoch %d, seq %d after %d, received %v", ev.Kind, ev.Epoch, ev.Seq, seq, ev.Received)
			}
			seq = ev.Seq
		}
		var order []ami.State
		for change := range changes {
			order = append(order, change.State)
		}
		want := []ami.State{ami.StateIdle, ami.StateConnecting, ami.StateLogin, ami.StateBooting, ami.StateReady, ami.StateClosed}
		if fmt.Sprint(order) != fmt.Sprint(want) {
			t.Errorf("states %v, want %v", order, want)
		}
		synctest.Wait()
		if goodbye != "Logoff" {
			t.Errorf("last action %q, want Logoff", goodbye)
		}
	})
}

func TestManyActionsInFlightAnsweredInAnyOrder(t *testing.T) {
	bubble(t, func(t *testing.T) {
		const count = 200
		server := amitest.NewServer(t, acceptAnd(func(p *amitest.Peer) error {
			var replies []ami.Message
			for range count {
				action, err := p.Expect("Getvar")
				if err != nil {
					return err
				}
				replies = append([]ami.Message{amitest.Reply(action, "Success", "Value", action.Get("Variable"))}, replies...)
			}
			if err := p.Send(replies...); err != nil {
				return err
			}
			return p.Drain()
		}))
		c := ready(t, server.Config())
		var callers sync.WaitGroup
		for i := range count {
			callers.Go(func() {
				name := fmt.Sprintf("V%d", i)
				reply, err := c.Do(t.Context(), ami.Action{Name: "Getvar", Headers: ami.Message{{Key: "Variable", Value: name}}})
				if err != nil || reply.Get("Value") != name {
					t.Errorf("%s: %v, %v", name, reply, err)
				}
			})
		}
		callers.Wait()
		if n := c.Stats().InFlight; n != 0 {
			t.Errorf("%d in flight after all replies", n)
		}
	})
}

func TestResponseError(t *testing.T) {
	bubble(t, func(t *testing.T) {
		server := amitest.NewServer(t, acceptAnd(func(p *amitest.Peer) error {
			return p.Serve(func(a ami.Message) []ami.Message {
				return []ami.Message{amitest.Reply(a, "Error", "Message", "Permission denied")}
			})
		}))
		c := ready(t, server.Config())
		_, err := c.Do(t.Context(), ami.Action{Name: "Hangup"})
		refused, ok := errors.AsType[*ami.ResponseError](err)
		if !ok || refused.Text() != "Permission denied" || !strings.Contains(err.Error(), "Hangup") {
			t.Errorf("Do: %v", err)
		}
		if errors.Is(err, ami.ErrNotSent) || errors.Is(err, ami.ErrOutcomeUnknown) {
			t.Errorf("a refusal is neither unsent nor unknown: %v", err)
		}
		_, err = c.List(t.Context(), ami.Action{Name: "Status"})
		if _, ok := errors.AsType[*ami.ResponseError](err); !ok {
			t.Errorf("List: %v", err)
		}
	})
}

// An OriginateResponse has a Response header and the ActionID of the action,
// and may even come before the reply.
func TestOriginateResponseIsNoReply(t *testing.T) {
	bubble(t, func(t *testing.T) {
		server := amitest.NewServer(t, acceptAnd(func(p *amitest.Peer) error {
			action, err := p.Expect("Originate")
			if err != nil {
				return err
			}
			outcome := amitest.Event("OriginateResponse", "ActionID", action.ActionID(), "Response", "Failure", "Reason", "0")
			if err := p.Send(outcome, amitest.Reply(action, "Success", "Message", "Originate successfully queued")); err != nil {
				return err
			}
			return p.Drain()
		}))
		c := ready(t, server.Config())
		events := c.Subscribe(ami.Filter{Names: []string{"originateresponse"}})
		defer events.Close()
		call, err := ami.Originate{Channel: "PJSIP/100@trunk", Application: "Wait", Data: "1", ActionID: "my-id"}.Action()
		if err != nil {
			t.Fatal(err)
		}
		reply, err := c.Do(t.Context(), call)
		if err != nil || reply.Get("Message") != "Originate successfully queued" {
			t.Fatalf("Do: %v, %v", reply, err)
		}
		wantKind(t, events, ami.KindSessionOpened)
		wantKind(t, events, ami.KindSessionStarted)
		if outcome := wantEvent(t, events, "OriginateResponse"); outcome.ActionID() != "my-id" {
			t.Errorf("ActionID %q", outcome.ActionID())
		}
	})
}

func TestRunAndCloseInOddOrders(t *testing.T) {
	bubble(t, func(t *testing.T) {
		server := amitest.NewServer(t, accept)
		c, err := ami.New(server.Config())
		if err != nil {
			t.Fatal(err)
		}
		_, err = c.Do(t.Context(), ami.Action{Name: "Ping"})
		wantError(t, err, ami.ErrNotSent)
		wantError(t, err, ami.ErrNotConnected)
		for range 2 {
			if err := c.Close(); err != nil {
				t.Fatal(err)
			}
		}
		wantError(t, c.Run(t.Context()), ami.ErrClosed)
		wantError(t, c.Ready(t.Context()), ami.ErrClosed)
		_, err = c.Do(t.Context(), ami.Action{Name: "Ping"})
		wantError(t, err, ami.ErrClosed)
		wantError(t, err, ami.ErrNotSent)
		late := c.Subscribe(ami.Filter{})
		if _, open := <-late.C(); open || !errors.Is(late.Err(), ami.ErrClosed) {
			t.Errorf("subscription to a closed client: open %t, %v", open, late.Err())
		}
		changes, stop := c.States()
		defer stop()
		if change := <-changes; change.State != ami.StateClosed {
			t.Errorf("state %v", change.State)
		}
		if server.Dials() != 0 {
			t.Errorf("%d connections by a client that never ran", server.Dials())
		}
	})
}

func TestRunEndsWithItsContext(t *testing.T) {
	bubble(t, func(t *testing.T) {
		server := amitest.NewServer(t, accept)
		c, err := ami.New(server.Config())
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		returned := make(chan error, 1)
		go func() { returned <- c.Run(ctx) }()
		if err := c.Ready(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := c.Run(t.Context()); err == nil {
			t.Error("a second Run is no error")
		}
		cancel()
		wantError(t, <-returned, context.Canceled)
		if c.State() != ami.StateClosed {
			t.Errorf("state %v", c.State())
		}
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
}

// Closing must cut an attempt at whatever point it hangs.
func TestCloseWhileConnecting(t *testing.T) {
	scripts := map[string]amitest.Script{
		"no greeting":        func(p *amitest.Peer) error { return p.Drain() },
		"no answer to login": func(p *amitest.Peer) error { return errors.Join(p.Greet(), p.Drain()) },
		"refused connection": nil,
	}
	for name, script := range scripts {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				c := start(t, amitest.NewServer(t, script).Config())
				synctest.Wait()
				began := time.Now()
				if err := c.Close(); err != nil {
					t.Fatal(err)
				}
				if took := time.Since(began); took != 0 {
					t.Errorf("Close took %v", took)
				}
			})
		})
	}
}
