package api

import (
	"context"
	"errors"
	"strings"

	"github.com/outpace/outpace/campaign"
	"github.com/outpace/outpace/dlma"
	"github.com/outpace/outpace/plan"
)

// startable reports why a campaign cannot be started: what it refers to is
// missing or not fit, or its calendar is closed now.
func (s *server) startable(ctx context.Context, c campaign.Campaign) error {
	p, err := s.planOf(ctx, c)
	if err != nil {
		return err
	}
	d, err := s.destinationOf(ctx, c)
	if err != nil {
		return err
	}
	if err := s.listOf(ctx, c); err != nil {
		return err
	}
	if err := p.Startable(); err != nil {
		return err
	}
	if err := d.Startable(); err != nil {
		return err
	}
	if err := s.canTakeAbandoned(ctx, p.AbandonDestination); err != nil {
		return err
	}
	if strings.EqualFold(p.EarlyMedia, "true") && d.Type == campaign.TypeApplication {
		return invalid("early_media", "of the plan is \"true\", which works only with a destination of type 0")
	}
	if _, ok := s.cfg.Gateways.Gateway(p.Gateway); !ok {
		if p.Gateway == "" {
			return invalid("gateway", "of the plan is not set, and there is no default gateway")
		}
		return invalid("gateway", "of the plan names an unknown gateway: "+quote(p.Gateway))
	}
	if c.Calendar.Mode != 0 && !c.Calendar.Open(s.cfg.Now()) {
		return campaign.Conflict("The campaign's calendar is closed now, so it cannot be started by hand. Change the calendar or set sc_mode to 0 first.")
	}
	return nil
}

// canTakeAbandoned refuses a plan whose abandoned customers could be sent
// nowhere. That what it names exists and is an extension is the store's to see
// to.
func (s *server) canTakeAbandoned(ctx context.Context, uuid string) error {
	d, err := found(ctx, s.cfg.Store.Destination, uuid, campaign.ErrNotFound)
	if err != nil || d == nil {
		return err
	}
	if d.Startable() != nil {
		return invalid("abandon_destination", "of the plan must have context and exten before a campaign can start")
	}
	return nil
}

func (s *server) planOf(ctx context.Context, c campaign.Campaign) (plan.Plan, error) {
	if c.Plan == "" {
		return plan.Plan{}, invalid("plan", "is needed to start a campaign")
	}
	p, err := s.cfg.Store.Plan(ctx, c.Plan)
	if errors.Is(err, plan.ErrNotFound) {
		return p, invalid("plan", "names a plan that does not exist")
	}
	return p, err
}

func (s *server) destinationOf(ctx context.Context, c campaign.Campaign) (campaign.Destination, error) {
	if c.Destination == "" {
		return campaign.Destination{}, invalid("dest", "is needed to start a campaign")
	}
	d, err := s.cfg.Store.Destination(ctx, c.Destination)
	if errors.Is(err, campaign.ErrNotFound) {
		return d, invalid("dest", "names a destination that does not exist")
	}
	return d, err
}

func (s *server) listOf(ctx context.Context, c campaign.Campaign) error {
	if c.List == "" {
		return invalid("dlma", "is needed to start a campaign")
	}
	_, err := s.cfg.Store.List(ctx, c.List)
	if errors.Is(err, dlma.ErrNotFound) {
		return invalid("dlma", "names a dlma that does not exist")
	}
	return err
}
