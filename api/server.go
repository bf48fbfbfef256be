package api

import (
	"fmt"
	"log/slog"
	"net/http"

	"github.com/labstack/echo/v5"
)

// server holds what all handlers share. It keeps no state of its own beside
// the failed log-ins, the counts of lists and the last look at the checks.
type server struct {
	cfg       Config
	ring      keyring
	attempts  *attempts
	counts    *countCache
	readiness readiness
}

// New makes the handler of the whole API. Its error says what is wrong with
// cfg. What the handler starts it starts by Config.Spawn; it needs no stopping.
func New(cfg Config) (http.Handler, error) {
	s, err := newServer(cfg)
	if err != nil {
		return nil, err
	}
	return s.handler()
}

func newServer(cfg Config) (*server, error) {
	cfg, err := cfg.complete()
	if err != nil {
		return nil, err
	}
	ring, err := newKeyring(cfg.Tokens)
	if err != nil {
		return nil, err
	}
	return &server{
		cfg:      cfg,
		ring:     ring,
		attempts: newAttempts(cfg.Now),
		counts:   newCountCache(cfg.Logger, cfg.Now, cfg.Spawn, cfg.Store.Counts),
	}, nil
}

// handler puts routes and middleware together.
func (s *server) handler() (*echo.Echo, error) {
	e := echo.New()
	e.Logger = slog.New(slog.DiscardHandler) // what is to be known of a request is in its line
	e.HTTPErrorHandler = s.fail
	e.Use(s.log, s.recover, s.limitTime, s.guard)
	if err := s.register(e); err != nil {
		return nil, err
	}
	return e, nil
}

// answerOf is echo's own writer of a request's answer: no middleware of ours
// puts another one around it.
func answerOf(c *echo.Context) *echo.Response {
	answer, err := echo.UnwrapResponse(c.Response())
	if err != nil {
		panic(fmt.Errorf("api: %w", err))
	}
	return answer
}

// routeOf is a request's route for logs: its pattern, never the path itself,
// and never the query, which may hold a token.
func routeOf(c *echo.Context) string {
	if route := c.Path(); route != "" {
		return route
	}
	return "unknown"
}

// level is how loud an answer is logged: success is quiet, and so are health
// checks, which are asked for again and again by anybody.
func level(route string, status int) slog.Level {
	switch {
	case isHealth(route):
		return slog.LevelDebug
	case isHook(route) && status < http.StatusInternalServerError:
		return slog.LevelDebug // its gateway counts those that it refuses
	case status >= http.StatusInternalServerError:
		return slog.LevelWarn // the cause was logged as an error where it was met
	case status == http.StatusUnauthorized, status == http.StatusTooManyRequests:
		return slog.LevelInfo
	}
	return slog.LevelDebug
}
