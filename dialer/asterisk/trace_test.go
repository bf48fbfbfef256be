package asterisk

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/outpace/outpace/dialer"
	"github.com/outpace/outpace/dialer/ami"
	"github.com/outpace/outpace/results"
)

const traces = "../ami/testdata/traces"

var traceStart = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// playback plays a recorded exchange with a real Asterisk through the tracker
// and through a Call for each Originate in it, with its timing.
type playback struct {
	t       *testing.T
	tracker *tracker
	calls   map[string]*dialer.Call
	byID    map[string]string // call of an Originate, by ActionID
	order   []string
	events  []dialer.Event
	now     time.Time
	// answers is the list that each action of the recording asked for.
	asked map[string]time.Time
}

func newPlayback(t *testing.T) *playback {
	p := &playback{
		t: t, calls: map[string]*dialer.Call{}, byID: map[string]string{}, now: traceStart,
		asked: map[string]time.Time{},
	}
	p.tracker = newTracker(p.take, func(id string) time.Time { return p.asked[id] }, &moves{})
	p.tracker.ours = func(id string) bool { return p.calls[id] != nil }
	p.tracker.queues.synced = true // report agents at once, though no look-up opens the recording
	return p
}

func play(t *testing.T, name string) *playback {
	t.Helper()
	p := newPlayback(t)
	received := decoder(t, name+".ami")
	if _, err := received.Greeting(); err != nil {
		t.Fatal(err)
	}
	sent := decoder(t, name+".sent")
	times, err := os.ReadFile(filepath.Join(traces, name+".times"))
	if err != nil {
		t.Fatal(err)
	}
	first := true
	for line := range strings.SplitSeq(strings.TrimRight(string(times), "\n"), "\n") {
		fields := strings.Fields(line)
		if len(fields) < 3 {
			t.Fatalf("odd line in %s.times: %q", name, line)
		}
		seconds, err := strconv.ParseFloat(fields[0], 64)
		if err != nil {
			t.Fatal(err)
		}
		p.pass(traceStart.Add(time.Duration(seconds * float64(time.Second))))
		switch {
		case first: // the greeting
			first = false
		case fields[1] == "S":
			m, err := received.Decode()
			if err != nil {
				t.Fatalf("%s: %v", line, err)
			}
			p.receive(m)
		default:
			m, err := sent.Decode()
			if err != nil {
				t.Fatalf("%s: %v", line, err)
			}
			p.send(m)
		}
	}
	p.pass(p.now.Add(10 * time.Second))
	return p
}

func decoder(t *testing.T, file string) *ami.Decoder {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(traces, file))
	if err != nil {
		t.Fatal(err)
	}
	return ami.NewDecoder(bytes.NewReader(b))
}

// messages returns all messages of one direction of a recording.
func messages(t *testing.T, file string) []ami.Message {
	t.Helper()
	d := decoder(t, file)
	if strings.HasSuffix(file, ".ami") {
		if _, err := d.Greeting(); err != nil {
			t.Fatal(err)
		}
	}
	var all []ami.Message
	for {
		m, err := d.Decode()
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		all = append(all, m)
	}
}

// pick returns the first message that has all of these headers, given as pairs
// of key and value.
func pick(t *testing.T, all []ami.Message, pairs ...string) ami.Message {
	t.Helper()
	i := slices.IndexFunc(all, func(m ami.Message) bool {
		for i := 0; i+1 < len(pairs); i += 2 {
			if m.Get(pairs[i]) != pairs[i+1] {
				return false
			}
		}
		return true
	})
	if i < 0 {
		t.Fatalf("the recording has no message with %q", pairs)
	}
	return all[i]
}

// pass lets time go by, with the calls' ticks at their moments.
func (p *playback) pass(to time.Time) {
	for {
		var due *dialer.Call
		at := to
		for _, id := range p.order {
			if wake := p.calls[id].Wake(); !wake.IsZero() && !wake.After(at) {
				due, at = p.calls[id], wake
			}
		}
		if due == nil {
			break
		}
		p.now = at
		due.Tick(at)
	}
	p.now = to
}

func (p *playback) send(m ami.Message) {
	p.asked[m.ActionID()] = p.now
	id := m.Get("ChannelId")
	switch {
	case m.Get("Action") == "Originate" && id != "" && p.calls[id] == nil:
		d := results.Dialing{Attempt: results.Attempt{
			UUID: id, ActionID: m.ActionID(), DialChannel: m.Get("Channel"), TmCreate: p.now, Patience: 2 * time.Second,
		}}
		if ms, err := strconv.Atoi(m.Get("Timeout")); err == nil {
			d.DialTimeout = time.Duration(ms) * time.Millisecond
		}
		if m.Get("Application") == "Queue" {
			d.Queue = queueName(m.Get("Data"))
		}
		c := dialer.NewCall(d)
		c.Sent(p.now)
		p.calls[id], p.byID[m.ActionID()] = c, id
		p.order = append(p.order, id)
	case m.Get("Action") == "Hangup":
		if c := p.calls[m.Get("Channel")]; c != nil {
			c.HangupSent(p.now)
		}
	}
}

func (p *playback) receive(m ami.Message) {
	if m.IsResponse() {
		c := p.calls[p.byID[m.ActionID()]]
		switch {
		case c == nil:
		case m.Response() == "Success":
			c.Placed(p.now, nil)
		default:
			c.Placed(p.now, fmt.Errorf("%w: %s", dialer.ErrRefused, m.Get("Message")))
		}
		return
	}
	p.tracker.event(ami.Event{Message: m, Received: p.now})
}

func (p *playback) take(e dialer.Event) {
	p.events = append(p.events, e)
	for _, id := range p.order {
		p.calls[id].Apply(e)
	}
}

// fate is what became of a call, short: disposition, res_dial, res_hangup,
// whether it was abandoned, and its agent.
func fate(c *dialer.Call) string {
	if c.Phase() != dialer.Ended {
		return fmt.Sprintf("phase %d", c.Phase())
	}
	r := c.Result()
	text := fmt.Sprintf("%s %d %d", r.Disposition, r.ResDial, r.ResHangup)
	if r.Abandoned != nil {
		text += fmt.Sprintf(" abandoned=%t", *r.Abandoned)
	}
	if r.Agent != "" {
		text += " " + r.Agent
	}
	return text
}

func (p *playback) kinds(call string) []dialer.Kind {
	var kinds []dialer.Kind
	for _, e := range p.events {
		if e.Call == call {
			kinds = append(kinds, e.Kind)
		}
	}
	return kinds
}

// phases returns the phases that an agent was reported in, one after the other.
func (p *playback) phases(name string) []dialer.AgentPhase {
	var phases []dialer.AgentPhase
	for _, e := range p.events {
		if e.Kind == dialer.AgentChanged && e.Agent == name {
			phases = append(phases, e.Member.Phase)
		}
	}
	return slices.Compact(phases)
}

// fresh is the row as it was at the claim.
func fresh(d results.Dialing) results.Dialing { return results.Dialing{Attempt: d.Attempt} }
