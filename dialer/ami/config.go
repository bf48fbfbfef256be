package ami

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"time"
)

// Config says how to reach a PBX. Address, Username and Secret are required;
// the zero value of every other field means its default.
type Config struct {
	Address  string // host:port; the usual port is 5038, 5039 with TLS
	Username string
	Secret   string

	// MD5 logs in by challenge, so that the secret does not cross the wire.
	MD5 bool
	// TLS, if set, is used on the connection. Without a ServerName the host of
	// Address is taken.
	TLS *tls.Config
	// EventMask is the Events header of the login: "on", "off" or a list of
	// classes such as "system,call,agent". Empty leaves it to the server, which
	// sends all that the user's read setting allows. Without the class system
	// there is no FullyBooted event, and a PBX that still boots can't be told
	// from one that is ready.
	EventMask string

	DialTimeout     time.Duration // TCP and TLS; default 10 s
	GreetingTimeout time.Duration // until the server's first line; default 5 s
	LoginTimeout    time.Duration // for the login, refusals come after 1 s; default 10 s
	BootTimeout     time.Duration // after the login, until it counts as ready without FullyBooted; default 15 s
	WriteTimeout    time.Duration // for one action to be taken by the connection; default 5 s
	ActionTimeout   time.Duration // of Do and List if their context has no deadline; default 30 s
	PingInterval    time.Duration // default 15 s; negative: no pings and no limit on silence
	PingTimeout     time.Duration // silence allowed beyond PingInterval; default 15 s

	BackoffMin  time.Duration // first wait after a lost or failed connection; default 250 ms
	BackoffMax  time.Duration // longest such wait; default 30 s
	AuthBackoff time.Duration // first wait after a refused login, doubles to ten times; default 1 min

	MaxInFlight int    // actions that wait for a reply; default 1,000
	MaxList     int    // events in a list that List accepts; default 100,000
	Limits      Limits // of one message

	// Dial opens the connection; default net.Dialer. TLS is done on top of it.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// Logger gets the client's few messages; default none. No message has a
	// secret or a header's value in it.
	Logger *slog.Logger
}

// String returns the configuration without its secret.
func (c Config) String() string {
	return fmt.Sprintf("ami.Config{Address:%q Username:%q TLS:%t}", c.Address, c.Username, c.TLS != nil)
}

// GoString is String, so that %#v does not show the secret either.
func (c Config) GoString() string { return c.String() }

// LogValue is String for slog.
func (c Config) LogValue() slog.Value { return slog.StringValue(c.String()) }

func (c Config) withDefaults() Config {
	duration := func(field *time.Duration, value time.Duration) {
		if *field == 0 {
			*field = value
		}
	}
	duration(&c.DialTimeout, 10*time.Second)
	duration(&c.GreetingTimeout, 5*time.Second)
	duration(&c.LoginTimeout, 10*time.Second)
	duration(&c.BootTimeout, 15*time.Second)
	duration(&c.WriteTimeout, 5*time.Second)
	duration(&c.ActionTimeout, 30*time.Second)
	duration(&c.PingInterval, 15*time.Second)
	duration(&c.PingTimeout, 15*time.Second)
	duration(&c.BackoffMin, 250*time.Millisecond)
	duration(&c.BackoffMax, 30*time.Second)
	duration(&c.AuthBackoff, time.Minute)
	if c.MaxInFlight == 0 {
		c.MaxInFlight = 1000
	}
	if c.MaxList == 0 {
		c.MaxList = 100_000
	}
	c.Limits = c.Limits.withDefaults()
	if c.Dial == nil {
		c.Dial = newDialer().DialContext
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return c
}

// validate names each wrong field. It runs after withDefaults.
func (c Config) validate() error {
	var errs []error
	wrong := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("ami: "+format, args...))
	}
	if host, port, err := net.SplitHostPort(c.Address); err != nil || host == "" || port == "" {
		wrong("Address %q must be host:port", c.Address)
	}
	for _, field := range []struct{ name, value string }{{"Username", c.Username}, {"Secret", c.Secret}} {
		if field.value == "" {
			wrong("%s must be set", field.name)
		}
		if strings.TrimLeft(field.value, " \t") != field.value {
			wrong("%s must not begin with a blank, which Asterisk drops", field.name)
		}
		if err := (Header{Key: field.name, Value: field.value}).check(); err != nil {
			errs = append(errs, err)
		}
	}
	if err := (Header{Key: "EventMask", Value: c.EventMask}).check(); err != nil {
		errs = append(errs, err)
	}
	for _, field := range []struct {
		name  string
		value time.Duration
	}{
		{"DialTimeout", c.DialTimeout}, {"GreetingTimeout", c.GreetingTimeout}, {"LoginTimeout", c.LoginTimeout},
		{"BootTimeout", c.BootTimeout}, {"WriteTimeout", c.WriteTimeout}, {"ActionTimeout", c.ActionTimeout},
		{"PingTimeout", c.PingTimeout}, {"BackoffMin", c.BackoffMin}, {"AuthBackoff", c.AuthBackoff},
	} {
		if field.value < 0 {
			wrong("%s must not be negative", field.name)
		}
	}
	if c.BackoffMax < c.BackoffMin {
		wrong("BackoffMax must not be below BackoffMin")
	}
	if c.MaxInFlight < 0 || c.MaxList < 0 {
		wrong("MaxInFlight and MaxList must not be negative")
	}
	return errors.Join(errs...)
}

// wantsFullyBooted tells whether the event mask lets FullyBooted through.
func (c Config) wantsFullyBooted() bool {
	mask := strings.ToLower(c.EventMask)
	switch strings.TrimSpace(mask) {
	case "", "on", "all", "true", "yes", "1":
		return true
	}
	for class := range strings.SplitSeq(mask, ",") {
		if class = strings.TrimSpace(class); class == "system" || class == "all" {
			return true
		}
	}
	return false
}
