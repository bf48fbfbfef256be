package tel4vn_test

import (
	"testing"

	"github.com/outpace/outpace/dialer/hosted"
	"github.com/outpace/outpace/dialer/hosted/hostedtest"
	"github.com/outpace/outpace/dialer/tel4vn"
	"github.com/outpace/outpace/dialer/tel4vn/tel4vnsim"
)

// start makes a simulated PBX and a gateway to it, with what change does to
// their settings.
func start(change func(*tel4vn.Config, *tel4vnsim.Config)) func(*testing.T, *hostedtest.Lab) *hosted.Gateway {
	return func(t *testing.T, lab *hostedtest.Lab) *hosted.Gateway {
		t.Helper()
		pbx := tel4vnsim.Config{World: lab.World, APIKey: "key-1"}
		cfg := tel4vn.Config{APIKey: "key-1", HookURL: lab.HookURL, HookSecret: "hook-1"}
		if change != nil {
			change(&cfg, &pbx)
		}
		lab.Serve(t, tel4vnsim.New(pbx))
		cfg.Settings = lab.Settings
		gw, err := tel4vn.New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		return gw
	}
}

func kind() hostedtest.Kind {
	return hostedtest.Kind{
		Start: start(nil), Hooks: true, States: true, IDs: true, Tokens: true, Offline: true, Recordings: true, Queue: "any",
	}
}

func TestConformance(t *testing.T) { hostedtest.Run(t, kind()) }

// A CDR's id may be another than the call's: then agent, number and time tell.
func TestConformanceForeignIDs(t *testing.T) {
	k := kind()
	k.Start = start(func(_ *tel4vn.Config, pbx *tel4vnsim.Config) { pbx.OldIDs = true })
	hostedtest.Run(t, k)
}

func TestConformanceSync(t *testing.T) {
	k := kind()
	k.Silent = true
	k.Start = start(func(cfg *tel4vn.Config, _ *tel4vnsim.Config) { cfg.Sync, cfg.HookURL, cfg.HookSecret = true, "", "" })
	k.Hooks = false
	hostedtest.Run(t, k)
}
