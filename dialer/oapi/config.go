package oapi

import (
	"cmp"
	"errors"
	"fmt"
	"time"

	"github.com/outpace/outpace/dialer/hosted"
)

// Kind is the name of this kind of gateway.
const Kind = "oapi"

// Device is one agent's phone.
type Device struct {
	SIPUser     string // the device's name, which is the agent's
	SIPPassword string
}

// Config are the settings of a gateway.
type Config struct {
	hosted.Settings

	AppID     string // required
	AppSecret string // required
	Devices   []Device
	// Still is how long a row that may be of a call in progress must not have
	// grown until it counts, twelve times that if it tells no duration; default
	// 10 s. It is for simulators that run faster than life.
	Still time.Duration
}

// blank is how many times longer a row without a duration is waited for: it
// can only be measured from the beginning of the call, whose phone may ring
// for two minutes.
const blank = 12

// New makes the gateway. It connects to nothing yet.
func New(cfg Config) (*hosted.Gateway, error) {
	p, err := newPBX(cfg)
	if err != nil {
		return nil, err
	}
	return hosted.New(cfg.Settings, hosted.Kind{Name: Kind, PBX: p, Client: p.client})
}

func newPBX(cfg Config) (*pbx, error) {
	if cfg.AppID == "" || cfg.AppSecret == "" {
		return nil, errors.New("oapi: app_id and app_secret must be set")
	}
	p := &pbx{app: app{id: cfg.AppID, secret: cfg.AppSecret}, still: cmp.Or(cfg.Still, 10*time.Second), passwords: make(map[string]string, len(cfg.Devices))}
	for _, d := range cfg.Devices {
		if d.SIPUser == "" {
			return nil, errors.New("oapi: a device needs a sip_user")
		}
		if _, twice := p.passwords[d.SIPUser]; twice {
			return nil, fmt.Errorf("oapi: device %q is listed twice", d.SIPUser)
		}
		p.passwords[d.SIPUser] = d.SIPPassword
		p.devices = append(p.devices, d.SIPUser)
	}
	client, err := hosted.NewClient(cfg.Settings)
	if err != nil {
		return nil, err
	}
	p.client = client
	return p, nil
}

// pbx is one oapi. Nothing in it changes.
type pbx struct {
	app       app
	client    *hosted.Client
	still     time.Duration
	devices   []string          // names, in the order of the settings
	passwords map[string]string // by device
}

var (
	_ hosted.PBX      = (*pbx)(nil)
	_ hosted.Recorder = (*pbx)(nil)
	_ hosted.Checker  = (*pbx)(nil)
)
