package api

import (
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/labstack/echo/v5"
)

// roleKey is where the guard leaves the role of a request.
const roleKey = "outpace.role"

// roleOf is the role that the guard found, "" before it has.
func roleOf(c *echo.Context) Role {
	role, _ := c.Get(roleKey).(Role)
	return role
}

// guard finds out the role of a request, or refuses it. What the role may do
// is looked at by need, route by route; the health checks are open to all,
// and hooks are the gateways' to judge.
func (s *server) guard(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c *echo.Context) error {
		if isHealth(c.Path()) || isHook(c.Path()) {
			return next(c)
		}
		role, err := s.identify(c.Request())
		if err != nil {
			return err
		}
		c.Set(roleKey, role)
		return next(c)
	}
}

// need lets only those through whose role includes least.
func need(least Role, next echo.HandlerFunc) echo.HandlerFunc {
	return func(c *echo.Context) error {
		if !roleOf(c).includes(least) {
			return refuse(http.StatusForbidden, "This needs the role "+string(least)+", the token given is of the role "+string(roleOf(c)))
		}
		return next(c)
	}
}

// identify finds the role of a request.
func (s *server) identify(r *http.Request) (Role, error) {
	if len(s.ring) == 0 {
		return Admin, local(r)
	}
	secret, err := secretOf(r)
	if err != nil {
		return "", err
	}
	var role Role
	given := offerOf(secret, secret)
	ok, wait := s.attempts.try(place{network: networkOf(clientOf(r))}, given, func() (found bool) {
		role, found = s.ring.role(given.secret)
		return found
	})
	switch {
	case ok:
		return role, nil
	case wait > 0:
		return "", problem{
			status:  http.StatusTooManyRequests,
			message: "Too many wrong tokens came from this address. Try again in " + wait.Round(time.Second).String(),
			retry:   wait,
		}
	}
	return "", refuse(http.StatusUnauthorized, "The token given is not known")
}

// secretOf finds the token of a request: in the header Authorization, or else
// in the parameter authtoken.
func secretOf(r *http.Request) (string, error) {
	if header := r.Header.Get("Authorization"); header != "" {
		scheme, secret, ok := strings.Cut(header, " ")
		secret = strings.TrimSpace(secret)
		if !ok || !strings.EqualFold(scheme, "Bearer") || secret == "" {
			return "", refuse(http.StatusUnauthorized, "The header Authorization must have the form: Bearer TOKEN")
		}
		return secret, nil
	}
	if secret := r.URL.Query().Get("authtoken"); secret != "" {
		return secret, nil
	}
	return "", refuse(http.StatusUnauthorized, "A token is needed: the header Authorization: Bearer TOKEN, or the parameter authtoken")
}

// clientOf is the address that a request came from. Headers that claim another
// are not believed, since anybody can send them.
func clientOf(r *http.Request) netip.Addr {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	return peer.Addr()
}

// local refuses requests that a page in somebody's browser may have sent: when
// there is no token, whoever reaches us is trusted, and a browser on this host
// reaches us. A page of another site shows by its Origin; one whose name was
// made to point here shows by its Host.
func local(r *http.Request) error {
	if !loopback(hostname(r.Host)) {
		return refuse(http.StatusForbidden, "Without a token the API answers only to a loopback Host such as localhost")
	}
	origins := r.Header.Values("Origin")
	for _, origin := range origins {
		u, err := url.Parse(origin)
		if err != nil || (u.Scheme != "http" && u.Scheme != "https") || !strings.EqualFold(u.Host, r.Host) {
			return refuse(http.StatusForbidden, "Without a token the API does not answer to pages of another origin")
		}
	}
	if r.Header.Get("Sec-Fetch-Site") == "cross-site" {
		return refuse(http.StatusForbidden, "Without a token the API does not answer to pages of another origin")
	}
	return nil
}

// hostname cuts the port off a Host.
func hostname(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		return name
	}
	return strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
}

// loopback reports whether a host's name can only mean this host.
func loopback(name string) bool {
	if strings.EqualFold(strings.TrimSuffix(name, "."), "localhost") {
		return true
	}
	addr, err := netip.ParseAddr(name)
	return err == nil && addr.Unmap().IsLoopback()
}
