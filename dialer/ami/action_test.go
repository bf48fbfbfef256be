package ami

import (
	"strings"
	"testing"
	"time"
)

// typed is what all typed actions offer.
type typed interface{ Action() (Action, error) }

// line shows an action in one line.
func line(a Action) string {
	var b strings.Builder
	b.WriteString(a.Name)
	for _, h := range a.Headers {
		b.WriteString("|" + h.Key + ": " + h.Value)
	}
	return b.String()
}

func TestTypedActions(t *testing.T) {
	t.Parallel()
	for want, action := range map[string]typed{
		"Ping": Ping{}, "CoreStatus": CoreStatus{}, "CoreSettings": CoreSettings{}, "CoreShowChannels": CoreShowChannels{},
		"Status":                                         Status{},
		"Status|Channel: 1.1|Variables: A,B":             Status{Channel: "1.1", Variables: []string{"A", "B"}},
		"Hangup|Channel: 1.1":                            Hangup{Channel: "1.1"},
		"Hangup|Channel: 1.1|Cause: 16":                  Hangup{Channel: "1.1", Cause: 16},
		"Setvar|Variable: G|Value: ":                     Setvar{Name: "G"},
		"Setvar|Channel: 1.1|Variable: _A|Value: a,b\\c": Setvar{Channel: "1.1", Name: "_A", Value: `a,b\c`},
		"Getvar|Channel: 1.1|Variable: CHANNEL(state)":   Getvar{Channel: "1.1", Name: "CHANNEL(state)"},
		"Events|EventMask: call,agent":                   Events{Mask: "call,agent"},
		"Command|Command: queue show":                    Command{Command: "queue show"},
		"AbsoluteTimeout|Channel: 1.1|Timeout: 60":       AbsoluteTimeout{Channel: "1.1", Timeout: time.Minute},
		"Bridge|Channel1: a|Channel2: b|Tone: yes":       Bridge{Channel1: "a", Channel2: "b", Tone: true},
		"Redirect|Channel: a|Context: c|Exten: e|Priority: 1": Redirect{
			Channel: "a", Context: "c", Exten: "e"},
		"Redirect|Channel: a|ExtraChannel: b|Context: c|Exten: e|Priority: 2|ExtraContext: d|ExtraExten: f|ExtraPriority: 3": Redirect{
			Channel: "a", Context: "c", Exten: "e", Priority: "2", ExtraChannel: "b", ExtraContext: "d", ExtraExten: "f", ExtraPriority: "3"},
		"QueueAdd|Queue: q|Interface: i|Penalty: 0|Paused: false": QueueAdd{Queue: "q", Interface: "i"},
		"QueueAdd|Queue: q|Interface: i|Penalty: 2|Paused: true|Reason: r|MemberName: m|StateInterface: s": QueueAdd{
			Queue: "q", Interface: "i", MemberName: "m", StateInterface: "s", Penalty: 2, Paused: true, PausedReason: "r"},
		"QueueRemove|Queue: q|Interface: i":                                     QueueRemove{Queue: "q", Interface: "i"},
		"QueuePause|Interface: i|Paused: true|Queue: q|Reason: r":               QueuePause{Interface: "i", Queue: "q", Paused: true, Reason: "r"},
		"QueuePause|Interface: i|Paused: false":                                 QueuePause{Interface: "i"},
		"QueueStatus":                                                           QueueStatus{},
		"QueueStatus|Queue: q|Member: i":                                        QueueStatus{Queue: "q", Member: "i"},
		"QueueSummary|Queue: q":                                                 QueueSummary{Queue: "q"},
		"Originate|Channel: Local/1@a/n|Application: Queue|Data: q|Async: true": Originate{Channel: "Local/1@a/n", Application: "Queue", Data: "q"},
		"Originate|Channel: SIP/1|Context: c|Exten: e|Priority: 1":              Originate{Channel: "SIP/1", Context: "c", Exten: "e", Sync: true},
		"Originate|ActionID: id|Channel: SIP/1|Context: c|Exten: e|Priority: 2|Timeout: 900|CallerID: A <1>|Account: acc|Codecs: alaw|" +
			"ChannelId: x|OtherChannelId: y|EarlyMedia: true|Async: true|Variable: A=1\\,2|Variable: __B=": Originate{
			ActionID: "id", Channel: "SIP/1", Context: "c", Exten: "e", Priority: "2", Timeout: 900 * time.Millisecond, CallerID: "A <1>",
			Account: "acc", Codecs: "alaw", ChannelID: "x", OtherChannelID: "y", EarlyMedia: true, Variables: []Variable{{"A", "1,2"}, {"__B", ""}}},
	} {
		a, err := action.Action()
		if err != nil {
			t.Errorf("%s: %v", want, err)
			continue
		}
		if got := line(a); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
		if _, err := a.encode("id"); err != nil {
			t.Errorf("%s: %v", want, err)
		}
	}
}

