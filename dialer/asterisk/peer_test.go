package asterisk_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"github.com/outpace/outpace/dialer"
	"github.com/outpace/outpace/dialer/ami"
	"github.com/outpace/outpace/dialer/ami/amitest"
	"github.com/outpace/outpace/dialer/asterisk"
)

// withPeer runs a gateway against a scripted PBX in virtual time until check
// returns. check gets the events.
func withPeer(t *testing.T, check func(t *testing.T, gw *asterisk.Gateway, events <-chan dialer.Event), scripts ...amitest.Script) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		server := amitest.NewServer(t, scripts...)
		gw, err := asterisk.New(asterisk.Config{Name: "peer", AMI: server.Config()})
		if err != nil {
			t.Fatal(err)
		}
		events := make(chan dialer.Event, 1000)
		ctx, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		wg.Go(func() {
			if err := gw.Run(ctx, func(e dialer.Event) { events <- e }); err != nil {
				t.Errorf("Run: %v", err)
			}
		})
		check(t, gw, events)
		cancel()
		wg.Wait()
	})
}

// next returns the next event of a kind.
func next(t *testing.T, events <-chan dialer.Event, kind dialer.Kind) dialer.Event {
	t.Helper()
	late := time.After(10 * time.Minute)
	for {
		select {
		case e := <-events:
			if e.Kind == kind {
				return e
			}
		case <-late:
			t.Fatalf("no event of kind %d", kind)
		}
	}
}

// answerLists answers look-ups with empty lists, the rest with other.
func answerLists(other func(ami.Message) []ami.Message) amitest.Script {
	return func(p *amitest.Peer) error {
		if err := p.Accept(time.Hour); err != nil {
			return err
		}
		return p.Serve(func(a ami.Message) []ami.Message {
			if list := emptyList(a); list != nil {
				return list
			}
			return other(a)
		})
	}
}

// emptyList is the answer to a look-up of a PBX that has nothing; nil if the
// action is none.
func emptyList(a ami.Message) []ami.Message {
	name := map[string]string{"QueueStatus": "QueueStatusComplete", "CoreShowChannels": "CoreShowChannelsComplete"}[a.Get("Action")]
	if name == "" {
		return nil
	}
	return []ami.Message{
		amitest.Reply(a, "Success", "EventList", "start"),
		amitest.Event(name, "ActionID", a.ActionID(), "EventList", "Complete", "ListItems", "0"),
	}
}

func refuse(a ami.Message, text string) []ami.Message {
	return []ami.Message{amitest.Reply(a, "Error", "Message", text)}
}

// TestTechnologies: without the right to ask for modules, an action of the
// technology's own tells.
func TestTechnologies(t *testing.T) {
	const unknown = "Invalid/unknown command: X. Use Action: ListCommands to show available commands."
	asked := 0
	script := answerLists(func(a ami.Message) []ami.Message {
		asked++
		switch a.Get("Action") {
		case "ModuleCheck":
			return refuse(a, "Permission denied")
		case "PJSIPShowEndpoint":
			return refuse(a, "Endpoint parameter missing.")
		}
		return refuse(a, unknown)
	})
	withPeer(t, func(t *testing.T, gw *asterisk.Gateway, events <-chan dialer.Event) {
		next(t, events, dialer.Census)
		for range 2 {
			for tech, want := range map[string]bool{"PJSIP": true, "pjsip": true, "SIP": false, "Local": true, "Console": true} {
				if got, err := gw.Supports(t.Context(), tech); err != nil || got != want {
					t.Errorf("%s: %t, %v", tech, got, err)
				}
			}
		}
		if asked != 4 {
			t.Errorf("the PBX was asked %d times", asked)
		}
	}, script)
}

// TestRefusedLogin: the reason of a link that does not come up is told.
func TestRefusedLogin(t *testing.T) {
	withPeer(t, func(t *testing.T, gw *asterisk.Gateway, events <-chan dialer.Event) {
		first := <-events
		if first.Kind != dialer.LinkDown {
			t.Errorf("the first event is of kind %d", first.Kind)
		}
		if auth, ok := errors.AsType[*ami.AuthError](next(t, events, dialer.LinkDown).Err); !ok || auth.Text == "" {
			t.Errorf("no reason: %v", auth)
		}
	}, (*amitest.Peer).Refuse)
}

