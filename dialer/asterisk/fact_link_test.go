package asterisk_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/outpace/outpace/dialer"
	"github.com/outpace/outpace/dialer/ami"
	"github.com/outpace/outpace/dialer/ami/amitest"
	"github.com/outpace/outpace/dialer/asterisk"
)

// brokenID is the length from which an ActionID loses its line end in some
// events.
const brokenID = 244

// raw returns the bytes of a recording from a text up to the end of the
// message that it is in.
func raw(t *testing.T, file, from string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(asterisk.Traces, file))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, found := bytes.Cut(b, []byte(from))
	message, _, ended := bytes.Cut(rest, []byte("\r\n\r\n"))
	if !found || !ended {
		t.Fatalf("%s has no message with %q", file, from)
	}
	return from + string(message) + "\r\n\r\n"
}

// listen is a script that logs the client in, notes all its actions and
// answers look-ups and Pings by itself.
func listen(note func(ami.Message), other func(ami.Message) []ami.Message) amitest.Script {
	return func(p *amitest.Peer) error {
		login, err := p.Login()
		if err != nil {
			return err
		}
		note(login)
		if err := p.Send(amitest.Reply(login, "Success"), amitest.FullyBooted(time.Hour)); err != nil {
			return err
		}
		for {
			a, err := p.Read()
			if err != nil {
				return err
			}
			note(a)
			answer := emptyList(a)
			switch {
			case a.Get("Action") == "Ping":
				answer = []ami.Message{amitest.Pong(a)}
			case answer == nil:
				answer = other(a)
			}
			if err := p.Send(answer...); err != nil {
				return err
			}
		}
	}
}

// Fact 17: the recordings show what becomes of long ids; ours are all short,
// and no two are the same.
func TestFact17OurIDsAreShort(t *testing.T) {
	for _, folder := range []string{"", "asterisk-16/"} {
		merged := asterisk.Pick(t, asterisk.Messages(t, folder+"malformed.ami"), "Event", "QueueSummary")
		if id := merged.ActionID(); len(id) < brokenID || len(merged.Values("Event")) != 2 {
			t.Errorf("%sthe recording's id has %d bytes, and %d events are in one", folder, len(id), len(merged.Values("Event")))
		}
	}
	const enough = 10
	ids := map[string]string{}
	note := func(a ami.Message) {
		id := a.ActionID()
		if len(id) == 0 || len(id) > 36 {
			t.Errorf("%s: ActionID of %d bytes", a.Get("Action"), len(id))
		}
		if before, used := ids[id]; used {
			t.Errorf("%s has the ActionID of %s", a.Get("Action"), before)
		}
		ids[id] = a.Get("Action")
	}
	script := listen(note, func(a ami.Message) []ami.Message { return refuse(a, "Permission denied") })
	withPeer(t, func(t *testing.T, gw *asterisk.Gateway, events <-chan dialer.Event) {
		next(t, events, dialer.Census)
		r := request("300")
		if err := gw.Place(t.Context(), r); !errors.Is(err, dialer.ErrRefused) {
			t.Errorf("Place: %v", err)
		}
		if err := gw.Hangup(t.Context(), r.Call); !errors.Is(err, dialer.ErrRefused) {
			t.Errorf("Hangup: %v", err)
		}
		if err := gw.Survey(t.Context()); err != nil {
			t.Errorf("Survey: %v", err)
		}
		if _, err := gw.Supports(t.Context(), "PJSIP"); err != nil {
			t.Errorf("Supports: %v", err)
		}
		for range 2 { // the Survey's, and that of the next look-up, with a Ping between
			next(t, events, dialer.Census)
		}
		synctest.Wait()
		if len(ids) < enough || ids[r.ActionID] != "Originate" {
			t.Errorf("%d actions were seen: %v", len(ids), ids)
		}
	}, script)
}

