package api

import (
	"context"
	"errors"
	"net/http"

	"github.com/labstack/echo/v5"

	"github.com/outpace/outpace/campaign"
)

// startTries is how often a start is tried while somebody else changes the
// campaign's references.
const startTries = 3

// errMoved says that a campaign's references are no longer those that were
// looked at.
var errMoved = errors.New("references have changed")

// postCampaign creates a campaign. A body that asks for a status gets it under
// the same conditions as one that changes a stopped campaign.
func (s *server) postCampaign(c *echo.Context) error {
	body, err := s.readBody(c)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	var before, next campaign.Campaign
	if err := campaignFields.apply(body, &next, &campaign.Campaign{}); err != nil {
		return err
	}
	if err := s.moveCampaign(ctx, before, &next); err != nil {
		return err
	}
	if next.Calendar.Mode != 0 {
		next.Edge = campaign.EdgePending // making a calendar counts as an edge
	}
	created, err := s.cfg.Store.CreateCampaign(ctx, next)
	if err != nil {
		return err
	}
	s.cfg.Changed()
	return s.reply(c, viewCampaign(created))
}

// putCampaign changes a campaign, and its status if the body has one.
func (s *server) putCampaign(c *echo.Context) error {
	uuid, err := pathUUID(c)
	if err != nil {
		return err
	}
	body, err := s.readBody(c)
	if err != nil {
		return err
	}
	if name, more := campaignFields.writes(body, "status"); more && !roleOf(c).includes(Admin) {
		return refuse(http.StatusForbidden,
			"An operator may change only the status of a campaign, not "+quote(name))
	}
	ctx := c.Request().Context()
	for range startTries {
		updated, err := s.changeCampaign(ctx, uuid, body)
		if errors.Is(err, errMoved) {
			continue
		}
		if err != nil {
			return err
		}
		s.cfg.Changed()
		return s.reply(c, viewCampaign(updated))
	}
	return campaign.Conflict("The campaign is being changed by others at the same time. Try again.")
}

// changeCampaign tries a change once. What a start depends on is looked at
// before the store's transaction, so that it need not read from within; if the
// campaign then refers to something else, the error is errMoved.
func (s *server) changeCampaign(ctx context.Context, uuid string, body object) (campaign.Campaign, error) {
	seen, err := s.cfg.Store.Campaign(ctx, uuid)
	if err != nil {
		return campaign.Campaign{}, err
	}
	fresh := campaign.Campaign{}
	expected := seen
	if err := campaignFields.apply(body, &expected, &fresh); err != nil {
		return campaign.Campaign{}, err
	}
	if err := s.moveCampaign(ctx, seen, &expected); err != nil {
		return campaign.Campaign{}, err
	}
	return s.cfg.Store.UpdateCampaign(ctx, uuid, func(now *campaign.Campaign) error {
		before := *now
		if before.Status != seen.Status || references(before) != references(seen) || before.Calendar != seen.Calendar {
			return errMoved
		}
		if err := campaignFields.apply(body, now, &fresh); err != nil {
			return err
		}
		now.Status, now.Reason = expected.Status, expected.Reason
		if now.Calendar != before.Calendar {
			now.Edge = campaign.EdgePending // changing a calendar counts as an edge
		}
		return nil
	})
}

// references are what a start depends on.
func references(c campaign.Campaign) [3]string {
	return [3]string{c.Plan, c.Destination, c.List}
}

// moveCampaign validates next, which a body has made of before, and turns the
// status that it asks for into the one that it gets. Starting has conditions.
func (s *server) moveCampaign(ctx context.Context, before campaign.Campaign, next *campaign.Campaign) error {
	asked := next.Status
	next.Status = before.Status
	if err := next.Validate(); err != nil {
		return err
	}
	status, err := campaign.Transition(before.Status, asked)
	if err != nil {
		return err
	}
	next.Status = status
	if status != campaign.Started || before.Status == campaign.Started {
		return nil
	}
	next.Reason = ""
	return s.startable(ctx, *next)
}
