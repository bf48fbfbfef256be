package fcm5600

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/outpace/outpace/dialer/hosted"
)

const (
	playPath = "/pbx/play/"
	// spool is where the device keeps its files; what comes after it is also
	// what comes after generalPath.
	spool       = "/var/spool/asterisk/monitor/recording/"
	generalPath = "/pbx/play/general-recording/"
)

var errNoPlayURL = errors.New("the log names no path that recordings are played at")

// Detail looks for the recording of an answered call that the log says was
// recorded.
func (p *pbx) Detail(ctx context.Context, _ hosted.Live, row hosted.Row) (hosted.Row, error) {
	if row.Outcome.Recording == "" || strings.HasPrefix(row.Outcome.Recording, playPath) {
		return row, nil
	}
	start := row.Start.Near(p.now())
	s := p.newSearch(start, start.Add(row.Duration))
	s.Dest = row.Number
	var byFile, byTime []record
	err := p.pages(ctx, recordingPath, s, func(list []record) bool {
		for _, r := range list {
			other, ok, err := p.row(r)
			switch {
			case err != nil || !ok || r.PlayURL == "":
			case path.Base(r.PlayURL) == path.Base(row.Outcome.Recording):
				byFile = append(byFile, r)
			case other.Number == row.Number && other.Agent == row.Agent && other.Start.Near(start).Equal(start):
				byTime = append(byTime, r)
			}
		}
		return len(byFile) == 0 && len(list) > 0 && !p.older(list, start)
	})
	switch match := slices.Concat(byFile, byTime); {
	case err != nil:
		return row, fmt.Errorf("fcm5600: look for the recording: %w", err)
	case len(byFile) > 0 || len(byTime) == 1: // one of two of the same second may be another call's
		row.Outcome.Recording = match[0].PlayURL
		shorter(&row, hosted.Seconds(float64(match[0].Length)))
	case strings.HasPrefix(row.Outcome.Recording, spool):
		row.Outcome.Recording = generalPath + strings.TrimPrefix(row.Outcome.Recording, spool)
	}
	return row, nil
}

// older reports whether a page has come to what began well before start.
func (p *pbx) older(list []record, start time.Time) bool {
	at, err := hosted.Local(p.zone(), second, list[len(list)-1].Start)
	return err == nil && at.Near(start).Before(start.Add(-margin))
}

// Recording makes the request that plays a file, with the token, which goes
// to the PBX itself and nowhere else.
func (p *pbx) Recording(ctx context.Context, name string) (*http.Request, error) {
	if rest, ok := strings.CutPrefix(name, spool); ok {
		name = generalPath + rest
	}
	u, err := url.Parse(name)
	if err != nil || u.Scheme != "" || u.Host != "" || u.RawQuery != "" || u.Fragment != "" ||
		!strings.HasPrefix(u.Path, playPath) || path.Clean(u.Path) != u.Path {
		return nil, fmt.Errorf("fcm5600: %w: %w", hosted.ErrNoRecording, errNoPlayURL)
	}
	token, err := p.session.Token(ctx)
	if err != nil {
		return nil, fmt.Errorf("fcm5600: %w", err)
	}
	target := p.base + u.EscapedPath() + "?" + url.Values{"token": {token}}.Encode()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, target, http.NoBody)
	if err != nil {
		return nil, errors.New("fcm5600: the recording's path cannot be used")
	}
	req.Header.Set("Authorization", "Bearer "+token)
	return req, nil
}
