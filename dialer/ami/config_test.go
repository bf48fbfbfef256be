package ami

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"
)

func TestConfigNamesWrongFields(t *testing.T) {
	t.Parallel()
	good := Config{Address: "127.0.0.1:5038", Username: "dialer", Secret: "hidden"}
	for field, change := range map[string]func(*Config){
		"Address":     func(c *Config) { c.Address = "nohost" },
		"Username":    func(c *Config) { c.Username = "" },
		"Secret":      func(c *Config) { c.Secret = "" },
		"EventMask":   func(c *Config) { c.EventMask = "on\r\nX: y" },
		"DialTimeout": func(c *Config) { c.DialTimeout = -1 },
		"PingTimeout": func(c *Config) { c.PingTimeout = -1 },
		"BackoffMax":  func(c *Config) { c.BackoffMax = time.Nanosecond },
		"MaxInFlight": func(c *Config) { c.MaxInFlight = -1 },
	} {
		cfg := good
		change(&cfg)
		if _, err := New(cfg); err == nil || !strings.Contains(err.Error(), field) {
			t.Errorf("%s: %v", field, err)
		}
	}
	for _, secret := range []string{"hidden\r\nAction: Originate", " hidden", "hid\x00den"} {
		cfg := good
		cfg.Secret = secret
		if _, err := New(cfg); err == nil || !strings.Contains(err.Error(), "Secret") || strings.Contains(err.Error(), "hid") {
			t.Errorf("secret %q: %v", secret, err)
		}
	}
	_, err := New(Config{})
	for _, field := range []string{"Address", "Username", "Secret"} {
		if err == nil || !strings.Contains(err.Error(), field) {
			t.Errorf("the zero value: %v does not name %s", err, field)
		}
	}
	if _, err := New(good); err != nil {
		t.Error(err)
	}
}

func TestConfigHidesSecret(t *testing.T) {
	t.Parallel()
	cfg := Config{Address: "127.0.0.1:5038", Username: "dialer", Secret: "hidden"}
	var logged bytes.Buffer
	slog.New(slog.NewJSONHandler(&logged, nil)).Info("config", slog.Any("config", cfg), slog.Any("pointer", &cfg))
	for _, text := range []string{fmt.Sprint(cfg), fmt.Sprintf("%+v %#v %s", cfg, cfg, &cfg), logged.String()} {
		if strings.Contains(text, "hidden") || !strings.Contains(text, "dialer") {
			t.Errorf("shown as %s", text)
		}
	}
}

func TestWantsFullyBooted(t *testing.T) {
	t.Parallel()
	for mask, want := range map[string]bool{
		"": true, "on": true, "ON": true, "all": true, "system,call": true, "call, System": true,
		"off": false, "call,agent": false,
	} {
		if got := (Config{EventMask: mask}).wantsFullyBooted(); got != want {
			t.Errorf("mask %q: %t", mask, got)
		}
	}
}

func TestNames(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for s := StateIdle; s <= StateClosed+1; s++ {
		seen[s.String()] = true
	}
	for k := KindEvent; k <= KindSessionEnded+1; k++ {
		seen[k.String()] = true
	}
	if len(seen) != 7+4+1 {
		t.Errorf("names %v", seen)
	}
}
