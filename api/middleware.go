package api

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"

	"github.com/labstack/echo/v5"
)

// log writes one line a request. It turns errors into answers itself, so that
// it knows the status.
func (s *server) log(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c *echo.Context) error {
		start := s.cfg.Now()
		if err := next(c); err != nil {
			s.fail(c, err)
		}
		status := answerOf(c).Status
		s.cfg.Logger.LogAttrs(c.Request().Context(), level(c.Path(), status), "request",
			slog.String("method", c.Request().Method),
			slog.String("route", routeOf(c)),
			slog.Int("status", status),
			slog.Duration("duration", s.cfg.Now().Sub(start)),
			slog.String("role", string(roleOf(c))))
		return nil
	}
}

// recover turns a panic into an error, so that one request's fault is not
// everybody's. http.ErrAbortHandler is how a handler asks the server to drop
// the connection; it goes on.
func (s *server) recover(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c *echo.Context) (err error) {
		defer func() {
			cause := recover()
			if cause == nil {
				return
			}
			if cause == http.ErrAbortHandler { //nolint:errorlint // it is compared by identity on purpose
				panic(cause)
			}
			err = fmt.Errorf("panic: %v\n%s", cause, debug.Stack())
		}()
		return next(c)
	}
}

// limitTime gives the rest of a request a deadline.
func (s *server) limitTime(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c *echo.Context) error {
		limit := s.cfg.Timeout
		if isRecording(c.Path()) {
			limit = recordingTime
		}
		ctx, cancel := context.WithTimeout(c.Request().Context(), limit)
		defer cancel()
		c.SetRequest(c.Request().WithContext(ctx))
		return next(c)
	}
}
