//go:build e2e

package asterisk_test

import (
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/outpace/outpace/dialer"
	"github.com/outpace/outpace/dialer/ami"
	"github.com/outpace/outpace/dialer/asterisk"
	"github.com/outpace/outpace/dialer/dialertest"
)

// TestRealAsterisk runs the conformance suite against the Asterisk of the lab
// (deploy/lab/with sets what it reads). OUTPACE_E2E_AMI is its address,
// OUTPACE_E2E_AMI_USER the gateway's user (default dialer-least),
// OUTPACE_E2E_AMI_ADMIN one with all rights (default dialer) and
// OUTPACE_E2E_AMI_SECRET the secret of both. OUTPACE_E2E_RESTART is a shell
// command that kills and starts it; without it no restart is tested.
func TestRealAsterisk(t *testing.T) {
	address := os.Getenv("OUTPACE_E2E_AMI")
	if address == "" {
		t.Fatal("OUTPACE_E2E_AMI must be set, to the host:port of the lab's AMI")
	}
	env := func(name, otherwise string) string {
		if value := os.Getenv(name); value != "" {
			return value
		}
		return otherwise
	}
	secret := env("OUTPACE_E2E_AMI_SECRET", "secret")
	dialertest.Exercise(t, func(t *testing.T) dialertest.Lab {
		gate := &dialertest.Gate{}
		gateway := func(t *testing.T) dialer.Gateway {
			t.Helper()
			gw, err := asterisk.New(asterisk.Config{Name: "lab", AMI: ami.Config{
				Address: address, Username: env("OUTPACE_E2E_AMI_USER", "dialer-least"), Secret: secret,
				Dial: gate.Dial, BackoffMin: 50 * time.Millisecond, BackoffMax: time.Second,
			}})
			if err != nil {
				t.Fatal(err)
			}
			return gw
		}
		lab := dialertest.Lab{
			Gateway: gateway(t), Again: gateway,
			Admin: dialertest.NewAdmin(t, ami.Config{Address: address, Username: env("OUTPACE_E2E_AMI_ADMIN", "dialer"), Secret: secret}),
			Cut:   func(*testing.T) func() { return gate.Cut() },
		}
		if command := os.Getenv("OUTPACE_E2E_RESTART"); command != "" {
			lab.Restart = func(t *testing.T) {
				if out, err := exec.CommandContext(t.Context(), "sh", "-c", command).CombinedOutput(); err != nil {
					t.Fatalf("restart: %v\n%s", err, out)
				}
			}
		}
		return lab
	})
}
