package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/outpace/outpace/dialer"
	"github.com/outpace/outpace/dialer/hosted"
)

type gatewayCmd struct {
	Check gatewayCheckCmd `cmd:"" help:"Log in to a gateway's PBX and say what works. Places no call."`
}

// gatewayCheckCmd looks at one gateway of the settings, for someone who sets it
// up.
type gatewayCheckCmd struct {
	Name string        `arg:"" help:"The gateway's name in the settings."`
	Wait time.Duration `default:"30s" help:"How long the check may take (default ${default})."`

	serveCmd `embed:""`
}

// checker is a gateway that can be tried out.
type checker interface {
	Check(ctx context.Context) []hosted.Finding
}

// errCheck says that something does not work; the findings have said what.
var errCheck = errors.New("the gateway cannot be used like this")

// Run checks the gateway and prints what was found.
func (c gatewayCheckCmd) Run(ctx context.Context, w world) error {
	settings, err := c.settings(w.env)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(settings.Gateways, func(g GatewaySettings) bool { return g.Name == c.Name })
	if i < 0 {
		return wrong("gateway", "%q is not in the settings; they have %s", c.Name, gatewayNames(settings.Gateways))
	}
	g := settings.Gateways[i]
	gw, err := g.own.build(g.Name, slog.New(slog.DiscardHandler))
	if err != nil {
		return fmt.Errorf("make the gateway: %w", err)
	}
	ctx, cancel := context.WithTimeoutCause(ctx, c.Wait, fmt.Errorf("the check took longer than %v", c.Wait))
	defer cancel()
	done := make(chan struct{})
	var watching sync.WaitGroup
	watching.Go(func() {
		select {
		case <-w.signals:
			cancel()
		case <-done:
		}
	})
	defer watching.Wait()
	defer close(done)

	sayf(w.out, "gateway %s, kind %s, at %s: at most %d calls, %d a second", g.Name, g.Kind, g.own.target(), g.MaxCalls, g.MaxCPS)
	var found []hosted.Finding
	if can, ok := gw.(checker); ok {
		found = can.Check(ctx)
	} else {
		found = tryLink(ctx, gw)
	}
	if !printFindings(w.out, found) {
		return errCheck
	}
	sayf(w.out, "All of this works. No call was placed.")
	return nil
}

// printFindings prints a line each and reports whether everything works.
func printFindings(out io.Writer, found []hosted.Finding) bool {
	fine := true
	for _, f := range found {
		if f.Err == nil {
			sayf(out, "  ok    %s: %s", f.Name, f.Text)
			continue
		}
		fine = false
		sayf(out, "  FAIL  %s: %s: %v", f.Name, f.Text, f.Err)
	}
	return fine
}

func gatewayNames(list []GatewaySettings) string {
	var names []string
	for _, g := range list {
		names = append(names, g.Name)
	}
	return cmp.Or(strings.Join(names, ", "), "none")
}

// tryLink runs a gateway until its link is up, which shows that its user may
// log in, or until it says why not.
func tryLink(ctx context.Context, gw dialer.Gateway) []hosted.Finding {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	var mu sync.Mutex
	link := hosted.Finding{Name: "log in", Text: "the PBX did not take us", Err: errors.New("no answer in time")}
	agents := map[string]bool{}
	err := gw.Run(ctx, func(e dialer.Event) {
		mu.Lock()
		defer mu.Unlock()
		switch e.Kind {
		case dialer.LinkUp:
			link.Text, link.Err = "the PBX took us", nil
			stop()
		case dialer.LinkDown:
			if link.Err != nil && e.Err != nil && ctx.Err() == nil {
				link.Err = e.Err
			}
		case dialer.AgentChanged:
			agents[e.Agent] = true
		}
	})
	mu.Lock()
	defer mu.Unlock()
	if err != nil && link.Err != nil && ctx.Err() == nil {
		link.Err = err
	}
	found := []hosted.Finding{link}
	if link.Err == nil && len(agents) > 0 {
		found = append(found, hosted.Finding{Name: "agents", Text: fmt.Sprintf("%d in its queues", len(agents))})
	}
	return found
}
