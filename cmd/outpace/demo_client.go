package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"
)

// client speaks to the REST API, as any user of it would.
type client struct {
	base  string // such as http://127.0.0.1:8081
	token string // "" = none
	http  http.Client
}

func newClient(base, token string) *client {
	return &client{base: base, token: token, http: http.Client{
		Timeout:   20 * time.Second,
		Transport: &http.Transport{MaxIdleConnsPerHost: 2},
	}}
}

// Close ends idle connections.
func (c *client) Close() { c.http.CloseIdleConnections() }

// refused is an error that the API answered with.
type refused struct {
	Status  int    `json:"code"`
	Message string `json:"message"`
}

func (e refused) Error() string { return fmt.Sprintf("the API answered %d: %s", e.Status, e.Message) }

// send sends one request. Whoever gets the answer closes its body.
func (c *client) send(ctx context.Context, method, path string, body any) (*http.Response, error) {
	var content io.Reader
	if body != nil {
		encoded, err := json.Marshal(body)
		if err != nil {
			return nil, fmt.Errorf("%s %s: %w", method, path, err)
		}
		content = bytes.NewReader(encoded)
	}
	request, err := http.NewRequestWithContext(ctx, method, c.base+path, content)
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", method, path, err)
	}
	request.Header.Set("Content-Type", "application/json")
	if c.token != "" {
		request.Header.Set("Authorization", "Bearer "+c.token)
	}
	response, err := c.http.Do(request)
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", method, path, err)
	}
	return response, nil
}

// drain reads an answer and throws it away.
func (c *client) drain(ctx context.Context, path string) error {
	response, err := c.send(ctx, http.MethodGet, path, nil)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	if _, err := io.Copy(io.Discard, response.Body); err != nil {
		return fmt.Errorf("GET %s: %w", path, err)
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("GET %s: status %d", path, response.StatusCode)
	}
	return nil
}

// do sends one request and reads the result into result, unless it is nil.
func (c *client) do(ctx context.Context, method, path string, body, result any) error {
	response, err := c.send(ctx, method, path, body)
	if err != nil {
		return err
	}
	defer func() {
		_, _ = io.Copy(io.Discard, io.LimitReader(response.Body, 64<<10)) // so that the connection can be used again
		_ = response.Body.Close()
	}()
	var envelope struct {
		Result json.RawMessage `json:"result"`
		Error  *refused        `json:"error"`
	}
	if err := json.NewDecoder(response.Body).Decode(&envelope); err != nil {
		return fmt.Errorf("%s %s: status %d: %w", method, path, response.StatusCode, err)
	}
	if envelope.Error != nil {
		return fmt.Errorf("%s %s: %w", method, path, *envelope.Error)
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s %s: status %d", method, path, response.StatusCode)
	}
	if result == nil {
		return nil
	}
	if len(envelope.Result) == 0 {
		return fmt.Errorf("%s %s: %w", method, path, errors.New("the answer has no result"))
	}
	if err := json.Unmarshal(envelope.Result, result); err != nil {
		return fmt.Errorf("%s %s: %w", method, path, err)
	}
	return nil
}

// create posts an object and returns its uuid.
func (c *client) create(ctx context.Context, path string, object any) (string, error) {
	var made struct {
		UUID string `json:"uuid"`
	}
	if err := c.do(ctx, http.MethodPost, path, object, &made); err != nil {
		return "", err
	}
	if made.UUID == "" {
		return "", fmt.Errorf("POST %s: the answer has no uuid", path)
	}
	return made.UUID, nil
}

// ready reports whether /readyz says yes.
func (c *client) ready(ctx context.Context) bool {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, c.base+"/readyz", nil)
	if err != nil {
		return false
	}
	response, err := c.http.Do(request)
	if err != nil {
		return false
	}
	defer func() { _ = response.Body.Close() }()
	_, _ = io.Copy(io.Discard, response.Body) // so that the connection can be used again
	return response.StatusCode == http.StatusOK
}
