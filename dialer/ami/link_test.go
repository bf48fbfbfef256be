package ami_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"github.com/outpace/outpace/dialer/ami"
	"github.com/outpace/outpace/dialer/ami/amitest"
)

func TestLoginRefused(t *testing.T) {
	bubble(t, func(t *testing.T) {
		refuse := func(p *amitest.Peer) error { return p.Refuse() }
		server := amitest.NewServer(t, refuse, refuse, refuse, refuse, refuse, refuse, accept)
		c := start(t, server.Config())
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		err := c.Ready(ctx)
		wantError(t, err, context.DeadlineExceeded)
		refused, ok := errors.AsType[*ami.AuthError](err)
		if !ok || refused.Text != "Authentication failed" {
			t.Fatalf("Ready does not tell the reason: %v", err)
		}
		// Six refusals and the pauses after them, each from half to whole:
		// 1, 2, 4, 8, 10, 10 minutes.
		began := time.Now()
		if err := c.Ready(t.Context()); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(began); took < 17*time.Minute || took > 36*time.Minute {
			t.Errorf("six refusals took %v", took)
		}
	})
}

func TestBackoffGrowsToItsLimit(t *testing.T) {
	bubble(t, func(t *testing.T) {
		server := amitest.NewServer(t, nil)
		c := start(t, server.Config())
		changes, stop := c.States()
		defer stop()
		limit := 250 * time.Millisecond
		for waits := 0; waits < 20; {
			change := <-changes
			if change.State != ami.StateWaiting {
				continue
			}
			waits++
			if change.Err == nil || change.RetryIn < limit/2 || change.RetryIn > limit {
				t.Errorf("wait %d: %v after %v, want up to %v", waits, change.RetryIn, change.Err, limit)
			}
			limit = min(2*limit, 30*time.Second)
		}
	})
}

func TestGoodSessionResetsBackoff(t *testing.T) {
	bubble(t, func(t *testing.T) {
		aMinute := acceptAnd(func(p *amitest.Peer) error { // then it hangs up
			gone := time.AfterFunc(time.Minute, func() { _ = p.Close() })
			defer gone.Stop()
			return p.Serve(func(ami.Message) []ami.Message { return nil })
		})
		server := amitest.NewServer(t, nil, nil, nil, nil, nil, nil, aMinute, accept)
		c := ready(t, server.Config())
		changes, stop := c.States()
		defer stop()
		for change := range changes {
			if change.State == ami.StateWaiting {
				if change.RetryIn > 250*time.Millisecond {
					t.Errorf("waits %v after a session of a minute", change.RetryIn)
				}
				return
			}
		}
	})
}

func TestChallengeLogin(t *testing.T) {
	bubble(t, func(t *testing.T) {
		cfg := amitest.NewServer(t, func(p *amitest.Peer) error {
			login, err := p.Login()
			if err != nil {
				return err
			}
			if _, clear := login.Lookup("Secret"); clear || login.Get("AuthType") != "MD5" || login.Get("Events") != "call,agent" {
				return errors.New("not the login that was asked for")
			}
			if err := p.Send(amitest.Reply(login, "Success")); err != nil {
				return err
			}
			return p.Drain()
		}).Config()
		cfg.MD5 = true
		cfg.EventMask = "call,agent"
		// Without the class system there is no FullyBooted to wait for.
		began := time.Now()
		ready(t, cfg)
		if took := time.Since(began); took != 0 {
			t.Errorf("ready after %v", took)
		}
	})
}

func TestReadyWithoutFullyBooted(t *testing.T) {
	bubble(t, func(t *testing.T) {
		server := amitest.NewServer(t, func(p *amitest.Peer) error {
			login, err := p.Login()
			if err != nil {
				return err
			}
			if err := p.Send(amitest.Reply(login, "Success"), amitest.Event("PeerStatus")); err != nil {
				return err
			}
			return p.Serve(func(ami.Message) []ami.Message { return []ami.Message{amitest.FullyBooted(time.Second)} })
		})
		c, events := listen(t, server.Config(), ami.Filter{})
		began := time.Now()
		if err := c.Ready(t.Context()); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(began); took != 15*time.Second {
			t.Errorf("ready after %v, want the BootTimeout", took)
		}
		// FullyBooted that comes later is an event and no second start.
		_, err := c.Do(canceledIn(t, time.Second), ami.Action{Name: "Boot"})
		wantError(t, err, ami.ErrOutcomeUnknown)
		wantKind(t, events, ami.KindSessionOpened)
		wantEvent(t, events, "PeerStatus")
		if mark := wantKind(t, events, ami.KindSessionStarted); mark.Uptime != 0 {
			t.Errorf("uptime %v out of nowhere", mark.Uptime)
		}
		wantEvent(t, events, "FullyBooted")
	})
}

