package asterisk_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/outpace/outpace/dialer"
	"github.com/outpace/outpace/dialer/ami"
	"github.com/outpace/outpace/dialer/asterisk"
	"github.com/outpace/outpace/dialer/dialertest"
	"github.com/outpace/outpace/dialer/pbxsim"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestSimulatedAsterisk runs the conformance suite against the simulated PBX,
// as it is and as an Asterisk 16.
func TestSimulatedAsterisk(t *testing.T) {
	for name, version := range map[string]string{"22": "", "16": "16.28.0"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dialertest.Exercise(t, func(t *testing.T) dialertest.Lab { return simLab(t, version) })
		})
	}
}

const simScale = 5

func simLab(t *testing.T, version string) dialertest.Lab {
	sim := startSim(t, pbxsim.Config{Seed: 1, TimeScale: simScale, Version: version})
	gate := &dialertest.Gate{}
	gateway := func(t *testing.T) dialer.Gateway {
		t.Helper()
		gw, err := asterisk.New(asterisk.Config{Name: "sim", AMI: ami.Config{
			Address: sim.Addr(), Username: "dialer", Secret: "secret",
			Dial: gate.Dial, BackoffMin: 10 * time.Millisecond, BackoffMax: 100 * time.Millisecond,
		}})
		if err != nil {
			t.Fatal(err)
		}
		return gw
	}
	return dialertest.Lab{
		Gateway: gateway(t), Again: gateway,
		Admin:   dialertest.NewAdmin(t, ami.Config{Address: sim.Addr(), Username: "dialer", Secret: "secret"}),
		Scale:   simScale,
		Cut:     func(*testing.T) func() { return gate.Cut() },
		Restart: func(*testing.T) { sim.Restart(false) },
		Placed: func(call string) (n int) {
			for _, o := range sim.Originates() {
				if o.ChannelID == call {
					n++
				}
			}
			return n
		},
		Storm: func(t *testing.T) func() {
			err := sim.SetFaults(pbxsim.Faults{
				DropBefore: 0.01, DropAfter: 0.01, LateReply: 0.1, LoseReply: 0.01, Refuse: 0.05,
				RepeatHangup: 0.3, RepeatResponse: 0.3, Reorder: 0.3, DelayEvents: 0.01, Late: 50 * time.Millisecond,
			})
			if err != nil {
				t.Fatal(err)
			}
			return func() {} // it goes on to the end of the calls
		},
		Disturb: func(*testing.T) {
			for _, fault := range []pbxsim.Fault{pbxsim.RepeatHangup, pbxsim.RepeatResponse, pbxsim.Reorder} {
				sim.Arm(fault, 10)
			}
		},
	}
}

func startSim(t *testing.T, cfg pbxsim.Config) *pbxsim.Server {
	t.Helper()
	sim, err := pbxsim.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := sim.Run(context.Background()); err != nil {
			t.Errorf("simulated PBX: %v", err)
		}
	})
	t.Cleanup(func() {
		if err := sim.Close(); err != nil {
			t.Errorf("close the simulated PBX: %v", err)
		}
		wg.Wait()
	})
	return sim
}
