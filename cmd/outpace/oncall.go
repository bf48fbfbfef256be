package main

import (
	"log/slog"
	"net/http"

	"github.com/outpace/outpace/dialer"
	"github.com/outpace/outpace/dialer/hosted/hostedsim"
	"github.com/outpace/outpace/dialer/oncall"
	"github.com/outpace/outpace/dialer/oncall/oncallsim"
)

// oncallFile are the keys of a gateway of kind oncall. It has no queues: the
// PBX knows them.
type oncallFile struct {
	Hosted hostedFile `yaml:",inline"`

	Username         string `yaml:"username"` // of a tenant's user
	Password         Secret `yaml:"password"`
	Domain           string `yaml:"domain"`
	AuthExtension    string `yaml:"auth_extension"` // whose rights place calls
	AuthPassword     Secret `yaml:"auth_password"`  // its web access password
	HookUsername     string `yaml:"hook_username"`  // as the portal has them for the event URL
	HookPassword     Secret `yaml:"hook_password"`
	RecordingBaseURL string `yaml:"recording_base_url"`
}

func (f *oncallFile) common() gatewayCommon { return f.Hosted.Common }

func (f *oncallFile) settings(field string, env lookup) (kindSettings, error) {
	common, err := f.Hosted.check(field)
	if err != nil {
		return nil, err
	}
	s := oncallSettings{config: oncall.Config{
		Settings: common, Username: f.Username, Domain: f.Domain, AuthExtension: f.AuthExtension,
		HookUsername: f.HookUsername, RecordingBaseURL: f.RecordingBaseURL,
	}}
	if s.config.Password, err = checkSecret(field+".password", f.Password, env); err != nil {
		return nil, err
	}
	if s.config.AuthPassword, err = checkSecret(field+".auth_password", f.AuthPassword, env); err != nil {
		return nil, err
	}
	if f.HookUsername != "" || f.HookPassword.IsSet() {
		if s.config.HookPassword, err = checkSecret(field+".hook_password", f.HookPassword, env); err != nil {
			return nil, err
		}
	}
	s.config.Name = "checked"
	if _, err := oncall.New(s.config); err != nil {
		return nil, wrong(field, "%v", err)
	}
	return s, nil
}

// oncallSettings are a gateway's of kind oncall.
type oncallSettings struct{ config oncall.Config }

func (s oncallSettings) target() string { return s.config.BaseURL }

func (s oncallSettings) build(name string, logger *slog.Logger) (dialer.Gateway, error) {
	s.config.Settings = named(s.config.Settings, name, logger)
	return oncall.New(s.config)
}

// oncallDemo simulates a PBX of the kind. Its events go nowhere until it is
// known where our server is.
func oncallDemo(world *hostedsim.World) (http.Handler, func(demoPlace) kindSettings) {
	const extension = "900"
	sim := oncallsim.New(world, oncallsim.Config{
		Username: "demo", Password: "demo-tenant", Domain: "demo.oncall", AuthExtension: extension, AuthPassword: "demo-web",
		EventAuth: oncallsim.Digest, EventUsername: "events", EventPassword: "demo-hook",
	})
	return sim, func(p demoPlace) kindSettings {
		sim.SendEvents(p.hooks)
		return oncallSettings{config: oncall.Config{
			Settings: p.settings, Username: "demo", Password: "demo-tenant", Domain: "demo.oncall",
			AuthExtension: extension, AuthPassword: "demo-web", HookUsername: "events", HookPassword: "demo-hook",
			RecordingBaseURL: p.settings.BaseURL,
		}}
	}
}