func canceledIn(t testing.TB, d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

// Asterisk may send the reply to the login, FullyBooted and the next events
// in one segment; nothing of it may be lost, however it is cut.
func TestNothingLostAroundLogin(t *testing.T) {
	for _, size := range []int{1, 5, 64, 4096} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				server := amitest.NewServer(t, func(p *amitest.Peer) error {
					login, err := p.Login()
					if err != nil {
						return err
					}
					text := "Event: Early\r\n\r\nResponse: Success\r\nActionID: " + login.ActionID() +
						"\r\n\r\nEvent: FullyBooted\r\nUptime: 7\r\n\r\nEvent: SuccessfulAuth\r\n\r\n"
					return errors.Join(p.Split(text, size), p.Drain())
				})
				_, events := listen(t, server.Config(), ami.Filter{})
				wantKind(t, events, ami.KindSessionOpened)
				wantEvent(t, events, "Early")
				if mark := wantKind(t, events, ami.KindSessionStarted); mark.Uptime != 7*time.Second {
					t.Errorf("uptime %v", mark.Uptime)
				}
				wantEvent(t, events, "FullyBooted")
				wantEvent(t, events, "SuccessfulAuth")
			})
		})
	}
}

// A link that is up at one end only, seen as silence.
func TestHalfOpenLink(t *testing.T) {
	bubble(t, func(t *testing.T) {
		server := amitest.NewServer(t, acceptAnd((*amitest.Peer).Drain), accept)
		c := ready(t, server.Config())
		events := c.Subscribe(ami.Filter{})
		defer events.Close()
		began := time.Now()
		_, err := c.Do(canceledIn(t, time.Hour), ami.Action{Name: "Originate"})
		wantError(t, err, ami.ErrOutcomeUnknown)
		wantError(t, err, ami.ErrIdle)
		if took := time.Since(began); took != 30*time.Second {
			t.Errorf("given up after %v, want 30s", took)
		}
		wantKind(t, events, ami.KindSessionOpened)
		wantKind(t, events, ami.KindSessionStarted)
		ended := wantKind(t, events, ami.KindSessionEnded)
		wantError(t, ended.Err, ami.ErrIdle)
		if mark := wantKind(t, events, ami.KindSessionOpened); mark.Epoch != 2 {
			t.Errorf("epoch %d after the gap", mark.Epoch)
		}
		wantKind(t, events, ami.KindSessionStarted)
		if _, err := c.Do(t.Context(), ami.Action{Name: "CoreStatus"}); err != nil {
			t.Errorf("after the reconnect: %v", err)
		}
		if n := c.Stats().Reconnects; n != 1 {
			t.Errorf("%d reconnects", n)
		}
	})
}

func TestPingsKeepSilentLinkUp(t *testing.T) {
	bubble(t, func(t *testing.T) {
		server := amitest.NewServer(t, acceptAnd(func(p *amitest.Peer) error {
			for {
				ping, err := p.Read()
				if err != nil || ping.Get("Action") != "Ping" {
					return err
				}
				<-time.After(20 * time.Millisecond)
				if err := p.Send(amitest.Pong(ping)); err != nil {
					return err
				}
			}
		}))
		c := ready(t, server.Config())
		<-time.After(10 * time.Minute)
		synctest.Wait()
		stats := c.Stats()
		if stats.State != ami.StateReady || stats.Reconnects != 0 || stats.RoundTrip != 20*time.Millisecond || stats.LastAge > 15*time.Second {
			t.Errorf("after ten silent minutes: %+v", stats)
		}
	})
}

func TestMessageCutInTheMiddle(t *testing.T) {
	bubble(t, func(t *testing.T) {
		server := amitest.NewServer(t, acceptAnd(func(p *amitest.Peer) error {
			return p.Raw("Event: Hangup\r\nUniqueid: 1.1\r\nCau") // then it hangs up
		}), accept)
		_, events := listen(t, server.Config(), ami.Filter{Names: []string{"Hangup"}})
		wantKind(t, events, ami.KindSessionOpened)
		wantKind(t, events, ami.KindSessionStarted)
		wantError(t, wantKind(t, events, ami.KindSessionEnded).Err, io.ErrUnexpectedEOF)
		wantKind(t, events, ami.KindSessionOpened)
	})
}

func TestNotAManagerInterface(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := start(t, amitest.NewServer(t, func(p *amitest.Peer) error {
			return errors.Join(p.Raw("SSH-2.0-OpenSSH_9.6\r\n"), p.Drain())
		}).Config())
		err := c.Ready(canceledIn(t, time.Second))
		if _, ok := errors.AsType[*ami.AuthError](err); err == nil || ok {
			t.Errorf("Ready: %v", err)
		}
	})
}

func TestServerThatExceedsLimits(t *testing.T) {
	bubble(t, func(t *testing.T) {
		cfg := amitest.NewServer(t, acceptAnd(func(p *amitest.Peer) error {
			m := amitest.Event("Flood")
			for i := range 200 {
				m.Add("H", fmt.Sprint(i))
			}
			return p.Send(m)
		}), accept).Config()
		cfg.Limits.Headers = 100
		_, events := listen(t, cfg, ami.Filter{Names: []string{"Flood"}})
		wantKind(t, events, ami.KindSessionOpened)
		wantKind(t, events, ami.KindSessionStarted)
		if _, ok := errors.AsType[*ami.LimitError](wantKind(t, events, ami.KindSessionEnded).Err); !ok {
			t.Error("the session did not end with a LimitError")
		}
	})
}
