package oncall

import (
	"cmp"
	"context"
	"net/url"
	"strings"
	"time"

	"github.com/outpace/outpace/dialer"
	"github.com/outpace/outpace/dialer/hosted"
)

// endMargin is how much later than the window's end a search ends, in case
// end_time limits the start of calls.
const endMargin = 24 * time.Hour

// logPage is a page of 5.1.
type logPage struct {
	paging

	Details []logRow `json:"details"`
}

// logRow is an entry of 5.1.
type logRow struct {
	ID        text `json:"id"`
	Caller    text `json:"caller"`
	Callee    text `json:"callee"`
	Start     text `json:"start_time"`
	Answer    text `json:"answer_time"`
	End       text `json:"end_time"`
	Duration  text `json:"duration"`
	Ring      text `json:"ring_duration"`
	Talk      text `json:"talk_duration"`
	EndReason text `json:"end_reason"`
	Status    text `json:"status"`
}

// Rows reads the call log (5.1). Entries that cannot be read, or have no end
// yet, are left out: they would hold up all others.
func (p *pbx) Rows(ctx context.Context, w hosted.Window) ([]hosted.Row, error) {
	var rows []hosted.Row
	seen := map[text]bool{}
	err := pages(ctx, p, "/api/call_logs/list", p.search(w.From, w.To), func(page logPage) (paging, int, int) {
		fresh := 0
		for _, r := range page.Details {
			if seen[r.ID] {
				continue // a new entry has moved the others on to this page
			}
			seen[r.ID] = true
			fresh++
			if row, ok := r.row(p.zone); ok {
				rows = append(rows, row)
			}
		}
		return page.paging, len(page.Details), fresh
	})
	return rows, err
}

// search is the query for a window.
func (p *pbx) search(from, to time.Time) url.Values {
	start, end := hosted.Wall(p.zone, timeLayout, from, to.Add(endMargin))
	return url.Values{"start_time": {start}, "end_time": {end}}
}

// row is false for an entry that cannot be read, and for one without an end:
// it may be of a call that still rings.
func (r logRow) row(zone *time.Location) (hosted.Row, bool) {
	start, end := r.Start.instant(zone), r.End.instant(zone)
	if r.ID == "" || start.IsZero() || end.IsZero() || r.Caller == "" || r.Callee == "" {
		return hosted.Row{}, false
	}
	t := told{status: r.Status, reason: r.EndReason, ring: r.Ring.seconds(), talk: cmp.Or(r.Talk, r.Duration).seconds()}
	return hosted.Row{
		ID: string(r.ID), Agent: user(r.Caller), Number: user(r.Callee),
		Start: start, Answer: r.Answer.instant(zone), End: end,
		Duration: t.ring + t.talk, Outcome: t.outcome(),
	}, true
}

// told is what a row or a target says of how a call went.
type told struct {
	status, reason, failCode text
	ring, talk               time.Duration
}

func (t told) outcome() dialer.Outcome {
	status := strings.ToUpper(strings.TrimSpace(string(t.status)))
	var words []string
	switch {
	case status == "ANSWERED":
	case t.talk > 0:
		words = append(words, wordContradicted)
	default:
		words = append(words, string(t.failCode))
		if status == "FAIL" && t.ring > 0 {
			words = append(words, wordRang)
		}
	}
	o := Words.Outcome(t.talk, append(words, status)...)
	o.CauseText = t.text()
	return o
}

// text is the PBX's own words together.
func (t told) text() string {
	parts := []string{string(t.status)}
	if t.reason != "" && t.reason != "NONE" {
		parts = append(parts, string(t.reason))
	}
	if t.failCode != "" && t.failCode != "0" {
		parts = append(parts, string(t.failCode))
	}
	return strings.Join(parts, " ")
}
