package oapi

import (
	"context"
	"fmt"
	"time"

	"github.com/outpace/outpace/dialer"
	"github.com/outpace/outpace/dialer/hosted"
)

// Connect has nothing to do: nothing has to be logged in or registered.
func (p *pbx) Connect(context.Context) error { return nil }

// Agents are the devices of the settings. The page offers no way to ask for
// their state, so what is asked for is one row of the call log: that shows
// whether the PBX is there and knows us, and what its clock says.
func (p *pbx) Agents(ctx context.Context, _ []dialer.Pool) ([]hosted.Agent, error) {
	now := p.now()
	if _, err := p.page(ctx, span{from: now.Add(-time.Hour), to: now}, 1, 1); err != nil {
		return nil, fmt.Errorf("oapi: read call histories: %w", err)
	}
	list := make([]hosted.Agent, len(p.devices))
	for i, name := range p.devices {
		list[i] = hosted.Agent{Exten: name, Name: name, State: hosted.Unseen}
	}
	return list, nil
}

// now is the time by the PBX's clock.
func (p *pbx) now() time.Time {
	ahead, _ := p.client.Skew()
	return time.Now().Add(ahead)
}
