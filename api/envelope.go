package api

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"
)

// apiVersion is the version that every answer names.
const apiVersion = "0.1"

// timeLayout has exactly nine decimals, so that texts sort as times do.
const timeLayout = "2006-01-02T15:04:05.000000000Z"

// envelope is the form of every answer.
type envelope struct {
	APIVersion string   `json:"api_ver"`
	Result     any      `json:"result,omitempty"`
	Error      *failure `json:"error,omitempty"`
	Statuscode int      `json:"statuscode"`
	Timestamp  string   `json:"timestamp"`
}

// failure is the error of an answer.
type failure struct {
	Code    int    `json:"code"`
	Message string `json:"message"`
}

// page is the result of a list. Next is the value for the parameter "after"
// that continues it, nil at its end.
type page struct {
	List any `json:"list"`
	Next any `json:"next,omitempty"`
}

// reply answers 200 with a result; a nil result is left out.
func (s *server) reply(c echo.Context, result any) error {
	return s.send(c, envelope{Statuscode: http.StatusOK, Result: result})
}

// send writes an answer. The whole body is made before the first byte is
// written, so that a failure here can still become a proper 500.
func (s *server) send(c echo.Context, e envelope) error {
	e.APIVersion = apiVersion
	e.Timestamp = formatTime(s.cfg.Now())
	var body bytes.Buffer
	encoder := json.NewEncoder(&body)
	encoder.SetEscapeHTML(false) // texts come back as they were given
	if err := encoder.Encode(e); err != nil {
		return fmt.Errorf("encode answer: %w", err)
	}
	header := c.Response().Header()
	header.Set("Cache-Control", "no-store")
	header.Set("X-Content-Type-Options", "nosniff")
	return c.Blob(e.Statuscode, "application/json; charset=utf-8", body.Bytes())
}

// formatTime writes a time in the form of the wire.
func formatTime(t time.Time) string { return t.UTC().Format(timeLayout) }

// orNull gives a text its form on the wire, where "" is null.
func orNull(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

// timeOrNull gives a time its form on the wire, where the zero time is null.
func timeOrNull(t time.Time) *string {
	if t.IsZero() {
		return nil
	}
	text := formatTime(t)
	return &text
}

// flag gives a yes or no its form on the wire.
func flag(yes bool) int {
	if yes {
		return 1
	}
	return 0
}
