package main

import (
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/outpace/outpace/dialer"
	"github.com/outpace/outpace/dialer/hosted/hostedsim"
	"github.com/outpace/outpace/dialer/oapi"
	"github.com/outpace/outpace/dialer/oapi/oapisim"
)

// oapiFile are the keys of a gateway of kind oapi.
type oapiFile struct {
	Hosted hostedFile `yaml:",inline"`

	Queues    map[string][]string `yaml:"queues"` // of devices, by sip_user
	AppID     string              `yaml:"app_id"`
	AppSecret Secret              `yaml:"app_secret"`
	Devices   []oapiDevice        `yaml:"devices"`
}

// oapiDevice is one agent's phone.
type oapiDevice struct {
	SIPUser     string `yaml:"sip_user"`
	SIPPassword Secret `yaml:"sip_password"`
}

func (f *oapiFile) common() gatewayCommon { return f.Hosted.Common }

func (f *oapiFile) settings(field string, env lookup) (kindSettings, error) {
	common, err := f.Hosted.check(field)
	if err != nil {
		return nil, err
	}
	common.Queues = f.Queues
	if err := checkQueues(field, f.Queues); err != nil {
		return nil, err
	}
	s := oapiSettings{config: oapi.Config{Settings: common, AppID: f.AppID}}
	if f.AppID == "" {
		return nil, wrong(field+".app_id", "must be set")
	}
	if s.config.AppSecret, err = checkSecret(field+".app_secret", f.AppSecret, env); err != nil {
		return nil, err
	}
	if len(f.Devices) == 0 {
		return nil, wrong(field+".devices", "must list the agents' devices")
	}
	for i, d := range f.Devices {
		at := fmt.Sprintf("%s.devices[%d]", field, i)
		if d.SIPUser == "" {
			return nil, wrong(at+".sip_user", "must be set")
		}
		password, err := checkSecret(at+".sip_password", d.SIPPassword, env)
		if err != nil {
			return nil, err
		}
		s.config.Devices = append(s.config.Devices, oapi.Device{SIPUser: d.SIPUser, SIPPassword: password})
	}
	s.config.Name = "checked"
	if _, err := oapi.New(s.config); err != nil {
		return nil, wrong(field, "%v", err)
	}
	return s, nil
}

// oapiSettings are a gateway's of kind oapi.
type oapiSettings struct{ config oapi.Config }

func (s oapiSettings) target() string { return s.config.BaseURL }

func (s oapiSettings) build(name string, logger *slog.Logger) (dialer.Gateway, error) {
	s.config.Settings = named(s.config.Settings, name, logger)
	return oapi.New(s.config)
}

// oapiDemo simulates a PBX of the kind.
func oapiDemo(world *hostedsim.World) (http.Handler, func(demoPlace) kindSettings) {
	sim := oapisim.New(oapisim.Config{World: world, AppID: "demo", AppSecret: "demo-secret"})
	return sim, func(p demoPlace) kindSettings {
		c := oapi.Config{Settings: p.settings, AppID: "demo", AppSecret: "demo-secret", Still: time.Second}
		for _, a := range world.Agents() {
			c.Devices = append(c.Devices, oapi.Device{SIPUser: a.Exten, SIPPassword: a.Password})
		}
		return oapiSettings{config: c}
	}
}
