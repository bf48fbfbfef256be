package hosted

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"github.com/outpace/outpace/dialer"
)

// renewEarly is how long before its expiry a token is renewed; for one that
// lives shortly, a tenth of its life.
const renewEarly = 30 * time.Second

// Token is what a login gave.
type Token struct {
	Value   string
	Expires time.Time // by our clock; zero = not told
}

// Login fetches a token, by Client.Do.
type Login func(ctx context.Context) (Token, error)

// Session keeps a login: it fetches the token when it is first needed, renews
// it before it expires and after an answer that it has, and makes one renewal
// at a time.
type Session struct {
	client *Client
	login  Login
	// Sign puts the token into a request; default is the header
	// "Authorization: Bearer TOKEN".
	Sign func(r *Request, token string)
	// Expired reports whether an error says that the token is not good any
	// more; default is the status 401. It must not be true for a request that
	// the PBX may have carried out.
	Expired func(err error) bool

	flight singleflight.Group
	mu     sync.Mutex
	token  Token
	got    time.Time
}

// NewSession makes a session that is not logged in yet.
func NewSession(client *Client, login Login) *Session {
	return &Session{client: client, login: login, Sign: bearer, Expired: unauthorized}
}

func bearer(r *Request, token string) {
	if r.Header == nil {
		r.Header = http.Header{}
	}
	r.Header = r.Header.Clone()
	r.Header.Set("Authorization", "Bearer "+token)
}

func unauthorized(err error) bool {
	status, ok := errors.AsType[*StatusError](err)
	return ok && status.Status == http.StatusUnauthorized
}

// Do is Client.Do with the token, once more with a new one if it has expired.
func (s *Session) Do(ctx context.Context, r Request, out any) error {
	return s.twice(ctx, r, func(r Request) error { return s.client.Do(ctx, r, out) })
}

// Send is Client.Send with the token. An answer that the token has expired is
// a refusal, so that the request may be made again with a new one. Without a
// token nothing is sent (dialer.ErrNotSent).
func (s *Session) Send(ctx context.Context, r Request, before func() error, out any) error {
	err := s.twice(ctx, r, func(r Request) error { return s.client.Send(ctx, r, before, out) })
	if e, ok := errors.AsType[*loginError](err); ok {
		return fmt.Errorf("%w: %w", dialer.ErrNotSent, e)
	}
	return err
}

func (s *Session) twice(ctx context.Context, r Request, do func(Request) error) error {
	for again := false; ; again = true {
		token, err := s.Token(ctx)
		if err != nil {
			return err
		}
		signed := r
		s.Sign(&signed, token)
		err = do(signed)
		if err == nil || again || !s.Expired(err) {
			return err
		}
		s.Drop(token)
	}
}

// Token returns a token that should be good.
func (s *Session) Token(ctx context.Context) (string, error) {
	if token, ok := s.held(time.Now()); ok {
		return token, nil
	}
	// One login serves all that wait for it, so it must not end with the
	// first of them; Client bounds its time.
	made := s.flight.DoChan("", func() (any, error) {
		if token, ok := s.held(time.Now()); ok {
			return token, nil
		}
		token, err := s.login(context.WithoutCancel(ctx))
		if err == nil && token.Value == "" {
			err = &MalformedError{Err: errors.New("no token")}
		}
		if err != nil {
			return "", &loginError{err}
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		s.token, s.got = token, time.Now()
		return token.Value, nil
	})
	select {
	case <-ctx.Done():
		return "", &loginError{ctx.Err()}
	case r := <-made:
		token, _ := r.Val.(string)
		return token, r.Err
	}
}

// held returns the token in hand if it is good for a while.
func (s *Session) held(now time.Time) (string, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.token.Value == "" {
		return "", false
	}
	if end := s.token.Expires; !end.IsZero() {
		early := min(renewEarly, end.Sub(s.got)/10)
		if !now.Before(end.Add(-early)) {
			return "", false
		}
	}
	return s.token.Value, true
}

// Drop forgets a token that turned out to be bad, unless it has been replaced
// already.
func (s *Session) Drop(token string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.token.Value == token {
		s.token = Token{}
	}
}

// loginError is a failed login.
type loginError struct{ err error }

// Error says so.
func (e *loginError) Error() string { return "log in: " + e.err.Error() }

// Unwrap returns why.
func (e *loginError) Unwrap() error { return e.err }
