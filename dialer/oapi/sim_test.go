package oapi_test

import (
	"testing"
	"time"

	"github.com/outpace/outpace/dialer/hosted"
	"github.com/outpace/outpace/dialer/hosted/hostedtest"
	"github.com/outpace/outpace/dialer/oapi"
	"github.com/outpace/outpace/dialer/oapi/oapisim"
	"github.com/outpace/outpace/results"
)

// start makes a simulated PBX and a gateway to it, with what change does to
// the simulator's settings.
func start(change func(*oapisim.Config)) func(*testing.T, *hostedtest.Lab) *hosted.Gateway {
	return func(t *testing.T, lab *hostedtest.Lab) *hosted.Gateway {
		t.Helper()
		pbx := oapisim.Config{World: lab.World, AppID: "app", AppSecret: "s3cret"}
		if change != nil {
			change(&pbx)
		}
		lab.Serve(t, oapisim.New(pbx))
		// No agent is ever seen free, so a call without a row ends by max_call_s only.
		lab.Settings.MaxCall = min(lab.Settings.MaxCall, 15*time.Second)
		cfg := oapi.Config{Settings: lab.Settings, AppID: "app", AppSecret: "s3cret", Still: 100 * time.Millisecond}
		for _, a := range hostedtest.Agents {
			cfg.Devices = append(cfg.Devices, oapi.Device{SIPUser: a.Exten, SIPPassword: a.Password})
		}
		gw, err := oapi.New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		return gw
	}
}

func kind() hostedtest.Kind {
	failed := hostedtest.Merged{Disposition: results.Failed, ResDial: results.DialNone}
	return hostedtest.Kind{
		Start: start(nil), Offline: true, Recordings: true, Queue: "any",
		// "ERROR: other errors."
		Merged: map[string]hostedtest.Merged{"400": failed, "600": failed, "700": failed},
	}
}

func TestConformance(t *testing.T) { hostedtest.Run(t, kind()) }

// The page does not say what the rows are in.
func TestConformanceWrapped(t *testing.T) {
	k := kind()
	k.Start = start(func(pbx *oapisim.Config) { pbx.Wrapped = true })
	hostedtest.Run(t, k)
}
