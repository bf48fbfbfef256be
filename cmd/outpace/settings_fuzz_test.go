package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"
)

// fuzzSecret stands for whatever secret is in the settings; no error and no
// form of the settings may show it.
const fuzzSecret = "kept-to-itself-5571"

// checkLoaded checks what must hold whatever the settings say; secret is
// whether fuzzSecret stands where a secret does, and only there.
func checkLoaded(t *testing.T, s Settings, err error, secret bool) {
	t.Helper()
	if err != nil {
		if secret && strings.Contains(err.Error(), fuzzSecret) {
			t.Fatalf("the error shows a secret: %v", err)
		}
		if strings.ContainsFunc(err.Error(), unicode.IsControl) {
			t.Fatalf("the error shows what stands in the settings as it is: %.300q", err)
		}
		if e, ok := errors.AsType[SettingError](err); !ok || e.Field == "" {
			t.Fatalf("the error names no setting: %v", err)
		}
		return
	}
	if shown := fmt.Sprintf("%v %+v %#v", s, s, s); secret && strings.Contains(shown, fuzzSecret) {
		t.Fatalf("the settings show a secret: %s", shown)
	}
	if checkListen(s.Listen) != nil || checkDatabase(s.Database) != nil || checkExposure(s) != nil || s.Results.Path == "" || s.Results.MaxSize < 0 || s.DrainTimeout < 0 {
		t.Fatalf("accepted: %+v", s)
	}
	names := map[string]bool{}
	for _, g := range s.Gateways {
		if names[g.Name] || !gatewayName.MatchString(g.Name) || kinds[g.Kind] == nil || g.own == nil || g.checkLimits("calls", "cps") != nil {
			t.Fatalf("accepted the gateway %+v", g)
		}
		names[g.Name] = true
	}
	for _, token := range tokens(s.API) {
		if err := token.Validate(); err != nil {
			t.Fatalf("accepted a token that the API refuses: %v", err)
		}
	}
}

// FuzzSettingsFile reads any file as the settings.
func FuzzSettingsFile(f *testing.F) {
	whole, err := os.ReadFile(filepath.Join("..", "..", "deploy", "outpace.yaml"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(whole))
	for _, text := range []string{
		"", "listen: 127.0.0.1:1\n", "listen: [1]\n", "unknown: 1\n", "gateways:\n- {name: a, kind: asterisk, address: b, username: c, secret: " + fuzzSecret + "}\n",
		"gateways:\n- {name: a, kind: asterisk, address: b, username: c, secret: [" + fuzzSecret + "]}\n", "gateways: [{kind: x}]", "gateways:\n- secret: &a " + fuzzSecret + "\n  kind: *a\n",
		"api: {tokens: [{name: a, role: viewer, hash: \"sha256:" + strings.Repeat("0", 64) + "\"}]}", "api: {tls: {certificate: x, key: y}}", "a: &a [*a]", "drain_timeout: 1h\nlog: {level: debug, format: json}",
		"results: {path: x, max_size: 100MB, keep: 3}", "results: {max_size: -1}", "pacing: {}", "? {a: b}\n: c", "listen: !!binary aGk=", "---\n---\n", "listen: |\n  a\n b", "\x00", "\ufeff",
		"x: &x {y: z}\nlisten: {<<: *x}", "gateways:\n- &g {name: a, kind: asterisk}\n- *g\n",
	} {
		f.Add(text)
	}
	path := filepath.Join(f.TempDir(), "outpace.yaml")
	f.Fuzz(func(t *testing.T, text string) {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := loadSettings(layer{}, path, env("SECRET="+fuzzSecret))
		at := strings.Count(text, "secret: "+fuzzSecret)
		checkLoaded(t, s, err, at > 0 && at == strings.Count(text, fuzzSecret) && !strings.Contains(text, "&"))
	})
}

// FuzzEnvironment gives the variables any values.
func FuzzEnvironment(f *testing.F) {
	f.Add("127.0.0.1:8081", "sqlite:x.db", "x.json", "", "127.0.0.1:5038", "u", "200", "30", "60s", "info", "text")
	f.Add("0.0.0.0:1", "postgres://u:"+fuzzSecret+"@h/d", "x", "t", "::1", "u", "0", "-1", "-1s", "loud", "xml")
	f.Add(":99999", "postgres://"+fuzzSecret+"@[/", "\x00", "\xff", ":", "\r\n", "1e3", " 1", "1", "DEBUG", "JSON")
	f.Fuzz(func(t *testing.T, listen, database, results, token, address, username, calls, cps, drain, level, format string) {
		s, err := loadSettings(layer{}, "", env("OUTPACE_LISTEN="+listen, "OUTPACE_DATABASE="+database, "OUTPACE_RESULTS="+results, "OUTPACE_API_TOKEN="+token,
			"OUTPACE_AMI_ADDRESS="+address, "OUTPACE_AMI_USERNAME="+username, "OUTPACE_AMI_SECRET="+fuzzSecret, "OUTPACE_AMI_MAX_CALLS="+calls,
			"OUTPACE_AMI_MAX_CPS="+cps, "OUTPACE_DRAIN_TIMEOUT="+drain, "OUTPACE_LOG_LEVEL="+level, "OUTPACE_LOG_FORMAT="+format))
		if err == nil { // the database's URL holds its password in Settings; what is shown of it does not
			if strings.Contains(databaseName(s.Database), fuzzSecret) && !strings.HasPrefix(s.Database, "sqlite:") {
				t.Fatalf("the name of the database shows its password: %s", databaseName(s.Database))
			}
			s.Database = "sqlite:x"
		}
		checkLoaded(t, s, err, !strings.Contains(listen+results+token+address+username+calls+cps+drain+level+format, fuzzSecret))
	})
}
