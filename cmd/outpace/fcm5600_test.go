package main

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

const fcm5600Keys = `
    base_url: https://192.0.2.7
    timezone: Asia/Ho_Chi_Minh
    queues: {sales: ["101"]}
    username: api
    password: ${PASSWORD}
    login_path: /pbx/login
    extensions: ["101", "102"]
    tls_pin: sha256:PIN
`

var fcm5600Pin = strings.Repeat("0123456789abcdef", 4)

func fcm5600Text(old, changed string) string {
	text := strings.Replace(fcm5600Keys, old, changed, 1)
	return "gateways:\n  - name: office\n    kind: fcm5600" + strings.Replace(text, "PIN", fcm5600Pin, 1)
}

func TestFcm5600Settings(t *testing.T) {
	s, err := loadSettings(layer{}, settingsFile(t, fcm5600Text("", "")), env("PASSWORD=pa55"))
	if err != nil {
		t.Fatal(err)
	}
	c := s.Gateways[0].own.(fcm5600Settings).config
	got := fmt.Sprint(c.BaseURL, " ", c.Zone, " ", c.Queues, " ", c.Username, " ", c.Password, " ", c.LoginPath, " ", c.Extensions, " ", c.TLSPin, " ", c.InsecureTLS)
	want := "https://192.0.2.7 Asia/Ho_Chi_Minh map[sales:[101]] api pa55 /pbx/login [101 102] sha256:" + fcm5600Pin + " false"
	if got != want {
		t.Errorf("settings are\n%s, want\n%s", got, want)
	}
	gw, err := s.Gateways[0].own.build("office", slog.New(slog.DiscardHandler))
	if err != nil || gw.Name() != "office" || !gw.Capabilities().AgentFirst || !gw.Capabilities().Hangup {
		t.Errorf("gateway %v, %v", gw, err)
	}
	s, err = loadSettings(layer{}, settingsFile(t, fcm5600Text("tls_pin: sha256:PIN", "insecure_tls: true")), env("PASSWORD=pa55"))
	if err != nil || !s.Gateways[0].own.(fcm5600Settings).config.InsecureTLS {
		t.Errorf("insecure_tls: %v", err)
	}
}

func TestFcm5600SettingsRefused(t *testing.T) {
	for name, c := range map[string]struct{ old, new, want string }{
		"unknown key":      {"username:", "user:", "user"},
		"no username":      {"username: api", `username: ""`, "gateways[0].username"},
		"no password":      {"${PASSWORD}", `""`, "gateways[0].password"},
		"secret not there": {"${PASSWORD}", "${NOPE}", "NOPE"},
		"login path":       {"/pbx/login", "pbx/login", "gateways[0].login_path"},
		"extension":        {`"102"]`, `""]`, "gateways[0].extensions"},
		"pin":              {"sha256:PIN", "abcd", "gateways[0].tls_pin"},
		"pin and insecure": {"username:", "insecure_tls: true\n    username:", "exclude each other"},
		"pin without tls":  {"https://", "http://", "https"},
		"not a boolean":    {"username:", "insecure_tls: maybe\n    username:", "line"},
		"empty queue":      {`{sales: ["101"]}`, `{sales: []}`, "gateways[0].queues.sales"},
	} {
		_, err := loadSettings(layer{}, settingsFile(t, fcm5600Text(c.old, c.new)), env("PASSWORD=pa55"))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v does not say %q", name, err, c.want)
		}
		if err != nil && strings.Contains(err.Error(), "pa55") {
			t.Errorf("%s: the message shows a secret", name)
		}
	}
}
