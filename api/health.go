package api

import (
	"context"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/labstack/echo/v5"
)

// probeTimeout is how long one check may take.
const probeTimeout = 3 * time.Second

// healthView is the result of a health check.
type healthView struct {
	Status string            `json:"status"`
	Checks map[string]string `json:"checks,omitempty"`
}

// readiness remembers what failed when it was last asked, so that the log hears
// of a change once. Who asks is not known, and may ask as often as he likes.
type readiness struct {
	mu     sync.Mutex
	failed string
}

// note takes in what fails now, and reports whether that is news.
func (r *readiness) note(failed string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	news := failed != r.failed
	r.failed = failed
	return news
}

// alive answers as long as the process serves at all.
func (s *server) alive(c *echo.Context) error {
	return s.reply(c, healthView{Status: "alive"})
}

// ready answers whether everything works that is needed for dialing. It is
// open to all, so it names what fails but not why; the log has that.
func (s *server) ready(c *echo.Context) error {
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
	}
	if s.readiness.note(failed) {
		s.logReadiness(ctx, failures)
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

// logReadiness writes down which checks fail and why, or that none does any more.
func (s *server) logReadiness(ctx context.Context, failures []error) {
	ready := true
	for i, err := range failures {
		if err == nil {
			continue
		}
		ready = false
		s.cfg.Logger.LogAttrs(ctx, slog.LevelWarn, "readiness check failed",
			slog.String("check", s.cfg.Ready[i].Name), slog.String("error", maskNumbers(err.Error())))
	}
	if ready {
		s.cfg.Logger.LogAttrs(ctx, slog.LevelInfo, "ready again")
	}
}
