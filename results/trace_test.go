package results

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// traces is where what real Asterisks sent is kept, byte for byte.
const traces = "../dialer/ami/testdata/traces"

// message is one event of a trace, read just well enough for this test.
type message map[string]string

func readMessages(t *testing.T, path string) []message {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var list []message
	for block := range strings.SplitSeq(string(data), "\r\n\r\n") {
		m := message{}
		for line := range strings.SplitSeq(block, "\r\n") {
			if key, value, ok := strings.Cut(line, ": "); ok {
				m[key] = value
			}
		}
		list = append(list, m)
	}
	return list
}

// signalsOf gathers what a trace tells of one call.
func signalsOf(messages []message, call string) Signals {
	s := Signals{Timeout: 30 * time.Second, Elapsed: time.Second}
	number := func(m message, key string) int {
		n, _ := strconv.Atoi(m[key]) // absent in one of the versions
		return n
	}
	for _, m := range messages {
		ours := m["Uniqueid"] == call
		switch event := m["Event"]; {
		case event == "OriginateResponse" && ours:
			s.Response, s.ResponseOK, s.Reason = true, m["Response"] == "Success", number(m, "Reason")
		case event == "DialEnd" && m["DestUniqueid"] == call:
			s.DialStatus = m["DialStatus"]
		case event == "Newchannel" && ours:
			s.Channel = true
		case event == "Newstate" && ours && m["ChannelStateDesc"] == "Ringing":
			s.Rang = true
		case event == "Hangup" && ours:
			s.Hangup, s.Cause, s.TechCause = true, number(m, "Cause"), number(m, "TechCause")
		}
	}
	return s
}

func callsOf(messages []message) []string {
	var list []string
	for _, m := range messages {
		if m["Event"] == "OriginateResponse" {
			list = append(list, m["Uniqueid"])
		}
	}
	return list
}

// Every call of the recordings that was not answered, on Asterisk 22 and 16.
func TestClassifyTraces(t *testing.T) {
	tests := []struct {
		file, call string // name of the file and end of the call's id; "" = the only one
		cancelled  bool
		want       Outcome
	}{
		{"fail-trunk-busy", "", false, Outcome{5, "", Busy}},
		{"fail-local-busy", "", false, Outcome{5, "", Busy}},
		{"fail-outbound-busy", "", false, Outcome{5, "", Busy}},
		{"fail-trunk-congestion", "", false, Outcome{8, "", Congestion}},
		{"fail-local-congestion", "", false, Outcome{8, "", Congestion}},
		{"fail-outbound-congestion", "", false, Outcome{8, "", Congestion}},
		{"fail-trunk-invalid", "", false, Outcome{0, "", Unallocated}},
		{"fail-local-invalid", "", false, Outcome{0, "", Unallocated}},
		{"fail-outbound-invalid", "", false, Outcome{0, "", Unallocated}},
		{"fail-trunk-no-answer", "", false, Outcome{3, "", NoAnswer}},
		{"fail-local-no-answer", "", false, Outcome{3, "", NoAnswer}},
		{"fail-outbound-no-answer", "", false, Outcome{3, "", NoAnswer}},
		{"fail-trunk-silent", "", false, Outcome{3, "", NoAnswer}},
		{"fail-local-silent", "", false, Outcome{3, "", NoAnswer}},
		{"fail-outbound-silent", "", false, Outcome{3, "", NoAnswer}},
		{"fail-trunk-unreachable", "", false, Outcome{3, "", NoAnswer}},
		{"fail-trunk-unreachable-long", "", false, Outcome{3, "", NoAnswer}},
		{"fail-no-endpoint", "", false, Outcome{0, "", NotPlaced}},
		{"fail-no-contact", "", false, Outcome{0, "", NotPlaced}},
		{"fail-no-technology", "", false, Outcome{0, "", NotPlaced}},
		{"fail-no-extension", "", false, Outcome{0, "", Failed}},
		{"originate-exten-failed", "", false, Outcome{5, "", Busy}},
		{"originate-early-media", "-1", false, Outcome{3, "", NoAnswer}},
		{"originate-early-media", "-3", false, Outcome{4, "", Answered}},
		{"originate-trunk-wait", "", false, Outcome{4, "", Answered}},
		{"originate-trunk-answer-and-drop", "", false, Outcome{4, "", Answered}},
		{"originate-local-wait", "", false, Outcome{4, "", Answered}},
		{"hangup-while-ringing", "-1", true, Outcome{0, "", Cancelled}},
		{"hangup-while-ringing", "-1", false, Outcome{0, "", Failed}},
		{"hangup-while-ringing", "-2", true, Outcome{0, "", Cancelled}},
		{"server-stops", "-2", false, Outcome{0, "", Failed}},
		{"dial-local", "-110", false, Outcome{4, "", Answered}},
		{"dial-local", "-200", false, Outcome{1, "", Rejected}}, // busy, as Dial() to a Local channel tells it
		{"dial-local", "-300", false, Outcome{3, "", NoAnswer}},
		{"dial-local", "-600", false, Outcome{0, "", Unallocated}},
	}
	for _, dir := range []string{"", "asterisk-16"} {
		for _, tt := range tests {
			t.Run(filepath.Join(dir, tt.file+tt.call), func(t *testing.T) {
				messages := readMessages(t, filepath.Join(traces, dir, tt.file+".ami"))
				judged := 0
				for _, call := range callsOf(messages) {
					if !strings.HasSuffix(call, tt.call) {
						continue
					}
					judged++
					s := signalsOf(messages, call)
					s.CancelledByUs = tt.cancelled
					if got := Classify(s); got.ResDial != tt.want.ResDial || got.Disposition != tt.want.Disposition {
						t.Errorf("%s with %+v: got %d %s, want %d %s", call, s, got.ResDial, got.Disposition, tt.want.ResDial, tt.want.Disposition)
					}
				}
				if judged != 1 {
					t.Errorf("%d calls were judged", judged)
				}
			})
		}
	}
}
