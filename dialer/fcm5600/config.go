package fcm5600

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/outpace/outpace/dialer/hosted"
)

// Kind is the name of this kind of gateway.
const Kind = "fcm5600"

// DefaultLoginPath is where clients of the device log in.
const DefaultLoginPath = "/pbx/auth/login"

// Config are the settings of a gateway.
type Config struct {
	hosted.Settings

	Username  string // required
	Password  string // required
	LoginPath string // "" = DefaultLoginPath
	// Extensions are the agents; none = all extensions that the PBX has.
	Extensions []string
	// TLSPin is the SHA-256 fingerprint of the PBX's own certificate in
	// hexadecimal digits, with or without colons and "sha256:" before them. It
	// takes the place of an authority's word. "" = none.
	TLSPin string
	// InsecureTLS takes any certificate.
	InsecureTLS bool
}

// New makes the gateway. It connects to nothing yet.
func New(cfg Config) (*hosted.Gateway, error) {
	p, err := newPBX(&cfg)
	if err != nil {
		return nil, err
	}
	return hosted.New(cfg.Settings, hosted.Kind{Name: Kind, PBX: p, Client: p.client})
}

// newPBX sets cfg.TLS, which the recordings need as well.
func newPBX(cfg *Config) (*pbx, error) {
	if cfg.Username == "" || cfg.Password == "" {
		return nil, errors.New("fcm5600: username and password must be set")
	}
	if cfg.LoginPath == "" {
		cfg.LoginPath = DefaultLoginPath
	}
	if !strings.HasPrefix(cfg.LoginPath, "/") {
		return nil, errors.New("fcm5600: login_path must begin with a slash")
	}
	base, err := hosted.ParseBase(cfg.BaseURL)
	if err != nil {
		return nil, fmt.Errorf("fcm5600: %w", err)
	}
	if err := cfg.trust(base.Scheme); err != nil {
		return nil, err
	}
	client, err := hosted.NewClient(cfg.Settings)
	if err != nil {
		return nil, err
	}
	p := &pbx{cfg: *cfg, base: base.String(), client: client}
	p.session = hosted.NewSession(client, p.login)
	p.session.Expired = expired
	return p, nil
}

// pbx is one FCM5600.
type pbx struct {
	cfg     Config
	base    string
	client  *hosted.Client
	session *hosted.Session

	known     atomic.Pointer[map[string]bool] // extensions that the PBX has; nil: not known yet
	firstPage atomic.Int32                    // 0: not known yet, else the number of the first page + 1

	mu      sync.Mutex
	refused refusedLogin
}

var (
	_ hosted.PBX      = (*pbx)(nil)
	_ hosted.Hanger   = (*pbx)(nil)
	_ hosted.Detailer = (*pbx)(nil)
	_ hosted.Recorder = (*pbx)(nil)
	_ hosted.Checker  = (*pbx)(nil)
)
