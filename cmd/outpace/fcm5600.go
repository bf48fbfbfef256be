package main

import (
	"log/slog"
	"net/http"
	"slices"
	"strings"

	"github.com/outpace/outpace/dialer"
	"github.com/outpace/outpace/dialer/fcm5600"
	"github.com/outpace/outpace/dialer/fcm5600/fcm5600sim"
	"github.com/outpace/outpace/dialer/hosted/hostedsim"
)

// fcm5600File are the keys of a gateway of kind fcm5600.
type fcm5600File struct {
	Hosted hostedFile `yaml:",inline"`

	Queues      map[string][]string `yaml:"queues"`
	Username    string              `yaml:"username"`
	Password    Secret              `yaml:"password"`
	LoginPath   string              `yaml:"login_path"`
	Extensions  []string            `yaml:"extensions"` // none = all of the PBX
	TLSPin      string              `yaml:"tls_pin"`    // SHA-256 fingerprint of the PBX's certificate
	InsecureTLS bool                `yaml:"insecure_tls"`
}

func (f *fcm5600File) common() gatewayCommon { return f.Hosted.Common }

func (f *fcm5600File) settings(field string, env lookup) (kindSettings, error) {
	common, err := f.Hosted.check(field)
	if err != nil {
		return nil, err
	}
	common.Queues = f.Queues
	if err := checkQueues(field, f.Queues); err != nil {
		return nil, err
	}
	s := fcm5600Settings{config: fcm5600.Config{
		Settings: common, Username: f.Username, LoginPath: f.LoginPath, Extensions: f.Extensions,
		TLSPin: f.TLSPin, InsecureTLS: f.InsecureTLS,
	}}
	if f.Username == "" {
		return nil, wrong(field+".username", "must be set")
	}
	if s.config.Password, err = checkSecret(field+".password", f.Password, env); err != nil {
		return nil, err
	}
	if f.LoginPath != "" && !strings.HasPrefix(f.LoginPath, "/") {
		return nil, wrong(field+".login_path", "must begin with a slash")
	}
	if slices.Contains(f.Extensions, "") {
		return nil, wrong(field+".extensions", "must not hold an empty extension")
	}
	if f.TLSPin != "" {
		if _, err := fcm5600.ParsePin(f.TLSPin); err != nil {
			return nil, wrong(field+".tls_pin", "%v", err)
		}
	}
	s.config.Name = "checked"
	if _, err := fcm5600.New(s.config); err != nil {
		return nil, wrong(field, "%v", err)
	}
	return s, nil
}

// fcm5600Settings are a gateway's of kind fcm5600.
type fcm5600Settings struct{ config fcm5600.Config }

func (s fcm5600Settings) target() string { return s.config.BaseURL }

func (s fcm5600Settings) build(name string, logger *slog.Logger) (dialer.Gateway, error) {
	s.config.Settings = named(s.config.Settings, name, logger)
	return fcm5600.New(s.config)
}

// fcm5600Demo simulates a PBX of the kind.
func fcm5600Demo(world *hostedsim.World) (http.Handler, func(demoPlace) kindSettings) {
	sim := fcm5600sim.New(fcm5600sim.Config{World: world, Username: "demo", Password: "demo-password", Recorded: true})
	return sim, func(p demoPlace) kindSettings {
		return fcm5600Settings{config: fcm5600.Config{Settings: p.settings, Username: "demo", Password: "demo-password"}}
	}
}
