package hosted

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/cenkalti/backoff/v5"
	"github.com/sony/gobreaker/v2"
	"golang.org/x/sync/semaphore"
	"golang.org/x/time/rate"

	"github.com/outpace/outpace/dialer"
)

const (
	// answerLimit bounds what is read of an answer, in bytes.
	answerLimit = 8 << 20
	// errorLimit bounds what is kept of an answer that is an error.
	errorLimit = 64 << 10
	// tries is how often a safe request is made before its failure counts.
	tries = 3
	// firstPause is the pause before the second try, about; later ones grow.
	firstPause = 200 * time.Millisecond
	// breakerTrips is how many requests in a row have to fail until the PBX
	// counts as down.
	breakerTrips = 5
	// honestTrip is how long a request may take for its answer to tell the
	// PBX's clock.
	honestTrip = 2 * time.Second
)

// Request is one HTTP request to the PBX.
type Request struct {
	Method string
	Path   string // beneath the base URL, begins with a slash
	Query  url.Values
	Header http.Header
	JSON   any        // body; nil = none
	Form   url.Values // body instead of JSON
}

// Client speaks HTTP with one PBX: with time-outs, at most so many requests at
// once and a second, no redirects, and a circuit breaker over all of them.
type Client struct {
	base    string
	http    *http.Client
	tls     *tls.Config
	limit   time.Duration
	placing time.Duration
	slots   *semaphore.Weighted
	rate    *rate.Limiter
	breaker *gobreaker.CircuitBreaker[*reply]
	skew    atomic.Int64 // ns that the PBX's clock is ahead of ours
	skewed  atomic.Bool  // skew has been measured
}

// reply is an answer, read.
type reply struct {
	status int
	body   []byte
}

// NewClient checks the settings and makes a client. It connects to nothing yet.
func NewClient(s Settings) (*Client, error) {
	s, err := s.withDefaults()
	if err != nil {
		return nil, fmt.Errorf("hosted: %w", err)
	}
	c := &Client{
		base: s.BaseURL, tls: s.TLS, limit: s.Timeout, placing: s.PlaceTimeout,
		slots: semaphore.NewWeighted(int64(s.Concurrency)),
		rate:  rate.NewLimiter(rate.Limit(s.Rate), max(1, s.Rate/5)),
	}
	c.http = &http.Client{CheckRedirect: noRedirect, Transport: &http.Transport{
		TLSClientConfig: s.TLS, ForceAttemptHTTP2: true,
		MaxIdleConnsPerHost: s.Concurrency, IdleConnTimeout: 30 * time.Second,
		TLSHandshakeTimeout: s.Timeout, ResponseHeaderTimeout: s.Timeout,
	}}
	c.breaker = gobreaker.NewCircuitBreaker[*reply](gobreaker.Settings{
		Name: s.Name, Timeout: s.Down,
		ReadyToTrip:  func(n gobreaker.Counts) bool { return n.ConsecutiveFailures >= breakerTrips },
		IsSuccessful: func(err error) bool { return !isFailure(err) },
	})
	return c, nil
}

func noRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// isFailure reports whether an error tells of the PBX's health, rather than of
// what we asked for or of our own giving up.
func isFailure(err error) bool {
	if err == nil || errors.Is(err, context.Canceled) || errors.Is(err, errHeldBack) {
		return false
	}
	if status, ok := errors.AsType[*StatusError](err); ok {
		return status.Status >= 500
	}
	return true
}

// Do makes a request that is safe to repeat, up to three times, and reads the
// JSON of a 2xx answer into out (nil = do not, *[]byte = the bytes as they are). Other answers are a
// *StatusError, unreadable ones a *MalformedError.
func (c *Client) Do(ctx context.Context, r Request, out any) error {
	pause := backoff.NewExponentialBackOff()
	pause.InitialInterval = firstPause
	_, err := backoff.Retry(ctx, func() (struct{}, error) {
		err := c.once(ctx, r, out)
		if err == nil || isFailure(err) && !errors.Is(err, gobreaker.ErrOpenState) && !errors.Is(err, gobreaker.ErrTooManyRequests) {
			return struct{}{}, err
		}
		return struct{}{}, backoff.Permanent(err)
	}, backoff.WithBackOff(pause), backoff.WithMaxTries(tries))
	if err != nil {
		return fmt.Errorf("%s %s: %w", r.Method, r.Path, err)
	}
	return nil
}

// once makes a request once, over a connection that may have been used before.
func (c *Client) once(ctx context.Context, r Request, out any) error {
	ctx, cancel := context.WithTimeout(ctx, c.limit)
	defer cancel()
	if err := c.wait(ctx); err != nil {
		return err
	}
	defer c.slots.Release(1)
	_, err := c.breaker.Execute(func() (*reply, error) {
		answer, err := c.round(ctx, c.http, r)
		if err != nil {
			return nil, err
		}
		return answer, answer.read(out)
	})
	return err
}

