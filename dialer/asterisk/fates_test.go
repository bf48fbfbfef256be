package asterisk

import (
	"maps"
	"testing"

	"github.com/outpace/outpace/dialer"
)

// fates says for each recorded call what became of it: disposition, res_dial,
// res_hangup, whether it was abandoned, its agent. The scenarios are described
// in the README beside the recordings. "phase N" is a call that was still up
// when the recording ended.
var fates = map[string]map[string]string{
	"bridge-action": {
		"73-agent-call-1": "answered 4 16",
		"73-call-1":       "answered 4 16",
	},
	"channelvars": {
		"76-call-1": "answered 4 16 abandoned=false PJSIP/agent-10",
	},
	"dial-local": {
		"47-call-110": "answered 4 0",
		"47-call-200": "rejected 1 16",
		"47-call-300": "no_answer 3 19",
		"47-call-400": "rejected 1 16",
		"47-call-500": "answered 4 16",
		"47-call-600": "unallocated 0 1",
	},
	"duplicate-channel-id": {
		"12-call-1": "answered 4 0",
		"12-call-2": "failed 0 0",
	},
	"event-filter": {
		"77-call-1": "answered 4 16 abandoned=false PJSIP/agent-11",
	},
	"fail-local-busy": {
		"27-call-1": "busy 5 0",
	},
	"fail-local-congestion": {
		"33-call-1": "congestion 8 0",
	},
	"fail-local-invalid": {
		"36-call-1": "unallocated 0 1",
	},
	"fail-local-no-answer": {
		"30-call-1": "no_answer 3 19",
	},
	"fail-local-silent": {
		"39-call-1": "no_answer 3 19",
	},
	"fail-no-contact": {
		"44-call-1": "not_placed 0 0",
	},
	"fail-no-endpoint": {
		"43-call-1": "not_placed 0 0",
	},
	"fail-no-extension": {
		"45-call-1": "failed 0 0",
	},
	"fail-no-technology": {
		"46-call-1": "not_placed 0 0",
	},
	"fail-outbound-busy": {
		"28-call-1": "busy 5 17",
	},
	"fail-outbound-congestion": {
		"34-call-1": "congestion 8 34",
	},
	"fail-outbound-invalid": {
		"37-call-1": "unallocated 0 1",
	},
	"fail-outbound-no-answer": {
		"31-call-1": "no_answer 3 19",
	},
	"fail-outbound-silent": {
		"40-call-1": "no_answer 3 19",
	},
	"fail-trunk-busy": {
		"26-call-1": "busy 5 17",
	},
	"fail-trunk-congestion": {
		"32-call-1": "congestion 8 34",
	},
	"fail-trunk-invalid": {
		"35-call-1": "unallocated 0 1",
	},
	"fail-trunk-no-answer": {
		"29-call-1": "no_answer 3 19",
	},
	"fail-trunk-silent": {
		"38-call-1": "no_answer 3 19",
	},
	"fail-trunk-unreachable": {
		"41-call-1": "no_answer 3 19",
	},
	"fail-trunk-unreachable-long": {
		"42-call-1": "no_answer 3 18",
	},
	"hangup-forms": {
		"49-call-1": "answered 4 17",
		"49-call-2": "answered 4 17",
		"49-call-3": "answered 4 0",
		"49-call-4": "answered 4 0",
	},
	"hangup-while-ringing": {
		"48-call-1": "cancelled 0 0",
		"48-call-2": "cancelled 0 26",
		"48-call-3": "cancelled 0 0",
	},
	"lists": {
		"74-call-1": "answered 4 16 abandoned=false PJSIP/agent-09",
		"74-call-2": "cancelled 0 0",
	},
	"originate-amd": {
		"25-call-1": "answered 4 16",
		"25-call-2": "answered 4 16 Local/agent-01@agents/n",
		"25-call-3": "answered 4 16 Local/agent-02@agents/n",
	},
	"originate-early-media": {
		"22-call-1": "no_answer 3 19",
		"22-call-2": "no_answer 3 19",
		"22-call-3": "answered 4 0",
	},
	"originate-exten": {
		"20-call-1": "answered 4 16",
	},
	"originate-exten-failed": {
		"21-call-1": "busy 5 0",
	},
	"originate-local-not-optimized": {
		"24-call-1": "answered 4 16 abandoned=false PJSIP/agent-08",
	},
	"originate-local-optimized": {
		"23-call-1": "answered 4 16 abandoned=false PJSIP/agent-07",
	},
	"originate-local-wait": {
		"13-call-1": "answered 4 0",
	},
	"originate-no-ids": {
		"only-first": "answered 4 0",
	},
	"originate-sync": {
		"19-call-1": "answered 4 0",
		"19-call-2": "not_placed 0 0",
	},
	"originate-timeouts": {
		"11-call-0": "phase 1",
		"11-call-1": "no_answer 3 19",
		"11-call-2": "no_answer 3 19",
		"11-call-3": "phase 1",
		"11-call-4": "no_answer 3 19",
	},
	"originate-trunk-answer-and-drop": {
		"18-call-1": "answered 4 0",
	},
	"originate-trunk-customer-hangs-up": {
		"17-call-1": "answered 4 0",
	},
	"originate-trunk-wait": {
		"16-call-1": "answered 4 0",
	},
	"originate-variables": {
		"14-call-1": "answered 4 0",
	},
	"park-and-pick-up": {
		"69-agent-call-1": "answered 4 16",
		"69-call-1":       "answered 4 16",
	},
	"park-give-up": {
		"70-call-1": "answered 4 16",
	},
	"park-redirect": {
		"72-call-1": "answered 4 16",
		"72-call-2": "answered 4 16 PJSIP/agent-08",
	},
	"park-timeout": {
		"71-call-1": "phase 3",
		"71-call-2": "answered 4 16",
	},
	"permission-denied": {
		"08-call-1": "not_placed 0 0",
	},
	"permission-least": {
		"09-call-1": "answered 4 0",
		"09-call-2": "not_placed 0 0",
	},
	"queue-abandon": {
		"56-call-1": "abandoned 4 0 abandoned=true",
	},
	"queue-abandon-while-agent-rings": {
		"57-call-1": "abandoned 4 0 abandoned=true",
	},
	"queue-agent-ends": {
		"52-call-1": "abandoned 4 16 abandoned=true PJSIP/agent-20",
		"52-call-2": "answered 4 16 abandoned=false Local/brief-01@agents/n",
	},
	"queue-agent-hung-up-by-ami": {
		"53-call-1": "answered 4 16 abandoned=false PJSIP/agent-10",
	},
	"queue-autopause": {
		"65-call-1": "abandoned 4 0 abandoned=true",
	},
	"queue-caller-hung-up-by-ami": {
		"54-call-1": "answered 4 16 abandoned=false PJSIP/agent-11",
		"54-call-2": "answered 4 16 PJSIP/agent-12",
	},
	"queue-local-agents": {
		"68-call-1": "answered 4 16 abandoned=false Local/agent-03@agents/n",
	},
	"queue-not-joined": {
		"59-call-1": "answered 4 16",
		"59-call-2": "abandoned 4 0 abandoned=true",
	},
	"queue-redirect-out": {
		"60-call-1": "answered 4 16 abandoned=false PJSIP/agent-13",
		"60-call-2": "answered 4 16 PJSIP/agent-15",
	},
	"queue-ring-no-answer": {
		"55-call-1": "abandoned 4 16 abandoned=true PJSIP/agent-20",
	},
	"queue-ringall-caller-ends": {
		"50-call-1": "answered 4 16 abandoned=false PJSIP/agent-10",
	},
	"queue-rrmemory-caller-ends": {
		"51-call-1": "answered 4 16 abandoned=false PJSIP/agent-09",
	},
	"queue-status-busy": {
		"62-call-1": "abandoned 4 0 abandoned=true",
		"62-call-2": "abandoned 4 0 abandoned=true",
		"62-call-3": "answered 4 16 abandoned=false PJSIP/agent-07",
	},
	"queue-summary-available": {
		"63-call-1": "abandoned 4 0 abandoned=true",
		"63-call-2": "answered 4 16 abandoned=false PJSIP/agent-01",
	},
	"queue-timeout": {
		"58-call-1": "answered 4 16",
	},
	"queue-wrapup": {
		"64-call-1": "answered 4 16 abandoned=false PJSIP/agent-16",
		"64-call-2": "abandoned 4 0 abandoned=true",
	},
	"server-killed": {
		"79-call-1": "phase 3",
		"79-call-2": "phase 1",
	},
	"server-stops": {
		"78-call-1": "answered 4 16 abandoned=false PJSIP/agent-15",
		"78-call-2": "failed 0 0",
	},
}

