package main

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"
)

const tel4vnKeys = `
    base_url: https://pbx.example.com/
    timezone: Asia/Ho_Chi_Minh
    poll_interval: 3s
    max_call_s: 600
    recording_hosts: [files.example.com, "10.0.0.9:8443"]
    queues: {sales: ["101", "102"]}
    api_key: ${KEY}
    hook_url: https://dialer.example.com/hooks/saigon
    hook_secret: h00k
    hotline: "19001919"
    auto_answer: true
    sync: true
`

func TestTel4vnSettings(t *testing.T) {
	path := settingsFile(t, "gateways:\n  - name: saigon\n    kind: tel4vn\n    max_calls: 9"+tel4vnKeys)
	s, err := loadSettings(layer{}, path, env("KEY=k3y"))
	if err != nil {
		t.Fatal(err)
	}
	c := s.Gateways[0].own.(tel4vnSettings).config
	got := fmt.Sprint(s.Gateways[0].Name, " ", s.Gateways[0].MaxCalls, " ", c.BaseURL, " ", c.Zone, " ", c.PollInterval, " ",
		c.MaxCall, " ", c.RecordingHosts, " ", c.Queues, " ", c.APIKey, " ", c.HookURL, " ", c.HookSecret, " ", c.Hotline, " ", c.AutoAnswer, " ", c.Sync)
	want := "saigon 9 https://pbx.example.com/ Asia/Ho_Chi_Minh 3s 10m0s [files.example.com 10.0.0.9:8443] map[sales:[101 102]]" +
		" k3y https://dialer.example.com/hooks/saigon h00k 19001919 true true"
	if got != want {
		t.Errorf("settings are\n%s, want\n%s", got, want)
	}
	gw, err := s.Gateways[0].own.build("saigon", slog.New(slog.DiscardHandler))
	if err != nil || gw.Name() != "saigon" || !gw.Capabilities().AgentFirst || gw.Capabilities().Hangup {
		t.Errorf("gateway %v, %v", gw, err)
	}
	if c.MaxCall != 10*time.Minute {
		t.Error("max_call_s is in seconds")
	}
}

func TestTel4vnSettingsRefused(t *testing.T) {
	for name, c := range map[string]struct{ old, new, want string }{
		"unknown key":      {"api_key:", "apikey:", "apikey"},
		"no url":           {"https://pbx.example.com/", `""`, "gateways[0].base_url"},
		"user in the url":  {"https://pbx.example.com/", "https://u:secret@pbx.example.com/", "gateways[0].base_url"},
		"other scheme":     {"https://pbx.example.com/", "file:///etc/passwd", "gateways[0].base_url"},
		"zone":             {"Asia/Ho_Chi_Minh", "Saigon", "gateways[0].timezone"},
		"poll interval":    {"poll_interval: 3s", "poll_interval: 3ms", "gateways[0].poll_interval"},
		"max call":         {"max_call_s: 600", "max_call_s: 6", "gateways[0].max_call_s"},
		"recording host":   {"files.example.com", "http://files.example.com/", "gateways[0].recording_hosts"},
		"empty queue":      {`["101", "102"]`, "[]", "gateways[0].queues.sales"},
		"secret not there": {"${KEY}", "${NOPE}", "NOPE"},
		"no hook secret":   {"hook_secret: h00k", "hotline: x", "already defined"}, // twice
		"hook url":         {"https://dialer.example.com/hooks/saigon", "dialer", "hook_url"},
	} {
		text := strings.Replace(tel4vnKeys, c.old, c.new, 1)
		_, err := loadSettings(layer{}, settingsFile(t, "gateways:\n  - name: saigon\n    kind: tel4vn"+text), env("KEY=k3y"))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v does not say %q", name, err, c.want)
		}
		if err != nil && (strings.Contains(err.Error(), "secret@") || strings.Contains(err.Error(), "h00k")) {
			t.Errorf("%s: the message shows a secret", name)
		}
	}
	missing := strings.Replace(tel4vnKeys, "    hook_secret: h00k\n", "", 1)
	if _, err := loadSettings(layer{}, settingsFile(t, "gateways:\n  - name: saigon\n    kind: tel4vn"+missing), env("KEY=k3y")); err == nil ||
		!strings.Contains(err.Error(), "gateways[0].hook_secret") {
		t.Errorf("hooks without a secret: %v", err)
	}
}
