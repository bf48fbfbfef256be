package api

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/labstack/echo/v5"
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

// encoded is JSON that was made here: it is not looked at again when it
// becomes part of an answer, as encoding/json would do with a json.RawMessage.
type encoded []byte

// Write appends.
func (e *encoded) Write(p []byte) (int, error) {
	*e = append(*e, p...)
	return len(p), nil
}

// encode appends v in the form of the wire.
func encode(dst encoded, v any) (encoded, error) {
	encoder := json.NewEncoder(&dst)
	encoder.SetEscapeHTML(false) // texts come back as they were given
	if err := encoder.Encode(v); err != nil {
		return nil, fmt.Errorf("encode answer: %w", err)
	}
	return bytes.TrimSuffix(dst, []byte("\n")), nil
}

// appendMember appends a member to an object that has one already.
func appendMember(dst encoded, key string, value encoded) encoded {
	dst = append(append(append(dst, ',', '"'), key...), '"', ':')
	return append(dst, value...)
}

// pageMost bounds what is set aside for a page by what its first object takes.
const pageMost = 1 << 20

// encodePage makes the result of a list: its objects, and the value for the
// parameter "after" that continues it, nil at its end.
func encodePage[T any](list []T, one func(encoded, T) (encoded, error), next any) (page encoded, err error) {
	page = encoded(`{"list":[`)
	for i, t := range list {
		if i == 1 { // the others may be about as long
			page = slices.Grow(page, min(len(page)*len(list), pageMost))
		}
		if i > 0 {
			page = append(page, ',')
		}
		if page, err = one(page, t); err != nil {
			return nil, err
		}
	}
	page = append(page, ']')
	if next != nil {
		value, err := encode(nil, next)
		if err != nil {
			return nil, err
		}
		page = appendMember(page, "next", value)
	}
	return append(page, '}'), nil
}

// reply answers 200 with a result; a nil result is left out.
func (s *server) reply(c *echo.Context, result any) error {
	return s.send(c, envelope{Statuscode: http.StatusOK, Result: result})
}

// replyPage answers 200 with a page of objects, whose uuids are the values for
// the parameter "after".
func replyPage[T any](s *server, c *echo.Context, list []T, more bool, one func(encoded, T) (encoded, error), uuid func(T) string) error {
	var next any
	if more && len(list) > 0 {
		next = uuid(list[len(list)-1])
	}
	page, err := encodePage(list, one, next)
	if err != nil {
		return err
	}
	return s.reply(c, page)
}

// send writes an answer. The whole body is made before the first byte is
// written, so that a failure here can still become a proper 500.
func (s *server) send(c *echo.Context, e envelope) error {
	e.APIVersion = apiVersion
	e.Timestamp = formatTime(s.cfg.Now())
	result, made := e.Result.(encoded)
	if made {
		e.Result = nil
	}
	body, err := encode(nil, e)
	if err != nil {
		return err
	}
	parts := [][]byte{body, {'\n'}}
	if made {
		parts = [][]byte{[]byte(`{"result":`), result, {','}, body[1:], {'\n'}}
	}
	response := c.Response()
	header := response.Header()
	header.Set("Cache-Control", "no-store")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set(echo.HeaderContentType, "application/json; charset=utf-8")
	header.Set(echo.HeaderContentLength, strconv.Itoa(length(parts)))
	response.WriteHeader(e.Statuscode)
	for _, part := range parts {
		if _, err := response.Write(part); err != nil {
			return fmt.Errorf("write answer: %w", err)
		}
	}
	return nil
}

func length(parts [][]byte) (n int) {
	for _, part := range parts {
		n += len(part)
	}
	return n
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
