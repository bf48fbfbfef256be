package api

import (
	"net/http"

	"github.com/labstack/echo/v4"
)

// Hooks are the gateways whose PBXs tell of calls by requests to us.
type Hooks interface {
	// Hook is what serves a gateway's hooks. It knows its PBX by a secret of
	// its own: the API's tokens do not count there. ok is false if there is no
	// such gateway, or it has no hooks.
	Hook(gateway string) (handler http.Handler, ok bool)
}

// pathHooks is where PBXs post; behind it comes the gateway's name.
const pathHooks = "/hooks/:gateway"

// isHook reports whether a route is the one of hooks.
func isHook(path string) bool { return path == pathHooks || path == pathHooks+"/" }

// hook hands a request of a PBX to its gateway.
func (s *server) hook(c echo.Context) error {
	if s.cfg.Hooks == nil {
		return echo.ErrNotFound
	}
	handler, ok := s.cfg.Hooks.Hook(c.Param("gateway"))
	if !ok {
		return echo.ErrNotFound
	}
	c.Request().Body = http.MaxBytesReader(c.Response(), c.Request().Body, s.cfg.BodyLimit)
	handler.ServeHTTP(c.Response(), c.Request())
	return nil
}
