package api

import (
	"bytes"
	"math"
	"slices"

	"github.com/labstack/echo/v5"

	"github.com/outpace/outpace/results"
)

// dispositions are all of them, in the order in which they are shown.
var dispositions = []results.Disposition{
	results.Answered, results.Abandoned, results.HungUpEarly, results.Busy, results.NoAnswer,
	results.Congestion, results.Unallocated, results.Rejected, results.Failed, results.Cancelled,
	results.AgentNoAnswer, results.NotPlaced, results.Unknown,
}

// getResults reads a page of results, each one as it stands in the log.
func (s *server) getResults(c *echo.Context) error {
	p, err := paramsOf(c)
	if err != nil {
		return err
	}
	q, err := resultQuery(p)
	if err != nil {
		return err
	}
	list, more, err := s.cfg.Store.Results(c.Request().Context(), q)
	if err != nil {
		return err
	}
	var next any
	if more && len(list) > 0 {
		next = list[len(list)-1].Seq
	}
	page, err := encodePage(list, encodeResult, next)
	if err != nil {
		return err
	}
	return s.reply(c, page)
}

// encodeResult appends a result as its line in the log.
func encodeResult(dst encoded, r results.Result) (encoded, error) {
	return bytes.TrimSuffix(r.AppendLine(dst), []byte("\n")), nil
}

// resultQuery reads the parameters of GET /ob/results.
func resultQuery(p params) (q results.Query, err error) {
	if q.Campaign, err = p.uuid("campaign"); err != nil {
		return q, err
	}
	if q.From, err = p.time("from"); err != nil {
		return q, err
	}
	if q.To, err = p.time("to"); err != nil {
		return q, err
	}
	if !q.From.IsZero() && !q.To.IsZero() && q.To.Before(q.From) {
		return q, invalid("to", "must not be before from")
	}
	disposition, err := p.text("disposition")
	if err != nil {
		return q, err
	}
	q.Disposition = results.Disposition(disposition)
	if disposition != "" && !slices.Contains(dispositions, q.Disposition) {
		return q, invalid("disposition", "is not one that results have: "+quote(disposition))
	}
	if q.After, err = p.integer("after", 0, math.MaxInt64, 0); err != nil {
		return q, err
	}
	q.Count, err = p.count()
	return q, err
}
