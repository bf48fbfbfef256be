package main

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"regexp"
	"slices"

	"github.com/dustin/go-humanize"
)

func logSettings(l layer) (LogSettings, error) {
	var s LogSettings
	if text := either(l.LogLevel, "info"); s.Level.UnmarshalText([]byte(text)) != nil {
		return s, wrong("log level", "must be debug, info, warn or error, not %q", text)
	}
	switch format := either(l.LogFormat, "text"); format {
	case "text":
	case "json":
		s.JSON = true
	default:
		return s, wrong("log format", "must be text or json, not %q", format)
	}
	return s, nil
}

// logger makes the program's log.
func (s LogSettings) logger(out io.Writer) *slog.Logger {
	options := &slog.HandlerOptions{Level: s.Level}
	if s.JSON {
		return slog.New(slog.NewJSONHandler(out, options))
	}
	return slog.New(slog.NewTextHandler(out, options))
}

func (f resultsFile) settings(path string) (ResultsSettings, error) {
	s := ResultsSettings{Path: path, Keep: either(f.Keep, 0)}
	if path == "" {
		return s, wrong("results.path", "must name a file")
	}
	if f.MaxSize != nil {
		size, err := humanize.ParseBytes(*f.MaxSize)
		if err != nil || size > 1<<50 || size != 0 && size < 1<<20 {
			return s, wrong("results.max_size", "must be 0 or a size from 1MiB on, such as 100MB, not %q", *f.MaxSize)
		}
		s.MaxSize = int64(size)
	}
	if s.Keep < 0 {
		return s, wrong("results.keep", "must be 0 or more, not %d", s.Keep)
	}
	return s, nil
}

var tokenHash = regexp.MustCompile(`^sha256:[0-9a-f]{64}$`)

// roles are the roles of the REST API, from the least to the most.
var roles = []string{"viewer", "operator", "admin"}

func (f apiFile) settings(token Secret) (APISettings, error) {
	s := APISettings{Token: token, Tokens: f.Tokens}
	seen := map[string]bool{}
	for i, t := range f.Tokens {
		field := fmt.Sprintf("api.tokens[%d]", i)
		switch {
		case t.Name == "":
			return s, wrong(field+".name", "must be set")
		case seen[t.Name]:
			return s, wrong(field+".name", "is %q, which an earlier token has", t.Name)
		case !slices.Contains(roles, t.Role):
			return s, wrong(field+".role", "must be viewer, operator or admin, not %q", t.Role)
		case !tokenHash.MatchString(t.Hash):
			return s, wrong(field+".hash", "must be sha256: and 64 hexadecimal digits in lower case, as \"outpace token\" prints it")
		}
		seen[t.Name] = true
	}
	if f.TLS != nil {
		pair, err := tls.LoadX509KeyPair(f.TLS.Certificate, f.TLS.Key)
		if err != nil {
			return s, wrong("api.tls", "%v", err)
		}
		s.TLS = &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{pair}}
	}
	return s, nil
}

func readPool(path string) (*x509.CertPool, error) {
	pem, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, errors.New("names a file without a PEM certificate: " + path)
	}
	return pool, nil
}
