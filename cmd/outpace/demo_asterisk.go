package main

import (
	"context"
	"crypto/rand"
	"log/slog"
	"time"

	"github.com/outpace/outpace/dialer/pbxsim"
)

// demoAsterisk is a simulated Asterisk.
type demoAsterisk struct {
	sim    *pbxsim.Server
	secret Secret
}

func newDemoAsterisk(c demoCmd, logger *slog.Logger, down *teardown) (*demoAsterisk, error) {
	a := &demoAsterisk{secret: NewSecret(rand.Text())}
	var err error
	a.sim, err = pbxsim.New(pbxsim.Config{ //nolint:contextcheck // it only opens a listener
		Username: "outpace", Secret: a.secret.Reveal(), Seed: c.Seed, TimeScale: c.Speed,
		Queues: []pbxsim.QueueConfig{simQueue(demoQueue, 0, c.Agents, c.simWrapup())},
		Crowd:  demoCrowd(), Logger: logger,
	})
	if err != nil {
		return nil, err
	}
	down.add("simulated Asterisk", a.sim.Close)
	return a, nil
}

func (a *demoAsterisk) describe() string { return "A simulated Asterisk speaks AMI on " + a.sim.Addr() }

func (a *demoAsterisk) settings(l layer) (Settings, error) {
	l.AMIAddress, l.AMIUsername, l.AMISecret = new(a.sim.Addr()), new("outpace"), &a.secret
	return loadSettings(l, "", func(string) (string, bool) { return "", false })
}

func (a *demoAsterisk) run(ctx context.Context, _ *App) error { return a.sim.Run(ctx) }

// asked counts by the channel's id, which is the call's uuid.
func (a *demoAsterisk) asked([]logged) map[string]int {
	asked := map[string]int{}
	for _, o := range a.sim.Originates() {
		asked[o.ChannelID]++
	}
	return asked
}

// demoCrowd are people who talk shorter and more evenly than usual, so that the
// last call does not keep the demo waiting.
func demoCrowd() pbxsim.Crowd {
	crowd := pbxsim.DefaultCrowd()
	crowd.Talk = pbxsim.Lognormal(35*time.Second, 0.4)
	return crowd
}
