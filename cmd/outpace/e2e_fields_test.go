//go:build e2e

package main

import (
	"context"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/outpace/outpace/dialer/ami"
)

// labAdmin is a user with all rights, for what a test looks at beside the dialer.
func labAdmin(t *testing.T) *ami.Client {
	t.Helper()
	c, err := ami.New(ami.Config{
		Address: os.Getenv("OUTPACE_E2E_AMI"), Username: os.Getenv("OUTPACE_E2E_AMI_ADMIN"), Secret: os.Getenv("OUTPACE_E2E_AMI_SECRET"),
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	var run sync.WaitGroup
	run.Go(func() { _ = c.Run(ctx) })
	t.Cleanup(func() { stop(); run.Wait() })
	ready, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := c.Ready(ready); err != nil {
		t.Fatal(err)
	}
	return c
}

func getvar(t *testing.T, c *ami.Client, channel, variable string) string {
	t.Helper()
	action, err := ami.Getvar{Channel: channel, Name: variable}.Action()
	if err != nil {
		t.Fatal(err)
	}
	answer, err := c.Do(t.Context(), action)
	if err != nil {
		t.Fatalf("%s: %v", variable, err)
	}
	return answer.Get("Value")
}

// openCall waits for the campaign's only call to be up and returns its uuid.
func (r *running) openCall(campaign string) string {
	r.t.Helper()
	r.awaitCalls(campaign, "up", func(s stats) bool { return s.Calls.Talking == 1 })
	var open struct {
		List []struct {
			UUID string `json:"uuid"`
		} `json:"list"`
	}
	r.get("/ob/dialings", &open)
	return open.List[0].UUID
}

// TestE2EVariables: the variables of all five objects reach the channel byte
// for byte, the later object wins, and no customer's text sets another one.
func TestE2EVariables(t *testing.T) {
	hostile := map[string]string{
		"COMMA": "Anne, Bob", "QUOTE": `say "hi"`, "BACKSLASH": `C:\new\`, "EQUALS": "a=b=c", "EXPR": "${EXTEN} $[1+1]",
		"UTF": "Nguyễn Thị Ánh ☎", "BRACKETS": "([{)]}", "SEMICOLON": "a;b|c", "INJECT": "x,OWNED=yes", "SPACES": " a  b ",
	}
	p := labPlace(t)
	r := p.start(t)
	admin := labAdmin(t)
	list := r.post("/ob/dlmas", map[string]any{"variables": map[string]string{"WHO": "dlma", "FROM_DLMA": "4"}})
	entry := map[string]string{"WHO": "dl"}
	for name, value := range hostile {
		entry[name] = value
	}
	r.post("/ob/dls", map[string]any{"dlma_uuid": list, "number_1": "1100000050", "variables": entry})
	c := r.post("/ob/campaigns", map[string]any{"dlma": list, "variables": map[string]string{"WHO": "campaign", "FROM_CAMPAIGN": "1"},
		"plan": r.post("/ob/plans", map[string]any{"dial_mode": 1, "tech_name": "PJSIP", "trunk_name": "trunk",
			"variables": map[string]string{"WHO": "plan", "FROM_PLAN": "2"}}),
		"dest": r.post("/ob/destinations", map[string]any{"type": 1, "application": "park",
			"variables": map[string]string{"WHO": "destination", "FROM_DESTINATION": "3"}})})
	r.status(c, 1)
	call := r.openCall(c)
	want := map[string]string{"WHO": "dl", "FROM_CAMPAIGN": "1", "FROM_PLAN": "2", "FROM_DESTINATION": "3", "FROM_DLMA": "4", "OWNED": ""}
	for name, value := range hostile {
		want[name] = value
	}
	for name, value := range want {
		if got := getvar(t, admin, call, name); got != value {
			t.Errorf("%s = %q at the channel, want %q", name, got, value)
		}
	}
	r.status(c, 30)
	r.awaitStatus(c, 0)
}

// TestE2EPlanAndDestinationTakeEffect: an extension is entered where the
// destination says, with the plan's caller id, codecs and time-out; early
// media counts as an answer where the plan says so.
func TestE2EPlanAndDestinationTakeEffect(t *testing.T) {
	p := labPlace(t)
	r := p.start(t)
	admin := labAdmin(t)
	exten := map[string]any{"type": 0, "context": "dialer", "exten": "wait", "priority": "1"}
	for _, codec := range []string{"alaw", "g722"} {
		// The trunk of the lab speaks only one codec, a Local channel any.
		c := r.offer(map[string]any{"caller_id": `"Outpace, Inc" <4711>`, "codecs": codec,
			"tech_name": "Local", "trunk_name": "customers"}, exten, []string{"1100000060"})
		r.status(c, 1)
		call := r.openCall(c)
		for variable, want := range map[string]string{
			"CALLERID(num)": "4711", "CALLERID(name)": "Outpace, Inc", "CHANNEL(audionativeformat)": codec,
		} {
			if got := getvar(t, admin, call, variable); !strings.Contains(got, want) {
				t.Errorf("%s = %q, want %q", variable, got, want)
			}
		}
		status, err := admin.List(t.Context(), ami.Action{Name: "Status", Headers: ami.Message{{Key: "Channel", Value: call}}})
		if err != nil {
			t.Fatal(err)
		}
		if e := status[0]; e.Get("Context") != "dialer" || e.Get("Exten") != "wait" || e.Get("Priority") != "1" {
			t.Errorf("channel is at %s,%s,%s", e.Get("Context"), e.Get("Exten"), e.Get("Priority"))
		}
		r.status(c, 30)
		r.awaitStatus(c, 0)
	}

	before := 2 // the calls above, whose lines may still be on their way
	for media, want := range map[string]string{"true": "answered", "false": "no_answer"} {
		c := r.offer(map[string]any{"early_media": media, "dial_timeout": 3000}, exten, []string{"9100000061"})
		r.status(c, 1)
		if media == "true" {
			call := r.openCall(c)
			if call == "" {
				t.Error("no call")
			}
			r.status(c, 30)
		}
		r.awaitStatus(c, 0)
		got := r.logged(p, before+1)[before:]
		if len(got) != 1 || got[0].Disposition != want {
			t.Errorf("early_media %s: %+v, want %s", media, got, want)
		}
		if o := got[0]; media == "false" && (o.RingMs < 2900 || o.RingMs > 6000) {
			t.Errorf("rang %d ms with a dial_timeout of 3000", o.RingMs)
		}
		before++
	}
}
