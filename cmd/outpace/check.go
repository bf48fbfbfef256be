package main

import (
	"net"
	"net/url"
	"strconv"
	"strings"
)

func checkListen(address string) error {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return wrong("listen", "must be HOST:PORT, not %q", address)
	}
	if n, err := strconv.Atoi(port); err != nil || n < 0 || n > 65535 {
		return wrong("listen", "must end in a port from 0 to 65535, not %q", port)
	}
	if strings.ContainsAny(host, " /") {
		return wrong("listen", "must be HOST:PORT, not %q", address)
	}
	return nil
}

// checkExposure refuses an API that anybody on the network could use.
func checkExposure(s Settings) error {
	host, _, err := net.SplitHostPort(s.Listen)
	if err != nil {
		return wrong("listen", "must be HOST:PORT, not %q", s.Listen)
	}
	ip := net.ParseIP(host)
	if host == "localhost" || ip != nil && ip.IsLoopback() || s.API.hasToken() {
		return nil
	}
	return wrong("listen", "is %s, which others can reach, and no API token is set: "+
		"set OUTPACE_API_TOKEN or api.tokens (\"outpace token\" makes one), or listen on 127.0.0.1", s.Listen)
}

func checkDatabase(name string) error {
	if path, ok := strings.CutPrefix(name, "sqlite:"); ok {
		if path == "" {
			return wrong("database", "must name a file after sqlite:")
		}
		return nil
	}
	if strings.HasPrefix(name, "postgres://") || strings.HasPrefix(name, "postgresql://") {
		if u, err := url.Parse(name); err != nil || u.Host == "" && u.Query().Get("host") == "" {
			return wrong("database", "is not a valid postgres:// URL")
		}
		return nil
	}
	return wrong("database", "must be sqlite:PATH or postgres://...")
}

// databaseName is the database for people to read: without user and password.
func databaseName(name string) string {
	if strings.HasPrefix(name, "sqlite:") {
		return name
	}
	u, err := url.Parse(name)
	if err != nil {
		return "postgres"
	}
	return u.Scheme + "://" + u.Host + u.Path
}