// fates16 is where Asterisk 16 differs: it gives no cause to a call that nobody
// answered and 16 to one that the customer hung up, and other agents had luck.
var fates16 = map[string]map[string]string{
	"dial-local": {
		"47-call-300": "no_answer 3 0",
	},
	"fail-local-no-answer": {
		"30-call-1": "no_answer 3 0",
	},
	"fail-local-silent": {
		"39-call-1": "no_answer 3 0",
	},
	"fail-outbound-no-answer": {
		"31-call-1": "no_answer 3 0",
	},
	"fail-outbound-silent": {
		"40-call-1": "no_answer 3 0",
	},
	"fail-trunk-no-answer": {
		"29-call-1": "no_answer 3 0",
	},
	"fail-trunk-silent": {
		"38-call-1": "no_answer 3 0",
	},
	"fail-trunk-unreachable": {
		"41-call-1": "no_answer 3 0",
	},
	"originate-early-media": {
		"22-call-1": "no_answer 3 0",
		"22-call-2": "no_answer 3 0",
	},
	"originate-timeouts": {
		"11-call-1": "no_answer 3 0",
		"11-call-2": "no_answer 3 0",
		"11-call-4": "no_answer 3 0",
	},
	"originate-trunk-answer-and-drop": {
		"18-call-1": "answered 4 16",
	},
	"originate-trunk-customer-hangs-up": {
		"17-call-1": "answered 4 16",
	},
	"queue-abandon": {
		"56-call-1": "abandoned 4 16 abandoned=true",
	},
	"queue-abandon-while-agent-rings": {
		"57-call-1": "abandoned 4 16 abandoned=true",
	},
	"queue-autopause": {
		"65-call-1": "abandoned 4 16 abandoned=true",
	},
	"queue-ringall-caller-ends": {
		"50-call-1": "answered 4 16 abandoned=false PJSIP/agent-07",
	},
	"queue-wrapup": {
		"64-call-2": "abandoned 4 16 abandoned=true PJSIP/agent-16",
	},
	"server-stops": {
		"78-call-1": "answered 4 16 abandoned=false PJSIP/agent-06",
	},
}

