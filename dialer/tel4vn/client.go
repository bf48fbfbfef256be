package tel4vn

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/outpace/outpace/dialer/hosted"
)

// tokenReply is the answer of POST /v1/auth/token.
type tokenReply struct {
	Data struct {
		Expired int64  `json:"expired"` // unix time, by the PBX's clock
		Token   string `json:"token"`
		UserID  string `json:"user_id"`
	} `json:"data"`
}

// login fetches a token for the API key.
func (p *pbx) login(ctx context.Context) (hosted.Token, error) {
	var reply tokenReply
	err := p.client.Do(ctx, hosted.Request{
		Method: http.MethodPost, Path: "/v1/auth/token", JSON: map[string]string{"api_key": p.cfg.APIKey},
	}, &reply)
	if err != nil {
		return hosted.Token{}, err
	}
	t := hosted.Token{Value: reply.Data.Token}
	if reply.Data.Expired > 0 {
		ahead, _ := p.client.Skew()
		t.Expires = time.Unix(reply.Data.Expired, 0).Add(-ahead)
	}
	return t, nil
}

// Connect logs in and registers the hooks that are not there. Without hooks
// the CDRs are polled, so that a failure there is only logged.
func (p *pbx) Connect(ctx context.Context) error {
	if _, err := p.session.Token(ctx); err != nil {
		return err
	}
	if p.cfg.HookURL == "" {
		return nil
	}
	if err := p.registerHooks(ctx); err != nil {
		p.log.Warn("hooks could not be registered, the CDRs are polled", slog.Any("error", err))
	}
	return nil
}
