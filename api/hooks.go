package api

import (
	"net/http"
	"time"

	"github.com/labstack/echo/v5"
)

// Hooks are the gateways whose PBXs tell of calls by requests to us.
type Hooks interface {
	// Hook is what serves a gateway's hooks. It knows its PBX by a secret of
	// its own: the API's tokens do not count there. ok is false if there is no
	// such gateway, or it has no hooks.
	Hook(gateway string) (hook Hook, ok bool)
}

// Hook serves the hooks of one gateway. What a request offers to be let in by it
// compares with its secret by try alone.
type Hook func(w http.ResponseWriter, r *http.Request, try Try)

// Try calls check, which reports whether an offer is right, unless too many wrong
// ones came from the same address; wait is how long to tell the client to stay
// away, 0 if it need not. lasting is the part of the offer that is the same the
// next time; it is the offer itself unless that is good once only.
type Try = func(offer, lasting string, check func() (right bool)) (wait time.Duration)

// pathHooks is where PBXs post; behind it comes the gateway's name.
const pathHooks = "/hooks/:gateway"

// isHook reports whether a route is the one of hooks.
func isHook(path string) bool { return path == pathHooks || path == pathHooks+"/" }

// hook hands a request of a PBX to its gateway.
func (s *server) hook(c *echo.Context) error {
	if s.cfg.Hooks == nil {
		return echo.ErrNotFound
	}
	name, r := c.Param("gateway"), c.Request()
	hook, ok := s.cfg.Hooks.Hook(name)
	if !ok {
		return echo.ErrNotFound
	}
	r.Body = http.MaxBytesReader(answerOf(c).ResponseWriter, r.Body, s.cfg.BodyLimit)
	from := place{networkOf(clientOf(r)), name}
	hook(c.Response(), r, func(offer, lasting string, check func() bool) time.Duration {
		_, wait := s.attempts.try(from, offerOf(offer, lasting), check)
		return wait
	})
	return nil
}
