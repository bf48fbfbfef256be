package api

import (
	"net/http"

	"github.com/labstack/echo/v5"

	"github.com/outpace/outpace/dlma"
)

// mostResDial bounds the filter res_dial; the numbers are the seed's.
const mostResDial = mostInt

// postEntry creates an entry; with once=1 only if the list has none with the
// same ukey, so that a request whose answer was lost may be sent again.
func (s *server) postEntry(c *echo.Context) error {
	p, err := paramsOf(c)
	if err != nil {
		return err
	}
	once, err := p.option("once")
	if err != nil {
		return err
	}
	entries := s.entries()
	if once {
		entries.create = s.cfg.Store.CreateEntryOnce
	}
	return entries.post(s)(c)
}

// getEntries reads a page of the entries of one list.
func (s *server) getEntries(c *echo.Context) error {
	p, err := paramsOf(c)
	if err != nil {
		return err
	}
	q, err := entryQuery(p)
	if err != nil {
		return err
	}
	list, more, err := s.cfg.Store.ListEntries(c.Request().Context(), q)
	if err != nil {
		return err
	}
	one := func(dst encoded, e dlma.Entry) (encoded, error) { return encode(dst, viewEntry(e)) }
	return replyPage(s, c, list, more, one, func(e dlma.Entry) string { return e.UUID })
}

// entryQuery reads the parameters of GET /ob/dls.
func entryQuery(p params) (q dlma.Query, err error) {
	if q.List, err = p.uuid("dlma_uuid"); err != nil {
		return q, err
	}
	if q.List == "" {
		return q, refuse(http.StatusBadRequest, "dlma_uuid is needed: dls are listed by dlma")
	}
	status, err := p.optional("status", int64(dlma.Idle), int64(dlma.Reserved))
	if err != nil {
		return q, err
	}
	q.Status = (*dlma.Status)(status)
	if q.ResDial, err = p.optional("res_dial", 0, mostResDial); err != nil {
		return q, err
	}
	if q.Number, err = p.text("number"); err != nil {
		return q, err
	}
	if q.Number != "" && !dlma.ValidNumber(q.Number) {
		return q, invalid("number", "must be a number as a dl has them: 1 to 64 letters, digits or + * # . _ -")
	}
	if q.Ukey, err = p.text("ukey"); err != nil {
		return q, err
	}
	q.After, q.Count, err = p.paging()
	return q, err
}
