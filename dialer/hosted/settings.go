package hosted

import (
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"time"
)

// Settings are what all kinds have in common. A kind's own Config embeds them.
type Settings struct {
	Name    string // of the gateway; required
	BaseURL string // http or https, with host, without user, query and fragment; required
	// Queues names the agents of queues that the PBX does not know by itself.
	// A queue that is not in it has all agents.
	Queues map[string][]string
	// Zone is what the PBX's local times are in; nil = the machine's own.
	Zone *time.Location
	// PollInterval is how often agents and call log are read while calls are
	// open; default 2 s. Idle gateways are read five times less often.
	PollInterval time.Duration
	// MaxCall is how long a call may last before it is given up as unknown; default 7,200 s.
	MaxCall time.Duration
	// RecordingHosts are the hosts beside the gateway's own that recordings
	// may be fetched from: host or host:port.
	RecordingHosts []string
	// TLS is used for https; nil = the system's authorities.
	TLS *tls.Config
	// Timeout bounds one request; default 10 s.
	Timeout time.Duration
	// PlaceTimeout bounds the request that places a call; default is Timeout.
	PlaceTimeout time.Duration
	// Concurrency is how many requests may be under way at once, default 8, and
	// Rate how many may begin in a second, default 50.
	Concurrency, Rate int
	// Grace is how long a call without a row is waited for once its agent is
	// seen free; default 60 s. News of unknown calls are kept as long.
	Grace time.Duration
	// Offline is how long an agent whose phone is not registered is left
	// alone; default 30 s.
	Offline time.Duration
	// Down is how long a PBX that fails is left alone before it is tried
	// again; default 5 s.
	Down time.Duration

	Logger *slog.Logger // nil = none
}

// withDefaults fills in what is not set and checks the rest.
func (s Settings) withDefaults() (Settings, error) {
	if s.Name == "" {
		return s, errors.New("the gateway's name must be set")
	}
	base, err := ParseBase(s.BaseURL)
	if err != nil {
		return s, err
	}
	s.BaseURL = base.String()
	if s.Zone == nil {
		s.Zone = time.Local //nolint:gosmopolitan // the page says local time, and this machine's is the setting's default
	}
	fill(&s.PollInterval, 2*time.Second)
	fill(&s.MaxCall, 7200*time.Second)
	fill(&s.Timeout, 10*time.Second)
	fill(&s.PlaceTimeout, s.Timeout)
	fill(&s.Grace, 60*time.Second)
	fill(&s.Offline, 30*time.Second)
	fill(&s.Down, 5*time.Second)
	if s.Concurrency < 1 {
		s.Concurrency = 8
	}
	if s.Rate < 1 {
		s.Rate = 50
	}
	if s.Logger == nil {
		s.Logger = slog.New(slog.DiscardHandler)
	}
	return s, nil
}

func fill(d *time.Duration, def time.Duration) {
	if *d <= 0 {
		*d = def
	}
}

// ParseBase checks a base URL. A slash at its end is dropped.
func ParseBase(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	switch {
	case err != nil:
		return nil, errors.New("base_url is not a URL") // err may quote a password
	case u.Scheme != "http" && u.Scheme != "https":
		return nil, fmt.Errorf("base_url must begin with http:// or https://, not %q", u.Scheme)
	case u.Hostname() == "":
		return nil, errors.New("base_url must name a host")
	case u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return nil, errors.New("base_url must have no user, query or fragment")
	}
	u.Path = strings.TrimRight(u.Path, "/")
	u.RawPath = ""
	return u, nil
}
