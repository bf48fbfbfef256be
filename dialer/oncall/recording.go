package oncall

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/outpace/outpace/dialer/hosted"
)

// errNotYet says that a recording is not in the list; it may come.
var errNotYet = errors.New("the recording is not listed yet")

// recordingSlack is how far a recording may lie outside its call: times are
// whole seconds.
const recordingSlack = 2 * time.Second

// record is a recording (4.1).
type record struct {
	Path   text `json:"filepath"`
	Caller text `json:"caller"`
	Callee text `json:"callee"`
	Start  text `json:"start_time"`
	End    text `json:"end_time"`
}

// recordPage is a page of 4.1.
type recordPage struct {
	paging

	Records []record `json:"records"`
}

// recordingOf finds the recording of an answered call. Whether one will come
// is not known; it is waited for only where recordings are set up.
func (p *pbx) recordingOf(ctx context.Context, c hosted.Live, r hosted.Row) (string, error) {
	if p.cfg.RecordingBaseURL == "" {
		return "", nil
	}
	start := r.Start.Near(c.Sent)
	end := start.Add(r.Duration)
	if !r.End.IsZero() {
		end = r.End.Near(end)
	}
	query := p.search(start.Add(-recordingSlack), end)
	query.Set("extension", c.Agent)
	found := ""
	seen := map[text]bool{}
	err := pages(ctx, p, "/api/recordfiles/extension/list", query, func(page recordPage) (paging, int, int) {
		fresh := 0
		for _, rec := range page.Records {
			if seen[rec.Path] {
				continue
			}
			seen[rec.Path] = true
			fresh++
			at := rec.Start.instant(p.zone)
			if at.IsZero() || user(rec.Caller) != r.Agent || hosted.Number(user(rec.Callee)) != hosted.Number(r.Number) {
				continue
			}
			if t := at.Near(start); !t.Before(start.Add(-recordingSlack)) && !t.After(end.Add(recordingSlack)) {
				found = string(rec.Path)
			}
		}
		return page.paging, len(page.Records), fresh
	})
	if err == nil && found == "" {
		err = errNotYet
	}
	return found, err
}

// Recording makes the request for a file by its path (4.1).
func (p *pbx) Recording(ctx context.Context, name string) (*http.Request, error) {
	target, err := url.Parse(name)
	switch {
	case err != nil || name == "":
		return nil, errors.New("the recording's path cannot be read")
	case target.Scheme != "" || target.Host != "" || target.User != nil:
		// A whole address: whether it may be used is the core's to say.
	case strings.Contains("/"+target.Path+"/", "/../"):
		return nil, errors.New("the recording's path leads upwards")
	default:
		target = p.files.JoinPath(target.Path)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, target.String(), http.NoBody)
	if err != nil {
		return nil, fmt.Errorf("make the request for a recording: %w", err)
	}
	return req, nil
}
