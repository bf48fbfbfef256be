package oncall

import (
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"slices"
	"time"

	"github.com/outpace/outpace/dialer/hosted"
)

// kind is the kind's name in the settings.
const kind = "oncall"

// Config are the settings of a gateway to an OnCall PBX.
type Config struct {
	hosted.Settings

	// Username and Password are a tenant user's (1.1); required.
	Username, Password string
	// Domain is the tenant's, such as test01.oncall; required.
	Domain string
	// AuthExtension is the extension whose rights place the calls and
	// AuthPassword its web access password (3.1); required.
	AuthExtension, AuthPassword string
	// HookUsername and HookPassword are what the portal has under Profile >
	// Event URL. Without a password no event is accepted.
	HookUsername, HookPassword string
	// RecordingBaseURL is where recordings are fetched from; "" = the base URL.
	RecordingBaseURL string
}

// pbx is the OnCall PBX.
type pbx struct {
	cfg       Config
	client    *hosted.Client
	session   *hosted.Session
	log       *slog.Logger
	zone      *time.Location
	files     *url.URL // where recordings are
	queues    queueBook
	given     given
	challenge challenger
}

// New makes a gateway that connects to nothing yet.
func New(cfg Config) (*hosted.Gateway, error) {
	cfg, files, err := cfg.check()
	if err != nil {
		return nil, fmt.Errorf("oncall: %w", err)
	}
	p, err := newPBX(cfg, files)
	if err != nil {
		return nil, fmt.Errorf("oncall: %w", err)
	}
	return hosted.New(cfg.Settings, hosted.Kind{Name: kind, PBX: p, Client: p.client})
}

func newPBX(cfg Config, files *url.URL) (*pbx, error) {
	client, err := hosted.NewClient(cfg.Settings)
	if err != nil {
		return nil, err
	}
	p := &pbx{cfg: cfg, client: client, files: files, log: cfg.Logger, zone: cfg.Zone}
	if p.zone == nil {
		p.zone = time.Local //nolint:gosmopolitan // the setting's default, as hosted.Settings says
	}
	if p.log == nil {
		p.log = slog.New(slog.DiscardHandler)
	}
	p.log = p.log.With(slog.String("gateway", cfg.Name))
	p.challenge = newChallenger(cfg.HookUsername, cfg.HookPassword)
	p.session = hosted.NewSession(client, p.login)
	p.session.Sign, p.session.Expired = sign, expired
	return p, nil
}

// check refuses what cannot work and allows recordings from where they are.
func (c Config) check() (Config, *url.URL, error) {
	for _, must := range []struct{ name, value string }{
		{"username", c.Username}, {"password", c.Password}, {"domain", c.Domain},
		{"auth_extension", c.AuthExtension}, {"auth_password", c.AuthPassword},
	} {
		if must.value == "" {
			return c, nil, errors.New(must.name + " must be set")
		}
	}
	if (c.HookUsername == "") != (c.HookPassword == "") {
		return c, nil, errors.New("hook_username and hook_password must be set together")
	}
	if c.RecordingBaseURL == "" {
		files, err := hosted.ParseBase(c.BaseURL)
		return c, files, err
	}
	files, err := hosted.ParseBase(c.RecordingBaseURL)
	if err != nil {
		return c, nil, errors.New("recording_base_url must be an http or https URL with a host, and without user, query and fragment")
	}
	c.RecordingHosts = append(slices.Clone(c.RecordingHosts), files.Host)
	return c, files, nil
}

var (
	_ hosted.PBX      = (*pbx)(nil)
	_ hosted.Detailer = (*pbx)(nil)
	_ hosted.Hooked   = (*pbx)(nil)
	_ hosted.Recorder = (*pbx)(nil)
	_ hosted.Checker  = (*pbx)(nil)
)
