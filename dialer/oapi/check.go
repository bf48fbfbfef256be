package oapi

import (
	"context"
	"fmt"
	"net/http"

	"github.com/outpace/outpace/dialer/hosted"
)

// token is the answer to a request for one. What expire is counted in, the
// page does not tell.
type token struct {
	Value  string `json:"value"`
	Expire text   `json:"expire"`
}

// Check looks at every device's password. No phone rings.
func (p *pbx) Check(ctx context.Context) []hosted.Finding {
	var findings []hosted.Finding
	for _, device := range p.devices {
		f := hosted.Finding{Name: "device " + device, Text: "its password is accepted; whether it is registered shows in the first call only"}
		f.Err = p.fetchToken(ctx, device)
		findings = append(findings, f)
	}
	return findings
}

// fetchToken asks for the token of the signals by websocket: the one request
// that takes a device's password and rings nobody.
func (p *pbx) fetchToken(ctx context.Context, device string) error {
	var t token
	err := p.client.Do(ctx, hosted.Request{
		Method: http.MethodPost, Path: "/oapi/v1/voice/auth_token",
		Header: p.app.header(), JSON: credentials{device, p.passwords[device]},
	}, &t)
	switch {
	case err != nil:
		return fmt.Errorf("fetch a token: %w", err)
	case t.Value == "":
		return fmt.Errorf("fetch a token: %w", &hosted.MalformedError{Err: errNoToken})
	}
	return nil
}
