package api

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v5"

	"github.com/outpace/outpace/campaign"
	"github.com/outpace/outpace/dlma"
	"github.com/outpace/outpace/plan"
	"github.com/outpace/outpace/results"
)

// problem is an error that knows its answer.
type problem struct {
	status  int
	message string        // a sentence for users
	retry   time.Duration // when to ask again, 0 = not said
}

func (p problem) Error() string { return p.message }

// invalid refuses a field, parameter or body.
func invalid(field, message string) error {
	return problem{status: http.StatusBadRequest, message: field + " " + message}
}

// refuse is any other problem with a sentence.
func refuse(status int, message string) error { return problem{status: status, message: message} }

// problemOf finds the answer to an error. What is not known here is a fault of
// ours: its text stays inside.
func problemOf(err error, noun string) (p problem, internal bool) {
	if known, ok := errors.AsType[problem](err); ok {
		return known, false
	}
	if message, ok := invalidMessage(err); ok {
		return problem{status: http.StatusBadRequest, message: message}, false
	}
	if message, ok := conflictMessage(err); ok {
		return problem{status: http.StatusConflict, message: message}, false
	}
	if isNotFound(err) {
		return problem{status: http.StatusNotFound, message: "There is no such " + noun + "."}, false
	}
	if tooBig, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return problem{
			status:  http.StatusRequestEntityTooLarge,
			message: "The body must not have more than " + strconv.FormatInt(tooBig.Limit, 10) + " bytes.",
		}, false
	}
	switch {
	case errors.Is(err, echo.ErrNotFound):
		return problem{status: http.StatusNotFound, message: "There is no such resource."}, false
	case errors.Is(err, echo.ErrMethodNotAllowed):
		return problem{status: http.StatusMethodNotAllowed, message: "This resource does not know that method."}, false
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return problem{
			status:  http.StatusServiceUnavailable,
			message: "The request took too long and was given up; what it was to change may or may not have been changed.",
		}, true
	}
	if errors.Is(err, context.Canceled) { // the client has gone, nobody reads this
		return problem{status: http.StatusServiceUnavailable, message: "The request was given up by the client."}, false
	}
	return problem{
		status:  http.StatusInternalServerError,
		message: "Something went wrong inside; the log has the cause.",
	}, true
}

// invalidMessage is the message of a noun's Invalid.
func invalidMessage(err error) (string, bool) {
	if e, ok := errors.AsType[plan.Invalid](err); ok {
		return e.Error(), true
	}
	if e, ok := errors.AsType[campaign.Invalid](err); ok {
		return e.Error(), true
	}
	if e, ok := errors.AsType[dlma.Invalid](err); ok {
		return e.Error(), true
	}
	if e, ok := errors.AsType[results.Invalid](err); ok {
		return e.Error(), true
	}
	return "", false
}

// conflictMessage is the message of a noun's Conflict.
func conflictMessage(err error) (string, bool) {
	if e, ok := errors.AsType[plan.Conflict](err); ok {
		return e.Error(), true
	}
	if e, ok := errors.AsType[campaign.Conflict](err); ok {
		return e.Error(), true
	}
	if e, ok := errors.AsType[dlma.Conflict](err); ok {
		return e.Error(), true
	}
	if e, ok := errors.AsType[results.Conflict](err); ok {
		return e.Error(), true
	}
	return "", false
}

func isNotFound(err error) bool {
	return errors.Is(err, plan.ErrNotFound) || errors.Is(err, campaign.ErrNotFound) ||
		errors.Is(err, dlma.ErrNotFound) || errors.Is(err, results.ErrNotFound)
}

// fail is echo's error handler: the one place where errors become answers.
func (s *server) fail(c *echo.Context, err error) {
	if answerOf(c).Committed {
		return
	}
	p, internal := problemOf(err, nounOf(c.Path()))
	if internal {
		s.cfg.Logger.LogAttrs(c.Request().Context(), slog.LevelError, "request failed",
			slog.String("method", c.Request().Method),
			slog.String("route", routeOf(c)),
			slog.String("error", maskNumbers(err.Error())))
	}
	if p.retry > 0 {
		seconds := int64((p.retry + time.Second - 1) / time.Second)
		c.Response().Header().Set("Retry-After", strconv.FormatInt(seconds, 10))
	}
	if p.status == http.StatusUnauthorized {
		c.Response().Header().Set("WWW-Authenticate", "Bearer")
	}
	if err := s.send(c, envelope{Statuscode: p.status, Error: &failure{Code: p.status, Message: sentence(p.message)}}); err != nil {
		s.cfg.Logger.LogAttrs(c.Request().Context(), slog.LevelDebug, "answer not written", slog.String("error", err.Error()))
	}
}

// sentence makes a message a sentence: it ends it with a full stop, and begins
// it with a capital where that is safe. The first word often is the name of a
// field, which must stay as it is.
func sentence(message string) string {
	if strings.HasPrefix(message, "a ") || strings.HasPrefix(message, "the ") {
		message = strings.ToUpper(message[:1]) + message[1:]
	}
	if strings.HasSuffix(message, ".") {
		return message
	}
	return message + "."
}

// nounOf is what a route's resource is called in sentences.
func nounOf(route string) string {
	_, rest, _ := strings.Cut(route, "/ob/")
	name, _, _ := strings.Cut(rest, "/")
	switch name {
	case "plans":
		return "plan"
	case "destinations":
		return "destination"
	case "dlmas":
		return "dlma"
	case "dls":
		return "dl"
	case "dialings":
		return "dialing"
	case "results":
		return "result"
	case "campaigns", "campaign":
		return "campaign"
	}
	return "object"
}

var longNumber = regexp.MustCompile(`[0-9]{6,}`)

// maskNumbers hides what may be phone numbers in the text of an error: all but
// the last two digits.
func maskNumbers(text string) string {
	return longNumber.ReplaceAllStringFunc(text, func(number string) string {
		return strings.Repeat("*", len(number)-2) + number[len(number)-2:]
	})
}
