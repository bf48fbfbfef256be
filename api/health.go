package api

import (
	"context"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/labstack/echo/v4"
)

// probeTimeout is how long one check may take.
const probeTimeout = 3 * time.Second

// healthView is the result of a health check.
type healthView struct {
	Status string            `json:"status"`
	Checks map[string]string `json:"checks,omitempty"`
}

// alive answers as long as the process serves at all.
func (s *server) alive(c echo.Context) error {
	return s.reply(c, healthView{Status: "alive"})
}

// ready answers whether everything works that is needed for dialing. It is
// open to all, so it names what fails but not why; the log has that.
func (s *server) ready(c echo.Context) error {
	ctx, cancel := context.WithTimeout(c.Request().Context(), probeTimeout)
	defer cancel()
	failures := make([]error, len(s.cfg.Ready))
	var probes sync.WaitGroup
	for i, check := range s.cfg.Ready {
		probes.Go(func() { failures[i] = check.Probe(ctx) })
	}
	probes.Wait()

	view := healthView{Status: "ready", Checks: make(map[string]string, len(s.cfg.Ready))}
	failed := ""
	for i, check := range s.cfg.Ready {
		view.Checks[check.Name] = "ok"
		if failures[i] == nil {
			continue
		}
		view.Checks[check.Name] = "failed"
		if failed != "" {
			failed += ", "
		}
		failed += check.Name
		s.cfg.Logger.LogAttrs(ctx, slog.LevelWarn, "readiness check failed",
			slog.String("check", check.Name), slog.String("error", maskNumbers(failures[i].Error())))
	}
	if failed == "" {
		return s.reply(c, view)
	}
	view.Status = "not ready"
	return s.send(c, envelope{
		Statuscode: http.StatusServiceUnavailable,
		Result:     view,
		Error: &failure{
			Code:    http.StatusServiceUnavailable,
			Message: "Not ready: " + failed + ".",
		},
	})
}
