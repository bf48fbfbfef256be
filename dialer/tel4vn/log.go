package tel4vn

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/outpace/outpace/dialer/hosted"
)

const (
	// pageSize is how many CDRs are asked for at once, and pagesMost bounds
	// how many pages of them.
	pageSize  = 100
	pagesMost = 200
)

// cdrReply is the answer of GET /v1/cdr with a page.
type cdrReply struct {
	Data  []cdr `json:"data"`
	Limit int   `json:"limit"`
	Page  int   `json:"page"`
	Total int   `json:"total"`
}

type cdr struct {
	ID           string          `json:"id"`
	SIPCallID    string          `json:"sip_call_id"`
	Cause        string          `json:"cause"`
	Duration     float64         `json:"duration"`
	Direction    json.RawMessage `json:"direction"` // a word or a number
	RecordingURL string          `json:"recording_url"`
	Extension    string          `json:"extension"`
	FromNumber   string          `json:"from_number"`
	ToNumber     string          `json:"to_number"`
	TimeStarted  string          `json:"time_started"`
	TimeAnswered string          `json:"time_answered"`
	TimeEnded    string          `json:"time_ended"`
	Status       string          `json:"status"`
}

// Rows reads the CDRs of calls that began in the window.
func (p *pbx) Rows(ctx context.Context, w hosted.Window) ([]hosted.Row, error) {
	from, to := hosted.Wall(p.cfg.Zone, time.DateTime, w.From, w.To)
	var rows []hosted.Row
	read := 0
	for page := 1; page <= pagesMost; page++ {
		var reply cdrReply
		err := p.session.Do(ctx, hosted.Request{Method: http.MethodGet, Path: "/v1/cdr", Query: url.Values{
			"start_date": {from}, "end_date": {to}, "limit": {strconv.Itoa(pageSize)}, "page": {strconv.Itoa(page)},
		}}, &reply)
		if err != nil {
			return nil, err
		}
		for _, c := range reply.Data {
			row, ours, err := p.row(c)
			if err != nil {
				return nil, &hosted.MalformedError{Err: err}
			}
			if ours {
				rows = append(rows, row)
			}
		}
		if read += len(reply.Data); len(reply.Data) == 0 || read >= reply.Total {
			return rows, nil
		}
	}
	return nil, &hosted.MalformedError{Err: errors.New("the CDRs have no end")}
}

// row reads one CDR; ours is false if it cannot be a call of ours.
func (p *pbx) row(c cdr) (row hosted.Row, ours bool, err error) {
	if strings.Contains(strings.ToLower(string(c.Direction)), "inbound") || c.Extension == "" {
		return row, false, nil
	}
	row = hosted.Row{
		ID: strings.TrimSpace(c.ID), CallID: strings.TrimSpace(c.ID), Agent: c.Extension, Number: c.ToNumber,
		Duration: hosted.Seconds(c.Duration),
	}
	for _, t := range []struct {
		text string
		to   *hosted.Instant
	}{{c.TimeStarted, &row.Start}, {c.TimeAnswered, &row.Answer}, {c.TimeEnded, &row.End}} {
		if t.text == "" {
			continue
		}
		if *t.to, err = hosted.Local(p.cfg.Zone, time.DateTime, t.text); err != nil {
			return row, false, err
		}
	}
	if row.ID == "" || row.Start.IsZero() {
		return row, false, errors.New("a CDR has no id or no time_started")
	}
	var talk time.Duration
	if !row.Answer.IsZero() && !row.End.IsZero() {
		began := row.Answer.Near(time.Now())
		talk = max(0, row.End.Near(began).Sub(began))
	}
	row.Outcome = outcome(c.Status, c.Cause, talk)
	row.Outcome.Recording = c.RecordingURL
	return row, true, nil
}