// Fact 17: what Asterisk would refuse or garble is not sent. The actions are
// those of the recordings.
func TestFact17TooLongIsNotSent(t *testing.T) {
	for _, folder := range []string{"", "asterisk-16/"} {
		t.Run(folder, func(t *testing.T) {
			sent := asterisk.Messages(t, folder+"malformed.sent")
			longLine := asterisk.Pick(t, sent, "ActionID", "long-line")
			size := 0
			for _, h := range longLine {
				size = max(size, len(h.Value))
			}
			longest := strings.Repeat("x", size)
			longID := ""
			for _, m := range sent {
				if id := m.ActionID(); m.Get("Action") == "Originate" && len(id) >= brokenID {
					longID = id
				}
			}
			if size < 1024 || longID == "" {
				t.Fatalf("the recording has a line of %d bytes and an id of %d", size, len(longID))
			}
			var seen []ami.Message
			script := listen(func(a ami.Message) {
				if a.Get("Action") == "Originate" {
					seen = append(seen, a)
				}
			}, func(a ami.Message) []ami.Message { return []ami.Message{amitest.Reply(a, "Success")} })
			withPeer(t, func(t *testing.T, gw *asterisk.Gateway, events <-chan dialer.Event) {
				next(t, events, dialer.Census)
				for name, spoil := range map[string]func(*dialer.Request){
					"a long line":          func(r *dialer.Request) { r.Data = longest },
					"a line by one byte":   func(r *dialer.Request) { r.Data = longest[:1022-len("Data: ")+1] },
					"a long id":            func(r *dialer.Request) { r.ActionID = longID },
					"the shortest long id": func(r *dialer.Request) { r.ActionID = longID[:brokenID] },
				} {
					r := request("300")
					spoil(&r)
					if err := gw.Place(t.Context(), r); !errors.Is(err, dialer.ErrNotSent) {
						t.Errorf("%s: %v", name, err)
					}
				}
				synctest.Wait()
				if len(seen) != 0 {
					t.Errorf("%d were sent", len(seen))
				}
				r := request("300")
				r.Data, r.CallerID, r.Codecs = longest[:1022-len("Data: ")], "Sales <5550100>", "alaw"
				r.Variables = map[string]string{}
				for i := range 100 {
					r.Variables["V"+strings.Repeat("a", i%50)+strings.Repeat("b", i/50)] = "x"
				}
				if err := gw.Place(t.Context(), r); err != nil {
					t.Errorf("the most that fits: %v", err)
				}
				synctest.Wait()
				if len(seen) != 1 || seen[0].Get("Data") != r.Data || len(seen[0].Values("Variable")) != 100 || len(seen[0]) > 128 {
					t.Errorf("%d came", len(seen))
				}
			}, script)
		})
	}
}

// Fact 17: an error text may end in a bare line feed. It is part of the text,
// and what stands behind it is no header.
func TestFact17LineFeedEndsNoLine(t *testing.T) {
	for _, folder := range []string{"", "asterisk-16/"} {
		t.Run(folder, func(t *testing.T) {
			const text = "Uniqueid length exceeds maximum of 149"
			recorded := raw(t, folder+"malformed.ami", "Response: Error\r\nActionID: long-id\r\n")
			if m := asterisk.Pick(t, asterisk.Messages(t, folder+"malformed.ami"), "ActionID", "long-id"); m.Get("Message") != text+"\n" || len(m) != 3 {
				t.Errorf("the reply was read as %q", m)
			}
			script := func(p *amitest.Peer) error {
				if err := p.Accept(time.Hour); err != nil {
					return err
				}
				for {
					a, err := p.Read()
					if err != nil {
						return err
					}
					id := a.ActionID() + "\r\n"
					reply := strings.Replace(recorded, "long-id\r\n", id, 1)
					switch a.Get("Action") {
					case "Hangup":
						reply = "Response: Error\r\nActionID: " + id + "Message: No\nEvent: Hangup\nUniqueid: " + a.Get("Channel") + "\n\r\n\r\n"
					case "QueueStatus", "CoreShowChannels":
						if err := p.Send(emptyList(a)...); err != nil {
							return err
						}
						continue
					}
					if err := p.Raw(reply); err != nil {
						return err
					}
				}
			}
			withPeer(t, func(t *testing.T, gw *asterisk.Gateway, events <-chan dialer.Event) {
				next(t, events, dialer.Census)
				r := request("300")
				if err := gw.Place(t.Context(), r); !errors.Is(err, dialer.ErrRefused) || !strings.HasSuffix(err.Error(), text) {
					t.Errorf("Place: %q", err)
				}
				if err := gw.Hangup(t.Context(), r.Call); !errors.Is(err, dialer.ErrRefused) {
					t.Errorf("Hangup: %v", err)
				}
				if err := gw.Survey(t.Context()); err != nil {
					t.Errorf("Survey: %v", err)
				}
				for e := (dialer.Event{}); e.Kind != dialer.Census; {
					if e = <-events; e.Call != "" || e.Kind == dialer.LinkDown {
						t.Errorf("an event of kind %d out of an error's text", e.Kind)
					}
				}
			}, script)
		})
	}
}

