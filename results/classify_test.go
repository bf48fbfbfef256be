package results

import (
	"testing"
	"time"
)

// failure is a call that had a channel and failed with this Reason, DialEnd
// and causes; every row of the lab's table is of this shape.
func failure(reason int, dialStatus string, cause, techCause int) Signals {
	return Signals{
		Response: true, Reason: reason, DialStatus: dialStatus, Hangup: true, Cause: cause, TechCause: techCause,
		Channel: true, Timeout: 30 * time.Second, Elapsed: 2 * time.Second,
	}
}

func with(s Signals, change func(*Signals)) Signals {
	change(&s)
	return s
}

// The rows are what Asterisk 22 and 16 send for each kind of far end over a
// SIP trunk, a Local channel that acts by itself and a Local channel that
// dials the trunk.
func TestClassifyAsteriskTable(t *testing.T) {
	ok := Signals{Response: true, ResponseOK: true, Reason: 4, DialStatus: "ANSWER", Hangup: true, Cause: 16, Channel: true}
	ring := func(s Signals) Signals {
		return with(s, func(s *Signals) { s.Rang, s.Elapsed = true, s.Timeout })
	}
	hungUp := func(s Signals) Signals {
		return with(s, func(s *Signals) { s.Rang, s.CancelledByUs = true, true })
	}
	tests := []struct {
		name        string
		in          Signals
		resDial     int
		disposition Disposition
	}{
		{"answers", ok, 4, Answered},
		{"answers, application ended", with(ok, func(s *Signals) { s.Cause = 0 }), 4, Answered},
		{"answers, response not in yet", Signals{Answered: true, Channel: true}, 4, Answered},
		{"answers, no unallocated cause can undo it", with(ok, func(s *Signals) { s.Cause = 1 }), 4, Answered},

		{"busy trunk 22", failure(0, "BUSY", 17, 486), 5, Busy},
		{"busy trunk 16", failure(0, "BUSY", 17, 0), 5, Busy},
		{"busy trunk, DialEnd lost", failure(0, "", 17, 0), 5, Busy},
		{"busy local", failure(5, "BUSY", 0, 0), 5, Busy},
		{"busy outbound", failure(0, "BUSY", 17, 0), 5, Busy},

		{"congestion trunk 22", failure(0, "CONGESTION", 34, 503), 8, Congestion},
		{"congestion trunk 16", failure(0, "CONGESTION", 34, 0), 8, Congestion},
		{"congestion local", failure(8, "CONGESTION", 0, 0), 8, Congestion},
		{"congestion outbound", failure(0, "CONGESTION", 34, 0), 8, Congestion},

		{"unallocated trunk 22", failure(0, "NOANSWER", 1, 404), 0, Unallocated},
		{"unallocated trunk 16", failure(0, "NOANSWER", 1, 0), 0, Unallocated},
		{"unallocated local and outbound", failure(0, "NOANSWER", 1, 0), 0, Unallocated},
		{"unallocated called congestion", failure(8, "CONGESTION", 1, 0), 0, Unallocated},

		{"rings out trunk 22", ring(failure(3, "", 19, 480)), 3, NoAnswer},
		{"rings out 16", ring(failure(3, "", 0, 0)), 3, NoAnswer},
		{"rings out local 22", ring(failure(3, "", 19, 0)), 3, NoAnswer},
		{"rings out 16, response lost", ring(Signals{Hangup: true, Channel: true, Timeout: 30 * time.Second}), 0, Unknown},
		{"says nothing", failure(3, "", 19, 480), 3, NoAnswer},
		{"says nothing 16", failure(3, "", 0, 0), 3, NoAnswer},
		{"not there, long time-out", failure(0, "NOANSWER", 18, 408), 3, NoAnswer},
		{"not there, long time-out 16", failure(0, "NOANSWER", 18, 0), 3, NoAnswer},

		{"hung up by us while ringing", hungUp(failure(0, "NOANSWER", 16, 0)), 0, Cancelled},
		{"hung up by us, no cause", hungUp(failure(0, "NOANSWER", 0, 0)), 0, Cancelled},
		{"hung up by us as it turned busy", hungUp(failure(0, "BUSY", 17, 486)), 5, Busy},
		{"hung up by us as the time ran out", hungUp(failure(3, "", 16, 0)), 3, NoAnswer},
		{"hung up by somebody else at the PBX", failure(0, "NOANSWER", 0, 0), 0, Failed},

		{"no endpoint, contact or technology", Signals{Response: true, Timeout: 30 * time.Second}, 0, NotPlaced},
		{"no channel, time ran out while asking", Signals{Response: true, Timeout: time.Second, Elapsed: time.Second}, 0, NotPlaced},
		{"no such extension", failure(0, "", 0, 0), 0, Failed},

		{"refused", failure(0, "NOANSWER", 21, 403), 1, Rejected},
		{"declined 22", failure(0, "NOANSWER", 21, 603), 1, Rejected},
		{"declined 16", failure(0, "CONGESTION", 21, 0), 1, Rejected},
		{"far end hung up before the answer", failure(0, "NOANSWER", 16, 0), 1, Rejected},
		{"reason says hung up", failure(1, "", 0, 0), 1, Rejected},
		{"customer ended it", with(failure(0, "", 0, 0), func(s *Signals) { s.CustomerEnded = true }), 1, Rejected},
		{"dial-local busy", failure(0, "NOANSWER", 16, 0), 1, Rejected},

		{"network out of order", failure(0, "CHANUNAVAIL", 38, 500), 0, Failed},
		{"response only", Signals{Response: true, Channel: true, DialStatus: "NOANSWER"}, 0, Failed},
		{"nothing seen", Signals{Channel: true}, 0, Unknown},
		{"nothing seen, cancelled", Signals{Channel: true, CancelledByUs: true}, 0, Unknown},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := Classify(tt.in)
			if got.ResDial != tt.resDial || got.Disposition != tt.disposition {
				t.Errorf("got %d %s, want %d %s", got.ResDial, got.Disposition, tt.resDial, tt.disposition)
			}
			if got.Detail == "" || got.Detail == DialText(0) {
				t.Errorf("detail %q says nothing", got.Detail)
			}
		})
	}
}

func TestTexts(t *testing.T) {
	for code, want := range map[int]string{4: "Remote end has answered", 8: "Congestion (circuits busy)", 77: "Dial result 77"} {
		if got := DialText(code); got != want {
			t.Errorf("DialText(%d) = %q, want %q", code, got, want)
		}
	}
	for cause, want := range map[int]string{16: "Normal clearing", 127: "Interworking", 255: "Hangup cause 255"} {
		if got := HangupText(cause); got != want {
			t.Errorf("HangupText(%d) = %q, want %q", cause, got, want)
		}
	}
}