// Send makes a request that must not be repeated: it places a call. before, if
// not nil, is called right before its first byte is written. The error wraps
// dialer.ErrNotSent if surely nothing was written, is a *StatusError for an
// answer of 4xx, which is for the kind to read, and else wraps
// dialer.ErrOutcomeUnknown, an unreadable answer included.
func (c *Client) Send(ctx context.Context, r Request, before func() error, out any) error {
	ctx, cancel := context.WithTimeout(ctx, c.placing)
	defer cancel()
	if err := c.wait(ctx); err != nil {
		return fmt.Errorf("%w: %w", dialer.ErrNotSent, err)
	}
	defer c.slots.Release(1)
	g := &gate{before: before}
	_, err := c.breaker.Execute(func() (*reply, error) {
		answer, err := c.round(ctx, &http.Client{CheckRedirect: noRedirect, Transport: g.transport(c.tls)}, r)
		if err != nil {
			return nil, err
		}
		return answer, answer.read(out)
	})
	status, answered := errors.AsType[*StatusError](err)
	switch {
	case err == nil:
		return nil
	case answered && status.Status >= 400 && status.Status < 500:
		return err
	case !g.written():
		if refusal := g.refusal(); refusal != nil {
			err = refusal
		}
		return fmt.Errorf("%w: %w", dialer.ErrNotSent, err)
	default:
		// What kind of failure it was must not be taken for a refusal.
		return fmt.Errorf("%w: %s", dialer.ErrOutcomeUnknown, err.Error())
	}
}

// wait waits for a slot and for the rate.
func (c *Client) wait(ctx context.Context) error {
	if err := c.slots.Acquire(ctx, 1); err != nil {
		return fmt.Errorf("%w: %w", errHeldBack, err)
	}
	if err := c.rate.Wait(ctx); err != nil {
		c.slots.Release(1)
		return fmt.Errorf("%w: %w", errHeldBack, err)
	}
	return nil
}

// errHeldBack says that a request was given up before it was made.
var errHeldBack = errors.New("request was held back for too long")

// round makes the request and reads the whole answer.
func (c *Client) round(ctx context.Context, h *http.Client, r Request) (*reply, error) {
	req, err := c.Make(ctx, r)
	if err != nil {
		return nil, err
	}
	began := time.Now()
	resp, err := h.Do(req)
	if err != nil {
		return nil, plain(err)
	}
	defer resp.Body.Close()
	c.tellTime(resp.Header.Get("Date"), began, time.Now())
	limit := int64(answerLimit)
	if resp.StatusCode/100 != 2 {
		limit = errorLimit
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, limit))
	if err != nil {
		return nil, plain(err)
	}
	return &reply{status: resp.StatusCode, body: body}, nil
}

// plain leaves the URL out of an error: it may hold a number or a secret.
func plain(err error) error {
	if e, ok := errors.AsType[*url.Error](err); ok {
		return e.Err
	}
	return err
}

// Make makes a request to the PBX without sending it.
func (c *Client) Make(ctx context.Context, r Request) (*http.Request, error) {
	target := c.base + r.Path
	if len(r.Query) > 0 {
		target += "?" + r.Query.Encode()
	}
	var body io.Reader
	kind := ""
	switch {
	case r.JSON != nil:
		text, err := json.Marshal(r.JSON)
		if err != nil {
			return nil, fmt.Errorf("write the request: %w", err)
		}
		body, kind = bytes.NewReader(text), "application/json"
	case r.Form != nil:
		body, kind = strings.NewReader(r.Form.Encode()), "application/x-www-form-urlencoded"
	}
	req, err := http.NewRequestWithContext(ctx, r.Method, target, body)
	if err != nil {
		return nil, fmt.Errorf("make the request: %w", plain(err))
	}
	if kind != "" {
		req.Header.Set("Content-Type", kind)
	}
	req.Header.Set("Accept", "application/json")
	for name, values := range r.Header {
		req.Header[http.CanonicalHeaderKey(name)] = values
	}
	return req, nil
}

func (a *reply) read(out any) error {
	if a.status/100 != 2 {
		return &StatusError{Status: a.status, Body: a.body}
	}
	if out == nil {
		return nil
	}
	if raw, ok := out.(*[]byte); ok { // a page that does not say the answer is JSON
		*raw = a.body
		return nil
	}
	if err := json.Unmarshal(a.body, out); err != nil {
		return &MalformedError{Err: err}
	}
	return nil
}

// tellTime takes the PBX's clock from an answer's Date, which has whole
// seconds.
func (c *Client) tellTime(date string, began, ended time.Time) {
	at, err := http.ParseTime(date)
	if err != nil || ended.Sub(began) > honestTrip {
		return
	}
	ours := began.Add(ended.Sub(began) / 2)
	skew := at.Add(500 * time.Millisecond).Sub(ours)
	if old := time.Duration(c.skew.Load()); c.skewed.Load() && (skew-old).Abs() < time.Second {
		return // no more than the whole seconds explain
	}
	c.skew.Store(int64(skew))
	c.skewed.Store(true)
}

// Skew is how far the PBX's clock is ahead of ours, as its answers tell it, to
// the second. known is false while none has.
func (c *Client) Skew() (ahead time.Duration, known bool) {
	return time.Duration(c.skew.Load()), c.skewed.Load()
}

// Down reports whether the circuit breaker holds requests back.
func (c *Client) Down() bool { return c.breaker.State() != gobreaker.StateClosed }

// Location is the base URL's scheme and host, with the port.
func (c *Client) Location() string {
	u, err := url.Parse(c.base)
	if err != nil {
		return ""
	}
	return u.Scheme + "://" + u.Host
}

// Number returns the last nine digits of a number, which are what two
// spellings of it have in common; all of it if it has no digits.
func Number(text string) string {
	digits := make([]byte, 0, len(text))
	for i := range len(text) {
		if text[i] >= '0' && text[i] <= '9' {
			digits = append(digits, text[i])
		}
	}
	if len(digits) == 0 {
		return text
	}
	return string(digits[max(0, len(digits)-9):])
}

// Seconds is a time that a page tells in seconds; negative and absurd ones are 0.
func Seconds(n float64) time.Duration {
	if math.IsNaN(n) || n < 0 || n > 30*24*3600 {
		return 0
	}
	return time.Duration(n * float64(time.Second))
}
