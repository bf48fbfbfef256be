package fcm5600

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/outpace/outpace/dialer/hosted"
)

const (
	// tokenLife is a day less than the month that a login lasts.
	tokenLife = 29 * 24 * time.Hour
	// loginPause is how long a refused login is not repeated.
	loginPause = time.Minute
)

// envelope is what every answer is in.
type envelope struct {
	Code    *int            `json:"code"`
	Message string          `json:"message"`
	Data    json.RawMessage `json:"data"`
}

// codeError is an answer whose code is not 0.
type codeError struct {
	code    int
	message string // the PBX's; never shown, since it may hold anything
}

// Error names the code only.
func (e *codeError) Error() string { return fmt.Sprintf("the PBX answered with code %d", e.code) }

var errNoCode = errors.New("the answer has no code")

// read opens an envelope.
func (e envelope) read(out any) error {
	switch {
	case e.Code == nil:
		return &hosted.MalformedError{Err: errNoCode}
	case *e.Code != 0:
		return &codeError{*e.Code, e.Message}
	case out == nil:
		return nil
	}
	if err := json.Unmarshal(e.Data, out); err != nil {
		return &hosted.MalformedError{Err: err}
	}
	return nil
}

// answerOf makes one error of both places that an error's code may be in. An
// HTTP error's body may be an envelope, whose message says more.
func answerOf(err error) (*codeError, bool) {
	if e, ok := errors.AsType[*codeError](err); ok {
		return e, true
	}
	status, ok := errors.AsType[*hosted.StatusError](err)
	if !ok {
		return nil, false
	}
	var e envelope
	_ = json.Unmarshal(status.Body, &e) // it need not be one
	return &codeError{status.Status, e.Message}, true
}

// expired reports whether an answer says that we are not logged in.
func expired(err error) bool {
	e, ok := answerOf(err)
	return ok && e.code == http.StatusUnauthorized
}

// ask makes a request that is safe to repeat and reads its data into out.
func (p *pbx) ask(ctx context.Context, r hosted.Request, out any) error {
	for again := false; ; again = true {
		token, err := p.session.Token(ctx)
		if err != nil {
			return err
		}
		var e envelope
		if err = p.session.Do(ctx, r, &e); err == nil {
			err = e.read(out)
		}
		if err == nil {
			return nil
		}
		if again || !expired(err) {
			return fmt.Errorf("%s: %w", r.Path, err)
		}
		p.session.Drop(token) // inside an answer the session does not see it
	}
}

// refusedLogin is a login that the PBX did not like.
type refusedLogin struct {
	at  time.Time
	err error
}

// login posts the credentials.
func (p *pbx) login(ctx context.Context) (hosted.Token, error) {
	p.mu.Lock()
	last := p.refused
	p.mu.Unlock()
	if last.err != nil && time.Since(last.at) < loginPause {
		return hosted.Token{}, last.err
	}
	var e envelope
	err := p.client.Do(ctx, hosted.Request{
		Method: http.MethodPost, Path: p.cfg.LoginPath,
		JSON: map[string]string{"username": p.cfg.Username, "password": p.cfg.Password},
	}, &e)
	var token string
	if err == nil {
		err = e.read(&token)
	}
	now := time.Now()
	if answer, ok := answerOf(err); ok && answer.code < http.StatusInternalServerError {
		err = fmt.Errorf("the PBX does not accept username and password: %w", err)
		p.mu.Lock()
		p.refused = refusedLogin{now, err}
		p.mu.Unlock()
	}
	if err != nil {
		return hosted.Token{}, err
	}
	return hosted.Token{Value: bare(token), Expires: now.Add(tokenLife)}, nil
}

// bare takes the word Bearer off a token.
func bare(token string) string {
	const word = "bearer "
	token = strings.TrimSpace(token)
	if len(token) >= len(word) && strings.EqualFold(token[:len(word)], word) {
		token = strings.TrimSpace(token[len(word):])
	}
	return token
}
