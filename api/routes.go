package api

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/labstack/echo/v5"
)

// route is one verb of one resource.
type route struct {
	method string
	path   string // below a prefix
	least  Role   // the least role that may use it
	serve  echo.HandlerFunc
}

// prefixes are where the resources stand.
var prefixes = []string{"/ob", "/v1/ob"}

// Paths of the health checks.
const (
	pathAlive = "/healthz"
	pathReady = "/readyz"
)

func isHealth(path string) bool {
	path = strings.TrimSuffix(path, "/")
	return path == pathAlive || path == pathReady
}

// routes is the table of all that can be asked for, and by whom.
func (s *server) routes() []route {
	plans, destinations, lists := s.plans(), s.destinations(), s.lists()
	entries, campaigns := s.entries(), s.campaigns()
	return []route{
		{http.MethodGet, "/plans", Viewer, plans.getAll(s)},
		{http.MethodPost, "/plans", Admin, plans.post(s)},
		{http.MethodGet, "/plans/:uuid", Viewer, plans.get(s)},
		{http.MethodPut, "/plans/:uuid", Admin, plans.put(s)},
		{http.MethodDelete, "/plans/:uuid", Admin, plans.delete(s)},

		{http.MethodGet, "/destinations", Viewer, destinations.getAll(s)},
		{http.MethodPost, "/destinations", Admin, destinations.post(s)},
		{http.MethodGet, "/destinations/:uuid", Viewer, destinations.get(s)},
		{http.MethodPut, "/destinations/:uuid", Admin, destinations.put(s)},
		{http.MethodDelete, "/destinations/:uuid", Admin, destinations.delete(s)},

		{http.MethodGet, "/dlmas", Viewer, lists.getAll(s)},
		{http.MethodPost, "/dlmas", Admin, lists.post(s)},
		{http.MethodGet, "/dlmas/:uuid", Viewer, lists.get(s)},
		{http.MethodPut, "/dlmas/:uuid", Admin, lists.put(s)},
		{http.MethodDelete, "/dlmas/:uuid", Admin, lists.delete(s)},

		{http.MethodGet, "/dls", Viewer, s.getEntries},
		{http.MethodPost, "/dls", Operator, s.postEntry},
		{http.MethodGet, "/dls/:uuid", Viewer, entries.get(s)},
		{http.MethodPut, "/dls/:uuid", Operator, entries.put(s)},
		{http.MethodDelete, "/dls/:uuid", Admin, entries.delete(s)},

		{http.MethodGet, "/dialings", Viewer, s.getDialings},
		{http.MethodGet, "/dialings/:uuid", Viewer, s.getDialing},
		{http.MethodDelete, "/dialings/:uuid", Operator, s.deleteDialing},

		{http.MethodGet, "/campaigns", Viewer, campaigns.getAll(s)},
		{http.MethodPost, "/campaigns", Admin, s.postCampaign},
		{http.MethodGet, "/campaigns/:uuid", Viewer, campaigns.get(s)},
		{http.MethodPut, "/campaigns/:uuid", Operator, s.putCampaign}, // other fields than status: admin
		{http.MethodDelete, "/campaigns/:uuid", Admin, campaigns.delete(s)},
		{http.MethodGet, "/campaigns/:uuid/stats", Viewer, s.getStats},
		{http.MethodGet, "/campaigns/:uuid/pacing", Viewer, s.getPacing},

		// The documents that clients were written by spell it so too.
		{http.MethodGet, "/campaign/:uuid", Viewer, campaigns.get(s)},
		{http.MethodPut, "/campaign/:uuid", Operator, s.putCampaign},
		{http.MethodDelete, "/campaign/:uuid", Admin, campaigns.delete(s)},

		{http.MethodGet, "/results", Viewer, s.getResults},
		{http.MethodGet, pathRecording, Operator, s.getRecording}, // what people said is not for every viewer
	}
}

// register makes all routes known, each with and without a slash at its end,
// and HEAD wherever there is GET.
func (s *server) register(e *echo.Echo) error {
	add(e, http.MethodGet, pathAlive, s.alive)
	add(e, http.MethodGet, pathReady, s.ready)
	add(e, http.MethodPost, pathHooks, s.hook)
	return registerAll(e, s.routes())
}

func registerAll(e *echo.Echo, routes []route) error {
	for _, r := range routes {
		if r.least.rank() == 0 {
			return fmt.Errorf("api: route %s %s has no role", r.method, r.path)
		}
		for _, prefix := range prefixes {
			add(e, r.method, prefix+r.path, need(r.least, r.serve))
		}
	}
	return nil
}

func add(e *echo.Echo, method, path string, serve echo.HandlerFunc) {
	for _, p := range []string{path, path + "/"} {
		e.Add(method, p, serve)
		if method == http.MethodGet {
			e.Add(http.MethodHead, p, serve)
		}
	}
}
