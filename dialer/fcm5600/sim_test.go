package fcm5600_test

import (
	"testing"

	"github.com/outpace/outpace/dialer/fcm5600"
	"github.com/outpace/outpace/dialer/fcm5600/fcm5600sim"
	"github.com/outpace/outpace/dialer/hosted"
	"github.com/outpace/outpace/dialer/hosted/hostedtest"
	"github.com/outpace/outpace/results"
)

// start makes a simulated PBX and a gateway to it, with what change does to
// the simulator's settings.
func start(change func(*fcm5600sim.Config)) func(*testing.T, *hostedtest.Lab) *hosted.Gateway {
	return func(t *testing.T, lab *hostedtest.Lab) *hosted.Gateway {
		t.Helper()
		pbx := fcm5600sim.Config{World: lab.World, Username: "api", Password: "s3cret", Recorded: true}
		if change != nil {
			change(&pbx)
		}
		lab.Serve(t, fcm5600sim.New(pbx))
		gw, err := fcm5600.New(fcm5600.Config{
			Settings: lab.Settings, Username: "api", Password: "s3cret", LoginPath: pbx.LoginPath,
		})
		if err != nil {
			t.Fatal(err)
		}
		return gw
	}
}

func kind() hostedtest.Kind {
	failed := hostedtest.Merged{Disposition: results.Failed, ResDial: results.DialNone}
	return hostedtest.Kind{
		Start: start(nil), States: true, Tokens: true, Recordings: true, Queue: "any",
		// "FAILED: call failed."
		Merged: map[string]hostedtest.Merged{"400": failed, "600": failed, "700": failed},
	}
}

func TestConformance(t *testing.T) { hostedtest.Run(t, kind()) }

// What the page leaves open, the other way round: pages from 0, the shown
// number in place of the extension, another path to log in.
func TestConformanceOtherReadings(t *testing.T) {
	k := kind()
	k.Recordings = false
	k.Start = start(func(pbx *fcm5600sim.Config) {
		pbx.FromZero, pbx.ShownID, pbx.LoginPath, pbx.Recorded = true, "02873019555", "/pbx/login", false
	})
	hostedtest.Run(t, k)
}
