package main

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

const oapiKeys = `
    base_url: https://pbx.example.com
    timezone: Asia/Ho_Chi_Minh
    queues: {sales: [anna, ben]}
    app_id: "65446465436742018"
    app_secret: ${SECRET}
    devices:
      - {sip_user: anna, sip_password: "0p3n"}
      - {sip_user: ben, sip_password: "${BEN}"}
`

func TestOapiSettings(t *testing.T) {
	path := settingsFile(t, "gateways:\n  - name: viet\n    kind: oapi"+oapiKeys)
	s, err := loadSettings(layer{}, path, env("SECRET=s3cret", "BEN=b3n"))
	if err != nil {
		t.Fatal(err)
	}
	c := s.Gateways[0].own.(oapiSettings).config
	got := fmt.Sprint(c.BaseURL, " ", c.Zone, " ", c.Queues, " ", c.AppID, " ", c.AppSecret, " ", c.Devices)
	want := "https://pbx.example.com Asia/Ho_Chi_Minh map[sales:[anna ben]] 65446465436742018 s3cret [{anna 0p3n} {ben b3n}]"
	if got != want {
		t.Errorf("settings are\n%s, want\n%s", got, want)
	}
	gw, err := s.Gateways[0].own.build("viet", slog.New(slog.DiscardHandler))
	if err != nil || gw.Name() != "viet" || !gw.Capabilities().AgentFirst || gw.Capabilities().Hangup {
		t.Errorf("gateway %v, %v", gw, err)
	}
	if target := s.Gateways[0].own.target(); target != "https://pbx.example.com" {
		t.Errorf("target %q", target)
	}
}

func TestOapiSettingsRefused(t *testing.T) {
	for name, c := range map[string]struct{ old, new, want string }{
		"unknown key":           {"app_id:", "appid:", "appid"},
		"key of another kind":   {"app_id:", "api_key: x\n    app_id:", "api_key"},
		"unknown key of device": {"{sip_user: anna", "{user: anna", "user"},
		"no url":                {"https://pbx.example.com", `""`, "gateways[0].base_url"},
		"no id":                 {`"65446465436742018"`, `""`, "gateways[0].app_id"},
		"no secret":             {"${SECRET}", `""`, "gateways[0].app_secret"},
		"secret not there":      {"${SECRET}", "${NOPE}", "NOPE"},
		"no device name":        {"sip_user: ben", `sip_user: ""`, "gateways[0].devices[1].sip_user"},
		"password not there":    {"${BEN}", "${NOPE}", "gateways[0].devices[1].sip_password"},
		"device twice":          {"sip_user: ben", "sip_user: anna", "twice"},
		"empty queue":           {"[anna, ben]", "[]", "gateways[0].queues.sales"},
	} {
		text := strings.Replace(oapiKeys, c.old, c.new, 1)
		_, err := loadSettings(layer{}, settingsFile(t, "gateways:\n  - name: viet\n    kind: oapi"+text), env("SECRET=s3cret", "BEN=b3n"))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v does not say %q", name, err, c.want)
		}
		if err != nil && (strings.Contains(err.Error(), "s3cret") || strings.Contains(err.Error(), "0p3n") || strings.Contains(err.Error(), "b3n")) {
			t.Errorf("%s: the message shows a secret", name)
		}
	}
	none := oapiKeys[:strings.Index(oapiKeys, "    devices:")]
	if _, err := loadSettings(layer{}, settingsFile(t, "gateways:\n  - name: viet\n    kind: oapi"+none), env("SECRET=s3cret")); err == nil ||
		!strings.Contains(err.Error(), "gateways[0].devices") {
		t.Errorf("no devices: %v", err)
	}
}
