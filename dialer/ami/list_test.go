package ami_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/outpace/outpace/dialer/ami"
	"github.com/outpace/outpace/dialer/ami/amitest"
)

// members answers QueueStatus with n members, between events of others.
func members(a ami.Message, n int) []ami.Message {
	id := a.ActionID()
	all := []ami.Message{
		amitest.Reply(a, "Success", "EventList", "start", "Message", "Queue status will follow"),
		amitest.Event("Newchannel", "Uniqueid", "9.9"),
	}
	for i := range n {
		all = append(all, amitest.Event("QueueMember", "Queue", "q", "Name", fmt.Sprint(i), "ActionID", id))
	}
	return append(all, amitest.Event("Hangup", "Uniqueid", "9.9"),
		amitest.Event("QueueStatusComplete", "ActionID", id, "EventList", "Complete", "ListItems", fmt.Sprint(n)))
}

func TestList(t *testing.T) {
	bubble(t, func(t *testing.T) {
		server := amitest.NewServer(t, acceptAnd(func(p *amitest.Peer) error {
			return p.Serve(func(a ami.Message) []ami.Message { return members(a, 3) })
		}))
		c := ready(t, server.Config())
		plain, all := c.Subscribe(ami.Filter{}), c.Subscribe(ami.Filter{Lists: true})
		defer plain.Close()
		defer all.Close()
		events, err := c.List(t.Context(), ami.Action{Name: "QueueStatus"})
		if err != nil {
			t.Fatal(err)
		}
		if len(events) != 4 || events[0].Get("Name") != "0" || events[2].Get("Name") != "2" || events[3].Get("ListItems") != "3" {
			t.Fatalf("list %v", events)
		}
		for _, s := range []*ami.Subscription{plain, all} {
			wantKind(t, s, ami.KindSessionOpened)
			wantKind(t, s, ami.KindSessionStarted)
		}
		before, after := wantEvent(t, plain, "Newchannel"), wantEvent(t, plain, "Hangup")
		if before.Seq >= events[0].Seq || after.Seq <= events[2].Seq || after.Seq >= events[3].Seq {
			t.Errorf("the order of stream and list can't be told: %d, %d to %d, %d, %d",
				before.Seq, events[0].Seq, events[2].Seq, after.Seq, events[3].Seq)
		}
		for _, name := range []string{"Newchannel", "QueueMember", "QueueMember", "QueueMember", "Hangup", "QueueStatusComplete"} {
			wantEvent(t, all, name)
		}
	})
}

func TestListOfOldAsterisk(t *testing.T) {
	bubble(t, func(t *testing.T) {
		server := amitest.NewServer(t, acceptAnd(func(p *amitest.Peer) error {
			return p.Serve(func(a ami.Message) []ami.Message {
				return []ami.Message{
					amitest.Reply(a, "Success", "Message", "Channel status will follow"),
					amitest.Event("Status", "Channel", "SIP/1-1", "ActionID", a.ActionID()),
					amitest.Event("StatusComplete", "ActionID", a.ActionID(), "Items", "1"),
				}
			})
		}))
		c := ready(t, server.Config())
		events, err := c.List(t.Context(), ami.Action{Name: "Status"})
		if err != nil || len(events) != 2 || events[0].Get("Channel") != "SIP/1-1" {
			t.Errorf("list %v, %v", events, err)
		}
	})
}

func TestListWithoutList(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := ready(t, amitest.NewServer(t, accept).Config())
		_, err := c.List(t.Context(), ami.Action{Name: "Ping2"})
		wantError(t, err, ami.ErrNotAList)
	})
}

// A list that its caller gave up, or that is too long, must not spill over
// into the subscriptions, and the session goes on.
func TestListGivenUp(t *testing.T) {
	bubble(t, func(t *testing.T) {
		server := amitest.NewServer(t, acceptAnd(func(p *amitest.Peer) error {
			return p.Serve(func(a ami.Message) []ami.Message {
				switch a.Get("Action") {
				case "Slow":
					<-time.After(2 * time.Second)
					return members(a, 3)
				case "Long":
					return members(a, 12)
				}
				return []ami.Message{amitest.Event("Last"), amitest.Reply(a, "Success")}
			})
		}))
		cfg := server.Config()
		cfg.MaxList = 10
		c := ready(t, cfg)
		events := c.Subscribe(ami.Filter{Names: []string{"QueueMember", "QueueStatusComplete", "Last"}})
		defer events.Close()
		_, err := c.List(canceledIn(t, time.Second), ami.Action{Name: "Slow"})
		wantError(t, err, ami.ErrOutcomeUnknown)
		_, err = c.List(t.Context(), ami.Action{Name: "Long"})
		if tooLong, ok := errors.AsType[*ami.LimitError](err); !ok || tooLong.What != "list" {
			t.Errorf("a list of 12: %v", err)
		}
		if _, err := c.Do(t.Context(), ami.Action{Name: "Other"}); err != nil {
			t.Fatal(err)
		}
		wantKind(t, events, ami.KindSessionOpened)
		wantKind(t, events, ami.KindSessionStarted)
		wantEvent(t, events, "Last")
	})
}

func TestListCutByTheLink(t *testing.T) {
	bubble(t, func(t *testing.T) {
		server := amitest.NewServer(t, acceptAnd(func(p *amitest.Peer) error {
			a, err := p.Expect("QueueStatus")
			if err != nil {
				return err
			}
			return p.Send(members(a, 3)[:3]...) // and hangs up
		}))
		c := ready(t, server.Config())
		events, err := c.List(t.Context(), ami.Action{Name: "QueueStatus"})
		wantError(t, err, ami.ErrOutcomeUnknown)
		if events != nil {
			t.Errorf("half a list: %v", events)
		}
	})
}
