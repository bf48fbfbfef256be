package fcm5600

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/outpace/outpace/dialer/hosted"
)

const (
	// pageSize is how many rows are asked for at once; the page sets no limit.
	pageSize = 100
	// maxPages bounds one reading of the log.
	maxPages = 500
	// margin is how much older than the window rows are read, for two readings
	// of one local time.
	margin = 2 * time.Hour
	day    = "2006-01-02"

	logPath       = "/pbx/call-log/search-calllog-page"
	recordingPath = "/pbx/call-log/search-general-recording-page"
)

// search is a question to the call log or to the list of recordings.
type search struct {
	From      string `json:"from"`
	To        string `json:"to"`
	Type      string `json:"type"`
	Source    string `json:"src"`
	Dest      string `json:"dest"`
	PIN       string `json:"pinCode"`
	Trunk     string `json:"trunkName"`
	Status    string `json:"status"`
	Page      int    `json:"page"`
	PageSize  int    `json:"pageSize"`
	Order     string `json:"order"`
	ColumnKey string `json:"columnKey"`
}

// found is one page of the answer.
type found struct {
	Items []json.RawMessage `json:"items"`
}

// newSearch asks for all calls of whole days. Those between extensions are
// among them, since a number may be one.
func (p *pbx) newSearch(from, to time.Time) search {
	s := search{Type: "all", Status: "all", PageSize: pageSize}
	s.From, s.To = hosted.Wall(p.zone(), day, from, to)
	return s
}

// Rows reads the call log, newest rows first, back to the beginning of the
// window.
func (p *pbx) Rows(ctx context.Context, w hosted.Window) ([]hosted.Row, error) {
	s := p.newSearch(w.From, w.To)
	var rows []hosted.Row
	seen := map[string]bool{}
	err := p.pages(ctx, logPath, s, func(list []record) bool {
		oldest, fresh := time.Time{}, false
		sorted := true
		for _, r := range list {
			at, err := hosted.Local(p.zone(), second, r.Start)
			if err != nil {
				continue
			}
			begun := at.Near(w.From)
			sorted = sorted && (oldest.IsZero() || !begun.After(oldest))
			oldest = begun
			row, ok, err := p.row(r)
			if err != nil || seen[row.ID] {
				continue
			}
			fresh = true
			if seen[row.ID] = true; ok {
				rows = append(rows, row)
			}
		}
		past := sorted && !oldest.IsZero() && oldest.Before(w.From.Add(-margin))
		return fresh && !past
	})
	if err != nil {
		return nil, fmt.Errorf("fcm5600: read the call log: %w", err)
	}
	return rows, nil
}

// pages reads page after page until more says that it is enough, or a page is
// not full.
func (p *pbx) pages(ctx context.Context, path string, s search, more func([]record) bool) error {
	first, err := p.first(ctx, path, s)
	if err != nil {
		return err
	}
	for n := range maxPages {
		s.Page = first + n
		list, size, err := p.page(ctx, path, s)
		if err != nil {
			return err
		}
		if !more(list) || size < s.PageSize {
			return nil
		}
	}
	return fmt.Errorf("more than %d pages", maxPages)
}

// first finds out whether pages are counted from 0 or from 1, and remembers it
// once the answers show it. A row that comes in between two questions moves the
// others, and might show the wrong thing for good: so page 0 is asked for
// twice, and only what stands between two equal answers counts.
func (p *pbx) first(ctx context.Context, path string, s search) (int, error) {
	if n := p.firstPage.Load(); n > 0 {
		return int(n) - 1, nil
	}
	s.PageSize = 1
	zero, err := p.newest(ctx, path, s, 0)
	if err != nil {
		return 0, err
	}
	one, err := p.newest(ctx, path, s, 1)
	if err != nil {
		return 0, err
	}
	again, err := p.newest(ctx, path, s, 0)
	switch {
	case err != nil:
		return 0, err
	case again != zero, zero == "" && one == "":
		return 0, nil // nothing is shown by this; page 0 does no harm
	case zero == "", zero == one, zero == refusedPage && one != refusedPage:
		return p.decide(1), nil
	}
	return p.decide(0), nil
}

// refusedPage stands for a page that the PBX does not take for one.
const refusedPage = "refused"

// newest names the row on a page of one row, "" if there is none.
func (p *pbx) newest(ctx context.Context, path string, s search, number int) (string, error) {
	s.Page = number
	list, _, err := p.page(ctx, path, s)
	if answer, ok := answerOf(err); ok && answer.code == http.StatusBadRequest {
		return refusedPage, nil
	}
	if err != nil || len(list) == 0 {
		return "", err
	}
	return string(list[0].ID) + " " + list[0].Start, nil
}

func (p *pbx) decide(first int) int {
	p.firstPage.Store(int32(first) + 1) //nolint:gosec // 0 or 1
	return first
}

// page reads one page. size is how many rows it has, unreadable ones too.
func (p *pbx) page(ctx context.Context, path string, s search) (list []record, size int, err error) {
	var data found
	if err := p.ask(ctx, hosted.Request{Method: http.MethodPost, Path: path, JSON: s}, &data); err != nil {
		return nil, 0, err
	}
	for _, raw := range data.Items {
		var r record
		if json.Unmarshal(raw, &r) == nil {
			list = append(list, r)
		}
	}
	if len(list) == 0 && len(data.Items) > 0 {
		return nil, 0, &hosted.MalformedError{Err: errors.New("no row can be read")}
	}
	return list, len(data.Items), nil
}
