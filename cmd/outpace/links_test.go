package main

import (
	"fmt"
	"os"
	"path/filepath"
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
		{"cut", onLink(2*rounds(), func(s *siege, w *wire) { w.cut(false) })},
		{"cut for a while", onLink(rounds(), func(s *siege, w *wire) {
			w.cut(true)
			s.soon(4 * time.Second)
			w.cut(false)
		})},
		// The link is given up after 30 s of silence.
		{"half-open", onLink(rounds(), func(s *siege, w *wire) { w.swallow() })},
		{"nothing passes for a while", onLink(rounds(), func(s *siege, w *wire) {
			w.flow.Lock()
			s.soon(8 * time.Second)
			w.flow.Unlock()
		})},
		{"slow reader", onLink(rounds(), func(s *siege, w *wire) {
			w.delay(20 * time.Millisecond) // for each message, so that hundreds pile up
			s.wait(8 * time.Second)
			w.delay(0)
		})},
		{"reply lost", onSim(rounds(), func(s *siege) {
			s.sim.Arm(pbxsim.LoseReply, 3)
			s.sim.Arm(pbxsim.DropAfter, 1)
		})},
		{"reply later than the call", onSim(rounds(), func(s *siege) {
			if err := s.sim.SetFaults(pbxsim.Faults{Late: 6 * time.Second}); err != nil {
				s.t.Error(err)
			}
			s.sim.Arm(pbxsim.LateReply, 10)
		})},
		{"events late", onSim(rounds(), func(s *siege) {
			if err := s.sim.SetFaults(pbxsim.Faults{Late: 3 * time.Second}); err != nil {
				s.t.Error(err)
			}
			s.sim.Arm(pbxsim.DelayEvents, 1)
		})},
		{"events lost", onLink(1, func(s *siege, w *wire) { // a channel list, once a minute, shows what is missing
			w.lose(isEvent)
			s.wait(time.Second + time.Duration(s.dice.Int64N(int64(2*time.Second))))
			w.lose(nil)
		})},
		{"PBX restarted with its calls", onSim(rounds(), func(s *siege) { s.sim.Restart(true) })},
		{"PBX restarted without its calls", onSim(rounds(), func(s *siege) { s.sim.Restart(false) })},
		{"PBX stopped and started", onSim(rounds(), func(s *siege) {
			s.sim.Stop()
			s.soon(3 * time.Second)
			s.sim.SetDown(false)
		})},
		{"PBX away and frozen, in turns", onSim(2*rounds(), func(s *siege) {
			s.sim.SetDown(true)
			s.sim.DropLinks()
			s.soon(2 * time.Second)
			s.sim.SetDown(false)
			s.sim.Freeze()
			s.soon(2 * time.Second)
			s.sim.Thaw()
		})},
		{"one of two gateways dies", oneOfTwoGateways},
	})
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
	one := s.people(crowd, map[string]any{"gateway": "pbx-1"})
	two := s.people(crowd, map[string]any{"gateway": "pbx-2"})
	s.awaitCalls(20)
	other.SetDown(true)
	other.Restart(false)
	before := len(other.Originates())
	s.awaitEnd(one.uuid)
	var now struct {
		Status int `json:"status"`
	}
	if s.get("/ob/campaigns/"+two.uuid, &now); now.Status != 1 {
		t.Errorf("the campaign of the dead gateway is at %d, not 1", now.Status)
	}
	eventually(t, func() string { // the figures are a second old, and older on a busy machine
		var counts stats
		if s.get("/ob/campaigns/"+two.uuid+"/stats", &counts); counts.Why == nil {
			return "nothing says why the campaign of the dead gateway does not go on"
		}
		return ""
	})
	if n := len(other.Originates()); n != before {
		t.Errorf("%d calls were asked of a PBX that is gone", n-before)
	}
	other.SetDown(false)
	s.finish(1)
}
