//go:build e2e

package ami_test

import (
	"context"
	"errors"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/outpace/outpace/dialer/ami"
)

// These tests need a real Asterisk with the lab's dialplan: OUTPACE_E2E_AMI is
// its host:port, OUTPACE_E2E_AMI_ADMIN and OUTPACE_E2E_AMI_SECRET a user with
// all rights.
func realConfig(t *testing.T) ami.Config {
	t.Helper()
	cfg := ami.Config{Address: os.Getenv("OUTPACE_E2E_AMI"), Username: os.Getenv("OUTPACE_E2E_AMI_ADMIN"), Secret: os.Getenv("OUTPACE_E2E_AMI_SECRET")}
	if cfg.Address == "" || cfg.Username == "" || cfg.Secret == "" {
		t.Fatal("OUTPACE_E2E_AMI, OUTPACE_E2E_AMI_ADMIN and OUTPACE_E2E_AMI_SECRET must be set")
	}
	return cfg
}

func deadline(t *testing.T) context.Context {
	t.Helper()
	return canceledIn(t, 20*time.Second)
}

// place originates a call into an application and waits until it is answered.
func place(t *testing.T, c *ami.Client, call ami.Originate) {
	t.Helper()
	call.Channel = "Local/100@customers/n"
	call.Timeout = 10 * time.Second
	action, err := call.Action()
	if err != nil {
		t.Fatal(err)
	}
	outcomes := c.Subscribe(ami.Filter{Names: []string{"OriginateResponse"}})
	defer outcomes.Close()
	if _, err := c.Do(deadline(t), action); err != nil {
		t.Fatal(err)
	}
	for ev := range outcomes.C() {
		if ev.Kind == ami.KindEvent && ev.Get("Uniqueid") == call.ChannelID {
			if ev.Get("Response") != "Success" {
				t.Fatalf("not answered: %v", ev.Message)
			}
			return
		}
	}
	t.Fatal(outcomes.Err())
}

func channelID(t *testing.T, suffix string) string {
	return "e2e-" + strconv.FormatInt(time.Now().UnixNano(), 36) + "-" + suffix
}

func hangUp(t *testing.T, c *ami.Client, id string) {
	t.Helper()
	action, err := ami.Hangup{Channel: id}.Action()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Do(deadline(t), action); err != nil {
		t.Errorf("Hangup: %v", err)
	}
}

