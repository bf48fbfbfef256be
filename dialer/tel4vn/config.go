package tel4vn

import (
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"time"

	"github.com/outpace/outpace/dialer/hosted"
)

// Name is the kind's name in the settings.
const Name = "tel4vn"

// syncTimeout is how long the synchronous click2call may take: it answers when
// the agent has picked up, or will not.
const syncTimeout = 90 * time.Second

// Config is a gateway's settings.
type Config struct {
	hosted.Settings

	APIKey string // required
	// HookURL is our address as the PBX sees it, up to and with
	// /hooks/NAME; "" = no hooks, the CDRs are polled.
	HookURL    string
	HookSecret string // proves that a hook is the PBX's; required with HookURL
	Hotline    string // to show where the plan has no caller id; "" = the PBX's own
	AutoAnswer bool   // the agent's phone picks up by itself
	Sync       bool   // wait for the agent's pick-up in the request
}

// New checks the settings and makes a gateway that connects to nothing yet.
func New(cfg Config) (*hosted.Gateway, error) {
	if cfg.APIKey == "" {
		return nil, errors.New("tel4vn: api_key must be set")
	}
	if cfg.HookURL != "" {
		u, err := url.Parse(cfg.HookURL)
		if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil {
			return nil, errors.New("tel4vn: hook_url must be an http or https URL without a user")
		}
		if cfg.HookSecret == "" {
			return nil, errors.New("tel4vn: hook_secret must be set where hook_url is")
		}
	}
	if cfg.Sync && cfg.PlaceTimeout <= 0 {
		cfg.PlaceTimeout = syncTimeout
	}
	if cfg.Zone == nil {
		cfg.Zone = time.Local //nolint:gosmopolitan // the default that the setting promises
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	client, err := hosted.NewClient(cfg.Settings)
	if err != nil {
		return nil, fmt.Errorf("tel4vn: %w", err)
	}
	p := &pbx{cfg: cfg, client: client, log: cfg.Logger.With(slog.String("gateway", cfg.Name))}
	p.session = hosted.NewSession(client, p.login)
	return hosted.New(cfg.Settings, hosted.Kind{Name: Name, PBX: p, Client: client})
}

// pbx speaks the page's requests.
type pbx struct {
	cfg     Config
	client  *hosted.Client
	session *hosted.Session
	log     *slog.Logger
}

var (
	_ hosted.PBX      = (*pbx)(nil)
	_ hosted.Hooked   = (*pbx)(nil)
	_ hosted.Recorder = (*pbx)(nil)
	_ hosted.Checker  = (*pbx)(nil)
)
