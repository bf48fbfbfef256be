package main

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/outpace/outpace/dialer/pbxsim"
	"github.com/outpace/outpace/store/storetest"
)

// TestLinks: what may happen to the way to a PBX, or to the PBX, makes nobody
// be called twice for one try or after an answer, and no result be lost or
// written twice.
func TestLinks(t *testing.T) {
	t.Parallel()
	matrix(t, []row{
		// What is missing shows at the end of a call's time, or in the channel list,
		// which is read once a minute: the longest one begins first.
		{"events lost", onLink(rounds(), func(s *siege, w *wire) {
			s.awaited("events lost", rises(&w.lost), func() {
				w.lose(isEvent)
				s.wait(time.Second + time.Duration(s.dice.Int64N(int64(2*time.Second))))
			})
			w.lose(nil)
		})},
		{"reader stops for a while", readerStops(time.Minute, (*siege).blockWrites)},
		{"cut", onLink(2*rounds(), func(s *siege, w *wire) { s.struck("links cut", w.cut(false)) })},
		{"cut for a while", onLink(rounds(), func(s *siege, w *wire) {
			s.struck("links cut", w.cut(true))
			s.soon(4 * time.Second)
			w.cut(false)
		})},
		// The link is given up after 30 s of silence.
		{"half-open", onLink(rounds(), func(s *siege, w *wire) { s.awaited("messages swallowed", rises(&w.swallowed), w.swallow) })},
		{"nothing passes for a while", onLink(rounds(), func(s *siege, w *wire) {
			s.holdUp(w, 8*time.Second)
		})},
		{"slow", onLink(rounds(), func(s *siege, w *wire) {
			s.counted("messages delayed", rises(&w.delayed), func() {
				w.delay(20 * time.Millisecond) // for each message, so that hundreds pile up
				s.wait(8 * time.Second)
				w.delay(0)
			})
		})},
		{"reader stops until the PBX cuts the link", readerStops(time.Second, (*siege).awaitNoLink)},
		{"reply lost", onSim(rounds(), func(s *siege) {
			s.awaited("links cut before a reply", s.faults(pbxsim.DropAfter), func() { s.sim.Arm(pbxsim.DropAfter, 1) })
			s.awaited("replies to originates lost", s.unreplied, s.loseReplies)
		})},
		{"reply later than the call", onSim(rounds(), func(s *siege) {
			if err := s.sim.SetFaults(pbxsim.Faults{Late: 6 * time.Second}); err != nil {
				s.t.Error(err)
			}
			s.awaited("replies later than the end of their call", s.lateReplies, func() { s.sim.Arm(pbxsim.LateReply, 10) })
		})},
		{"events late", onSim(rounds(), func(s *siege) {
			if err := s.sim.SetFaults(pbxsim.Faults{Late: 3 * time.Second}); err != nil {
				s.t.Error(err)
			}
			s.awaited("events late", s.faults(pbxsim.DelayEvents), func() { s.sim.Arm(pbxsim.DelayEvents, 1) })
		})},
		{"PBX restarted with its calls", onSim(rounds(), func(s *siege) {
			_, live := s.outliving(func() { s.sim.Restart(true) })
			s.struck("calls that lived on", live)
		})},
		{"PBX restarted without its calls", onSim(rounds(), func(s *siege) {
			all, live := s.outliving(func() { s.sim.Restart(false) })
			s.struck("calls lost", all-live)
		})},
		{"PBX stopped and started", onSim(rounds(), func(s *siege) {
			all, live := s.outliving(s.sim.Stop)
			s.struck("calls ended", all-live)
			s.soon(3 * time.Second)
			s.sim.SetDown(false)
		})},
		{"PBX away and frozen, in turns", onSim(2*rounds(), func(s *siege) {
			s.sim.SetDown(true)
			s.struck("links cut", s.sim.Links())
			s.sim.DropLinks()
			s.soon(2 * time.Second)
			s.sim.Freeze()
			s.sim.SetDown(false)
			s.awaitRise("new link", 0, s.sim.Links) // and it gets no answer
			s.struck("links frozen", s.sim.Links())
			s.soon(2 * time.Second)
			s.sim.Thaw()
		})},
		{"one of two gateways dies", oneOfTwoGateways},
	})
}

// rises is a count of a wire's.
func rises(n *atomic.Int64) func() int { return func() int { return int(n.Load()) } }

// holdUp lets nothing pass for a while, until something has waited.
func (s *siege) holdUp(w *wire, most time.Duration) {
	s.t.Helper()
	s.counted("messages held up", rises(&w.held), func() {
		before := w.held.Load()
		w.flow.Lock()
		defer w.flow.Unlock()
		s.soon(most)
		eventually(s.t, func() string {
			if w.held.Load() == before {
				return "the harm did not strike: nobody has sent anything"
			}
			return ""
		})
	})
}

// faults is how often a fault has struck at the PBX.
func (s *siege) faults(f pbxsim.Fault) func() int { return func() int { return s.sim.Strikes(f) } }

// unreplied is how many originates were taken by the PBX and never got a reply,
// though their link lived.
func (s *siege) unreplied() (n int) {
	for _, o := range s.sim.Originates() {
		if o.Accepted && o.Replied.IsZero() {
			n++
		}
	}
	return n - s.sim.Strikes(pbxsim.DropAfter)
}

