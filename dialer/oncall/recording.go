package oncall

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"sync"
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

// given are the recordings that calls have got: none is for two calls.
type given struct {
	mu   sync.Mutex
	rows map[text]giving // by path
}

// giving is which row got a recording, and when.
type giving struct {
	row string
	at  time.Time
}

// givenFor is how long a recording is remembered as given: no call is looked
// up later.
const givenFor = 24 * time.Hour

// free reports whether a recording is no other row's.
func (g *given) free(path text, row string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	old, taken := g.rows[path]
	return !taken || old.row == row
}

// take gives a recording to a row, unless another one was faster.
func (g *given) take(path text, row string, now time.Time) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if old, taken := g.rows[path]; taken && old.row != row {
		return false
	}
	maps.DeleteFunc(g.rows, func(_ text, old giving) bool { return now.Sub(old.at) > givenFor })
	if g.rows == nil {
		g.rows = map[text]giving{}
	}
	g.rows[path] = giving{row, now}
	return true
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
	var found text
	var best time.Duration
	answer := r.Answer.Near(start)
	if r.Answer.IsZero() {
		answer = end.Add(-r.Outcome.Talk)
	}
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
			t := at.Near(start)
			if t.Before(start.Add(-recordingSlack)) || t.After(end.Add(recordingSlack)) || !p.given.free(rec.Path, r.ID) {
				continue
			}
			if d := t.Sub(answer).Abs(); found == "" || d < best {
				found, best = rec.Path, d
			}
		}
		return page.paging, len(page.Records), fresh
	})
	if err == nil && (found == "" || !p.given.take(found, r.ID, time.Now())) {
		return "", errNotYet
	}
	return string(found), err
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