func TestE2EVariablesArriveByteForByte(t *testing.T) {
	c := ready(t, realConfig(t))
	values := []string{
		"", " ", "  lead", "trail  ", "a,b", ",,,", `"`, `"quoted"`, `\`, `\\`, `end\`, `a\,b"c`, "x=y=z", "A=1,V1=hijacked", `",V1=hijacked`,
		"${EXTEN}", "$[1+1]", "(", ")", "((,))", "[", "],[", "{a,b}", ";semi;\\;", "a|b", "'`", "\ttab\t", "%s%n", "Grüße, 日本 \"🙂\"", "\x01\x7f",
		strings.Repeat("x", 900), strings.Repeat(",", 450), strings.Repeat(`\`, 450),
	}
	var variables []ami.Variable
	for i, value := range values {
		variables = append(variables, ami.Variable{Name: "V" + strconv.Itoa(i), Value: value})
	}
	id := channelID(t, "1")
	place(t, c, ami.Originate{Application: "Wait", Data: "10", ChannelID: id, OtherChannelID: id + "b", Variables: variables})
	defer hangUp(t, c, id)
	for _, v := range variables {
		get, err := ami.Getvar{Channel: id, Name: v.Name}.Action()
		if err != nil {
			t.Fatal(err)
		}
		reply, err := c.Do(deadline(t), get)
		if err != nil {
			t.Errorf("%s: %v", v.Name, err)
			continue
		}
		if got := reply.Get("Value"); got != v.Value {
			t.Errorf("%s: got %q, want %q", v.Name, got, v.Value)
		}
	}
}

func TestE2EManyVariables(t *testing.T) {
	c := ready(t, realConfig(t))
	var variables []ami.Variable
	for i := range 100 {
		variables = append(variables, ami.Variable{Name: "M" + strconv.Itoa(i), Value: "v," + strconv.Itoa(i)})
	}
	id := channelID(t, "1")
	place(t, c, ami.Originate{Context: "dialer", Exten: "wait", ChannelID: id, OtherChannelID: id + "b", Variables: variables, CallerID: "Test <5550100>", Account: "acc"})
	defer hangUp(t, c, id)
	for _, i := range []int{0, 50, 99} {
		reply, err := c.Do(deadline(t), ami.Action{Name: "Getvar", Headers: ami.Message{{Key: "Channel", Value: id}, {Key: "Variable", Value: "M" + strconv.Itoa(i)}}})
		if err != nil || reply.Get("Value") != "v,"+strconv.Itoa(i) {
			t.Errorf("M%d: %v, %v", i, reply, err)
		}
	}
}

func TestE2EListsAndRefusals(t *testing.T) {
	c := ready(t, realConfig(t))
	for _, action := range []interface{ Action() (ami.Action, error) }{ami.CoreShowChannels{}, ami.Status{}, ami.QueueStatus{}, ami.QueueSummary{}} {
		a, err := action.Action()
		if err != nil {
			t.Fatal(err)
		}
		events, err := c.List(deadline(t), a)
		if err != nil {
			t.Errorf("%s: %v", a.Name, err)
			continue
		}
		if last := events[len(events)-1]; last.Get("EventList") != "Complete" {
			t.Errorf("%s ends with %v", a.Name, last.Message)
		}
	}
	_, err := c.Do(deadline(t), ami.Action{Name: "Getvar", Headers: ami.Message{{Key: "Channel", Value: "gone"}, {Key: "Variable", Value: "A"}}})
	if refused, ok := errors.AsType[*ami.ResponseError](err); !ok || refused.Text() != "No such channel" {
		t.Errorf("Getvar: %v", err)
	}
	reply, err := c.Do(deadline(t), ami.Action{Name: "Command", Headers: ami.Message{{Key: "Command", Value: "core show version"}}})
	if output := ami.CommandOutput(reply); err != nil || len(output) == 0 || !strings.Contains(output[0], "Asterisk") {
		t.Errorf("Command: %q, %v", output, err)
	}
}

// The longest line, the most headers and the longest ActionID must be what
// Asterisk reads, neither more nor less.
func TestE2ELimits(t *testing.T) {
	c := ready(t, realConfig(t))
	headers := ami.Message{{Key: "ActionID", Value: strings.Repeat("x", ami.MaxActionID)}, {Key: "X", Value: strings.Repeat("y", ami.MaxActionLine-3)}}
	for len(headers)+1 < ami.MaxActionHeaders {
		headers.Add("Z", "1")
	}
	if _, err := c.Do(deadline(t), ami.Action{Name: "Ping", Headers: headers}); err != nil {
		t.Errorf("Ping with the most of all: %v", err)
	}
}

func TestE2EChallengeLogin(t *testing.T) {
	cfg := realConfig(t)
	cfg.MD5 = true
	cfg.EventMask = "system,call"
	c, events := listen(t, cfg, ami.Filter{})
	if err := c.Ready(deadline(t)); err != nil {
		t.Fatal(err)
	}
	wantKind(t, events, ami.KindSessionOpened)
	if mark := wantKind(t, events, ami.KindSessionStarted); mark.Uptime <= 0 {
		t.Errorf("uptime %v", mark.Uptime)
	}
	wantEvent(t, events, "FullyBooted")
}

func TestE2EWrongSecret(t *testing.T) {
	cfg := realConfig(t)
	cfg.Secret = "wrong"
	err := start(t, cfg).Ready(canceledIn(t, 3*time.Second))
	if _, ok := errors.AsType[*ami.AuthError](err); !ok {
		t.Errorf("Ready: %v", err)
	}
}

func TestE2EAGI(t *testing.T) {
	c := ready(t, realConfig(t))
	for _, module := range []string{"res_speech.so", "res_agi.so"} { // the lab leaves them out
		load := ami.Action{Name: "ModuleLoad", Headers: ami.Message{{Key: "Module", Value: module}, {Key: "LoadType", Value: "load"}}}
		if _, err := c.Do(deadline(t), load); err != nil {
			t.Log(err) // loaded before, or the call below fails
		}
	}
	id := channelID(t, "1")
	starts := c.Subscribe(ami.Filter{Names: []string{"AsyncAGIStart"}})
	defer starts.Close()
	place(t, c, ami.Originate{Application: "AGI", Data: "agi:async", ChannelID: id, OtherChannelID: id + "b"})
	channel := ""
	for channel == "" {
		if ev := next(t, starts); ev.Kind == ami.KindEvent && ev.Get("Uniqueid") == id {
			channel = ev.Get("Channel")
		}
	}
	if _, err := c.AGI(deadline(t), channel, `SET VARIABLE A "b c"`); err != nil {
		t.Fatal(err)
	}
	result, err := c.AGI(deadline(t), channel, "GET VARIABLE A")
	if err != nil || result.Code != 200 || result.Result != "1" || result.Data != "(b c)" {
		t.Errorf("%+v, %v", result, err)
	}
	result, err = c.AGI(deadline(t), channel, "NO SUCH COMMAND")
	if err != nil || result.Code != 510 {
		t.Errorf("%+v, %v", result, err)
	}
	hangUp(t, c, id)
	if _, err := c.AGI(deadline(t), channel, "GET VARIABLE A"); err == nil {
		t.Error("a command on a dead channel is no error")
	}
}