// TestLookUpFails: a PBX without queues has none; what the loss of the link has
// cut off is asked for again.
func TestLookUpFails(t *testing.T) {
	failures := 1
	good := answerLists(func(a ami.Message) []ami.Message { return refuse(a, "Permission denied") })
	script := func(p *amitest.Peer) error {
		if err := p.Accept(time.Hour); err != nil {
			return err
		}
		for ; failures > 0; failures-- {
			a, err := p.Read()
			if err != nil {
				return err
			}
			if err := p.Send(refuse(a, "Try later")...); err != nil {
				return err
			}
		}
		synctest.Wait() // until the refusal is told
		return nil      // and the link is lost as well
	}
	withPeer(t, func(t *testing.T, gw *asterisk.Gateway, events <-chan dialer.Event) {
		next(t, events, dialer.LinkUp)
		next(t, events, dialer.QueuesReset)
		if down := next(t, events, dialer.LinkDown); down.Err == nil {
			t.Error("no reason for the loss")
		}
		up := next(t, events, dialer.LinkUp)
		if census := next(t, events, dialer.Census); !census.Started.Equal(up.Started) || up.Started.IsZero() {
			t.Errorf("PBX started %v, by the census %v", up.Started, census.Started)
		}
	}, script, good)
}

// TestNoQueuesIsTheSessionsOwn: that a PBX refuses to list its queues says
// nothing of the PBX that answers after the link was lost, however late it is read.
func TestNoQueuesIsTheSessionsOwn(t *testing.T) {
	const rounds = 40 // whether the refusal or the loss is read first is a matter of luck
	ask := func(p *amitest.Peer) (ami.Message, error) {
		if err := p.Accept(time.Hour); err != nil {
			return nil, err
		}
		return p.Expect("QueueStatus")
	}
	refuses := func(p *amitest.Peer) error {
		a, err := ask(p)
		if err != nil {
			return err
		}
		call := amitest.Event("Newchannel", "Uniqueid", uuid.NewString(), "Channel", "PJSIP/trunk-00000001")
		return p.Send(append([]ami.Message{call}, refuse(a, "Permission denied")...)...)
	}
	silent := func(p *amitest.Peer) error { _, err := ask(p); return err }
	var scripts []amitest.Script
	for range rounds {
		scripts = append(scripts, refuses, silent)
	}
	scripts = append(scripts, (*amitest.Peer).Refuse) // no more sessions
	synctest.Test(t, func(t *testing.T) {
		gw, err := asterisk.New(asterisk.Config{Name: "peer", AMI: amitest.NewServer(t, scripts...).Config()})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		ups := 0
		err = gw.Run(ctx, func(e dialer.Event) {
			switch e.Kind {
			case dialer.LinkUp:
				ups++
			case dialer.QueuesReset:
				if ups%2 == 0 {
					t.Error("the queues are told of a PBX that has not listed them")
				}
			case dialer.LinkDown:
				if ups == 2*rounds {
					cancel()
				}
			case dialer.CallChannel:
				<-time.After(time.Minute) // the next session is there meanwhile
			default:
			}
		})
		if err != nil || ups != 2*rounds {
			t.Errorf("%d sessions, %v", ups, err)
		}
	})
}

// TestLostReply: a reply that does not come in time leaves the outcome open,
// and a link that ends does so at once.
func TestLostReply(t *testing.T) {
	script := answerLists(func(a ami.Message) []ami.Message { return nil })
	withPeer(t, func(t *testing.T, gw *asterisk.Gateway, events <-chan dialer.Event) {
		next(t, events, dialer.Census)
		began := time.Now()
		err := gw.Place(t.Context(), dialer.Request{
			Call: uuid.NewString(), ActionID: uuid.NewString(), Channel: "PJSIP/1@trunk", Number: "1",
			Timeout: time.Second, Context: "dialer", Exten: "park", Priority: "1",
		})
		if !errors.Is(err, dialer.ErrOutcomeUnknown) || time.Since(began) > time.Minute {
			t.Errorf("%v after %v", err, time.Since(began))
		}
		if err := gw.Hangup(t.Context(), uuid.NewString()); !errors.Is(err, dialer.ErrOutcomeUnknown) {
			t.Errorf("hang up: %v", err)
		}
	}, script)
}
