package asterisk

import (
	"testing"
	"time"

	"github.com/outpace/outpace/dialer"
)

// TestRedirectedWaitsNoMore: Asterisk does not say that a caller who was
// redirected has left his queue, so a census must not go by what it said
// before.
func TestRedirectedWaitsNoMore(t *testing.T) {
	const channel = "CoreShowChannel|ActionID: look-2|Channel: PJSIP/trunk-00000001|ChannelState: 6|Uniqueid: " + ourCall +
		"|Linkedid: " + ourCall + "|Application: Playback|Duration: 00:00:09"
	const joins, other = "QueueCallerJoin|Queue: sales|Uniqueid: " + ourCall, "QueueCallerJoin|Queue: help|Uniqueid: " + ourCall
	const hangup = "Hangup|ChannelState: 6|Cause: 16|Uniqueid: " + ourCall
	const listed = "QueueEntry|Queue: sales|Uniqueid: " + ourCall + "|ActionID: look-1"
	const redirect = "redirect"
	for name, test := range map[string]struct {
		lines []string
		want  string
	}{
		"waits":                         {[]string{joins}, "sales"},
		"redirected":                    {[]string{joins, redirect}, ""},
		"listed, redirected":            {[]string{params, listed, all, redirect}, ""},
		"redirected to another queue":   {[]string{joins, redirect, other}, "help"},
		"redirected to the same queue":  {[]string{joins, redirect, joins}, "sales"},
		"the end of a session":          {[]string{joins, redirect, "reset", params, listed, all}, "sales"},
		"its id after the end":          {[]string{joins, redirect, hangup, joins}, "sales"},
		"redirected, told of no queue":  {[]string{redirect}, ""},
		"redirected and looked up once": {[]string{joins, redirect, channel, "CoreShowChannelsComplete|EventList: Complete|ActionID: look-2"}, ""},
	} {
		b := newBench()
		for _, line := range test.lines {
			switch line {
			case redirect:
				b.moves.note(ourCall, b.now)
			case "reset":
				b.reset()
			default:
				b.feed(line)
			}
		}
		b.took()
		b.feed(channel, "CoreShowChannelsComplete|EventList: Complete|ActionID: look-2")
		for _, e := range b.took() {
			if e.Kind != dialer.Census {
				continue
			}
			if got := e.Living[ourCall].Queue; got != test.want {
				t.Errorf("%s: in %q, want %q", name, got, test.want)
			}
		}
	}
}

// TestMovesAreForgotten with the calls, also if the call had ended before it
// was noted.
func TestMovesAreForgotten(t *testing.T) {
	b := newBench()
	for name, line := range map[string]string{
		"hang-up": "Hangup|ChannelState: 6|Cause: 16|Uniqueid: " + ourCall,
		"census":  "CoreShowChannelsComplete|EventList: Complete|ActionID: look-2",
	} {
		b.moves.note(ourCall, b.now)
		b.feed(line)
		if at := b.moves.when(ourCall); !at.Equal(time.Time{}) {
			t.Errorf("%s: is kept", name)
		}
	}
}
