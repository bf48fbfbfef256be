package main

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

const oncallKeys = `
    base_url: https://pbx.example.com/
    timezone: Asia/Ho_Chi_Minh
    poll_interval: 3s
    max_call_s: 600
    recording_hosts: [files.example.com]
    username: test
    password: ${PASS}
    domain: test01.oncall
    auth_extension: "103"
    auth_password: ${WEB}
    hook_username: events
    hook_password: h00k
    recording_base_url: https://file.example.com/store
`

func loadOncall(t *testing.T, keys string) (Settings, error) {
	t.Helper()
	path := settingsFile(t, "gateways:\n  - name: hanoi\n    kind: oncall\n    max_cps: 4"+keys)
	return loadSettings(layer{}, path, env("PASS=t3nant", "WEB=w3b"))
}

func TestOncallSettings(t *testing.T) {
	s, err := loadOncall(t, oncallKeys)
	if err != nil {
		t.Fatal(err)
	}
	c := s.Gateways[0].own.(oncallSettings).config
	got := fmt.Sprint(s.Gateways[0].Name, " ", s.Gateways[0].MaxCPS, " ", c.BaseURL, " ", c.Zone, " ", c.PollInterval, " ", c.MaxCall, " ",
		c.RecordingHosts, " ", c.Username, " ", c.Password, " ", c.Domain, " ", c.AuthExtension, " ", c.AuthPassword, " ",
		c.HookUsername, " ", c.HookPassword, " ", c.RecordingBaseURL)
	want := "hanoi 4 https://pbx.example.com/ Asia/Ho_Chi_Minh 3s 10m0s [files.example.com] test t3nant test01.oncall 103 w3b" +
		" events h00k https://file.example.com/store"
	if got != want {
		t.Errorf("settings are\n%s, want\n%s", got, want)
	}
	gw, err := s.Gateways[0].own.build("hanoi", slog.New(slog.DiscardHandler))
	if err != nil || gw.Name() != "hanoi" || !gw.Capabilities().AgentFirst || gw.Capabilities().Hangup {
		t.Errorf("gateway %v, %v", gw, err)
	}
	if target := s.Gateways[0].own.target(); target != "https://pbx.example.com/" {
		t.Errorf("target %q", target)
	}
}

func TestOncallSettingsRefused(t *testing.T) {
	for name, c := range map[string]struct{ old, new, want string }{
		"unknown key":      {"domain:", "domian:", "domian"},
		"queues":           {"domain:", "queues: {sales: [\"101\"]}\n    domain:", "queues"},
		"no url":           {"https://pbx.example.com/", `""`, "gateways[0].base_url"},
		"no user":          {"username: test", `username: ""`, "username must be set"},
		"no password":      {"    password: ${PASS}\n", "", "gateways[0].password"},
		"no domain":        {"test01.oncall", `""`, "domain must be set"},
		"no extension":     {`"103"`, `""`, "auth_extension must be set"},
		"no web password":  {"    auth_password: ${WEB}\n", "", "gateways[0].auth_password"},
		"secret not there": {"${WEB}", "${NOPE}", "NOPE"},
		"no hook password": {"    hook_password: h00k\n", "", "gateways[0].hook_password"},
		"no hook user":     {"    hook_username: events\n", "", "hook_username and hook_password"},
		"recordings":       {"https://file.example.com/store", "https://u:secret@file.example.com", "recording_base_url"},
	} {
		_, err := loadOncall(t, strings.Replace(oncallKeys, c.old, c.new, 1))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v does not say %q", name, err, c.want)
			continue
		}
		for _, secret := range []string{"t3nant", "w3b", "h00k", "secret@"} {
			if strings.Contains(err.Error(), secret) {
				t.Errorf("%s: the message shows a secret: %v", name, err)
			}
		}
	}
}
