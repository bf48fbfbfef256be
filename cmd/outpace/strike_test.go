package main

import (
	"fmt"
	"maps"
	"net"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/outpace/outpace/dialer/pbxsim"
)

// struck notes that a harm has done what it names, n times. A harm that nothing
// is noted of, and a thing that never came about, fail the siege.
func (s *siege) struck(what string, n int) {
	if s.strikes == nil {
		s.strikes = map[string]int{}
	}
	s.strikes[what] += n
}

// counted notes how far a count rises while the server is harmed.
func (s *siege) counted(what string, count func() int, harm func()) {
	s.t.Helper()
	before := count()
	harm()
	s.struck(what, count()-before)
}

// awaited is counted of what comes about some time after the harm.
func (s *siege) awaited(what string, count func() int, harm func()) {
	s.t.Helper()
	before := count()
	harm()
	s.awaitRise(what, before, count)
	s.struck(what, count()-before)
}

func (s *siege) awaitRise(what string, before int, count func() int) {
	s.t.Helper()
	eventually(s.t, func() string {
		if count() > before {
			return ""
		}
		return "the harm did not strike: no " + what + s.topUp()
	})
}

// judgeStrikes fails the siege of which something never came about, and tells
// what did.
func (s *siege) judgeStrikes() string {
	s.t.Helper()
	var all strings.Builder
	for _, what := range slices.Sorted(maps.Keys(s.strikes)) {
		if s.strikes[what] <= 0 {
			s.t.Errorf("the harm did not strike: no %s", what)
		}
		fmt.Fprintf(&all, "%d %s, ", s.strikes[what], what)
	}
	return strings.TrimSuffix(all.String(), ", ")
}

// sumStrikes is how much has been noted in all.
func (s *siege) sumStrikes() (n int) {
	for _, k := range s.strikes {
		n += k
	}
	return n
}

// alive are the calls at the PBX but those that talk for ever, by their ids.
func (s *siege) alive() map[string]pbxsim.Call {
	all := map[string]pbxsim.Call{}
	for _, c := range s.sim.Calls() {
		if !strings.HasPrefix(c.Number, talksOn) {
			all[c.ID] = c
		}
	}
	return all
}

// awaitAlive waits until calls are alive and returns them.
func (s *siege) awaitAlive() (calls map[string]pbxsim.Call) {
	s.t.Helper()
	eventually(s.t, func() string {
		if calls = s.alive(); len(calls) > 0 {
			return ""
		}
		return "no call is alive" + s.topUp()
	})
	return calls
}

// outliving harms the PBX and tells how many of the calls that were alive
// before live on.
func (s *siege) outliving(harm func()) (before, after int) {
	s.t.Helper()
	calls := s.awaitAlive()
	harm()
	for id := range s.alive() {
		if _, was := calls[id]; was {
			after++
		}
	}
	return len(calls), after
}

// blind is a time in which nobody sees what the PBX does. What was over well
// before written is written down.
type blind struct{ written, from, to time.Time }

// die kills the server, and notes what was alive.
func (s *siege) die() {
	s.t.Helper()
	written := s.awaitWritten()
	up := 0
	for _, c := range s.alive() {
		if c.State == "Up" {
			up++
		} else {
			s.ringing++
		}
	}
	s.struck("calls up at a kill", up)
	s.blind = append(s.blind, blind{written: written, from: time.Now()})
	s.kill()
	s.struck("kills", 1)
}

// awaitWritten waits until what has happened is written down, which on a machine
// that has too much to do takes long, and somebody talks. It returns up to when
// that is so.
func (s *siege) awaitWritten() (at time.Time) {
	s.t.Helper()
	var risen time.Time // what began before may have gone unseen
	if n := len(s.blind); n > 0 {
		risen = s.blind[n-1].from.Add(lag)
	}
	eventually(s.t, func() string {
		at = time.Now()
		over := map[string]bool{}
		for _, o := range s.originates() {
			over[o.ChannelID] = o.At.After(risen) && !o.Ended.IsZero() && o.Ended.Before(at.Add(-lag))
		}
		var open struct {
			List []struct {
				UUID string `json:"uuid"`
			} `json:"list"`
		}
		s.get("/ob/dialings?count=100", &open)
		for _, d := range open.List {
			if over[d.UUID] {
				return "the call " + d.UUID + " is over, and that is not written down"
			}
		}
		for _, c := range s.alive() {
			if c.State == "Up" {
				return ""
			}
		}
		return "nobody talks" + s.topUp()
	})
	return at
}