// TestRecordedCalls plays every recorded call of real Asterisks, of both
// versions, and looks at the result.
func TestRecordedCalls(t *testing.T) {
	for name, want := range fates {
		for prefix, differs := range map[string]map[string]string{"": nil, "asterisk-16/": fates16[name]} {
			t.Run(prefix+name, func(t *testing.T) {
				expected := maps.Clone(want)
				maps.Copy(expected, differs)
				p := play(t, prefix+name)
				if len(p.order) != len(expected) {
					t.Fatalf("calls %v, want %d", p.order, len(expected))
				}
				for _, id := range p.order {
					if got := fate(p.calls[id]); got != expected[id] {
						t.Errorf("%s: %s, want %s", id, got, expected[id])
					}
				}
			})
		}
	}
}

// TestRecordedRepeats plays every recorded call with each event given twice,
// and then once more with all of them again at the end: nothing may change.
func TestRecordedRepeats(t *testing.T) {
	for name := range fates {
		t.Run(name, func(t *testing.T) {
			once := play(t, name)
			twice := map[string]*dialer.Call{}
			for _, id := range once.order {
				row := once.calls[id].Row()
				c := dialer.NewCall(fresh(row))
				c.Sent(row.TmDial)
				twice[id] = c
			}
			for _, e := range once.events {
				for _, c := range twice {
					c.Apply(e)
					c.Apply(e)
				}
			}
			for _, e := range once.events {
				for id, c := range twice {
					if ended := c.Phase() == dialer.Ended; ended && c.Apply(e) != 0 {
						t.Errorf("%s: an event after the end changed it", id)
					}
				}
			}
			for _, id := range once.order {
				a, b := once.calls[id], twice[id]
				if b.Phase() != dialer.Ended {
					continue // ended by its patience for a second word, or by what Place returned
				}
				if x, y := a.Result(), b.Result(); x.Disposition != y.Disposition && x.Disposition != "cancelled" {
					t.Errorf("%s: %s, with repeats %s", id, x.Disposition, y.Disposition)
				}
			}
		})
	}
}
