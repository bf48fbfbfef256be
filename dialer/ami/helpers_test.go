package ami_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/outpace/outpace/dialer/ami"
	"github.com/outpace/outpace/dialer/ami/amitest"
)

// bubble runs a test on a fake clock.
func bubble(t *testing.T, f func(t *testing.T)) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, f)
}

// client makes a client that does not run yet.
func client(t testing.TB, cfg ami.Config) *ami.Client {
	t.Helper()
	c, err := ami.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// run runs a client until the test ends.
func run(t testing.TB, c *ami.Client) {
	t.Helper()
	returned := make(chan error, 1)
	go func() { returned <- c.Run(context.Background()) }()
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
		if err := <-returned; err != nil && !errors.Is(err, ami.ErrClosed) {
			t.Errorf("Run: %v", err)
		}
	})
}

// start makes a client and runs it until the test ends.
func start(t testing.TB, cfg ami.Config) *ami.Client {
	t.Helper()
	c := client(t, cfg)
	run(t, c)
	return c
}

// listen starts a client with a subscription that misses nothing.
func listen(t testing.TB, cfg ami.Config, filter ami.Filter) (*ami.Client, *ami.Subscription) {
	t.Helper()
	c := client(t, cfg)
	events := c.Subscribe(filter)
	t.Cleanup(events.Close)
	run(t, c)
	return c, events
}

// ready starts a client and waits until it is ready.
func ready(t testing.TB, cfg ami.Config) *ami.Client {
	t.Helper()
	c := start(t, cfg)
	if err := c.Ready(t.Context()); err != nil {
		t.Fatal(err)
	}
	return c
}

// next returns the next element of a subscription.
func next(t testing.TB, s *ami.Subscription) ami.Event {
	t.Helper()
	select {
	case ev, open := <-s.C():
		if !open {
			t.Fatalf("subscription ended: %v", s.Err())
		}
		return ev
	case <-time.After(time.Minute):
		t.Fatal("no event within a minute")
	}
	return ami.Event{}
}

// wantKind reads the next element and checks its kind.
func wantKind(t testing.TB, s *ami.Subscription, kind ami.EventKind) ami.Event {
	t.Helper()
	ev := next(t, s)
	if ev.Kind != kind {
		t.Fatalf("got %v %q, want %v", ev.Kind, ev.Event(), kind)
	}
	return ev
}

// wantEvent reads the next element and checks that it is the named event.
func wantEvent(t testing.TB, s *ami.Subscription, name string) ami.Event {
	t.Helper()
	ev := wantKind(t, s, ami.KindEvent)
	if ev.Event() != name {
		t.Fatalf("got event %q, want %q", ev.Event(), name)
	}
	return ev
}

func wantError(t testing.TB, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("error %v, want %v", err, want)
	}
}

// accept is a script that logs the client in and answers everything with
// Success.
func accept(p *amitest.Peer) error {
	if err := p.Accept(time.Hour); err != nil {
		return err
	}
	return p.Serve(func(action ami.Message) []ami.Message {
		return []ami.Message{amitest.Reply(action, "Success", "Message", "ok")}
	})
}

// acceptAnd is a script that logs the client in and goes on with then.
func acceptAnd(then func(p *amitest.Peer) error) amitest.Script {
	return func(p *amitest.Peer) error {
		if err := p.Accept(time.Hour); err != nil {
			return err
		}
		return then(p)
	}
}
