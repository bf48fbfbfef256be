package oapi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/outpace/outpace/dialer/hosted"
)

var (
	errNoToken = errors.New("the answer holds no token")
	errNoURL   = errors.New("the answer holds no URL of the recording")
)

// Recording asks the PBX where a file is and makes the request for it. The
// page says that the answer is the URL and not in what form: text, JSON text
// and an object with one URL in it are read.
func (p *pbx) Recording(ctx context.Context, name string) (*http.Request, error) {
	var body []byte
	err := p.client.Do(ctx, hosted.Request{
		Method: http.MethodGet, Path: "/oapi/v1/call/play_recording",
		Header: http.Header{"Content-Type": {"application/json"}},
		Query:  p.app.signed(param{"media", name}),
	}, &body)
	if err != nil {
		return nil, fmt.Errorf("oapi: ask for a recording: %w", err)
	}
	where, err := mediaURL(body)
	if err != nil {
		return nil, fmt.Errorf("oapi: ask for a recording: %w", &hosted.MalformedError{Err: err})
	}
	target, err := url.Parse(p.client.Location())
	if err != nil {
		return nil, fmt.Errorf("oapi: ask for a recording: %w", err)
	}
	target = target.ResolveReference(where)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, target.String(), http.NoBody)
	if err != nil {
		return nil, errors.New("oapi: the recording's URL cannot be used")
	}
	return req, nil
}

// mediaURL finds the URL in an answer.
func mediaURL(body []byte) (*url.URL, error) {
	word := strings.TrimSpace(string(body))
	var plain string
	var object map[string]json.RawMessage
	switch {
	case json.Unmarshal(body, &plain) == nil:
		word = plain
	case json.Unmarshal(body, &object) == nil:
		word = ""
		for _, value := range object {
			var found string
			if json.Unmarshal(value, &found) != nil || !isURL(found) {
				continue
			}
			if word != "" {
				return nil, errNoURL
			}
			word = found
		}
	}
	if !isURL(word) {
		return nil, errNoURL
	}
	u, err := url.Parse(word)
	if err != nil {
		return nil, errNoURL // err quotes it, and it may hold a secret
	}
	return u, nil
}

func isURL(word string) bool {
	return strings.HasPrefix(word, "http://") || strings.HasPrefix(word, "https://") ||
		strings.HasPrefix(word, "/") && !strings.HasPrefix(word, "//")
}