// Fact 18: every fault in a login looks the same, and trying again in a loop
// gets the address banned. The gateway says why and waits, longer each time.
func TestFact18RefusedLogin(t *testing.T) {
	const refusals = 4
	for _, scenario := range []string{"login-bad-secret", "login-bad-user", "login-bad-address"} {
		for _, name := range []string{scenario, "asterisk-16/" + scenario} {
			t.Run(name, func(t *testing.T) {
				greeting, _, _ := strings.Cut(raw(t, name+".ami", "Asterisk Call Manager/"), "\r\n")
				refusal := raw(t, name+".ami", "Response: Error\r\n")
				var tries []time.Time
				refused := func(p *amitest.Peer) error {
					opened := time.Now()
					tries = append(tries, opened)
					if err := p.Raw(greeting + "\r\n"); err != nil {
						return err
					}
					login, err := p.Read()
					if err != nil {
						return err
					}
					if waited := time.Since(opened); waited > time.Second {
						t.Errorf("the login came after %v", waited) // it has 30 s
					}
					<-time.After(time.Second)
					return p.Raw(strings.Replace(refusal, "ActionID: act-1\r\n", "ActionID: "+login.ActionID()+"\r\n", 1))
				}
				granted := answerLists(func(a ami.Message) []ami.Message { return refuse(a, "Permission denied") })
				withPeer(t, func(t *testing.T, gw *asterisk.Gateway, events <-chan dialer.Event) {
					if first := <-events; first.Kind != dialer.LinkDown {
						t.Errorf("the first event is of kind %d", first.Kind)
					}
					for range refusals {
						wantRefusal(t, <-events)
						if err := gw.Place(t.Context(), request("300")); !errors.Is(err, dialer.ErrNotSent) {
							t.Errorf("Place: %v", err)
						}
					}
					synctest.Wait()
					if len(tries) != refusals {
						t.Fatalf("%d tries for %d refusals", len(tries), refusals)
					}
					pause := 30 * time.Second
					for i := range refusals - 1 {
						gap := tries[i+1].Sub(tries[i])
						if gap < pause || gap > 10*time.Minute {
							t.Errorf("try %d came %v after the one before, want %v or more, up to 10m", i+2, gap, pause)
						}
						pause = gap
					}
					if up := <-events; up.Kind != dialer.LinkUp { // once it is put right
						t.Errorf("an event of kind %d", up.Kind)
					}
					next(t, events, dialer.Census)
				}, refused, refused, refused, refused, granted)
			})
		}
	}
}

func wantRefusal(t *testing.T, e dialer.Event) {
	t.Helper()
	auth, ok := errors.AsType[*ami.AuthError](e.Err)
	if e.Kind != dialer.LinkDown || !ok || auth.Text != "Authentication failed" {
		t.Fatalf("an event of kind %d, reason %v", e.Kind, e.Err)
	}
	if text := e.Err.Error(); !strings.Contains(text, "login refused") || strings.Contains(text, amitest.Secret) {
		t.Errorf("reason %q", text)
	}
}
