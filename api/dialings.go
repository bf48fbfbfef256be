package api

import (
	"github.com/labstack/echo/v5"

	"github.com/outpace/outpace/results"
)

// getDialings reads a page of the open calls.
func (s *server) getDialings(c *echo.Context) error {
	p, err := paramsOf(c)
	if err != nil {
		return err
	}
	after, count, err := p.paging()
	if err != nil {
		return err
	}
	list, more, err := s.cfg.Store.ListDialings(c.Request().Context(), after, count)
	if err != nil {
		return err
	}
	return replyPage(s, c, list, more, newCapsules().encodeDialing, func(d results.Dialing) string { return d.UUID })
}

// getDialing reads one open call.
func (s *server) getDialing(c *echo.Context) error {
	uuid, err := pathUUID(c)
	if err != nil {
		return err
	}
	d, err := s.cfg.Store.Dialing(c.Request().Context(), uuid)
	if err != nil {
		return err
	}
	view, err := newCapsules().encodeDialing(nil, d)
	if err != nil {
		return err
	}
	return s.reply(c, view)
}

// deleteDialing asks for a call to be ended. The answer has no result: the
// dialing goes away when the PBX says that the call has ended.
func (s *server) deleteDialing(c *echo.Context) error {
	uuid, err := pathUUID(c)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	d, err := s.cfg.Store.Dialing(ctx, uuid)
	if err != nil {
		return err
	}
	// The word is left for a gateway that is not in these settings, too: an engine
	// that has it reads it, and without one the call is over when it is due.
	if gateway, known := s.cfg.Gateways.Gateway(d.Gateway); known && !gateway.Hangup {
		return results.Conflict("The call cannot be ended: its gateway " + quote(d.Gateway) +
			" is of a kind (" + gateway.Kind + ") that does not offer it.")
	}
	if err := s.cfg.Store.AskHangup(ctx, uuid); err != nil {
		return err
	}
	s.cfg.Changed()
	return s.reply(c, nil)
}