// lateReplies is how many got their reply when their call was over.
func (s *siege) lateReplies() (n int) {
	for _, o := range s.sim.Originates() {
		if !o.Ended.IsZero() && o.Replied.After(o.Ended) {
			n++
		}
	}
	return n
}

// crowd is how many people a row of a matrix calls at least.
const crowd = 40

// onSim is a siege in which the PBX itself is harmed.
func onSim(n int, harm func(*siege)) func(*testing.T) {
	return func(t *testing.T) {
		s := newSiege(t, storetest.SQLiteURL(t))
		s.endure(crowd, n, func() { harm(s) })
	}
}

// onLink is a siege in which the way to the PBX is harmed.
func onLink(n int, harm func(*siege, *wire)) func(*testing.T) {
	return func(t *testing.T) {
		s := prepared(t)
		w := newAMIWire(t, s.sim.Addr())
		s.serve(storetest.SQLiteURL(t), reachPBX(w.addr())...)
		s.endure(crowd, n, func() { harm(s, w) })
	}
}

// readerStops is a siege in which nobody reads what the PBX sends until its
// writes block. It cuts a link that takes nothing for its patience.
func readerStops(patience time.Duration, meanwhile func(*siege)) func(*testing.T) {
	return func(t *testing.T) {
		listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		s := preparedFor(t, newSimOn(t, pbxsim.Config{Listener: narrow{listener}, WriteTimeout: patience}))
		w := newAMIWire(t, s.sim.Addr())
		w.narrow()
		s.serve(storetest.SQLiteURL(t), reachPBX(w.addr())...)
		s.endure(crowd, rounds(), func() {
			s.people(2*crowd, nil) // of whom there is enough to say to fill what lies between
			s.awaitCalls(1)
			w.reads.Lock()
			defer w.reads.Unlock()
			meanwhile(s)
		})
	}
}

// blockWrites waits until a write of the PBX does not end, and then for some
// time more.
func (s *siege) blockWrites() {
	s.t.Helper()
	const long = 2 * time.Second // no write lasts for so long while somebody reads
	s.awaitRise("write that does not end", 0, func() int { return int(s.sim.Stuck() / long) })
	s.soon(6 * time.Second)
	s.struck("ms for which the PBX could not write", int(s.sim.Stuck().Milliseconds()))
}

func (s *siege) awaitNoLink() {
	s.t.Helper()
	eventually(s.t, func() string {
		if s.sim.Links() > 0 {
			return "the PBX does not cut a link that nobody reads" + s.topUp()
		}
		return ""
	})
	s.struck("links cut by the PBX", 1)
}

// loseReplies loses replies until one to an originate is among them: the first
// ones may be those to look-ups.
func (s *siege) loseReplies() {
	s.t.Helper()
	before := s.unreplied()
	for range 10 {
		s.flow() // what was lost before is got over
		s.sim.Arm(pbxsim.LoseReply, 3)
		s.flow()
		if s.unreplied() > before {
			return
		}
	}
}

// oneOfTwoGateways: a gateway whose PBX is gone holds up its own campaign only.
func oneOfTwoGateways(t *testing.T) {
	s := prepared(t)
	other := newSim(t)
	s.sims = append(s.sims, other)
	config := filepath.Join(t.TempDir(), "outpace.yaml")
	text := "gateways:\n"
	for i, sim := range s.sims {
		text += fmt.Sprintf("  - {name: pbx-%d, kind: asterisk, address: %q, username: dialer, secret: sim-secret, max_calls: %d, max_cps: %d}\n",
			i+1, sim.Addr(), siegeCalls, siegeCPS)
	}
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	s.serve(storetest.SQLiteURL(t), "OUTPACE_CONFIG="+config)
	for range rounds() {
		s.outliveGateway(other)
	}
	s.finish(rounds())
}

// outliveGateway has the PBX of the second gateway die with its calls, and come
// again when the campaign of the first one has ended.
func (s *siege) outliveGateway(other *pbxsim.Server) {
	s.t.Helper()
	one := s.people(crowd, map[string]any{"gateway": "pbx-1"})
	two := s.people(crowd, map[string]any{"gateway": "pbx-2"})
	s.awaitCalls(20)
	up := 0
	eventually(s.t, func() string {
		if up = len(other.Calls()); up == 0 {
			return "no call is at the other PBX"
		}
		return ""
	})
	s.struck("calls at the PBX that dies", up)
	other.SetDown(true)
	other.Restart(false)
	before := len(other.Originates())
	s.awaitEnd(one.uuid)
	var now struct {
		Status int `json:"status"`
	}
	if s.get("/ob/campaigns/"+two.uuid, &now); now.Status != 1 {
		s.t.Errorf("the campaign of the dead gateway is at %d, not 1", now.Status)
	}
	eventually(s.t, func() string { // the figures are a second old, and older on a busy machine
		var counts stats
		if s.get("/ob/campaigns/"+two.uuid+"/stats", &counts); counts.Why == nil {
			return "nothing says why the campaign of the dead gateway does not go on"
		}
		return ""
	})
	if n := len(other.Originates()); n != before {
		s.t.Errorf("%d calls were asked of a PBX that is gone", n-before)
	}
	other.SetDown(false)
}