// rise starts it again.
func (s *siege) rise() {
	s.t.Helper()
	s.begin()
	s.awaitReady()
}

// lag is how long what the PBX says may be on its way until it is written down.
const lag = 500 * time.Millisecond

// surveyed is how long after it asks for the next call a server has read at the
// latest which ones live. Of a call that was picked up unseen and ends before
// that nobody knows whether it was.
const surveyed = time.Second

// unseeable tells whether the end of a call may have gone unseen: the server
// was dead, or died right after.
func (s *siege) unseeable(begun, ended time.Time) bool {
	return slices.ContainsFunc(s.blind, func(b blind) bool {
		return begun.Before(b.from.Add(lag)) && ended.After(b.written.Add(-lag)) && ended.Before(b.to)
	})
}

// judgeUnknown: only what nobody could see is unknown. A server sees again soon
// after it has asked for the next call.
func (s *siege) judgeUnknown(originates []pbxsim.OriginateRecord, byCall map[string]judged) string {
	s.t.Helper()
	if s.blind == nil {
		return ""
	}
	for i := range s.blind {
		b := &s.blind[i]
		b.to = time.Now()
		if k := slices.IndexFunc(originates, func(o pbxsim.OriginateRecord) bool { return o.At.After(b.from.Add(lag)) }); k >= 0 {
			b.to = originates[k].At.Add(surveyed)
		}
	}
	asked := map[string]pbxsim.OriginateRecord{}
	for _, o := range originates {
		asked[o.ChannelID] = o
	}
	unknown, seen := 0, 0
	for id, r := range byCall {
		if r.Disposition != "unknown" {
			continue
		}
		unknown++
		begun, ended := r.Created, r.Created // of a call that the PBX was not asked for
		if o, ok := asked[id]; ok {
			begun, ended = o.At, o.Ended
		}
		if ended.IsZero() || !s.unseeable(begun, ended) {
			seen++
			s.t.Errorf("the call %s is unknown, but the server could see it: it lived from %s to %s; %s", id, clock(begun), clock(ended), s.blindness())
		}
	}
	return fmt.Sprintf("%d unknown of which %d could be seen, ", unknown, seen)
}

func (s *siege) blindness() string {
	var all []string
	for _, b := range s.blind {
		all = append(all, clock(b.written)+" to "+clock(b.to))
	}
	return "nobody saw from " + strings.Join(all, ", ")
}

func clock(t time.Time) string { return t.UTC().Format("15:04:05.000") }

// words keeps the lines that a server has logged.
type words struct {
	mu    sync.Mutex
	lines []string
}

func (w *words) Write(text []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.lines = slices.AppendSeq(w.lines, strings.SplitSeq(strings.TrimSpace(string(text)), "\n"))
	return len(text), nil
}

// said is how many of the server's lines have one of the words.
func (p *process) said(any ...string) func() int {
	return func() (n int) {
		p.words.mu.Lock()
		defer p.words.mu.Unlock()
		for _, line := range p.words.lines {
			if slices.ContainsFunc(any, func(word string) bool { return strings.Contains(line, word) }) {
				n++
			}
		}
		return n
	}
}

// little is what a narrow connection holds on either side; with less it would be
// slow for one who reads.
const little = 16 << 10

// narrow accepts connections that hold little of what is not read.
type narrow struct{ net.Listener }

func (n narrow) Accept() (net.Conn, error) {
	c, err := n.Listener.Accept()
	if tcp, ok := c.(*net.TCPConn); ok && err == nil {
		err = tcp.SetWriteBuffer(little)
	}
	return c, err
}
