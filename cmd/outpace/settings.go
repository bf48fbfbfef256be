package main

import (
	"crypto/tls"
	"fmt"
	"log/slog"
	"strings"
	"time"
	"unicode"
)

// lookup finds an environment variable, as os.LookupEnv does.
type lookup func(name string) (value string, ok bool)

// Settings are what serve runs with, complete and checked. They are made by
// loadSettings.
type Settings struct {
	Listen       string // host:port; port 0 takes a free one
	Database     string // sqlite:PATH or postgres://...
	DrainTimeout time.Duration
	Results      ResultsSettings
	API          APISettings
	Gateways     []GatewaySettings // the first one is the default gateway
	Log          LogSettings
}

// ResultsSettings are about the NDJSON log of results.
type ResultsSettings struct {
	Path    string
	MaxSize int64 // bytes after which the file is rotated, 0 = never by us
	Keep    int   // how many rotated files are kept, 0 = all
}

// APISettings are about who may use the REST API, and how.
type APISettings struct {
	Token  Secret // OUTPACE_API_TOKEN: an admin's
	Tokens []TokenSettings
	TLS    *tls.Config // nil = plain HTTP
}

// TokenSettings is one entry of api.tokens in the file.
type TokenSettings struct {
	Name string `yaml:"name"`
	Role string `yaml:"role"` // viewer, operator or admin
	Hash string `yaml:"hash"` // sha256:HEX
}

// LogSettings are about the program's own log on standard error.
type LogSettings struct {
	Level slog.Level
	JSON  bool
}

// The defaults.
const (
	defaultListen       = "127.0.0.1:8081"
	defaultDatabase     = "sqlite:outpace.db"
	defaultResults      = "./outbound_result.json"
	defaultDrainTimeout = 60 * time.Second
	defaultMaxCalls     = 200
	defaultMaxCPS       = 30

	// environmentGateway is the name of the gateway that OUTPACE_AMI_* define.
	environmentGateway = "asterisk"
)

// SettingError says which setting is wrong and how.
type SettingError struct {
	Field   string // the name in the file, the flag or the environment
	Message string // what is wrong, without the field's name
}

func (e SettingError) Error() string { return e.Field + " " + e.Message }

func wrong(field, format string, args ...any) error {
	return SettingError{Field: field, Message: strings.Map(func(c rune) rune {
		if unicode.IsControl(c) { // what stands in the settings is not for the terminal to obey
			return '?'
		}
		return c
	}, fmt.Sprintf(format, args...))}
}

// hasToken reports whether the API asks for a token.
func (s APISettings) hasToken() bool { return s.Token.IsSet() || len(s.Tokens) > 0 }
