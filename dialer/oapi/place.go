package oapi

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

// credentials are the body of what is asked in a device's name.
type credentials struct {
	SIPUser     string `json:"sipUser"`
	SIPPassword string `json:"sipPassword"`
}

// Place asks the PBX to ring the agent's device and then the number. The page
// names no call, so there is no id, and has no place for a caller's number or
// name.
func (p *pbx) Place(ctx context.Context, o hosted.Order) (string, error) {
	password, known := p.passwords[o.Agent]
	if !known {
		return "", fmt.Errorf("oapi: %w: the settings have no such device", dialer.ErrNotSent)
	}
	// The number is a step of the path, where these mean something else.
	if o.Number == "" || o.Number == "." || o.Number == ".." {
		return "", fmt.Errorf("oapi: %w: %w", dialer.ErrNotSent, dialer.ErrUnusable)
	}
	err := p.client.Send(ctx, hosted.Request{
		Method: http.MethodPost, Path: "/oapi/v1/call/click-to-call/" + url.PathEscape(o.Number),
		Header: p.app.header(), JSON: credentials{o.Agent, password},
	}, o.Before, nil)
	if err != nil {
		return "", fmt.Errorf("oapi: click to call: %w", refusal(err))
	}
	return "", nil
}

// refusals are the answers that a server gives before it acts.
var refusals = map[int]hosted.Refusal{
	http.StatusBadRequest:            {Fault: hosted.AgentOffline, Text: "the agent's device is offline"},
	http.StatusUnauthorized:          {Text: "the PBX does not accept app_id and app_secret"},
	http.StatusForbidden:             {Text: "the PBX does not allow the call"},
	http.StatusNotFound:              {Text: "the PBX does not know click to call for this number"},
	http.StatusMethodNotAllowed:      {Text: "the PBX does not offer click to call here"},
	http.StatusRequestEntityTooLarge: {Text: "the PBX does not read the request"},
	http.StatusUnsupportedMediaType:  {Text: "the PBX does not read the request"},
	http.StatusUnprocessableEntity:   {Text: "the PBX does not accept the request"},
	http.StatusTooManyRequests:       {Text: "the PBX is asked too often"},
}

// refusal says what an answer to click to call means.
func refusal(err error) error {
	status, ok := errors.AsType[*hosted.StatusError](err)
	switch {
	case !ok || errors.Is(err, dialer.ErrOutcomeUnknown) || errors.Is(err, dialer.ErrNotSent):
		return err
	case refusals[status.Status].Text == "":
		return fmt.Errorf("%w: %w", dialer.ErrOutcomeUnknown, err)
	}
	r := refusals[status.Status]
	r.Code = strconv.Itoa(status.Status)
	return &r
}
