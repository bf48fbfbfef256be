package fcm5600

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/outpace/outpace/dialer"
	"github.com/outpace/outpace/dialer/hosted"
)

// Place asks the PBX to dial from the agent's extension to the number. The
// page names no call, so there is no id, and has no place for a caller's
// number or name.
func (p *pbx) Place(ctx context.Context, o hosted.Order) (string, error) {
	if o.Agent == "" || o.Number == "" {
		return "", fmt.Errorf("fcm5600: %w: %w", dialer.ErrNotSent, dialer.ErrUnusable)
	}
	var e envelope
	err := p.session.Send(ctx, hosted.Request{
		Method: http.MethodPost, Path: "/api/call-dial/dial",
		JSON: map[string]string{"dest": o.Number, "src": o.Agent},
	}, o.Before, &e)
	if err == nil {
		err = e.read(nil)
	}
	if err == nil {
		return "", nil
	}
	if expired(err) {
		// Nothing was dialed. The next call logs in first.
		if token, tokenErr := p.session.Token(ctx); tokenErr == nil {
			p.session.Drop(token)
		}
	}
	return "", fmt.Errorf("fcm5600: dial: %w", refusal(err))
}

// refusal says what an answer to dial means.
func refusal(err error) error {
	if errors.Is(err, dialer.ErrNotSent) || errors.Is(err, dialer.ErrOutcomeUnknown) {
		return err
	}
	answer, ok := answerOf(err)
	if !ok {
		return fmt.Errorf("%w: %w", dialer.ErrOutcomeUnknown, err)
	}
	r := &hosted.Refusal{Code: strconv.Itoa(answer.code)}
	switch answer.code {
	case http.StatusBadRequest:
		return badRequest(r, strings.ToLower(answer.message))
	case http.StatusUnauthorized:
		r.Text = "the PBX says that we are not logged in"
	case http.StatusForbidden:
		r.Text = "the PBX does not allow the call"
	case http.StatusNotFound, http.StatusMethodNotAllowed:
		r.Text = "the PBX does not offer to dial here"
	case http.StatusTooManyRequests:
		r.Text = "the PBX is asked too often"
	default:
		return fmt.Errorf("%w: %w", dialer.ErrOutcomeUnknown, err)
	}
	return r
}

// badRequest tells the two documented reasons apart, as far as the message does.
func badRequest(r *hosted.Refusal, message string) error {
	switch {
	case has(message, "callee", "dest"):
		r.Text = "the PBX takes the number for invalid"
		return fmt.Errorf("%w: %w", dialer.ErrUnusable, r)
	case has(message, "caller", "src", "extension", "exten "):
		r.Fault = hosted.AgentOffline
		r.Text = "the PBX does not know the agent's extension"
	default:
		r.Text = "the PBX does not know the agent's extension, or takes the number for invalid"
	}
	return r
}

func has(text string, words ...string) bool {
	for _, word := range words {
		if strings.Contains(text, word) {
			return true
		}
	}
	return false
}

// Hangup ends what the agent's extension is in.
func (p *pbx) Hangup(ctx context.Context, c hosted.Live) error {
	if c.Agent == "" {
		return fmt.Errorf("fcm5600: hang up: %w: its agent is not known", dialer.ErrNoCall)
	}
	err := p.ask(ctx, hosted.Request{
		Method: http.MethodPost, Path: "/api/call-dial/hangup",
		JSON: map[string][]string{"extensions": {c.Agent}},
	}, nil)
	if answer, ok := answerOf(err); ok && answer.code == http.StatusBadRequest {
		return fmt.Errorf("fcm5600: hang up: %w: %w", dialer.ErrNoCall, err)
	}
	if err != nil {
		return fmt.Errorf("fcm5600: hang up: %w", err)
	}
	return nil
}