func TestTypedActionsRefuse(t *testing.T) {
	t.Parallel()
	good := Originate{Channel: "SIP/1", Application: "Wait", Data: "1"}
	bad := func(change func(*Originate)) Originate {
		o := good
		change(&o)
		return o
	}
	for _, test := range []struct {
		action typed
		says   string
	}{
		{Hangup{}, "Channel"},
		{Hangup{Channel: "x", Cause: 128}, "Cause"},
		{Hangup{Channel: "x\r\n\r\nAction: Originate"}, "Channel"},
		{Hangup{Channel: " x"}, "Channel"},
		{Redirect{Channel: "x", Context: "c"}, "Exten"},
		{Bridge{Channel1: "x"}, "Channel2"},
		{Setvar{Name: "SHELL(id)", Value: "x"}, "SHELL"},
		{Setvar{Name: "A", Value: " x"}, "Value"},
		{Getvar{}, "Variable"},
		{Events{}, "EventMask"},
		{Command{}, "Command"},
		{AbsoluteTimeout{Channel: "x", Timeout: 1500 * time.Millisecond}, "Timeout"},
		{QueueAdd{Queue: "q"}, "Interface"},
		{QueueAdd{Queue: "q", Interface: "i", Penalty: -1}, "Penalty"},
		{QueueAdd{Queue: "q", Interface: "i", MemberName: "a\nb"}, "MemberName"},
		{QueueRemove{Interface: "i"}, "Queue"},
		{QueuePause{Queue: "q"}, "Interface"},
		{bad(func(o *Originate) { o.Channel = "SIP" }), "Channel"},
		{bad(func(o *Originate) { o.Application = "" }), "Application"},
		{bad(func(o *Originate) { o.Application, o.Context, o.Data = "", "c", "" }), "Exten"},
		{bad(func(o *Originate) { o.Application, o.Context, o.Exten = "", "c", "e" }), "Data"},
		{bad(func(o *Originate) { o.Context = "c" }), "Context"},
		{bad(func(o *Originate) { o.EarlyMedia = true }), "EarlyMedia"},
		{bad(func(o *Originate) { o.Timeout = -time.Second }), "Timeout"},
		{bad(func(o *Originate) { o.Timeout = time.Microsecond }), "Timeout"},
		{bad(func(o *Originate) { o.ChannelID = strings.Repeat("x", 150) }), "ChannelID"},
		{bad(func(o *Originate) { o.ChannelID, o.OtherChannelID = "x", "x" }), "differ"},
		{bad(func(o *Originate) { o.CallerID = "A\r\nVariable: B=1" }), "CallerID"},
		{bad(func(o *Originate) { o.Data = "1\nVariable: B=1" }), "Data"},
		{bad(func(o *Originate) { o.Variables = []Variable{{"A", "1"}, {"B,C", "2"}} }), "B,C"},
	} {
		_, err := test.action.Action()
		if err == nil || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%+v: %v, want an error that names %s", test.action, err, test.says)
		}
	}
}

func TestCommandOutput(t *testing.T) {
	t.Parallel()
	m := Message{{"Response", "Success"}, {"Output", "a"}, {"Output", ""}, {"Output", "b"}}
	if got := strings.Join(CommandOutput(m), "/"); got != "a//b" {
		t.Errorf("output %q", got)
	}
}

func TestParseAGI(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]AGIResult{
		"200%20result%3D0%0A":                    {200, "0", "", "200 result=0"},
		"200%20result%3D1%20(a%2Cb%20c)%0A":      {200, "1", "(a,b c)", "200 result=1 (a,b c)"},
		"510%20Invalid%20or%20unknown%20command": {510, "", "Invalid or unknown command", "510 Invalid or unknown command"},
		"520-Invalid%20usage%0A520%20End":        {520, "", "Invalid usage\n520 End", "520-Invalid usage\n520 End"},
	} {
		got, err := parseAGI(in)
		if err != nil || got != want {
			t.Errorf("%s: %+v, %v", in, got, err)
		}
	}
	for _, in := range []string{"", "%zz", "nonsense", "result=1"} {
		if got, err := parseAGI(in); err == nil {
			t.Errorf("%q: %+v", in, got)
		}
	}
}
