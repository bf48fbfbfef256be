package oapi

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/outpace/outpace/dialer/hosted"
)

const (
	// pageSize is the most rows that the PBX gives on a page.
	pageSize = 100
	// maxPages bounds one reading of the log.
	maxPages = 500
	// reach is how far back histories go, and how long a window may be; a
	// minute less, since the PBX's clock and ours may differ.
	reach = 31*24*time.Hour - time.Minute
	// stamp is how times are written, in UTC.
	stamp = "2006-01-02T15:04:05.000Z"
)

// span is what one question to the log covers.
type span struct{ from, to time.Time }

// Rows reads the call log page by page.
func (p *pbx) Rows(ctx context.Context, w hosted.Window) ([]hosted.Row, error) {
	now := p.now()
	if oldest := now.Add(-reach); w.From.Before(oldest) {
		w.From = oldest
	}
	var rows []hosted.Row
	for _, piece := range w.Split(reach) {
		more, err := p.span(ctx, span{piece.From, piece.To}, now)
		if err != nil {
			return nil, fmt.Errorf("oapi: read call histories: %w", err)
		}
		rows = append(rows, more...)
	}
	return rows, nil
}

// span reads all pages of one window. Rows that come in meanwhile may move
// others to the next page, so the same row may come twice.
func (p *pbx) span(ctx context.Context, s span, now time.Time) ([]hosted.Row, error) {
	var rows []hosted.Row
	seen := map[string]bool{}
	for number := 1; number <= maxPages; number++ {
		page, err := p.page(ctx, s, pageSize, number)
		if err != nil {
			return nil, err
		}
		fresh := false
		for _, raw := range page {
			if seen[string(raw)] {
				continue
			}
			seen[string(raw)] = true
			fresh = true
			var r record
			if err := json.Unmarshal(raw, &r); err != nil {
				continue // a row of something else; a call of ours without a row ends as unknown
			}
			if row, ok, err := p.row(r, now); err == nil && ok {
				rows = append(rows, row)
			}
		}
		// A PBX that takes no notice of page gives the same rows for ever.
		if len(page) < pageSize || !fresh {
			return rows, nil
		}
	}
	return nil, fmt.Errorf("more than %d pages", maxPages)
}

// page reads one page of the log.
func (p *pbx) page(ctx context.Context, s span, limit, number int) ([]json.RawMessage, error) {
	var body json.RawMessage
	err := p.client.Do(ctx, hosted.Request{
		Method: http.MethodGet, Path: "/oapi/v1/call/histories",
		Header: http.Header{"Content-Type": {"application/json"}},
		Query: p.app.signed(
			param{"created_from", s.from.UTC().Format(stamp)},
			param{"created_to", s.to.UTC().Format(stamp)},
			param{"limit", strconv.Itoa(limit)},
			param{"page", strconv.Itoa(number)},
		),
	}, &body)
	if err != nil {
		return nil, err
	}
	list, err := records(body)
	if err != nil {
		return nil, &hosted.MalformedError{Err: err}
	}
	return list, nil
}
