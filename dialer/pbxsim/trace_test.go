package pbxsim

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/outpace/outpace/dialer/ami"
)

// step is a message of a recorded exchange.
type step struct {
	at     time.Duration
	client bool
	msg    ami.Message
	raw    []byte
}

func loadTrace(t *testing.T, name string) []step {
	t.Helper()
	base := filepath.Join("..", "ami", "testdata", "traces", name)
	read := func(ext string) []byte {
		b, err := os.ReadFile(base + ext)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	server, sent := read(".ami"), read(".sent")
	var steps []step
	for line := range strings.Lines(string(read(".times"))) {
		f := strings.Fields(line)
		seconds, err := strconv.ParseFloat(f[0], 64)
		if err != nil {
			t.Fatal(err)
		}
		size, err := strconv.Atoi(f[2])
		if err != nil {
			t.Fatal(err)
		}
		s := step{at: time.Duration(seconds * float64(time.Second)), client: f[1] == "C"}
		if s.client {
			s.raw, sent = sent[:size], sent[size:]
		} else {
			s.raw, server = server[:size], server[size:]
		}
		if s.msg, err = ami.NewDecoder(strings.NewReader(string(s.raw))).Decode(); err != nil {
			continue // the greeting
		}
		steps = append(steps, s)
	}
	return steps
}

// Events that are not simulated, or only where somebody asks for them.
var unsimulated = []string{
	"VarSet", "Newexten", "TestEvent", "RTCPSent", "RTCPReceived", "DeviceStateChange", "NewCallerid", "NewConnectedLine",
	"SuccessfulAuth", "FullyBooted", "RequestBadFormat",
}

// Values that are compared, with what is different in each run made the same.
var compared = []string{
	"Response", "ActionID", "Message", "Channel", "ChannelStateDesc", "DestChannel", "DestChannelStateDesc",
	"CallerIDNum", "CallerIDName", "Context", "Exten", "Uniqueid", "Linkedid", "DestUniqueid", "DestLinkedid", "DialStatus",
	"Cause", "Cause-txt", "TechCause", "Queue", "Position", "OriginalPosition", "Count", "Status", "InCall", "Paused", "Interface", "MemberName",
	"Application", "Data", "Reason", "BridgeNumChannels", "ParkeeUniqueid", "Class", "LocalOneUniqueid", "LocalTwoUniqueid",
	"UserEvent", "ListItems", "EventList",
}

var (
	suffixes  = regexp.MustCompile(`-[0-9a-f]{8}`)
	uniqueids = regexp.MustCompile(`^\d+\.\d+$`)
	agentName = regexp.MustCompile(`(agent-|Agent |Local )\d\d`)
)

func normal(m ami.Message) string {
	line := m.Event()
	for _, key := range compared {
		value, ok := m.Lookup(key)
		if !ok || slices.Contains(racy[m.Event()], key) {
			continue
		}
		value = suffixes.ReplaceAllString(value, "-N")
		value = agentName.ReplaceAllString(value, "${1}NN")
		line += "  " + key + "=" + uniqueids.ReplaceAllString(value, "ID")
	}
	return line
}

// racy values are as old or new as the moment when Asterisk's threads get to
// them, and differ between recordings of the same.
var racy = map[string][]string{
	"DialBegin":          {"DestChannelStateDesc"},
	"DialState":          {"DestChannelStateDesc"},
	"QueueMemberStatus":  {"InCall"},
	"AgentComplete":      {"Exten", "DestChannel", "DestChannelStateDesc", "DestUniqueid", "DestLinkedid"},
	"MusicOnHoldStop":    {"Exten"},
	"QueueCallerAbandon": {"Exten"},
	"QueueCallerLeave":   {"Exten"},
	"HangupRequest":      {"CallerIDNum", "Exten"},
}

// queues are those with callers in a recording. Their members are in other
// queues as well; who is rung depends on what went before.
func queues(stream []got) []string {
	var names []string
	for _, g := range stream {
		if g.Event() == "QueueCallerJoin" {
			names = append(names, g.Get("Queue"))
		}
	}
	return names
}

// moments cuts a stream where nothing came for a while and sorts what came
// within each, since its order is not fixed.
func moments(stream []got, queues []string) [][]string {
	var all [][]string
	last := -time.Hour
	for _, g := range stream {
		if slices.Contains(unsimulated, g.Event()) {
			continue
		}
		if g.Event() == "QueueMemberStatus" && len(queues) > 0 && !slices.Contains(queues, g.Get("Queue")) {
			continue
		}
		if g.at-last > 60*time.Millisecond {
			all = append(all, nil)
		}
		last = g.at
		all[len(all)-1] = append(all[len(all)-1], normal(g.Message))
	}
	for _, m := range all {
		slices.Sort(m)
	}
	return all
}

// replay plays the client's part of a recording to the simulator.
func replay(t *testing.T, steps []step, cfg Config) (recorded, simulated []got) {
	b := newBench(t, cfg)
	c := b.dial()
	var end time.Duration
	for _, s := range steps {
		if !s.client {
			recorded = append(recorded, got{s.msg, s.at})
			end = s.at
			continue
		}
		if wait := s.at - time.Since(c.began); wait > 0 {
			pass(wait)
		}
		if _, err := c.conn.Write(renamed(s, recorded, c.messages())); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
	}
	pass(max(end-time.Since(c.began), 0) + 30*time.Second)
	return recorded, c.messages()
}

// renamed is what the client sent, with the channel's name that the simulator
// gave in place of the real one: the one that came as the same of its kind.
func renamed(s step, recorded, simulated []got) []byte {
	name := s.msg.Get("Channel")
	kind, _, _ := strings.Cut(suffixes.ReplaceAllString(name, "-N"), "-")
	nth := func(stream []got, kind string) (names []string) {
		for _, g := range stream {
			if g.Event() == "Newchannel" && strings.HasPrefix(g.Get("Channel"), kind+"-") {
				names = append(names, g.Get("Channel"))
			}
		}
		return names
	}
	now := nth(simulated, kind)
	if i := slices.Index(nth(recorded, kind), name); i >= 0 && i < len(now) {
		return []byte(strings.Replace(string(s.raw), name, now[i], 1))
	}
	return s.raw
}

// recordings are the exchanges that the simulator is held against.
var recordings = []string{
	"login", "login-bad-secret", "login-bad-user", "action-before-login",
	"queue-redirect-out", "queue-local-agents", "park-timeout", "originate-trunk-answer-and-drop", "queue-status-idle", "queue-status-busy", "originate-early-media", "originate-amd", "originate-exten-failed", "login-events-off", "originate-local-not-optimized", "fail-trunk-busy", "fail-trunk-no-answer", "fail-trunk-congestion", "fail-trunk-invalid", "fail-trunk-silent",
	"fail-trunk-unreachable", "fail-trunk-unreachable-long",
	"fail-local-busy", "fail-local-no-answer", "fail-local-congestion", "fail-local-invalid", "fail-local-silent",
	"fail-outbound-busy", "fail-outbound-no-answer", "fail-outbound-congestion", "fail-outbound-invalid", "fail-outbound-silent",
	"fail-no-endpoint", "fail-no-contact", "fail-no-extension", "fail-no-technology",
	"originate-local-wait", "originate-trunk-wait", "originate-trunk-customer-hangs-up", "originate-exten",
	"hangup-while-ringing", "hangup-forms", "originate-no-ids", "originate-timeouts",
	"queue-rrmemory-caller-ends", "queue-ringall-caller-ends", "queue-caller-hung-up-by-ami", "queue-agent-hung-up-by-ami",
	"queue-abandon", "queue-abandon-while-agent-rings", "queue-timeout", "queue-members", "queue-pause",
	"queue-autopause", "queue-wrapup", "queue-not-joined", "queue-agent-ends", "queue-ring-no-answer",
	"park-give-up", "originate-sync", "duplicate-channel-id",
}

func TestLikeTheRecordings(t *testing.T) {
	t.Parallel()
	for _, version := range []struct{ folder, number string }{{"", "22.10.1"}, {"asterisk-16/", "16.28.0"}} {
		for _, name := range recordings {
			if version.folder+name == "asterisk-16/queue-wrapup" {
				continue // there the agent was quicker than the customer's end, by chance
			}
			t.Run(version.folder+name, func(t *testing.T) {
				steps := loadTrace(t, version.folder+name)
				synctest.Test(t, func(t *testing.T) {
					recorded, simulated := replay(t, steps, Config{Version: version.number})
					for _, diff := range compare(moments(recorded, queues(recorded)), moments(simulated, queues(recorded))) {
						t.Error(diff)
					}
					for _, diff := range headers(recorded, simulated) {
						t.Error(diff)
					}
				})
			})
		}
	}
}

// compare tells how two streams differ, moment by moment.
func compare(recorded, simulated [][]string) []string {
	var diffs []string
	for i := range max(len(recorded), len(simulated)) {
		var r, s []string
		if i < len(recorded) {
			r = recorded[i]
		}
		if i < len(simulated) {
			s = simulated[i]
		}
		for _, line := range without(r, s) {
			diffs = append(diffs, fmt.Sprintf("moment %d: missing   %s", i, line))
		}
		for _, line := range without(s, r) {
			diffs = append(diffs, fmt.Sprintf("moment %d: too much  %s", i, line))
		}
	}
	return diffs
}

// without are the lines of a that b does not have, counted.
func without(a, b []string) []string {
	b = slices.Clone(b)
	var rest []string
	for _, line := range a {
		if i := slices.Index(b, line); i >= 0 {
			b = slices.Delete(b, i, i+1)
			continue
		}
		rest = append(rest, line)
	}
	return rest
}

// headers tells where an event has other headers, or in another order, than
// any real one of its name.
func headers(recorded, simulated []got) []string {
	keys := func(m ami.Message) string {
		var k []string
		for _, h := range m {
			if m.Event() != "AgentComplete" || !strings.HasPrefix(h.Key, "Dest") {
				k = append(k, h.Key)
			}
		}
		return strings.Join(k, " ")
	}
	shapes := map[string][]string{}
	for _, g := range recorded {
		shapes[g.Event()] = append(shapes[g.Event()], keys(g.Message))
	}
	var diffs []string
	for _, g := range simulated {
		if name := g.Event(); name != "" && len(shapes[name]) > 0 && !slices.Contains(shapes[name], keys(g.Message)) {
			diffs = append(diffs, fmt.Sprintf("%s has\n\t%s\nthe real one\n\t%s", name, keys(g.Message), shapes[name][0]))
		}
	}
	slices.Sort(diffs)
	return slices.Compact(diffs)
}
