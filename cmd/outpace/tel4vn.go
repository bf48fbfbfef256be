package main

import (
	"log/slog"
	"net/http"

	"github.com/outpace/outpace/dialer"
	"github.com/outpace/outpace/dialer/hosted/hostedsim"
	"github.com/outpace/outpace/dialer/tel4vn"
	"github.com/outpace/outpace/dialer/tel4vn/tel4vnsim"
)

// tel4vnFile are the keys of a gateway of kind tel4vn.
type tel4vnFile struct {
	Hosted hostedFile `yaml:",inline"`

	Queues     map[string][]string `yaml:"queues"`
	APIKey     Secret              `yaml:"api_key"`
	HookURL    string              `yaml:"hook_url"` // our address as the PBX sees it
	HookSecret Secret              `yaml:"hook_secret"`
	Hotline    string              `yaml:"hotline"`
	AutoAnswer bool                `yaml:"auto_answer"`
	Sync       bool                `yaml:"sync"`
}

func (f *tel4vnFile) common() gatewayCommon { return f.Hosted.Common }

func (f *tel4vnFile) settings(field string, env lookup) (kindSettings, error) {
	common, err := f.Hosted.check(field)
	if err != nil {
		return nil, err
	}
	common.Queues = f.Queues
	if err := checkQueues(field, f.Queues); err != nil {
		return nil, err
	}
	s := tel4vnSettings{config: tel4vn.Config{
		Settings: common, HookURL: f.HookURL, Hotline: f.Hotline, AutoAnswer: f.AutoAnswer, Sync: f.Sync,
	}}
	if s.config.APIKey, err = checkSecret(field+".api_key", f.APIKey, env); err != nil {
		return nil, err
	}
	if f.HookURL != "" || f.HookSecret.IsSet() {
		if s.config.HookSecret, err = checkSecret(field+".hook_secret", f.HookSecret, env); err != nil {
			return nil, err
		}
	}
	s.config.Name = "checked"
	if _, err := tel4vn.New(s.config); err != nil {
		return nil, wrong(field, "%v", err)
	}
	return s, nil
}

// tel4vnSettings are a gateway's of kind tel4vn.
type tel4vnSettings struct{ config tel4vn.Config }

func (s tel4vnSettings) target() string { return s.config.BaseURL }

func (s tel4vnSettings) build(name string, logger *slog.Logger) (dialer.Gateway, error) {
	s.config.Settings = named(s.config.Settings, name, logger)
	return tel4vn.New(s.config)
}

// tel4vnDemo simulates a PBX of the kind.
func tel4vnDemo(world *hostedsim.World) (http.Handler, func(demoPlace) kindSettings) {
	sim := tel4vnsim.New(tel4vnsim.Config{World: world, APIKey: "demo-key"})
	return sim, func(p demoPlace) kindSettings {
		return tel4vnSettings{config: tel4vn.Config{
			Settings: p.settings, APIKey: "demo-key", HookURL: p.hooks, HookSecret: "demo-hook", Hotline: "19001919",
		}}
	}
}
