package asterisk_test

import (
	"errors"
	"testing"
	"testing/synctest"

	"github.com/google/uuid"

	"github.com/outpace/outpace/dialer"
	"github.com/outpace/outpace/dialer/ami"
	"github.com/outpace/outpace/dialer/ami/amitest"
	"github.com/outpace/outpace/dialer/asterisk"
)

// TestRedirect: what is sent, and what the answers of an Asterisk mean.
func TestRedirect(t *testing.T) {
	to := dialer.Exten{Context: "dialer", Exten: "abandon"}
	var seen []ami.Message
	answer := func(a ami.Message) []ami.Message { return []ami.Message{amitest.Reply(a, "Success")} }
	script := listen(func(a ami.Message) {
		if a.Get("Action") == "Redirect" {
			seen = append(seen, a)
		}
	}, func(a ami.Message) []ami.Message { return answer(a) })
	withPeer(t, func(t *testing.T, gw *asterisk.Gateway, events <-chan dialer.Event) {
		next(t, events, dialer.Census)
		id := uuid.NewString()
		if err := gw.Redirect(t.Context(), id, to); err != nil {
			t.Errorf("redirect: %v", err)
		}
		if len(seen) != 1 || seen[0].Get("Channel") != id || seen[0].Get("Context") != "dialer" ||
			seen[0].Get("Exten") != "abandon" || seen[0].Get("Priority") != "1" || seen[0].Get("ExtraChannel") != "" {
			t.Errorf("sent %v", seen)
		}
		for text, want := range map[string]error{
			"Channel does not exist: " + id: dialer.ErrNoCall,
			"Priority is invalid":           dialer.ErrRefused,
			"Permission denied":             dialer.ErrRefused,
		} {
			answer = func(a ami.Message) []ami.Message { return refuse(a, text) }
			if err := gw.Redirect(t.Context(), id, to); !errors.Is(err, want) || errors.Is(err, dialer.ErrNoCall) != (want == dialer.ErrNoCall) {
				t.Errorf("%s: %v", text, err)
			}
		}
		seen = nil
		for _, bad := range []struct {
			call string
			to   dialer.Exten
			want error
		}{
			{"PJSIP/trunk-00000001", to, dialer.ErrNoCall},
			{"", to, dialer.ErrNoCall},
			{id, dialer.Exten{Context: "dialer"}, dialer.ErrNotSent},
			{id, dialer.Exten{Context: "dialer", Exten: "a\r\nAction: Logoff"}, dialer.ErrNotSent},
		} {
			if err := gw.Redirect(t.Context(), bad.call, bad.to); !errors.Is(err, bad.want) {
				t.Errorf("%+v: %v", bad, err)
			}
		}
		synctest.Wait()
		if len(seen) != 0 {
			t.Errorf("sent %v", seen)
		}
		answer = func(ami.Message) []ami.Message { return nil }
		if err := gw.Redirect(t.Context(), id, to); !errors.Is(err, dialer.ErrOutcomeUnknown) {
			t.Errorf("no answer: %v", err)
		}
	}, script)
	gw, err := asterisk.New(asterisk.Config{Name: "x", AMI: ami.Config{Address: "127.0.0.1:1", Username: "u", Secret: "s"}})
	if err != nil {
		t.Fatal(err)
	}
	if err := gw.Redirect(t.Context(), uuid.NewString(), to); !errors.Is(err, dialer.ErrNotSent) {
		t.Errorf("a gateway that does not run: %v", err)
	}
}
