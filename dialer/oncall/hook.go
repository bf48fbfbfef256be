package oncall

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/outpace/outpace/dialer/hosted"
)

// event is what the event URL gets (II).
type event struct {
	Caller text `json:"caller"`
	Callee text `json:"callee"`
	Type   text `json:"event_type"`
	Time   text `json:"time"`
}

// Offer is the header Authorization, where it can be right.
func (p *pbx) Offer(r *http.Request) (offer, lasting string) { return p.challenge.offer(r) }

// Hook checks and reads an event (II).
func (p *pbx) Hook(r *http.Request, body []byte) ([]hosted.News, string, error) {
	switch challenge, good, stale := p.challenge.check(r, time.Now()); {
	case stale:
		return nil, challenge, fmt.Errorf("event: %w", hosted.ErrStale)
	case !good:
		return nil, challenge, fmt.Errorf("event: %w", hosted.ErrForbidden)
	}
	list, err := readEvents(r.Header.Get("Content-Type"), body)
	if err != nil {
		return nil, "", fmt.Errorf("event: %w", err)
	}
	var news []hosted.News
	for _, e := range list {
		if n, ok := e.news(); ok {
			news = append(news, n)
		}
	}
	return news, "", nil
}

// readEvents reads one event, or several in an array: JSON, as its example was
// parsed from, or a form.
func readEvents(contentType string, body []byte) ([]event, error) {
	if kind, _, err := mime.ParseMediaType(contentType); err == nil && kind == "application/x-www-form-urlencoded" {
		if form, err := url.ParseQuery(string(body)); err == nil && form.Has("event_type") {
			return []event{{
				Caller: text(form.Get("caller")), Callee: text(form.Get("callee")),
				Type: text(form.Get("event_type")), Time: text(form.Get("time")),
			}}, nil
		}
	}
	if trimmed := bytes.TrimSpace(body); len(trimmed) > 0 && trimmed[0] == '[' {
		var list []event
		if json.Unmarshal(trimmed, &list) != nil {
			return nil, errUnreadable
		}
		return list, nil
	}
	var one event
	if json.Unmarshal(body, &one) != nil {
		return nil, errUnreadable
	}
	return []event{one}, nil
}

// errUnreadable quotes nothing: the body may hold numbers.
var errUnreadable = errors.New("neither JSON nor a form")

// news is false for events that say nothing of a call of ours: registrations,
// and what is not known.
func (e event) news() (hosted.News, bool) {
	stage := hosted.Stage(0)
	for _, known := range Events {
		if strings.EqualFold(strings.TrimSpace(string(e.Type)), known.Type) {
			stage = known.Stage
		}
	}
	n := hosted.News{Agent: user(e.Caller), Number: user(e.Callee), At: e.at(), Stage: stage}
	return n, stage != 0 && n.Agent != "" && n.Number != ""
}

// at reads seconds since the epoch, in UTC.
func (e event) at() time.Time {
	n, err := strconv.ParseInt(strings.TrimSpace(string(e.Time)), 10, 64)
	if err != nil || n <= 0 || n > 1<<40 {
		return time.Time{}
	}
	return time.Unix(n, 0)
}
