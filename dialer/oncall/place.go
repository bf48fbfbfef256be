package oncall

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"

	"github.com/outpace/outpace/dialer"
	"github.com/outpace/outpace/dialer/hosted"
)

// Place asks for a call (3.1). The PBX gives it no name.
func (p *pbx) Place(ctx context.Context, o hosted.Order) (string, error) {
	var body []byte
	err := p.client.Send(ctx, hosted.Request{
		Method: http.MethodPost, Path: "/api/extensions/call",
		Query: url.Values{
			"src": {o.Agent}, "to": {o.Number}, "domain": {p.cfg.Domain},
			"extension": {p.cfg.AuthExtension}, "auth": {p.cfg.AuthPassword},
		},
		Header: http.Header{"Content-Type": {"application/json"}},
	}, o.Before, &body)
	if status, ok := errors.AsType[*hosted.StatusError](err); ok {
		return "", refusal(status)
	}
	if code := readError(body).Code; err == nil && code != "" {
		return "", fmt.Errorf("%w: an answer of success that holds the error %.16q", dialer.ErrOutcomeUnknown, code)
	}
	return "", err
}

// refusal gives an answer of 4xx its meaning.
func refusal(status *hosted.StatusError) error {
	if status.Status == http.StatusRequestTimeout {
		return fmt.Errorf("%w: %w", dialer.ErrOutcomeUnknown, status)
	}
	code := readError(status.Body).Code
	if c, known := lookUp(code); known {
		return &hosted.Refusal{Fault: c.Fault, Code: c.Code, Text: c.Meaning}
	}
	return &hosted.Refusal{
		Code: strconv.Itoa(status.Status),
		Text: "the PBX refused the call for a reason that its page does not name",
	}
}
