package main

import (
	"context"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/outpace/outpace/dialer/hosted/hostedsim"
	"github.com/outpace/outpace/dialer/pbxsim"
)

// TestGatewayCheckOncall checks a simulated PBX, first with the right settings.
func TestGatewayCheckOncall(t *testing.T) {
	world := hostedsim.New(hostedsim.Config{
		Agents: []hostedsim.AgentConfig{{Exten: "101", Name: "Ann"}, {Exten: "102", Name: "Ben"}},
		Queues: []hostedsim.Queue{{ID: "7", Number: "3000", Name: "sales", Members: []string{"101", "102"}}},
	})
	defer world.Close()
	sim, _ := oncallDemo(world)
	server := httptest.NewServer(world.Handler(sim))
	defer server.Close()
	const keys = `gateways:
  - name: hanoi
    kind: oncall
    base_url: %s
    timezone: %s
    username: demo
    password: %s
    domain: demo.oncall
    auth_extension: "900"
    auth_password: demo-web
`
	for name, c := range map[string]struct {
		zone, password, gateway string
		code                    int
		says                    []string
	}{
		"right": {"UTC", "demo-tenant", "hanoi", exitOK, []string{
			"gateway hanoi, kind oncall, at " + server.URL, "ok    log in and list agents", "2 agents",
			"sales (number 3000, id 7): 2 members, 2 logged in, 2 free", "ok    auth_extension: may place calls", "No call was placed",
		}},
		"password": {"UTC", "wrong", "hanoi", exitFailure, []string{"FAIL  log in and list agents", "user or password is wrong (1041004)", "cannot be used"}},
		"name":     {"UTC", "demo-tenant", "saigon", exitUsage, []string{`"saigon" is not in the settings; they have hanoi`}},
	} {
		path := settingsFile(t, fmt.Sprintf(keys, server.URL, c.zone, c.password))
		code, out, err := outpace(t, env(), "gateway", "check", c.gateway, "--config", path)
		if code != c.code {
			t.Errorf("%s: exit code %d: %s%s", name, code, out, err)
		}
		for _, text := range c.says {
			if !strings.Contains(out+err, text) {
				t.Errorf("%s: %q is not said in\n%s%s", name, text, out, err)
			}
		}
		if strings.Contains(out+err, "demo-web") || strings.Contains(out+err, "demo-tenant") {
			t.Errorf("%s: a secret is shown", name)
		}
	}
	if n := len(world.Calls()); n != 0 {
		t.Errorf("%d calls were placed", n)
	}
}

// TestGatewayCheckAsterisk logs in over AMI.
func TestGatewayCheckAsterisk(t *testing.T) {
	sim, err := pbxsim.New(pbxsim.Config{Username: "outpace", Secret: "s3cret", Queues: []pbxsim.QueueConfig{simQueue("sales", 0, 3, 0)}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- sim.Run(ctx) }()
	defer func() {
		stop()
		<-ended
	}()
	check := func(secret string, wait time.Duration) (int, string) {
		code, out, errs := outpace(t, env("OUTPACE_AMI_ADDRESS="+sim.Addr(), "OUTPACE_AMI_USERNAME=outpace", "OUTPACE_AMI_SECRET="+secret),
			"gateway", "check", "asterisk", "--wait", wait.String())
		return code, out + errs
	}
	if code, said := check("s3cret", time.Minute); code != exitOK || !strings.Contains(said, "ok    log in") {
		t.Errorf("exit code %d: %s", code, said)
	}
	if code, said := check("wr0ng", 2*time.Second); code != exitFailure || !strings.Contains(said, "FAIL  log in") || strings.Contains(said, "wr0ng") {
		t.Errorf("exit code %d: %s", code, said)
	}
}
