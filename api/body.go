package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"unicode/utf8"

	"github.com/labstack/echo/v5"
)

// object is a JSON object: its members in the order in which they came.
type object []member

type member struct {
	name  string
	value json.RawMessage
}

// errDuplicate names a member that an object has twice.
type errDuplicate string

func (e errDuplicate) Error() string { return quote(string(e)) + " is given twice" }

var (
	errNotObject = errors.New("is not a JSON object")
	errTrailing  = errors.New("goes on after its JSON object")
)

// readBody reads the JSON object in a request's body, whatever its
// Content-Type says: curl -d sends a form's. A body that trickles in gets no
// more time than the request has; that is the client's fault, not ours.
func (s *server) readBody(c *echo.Context) (object, error) {
	ctx := c.Request().Context()
	if c.Request().ContentLength > s.cfg.BodyLimit { // no need to have it sent first
		return nil, &http.MaxBytesError{Limit: s.cfg.BodyLimit}
	}
	if deadline, limited := ctx.Deadline(); limited {
		// Where there is no connection to limit, as in tests, nothing waits.
		_ = http.NewResponseController(c.Response()).SetReadDeadline(deadline)
	}
	body, err := io.ReadAll(http.MaxBytesReader(answerOf(c).ResponseWriter, c.Request().Body, s.cfg.BodyLimit))
	if err == nil {
		return parseBody(body)
	}
	if _, tooBig := errors.AsType[*http.MaxBytesError](err); tooBig {
		return nil, err
	}
	if errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return nil, refuse(http.StatusRequestTimeout, "The body did not arrive in time; nothing has been changed")
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	return nil, refuse(http.StatusBadRequest, "The body could not be read to its end")
}

// parseBody parses a body; its errors are problems.
func parseBody(body []byte) (object, error) {
	if len(bytes.TrimSpace(body)) == 0 {
		return nil, refuse(http.StatusBadRequest, "The body must be a JSON object, it is empty")
	}
	if !utf8.Valid(body) {
		return nil, refuse(http.StatusBadRequest, "The body must be UTF-8")
	}
	members, err := parseObject(body)
	if err != nil {
		if _, twice := errors.AsType[errDuplicate](err); twice {
			return nil, refuse(http.StatusBadRequest, "The body must be a JSON object with each key once: "+err.Error())
		}
		return nil, refuse(http.StatusBadRequest, "The body must be a JSON object: "+err.Error())
	}
	return members, nil
}

// parseObject splits a JSON object into its members. A name that stands twice
// is refused, since readers differ in which one they believe.
func parseObject(text []byte) (object, error) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	start, err := decoder.Token()
	if err != nil {
		return nil, readable(err)
	}
	if start != json.Delim('{') {
		return nil, errNotObject
	}
	var members object
	seen := make(map[string]bool)
	for decoder.More() {
		token, err := decoder.Token()
		if err != nil {
			return nil, readable(err)
		}
		name, ok := token.(string)
		if !ok {
			return nil, errNotObject
		}
		if seen[name] {
			return nil, errDuplicate(name)
		}
		seen[name] = true
		var value json.RawMessage
		if err := decoder.Decode(&value); err != nil {
			return nil, readable(err)
		}
		members = append(members, member{name: name, value: value})
	}
	if _, err := decoder.Token(); err != nil {
		return nil, readable(err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, errTrailing
	}
	return members, nil
}

// readable is what users are told of a decoder's error.
func readable(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.New("ends too early")
	}
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		return fmt.Errorf("%s near byte %d", syntax.Error(), syntax.Offset)
	}
	return err
}
