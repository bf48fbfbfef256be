package main

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
)

// env makes an environment out of "NAME=value" texts.
func env(pairs ...string) lookup {
	values := map[string]string{}
	for _, p := range pairs {
		name, value, _ := strings.Cut(p, "=")
		values[name] = value
	}
	return func(name string) (string, bool) { v, ok := values[name]; return v, ok }
}

// settingsFile writes a settings file and returns its path.
func settingsFile(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "outpace.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestDefaults(t *testing.T) {
	s, err := loadSettings(layer{}, "", env())
	if err != nil {
		t.Fatal(err)
	}
	if s.Listen != "127.0.0.1:8081" || s.Database != "sqlite:outpace.db" || s.Results.Path != "./outbound_result.json" {
		t.Errorf("listen %q, database %q, results %q are not the documented defaults", s.Listen, s.Database, s.Results.Path)
	}
	if s.DrainTimeout != 60*time.Second || s.API.hasToken() || len(s.Gateways) != 0 {
		t.Errorf("drain %s, token %t, %d gateways", s.DrainTimeout, s.API.hasToken(), len(s.Gateways))
	}
}

func TestFlagsWinOverEnvironmentOverFile(t *testing.T) {
	path := settingsFile(t, "listen: 127.0.0.1:1\ndatabase: sqlite:file.db\nresults: {path: file.json}\ndrain_timeout: 7s\n")
	listen := "127.0.0.1:3"
	s, err := loadSettings(layer{Listen: &listen}, path,
		env("OUTPACE_LISTEN=127.0.0.1:2", "OUTPACE_DATABASE=sqlite:env.db", "OUTPACE_RESULTS="))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, got, want string }{
		{"listen from the flag", s.Listen, "127.0.0.1:3"},
		{"database from the environment", s.Database, "sqlite:env.db"},
		{"results from the file, since an empty variable says nothing", s.Results.Path, "file.json"},
		{"drain timeout from the file", s.DrainTimeout.String(), "7s"},
	} {
		if c.got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, c.got, c.want)
		}
	}
}

func TestGateways(t *testing.T) {
	path := settingsFile(t, `
gateways:
  - {name: north, kind: asterisk, address: 10.0.0.1, username: u, secret: "${NORTH}", max_calls: 5}
  - name: south
    kind: asterisk
    address: "[::1]:5039"
    username: u
    secret: 'p${x}w'
    tls: {server_name: pbx}
    max_cps: 7
`)
	s, err := loadSettings(layer{}, path, env("NORTH=n0rth", "OUTPACE_AMI_ADDRESS=pbx:5038",
		"OUTPACE_AMI_USERNAME=dialer", "OUTPACE_AMI_SECRET=s3cret", "OUTPACE_AMI_MAX_CALLS=11"))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, g := range s.Gateways {
		own := g.own.(asteriskSettings)
		got = append(got, fmt.Sprint(g.Name, " ", own.Address, " ", own.Secret.Reveal(), " ", g.MaxCalls, " ", g.MaxCPS, " ", own.TLS != nil))
	}
	want := []string{
		"asterisk pbx:5038 s3cret 11 30 false",
		"north 10.0.0.1:5038 n0rth 5 30 false",
		"south [::1]:5039 p${x}w 200 7 true",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("gateways are\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestRefusedSettings(t *testing.T) {
	const asterisk = "{name: a, kind: asterisk, address: h, username: u, secret: hidden"
	hash := "sha256:" + strings.Repeat("0a", 32)
	for name, c := range map[string]struct {
		file string
		env  []string
		want []string // parts of the message
	}{
		"unknown key":           {file: "listen: 127.0.0.1:1\nlissen: x\n", want: []string{"line 2", "lissen"}},
		"unknown nested key":    {file: "api:\n  tokenz: []\n", want: []string{"line 2", "tokenz"}},
		"unknown gateway key":   {file: "gateways:\n  - {name: a, kind: asterisk, adress: h}\n", want: []string{"line 2", "adress"}},
		"pacing has no keys":    {file: "pacing:\n  target: 3\n", want: []string{"line 2", "target"}},
		"twice the same key":    {file: "listen: 127.0.0.1:1\nlisten: 127.0.0.1:2\n", want: []string{"line 2", "already defined"}},
		"wrong type":            {file: "gateways: 5\n", want: []string{"line 1"}},
		"not YAML":              {file: "listen: [\n", want: []string{"line 1"}},
		"unknown kind":          {file: "gateways:\n  - {name: a, kind: avaya}\n", want: []string{"line 2", "avaya", "asterisk"}},
		"no kind":               {file: "gateways:\n  - {name: a}\n", want: []string{"kind", "asterisk"}},
		"gateway name":          {file: "gateways: [{name: 'a b', kind: asterisk, address: h, username: u, secret: s}]", want: []string{"gateways[0].name"}},
		"gateway name twice":    {file: "gateways: [" + asterisk + "}, " + asterisk + "}]", want: []string{"gateways[1].name", "gateways[0]"}},
		"name of the other":     {file: "gateways: [{name: asterisk, kind: asterisk, address: h, username: u, secret: s}]", env: []string{"OUTPACE_AMI_ADDRESS=h", "OUTPACE_AMI_USERNAME=u", "OUTPACE_AMI_SECRET=s"}, want: []string{"gateways[0].name", "OUTPACE_AMI"}},
		"no address":            {file: "gateways: [{name: a, kind: asterisk, username: u, secret: s}]", want: []string{"gateways[0].address"}},
		"bad address":           {file: "gateways: [{name: a, kind: asterisk, address: 'a:b:c', username: u, secret: s}]", want: []string{"gateways[0].address"}},
		"no username":           {file: "gateways: [{name: a, kind: asterisk, address: h, secret: s}]", want: []string{"gateways[0].username"}},
		"no secret":             {file: "gateways: [{name: a, kind: asterisk, address: h, username: u}]", want: []string{"gateways[0].secret"}},
		"secret not in env":     {file: "gateways: [{name: a, kind: asterisk, address: h, username: u, secret: '${NOPE}'}]", want: []string{"gateways[0].secret", "NOPE"}},
		"secret is a number":    {file: "gateways: [{name: a, kind: asterisk, address: h, username: u, secret: 12345}]", want: []string{"line 1", "quotes"}},
		"max_calls":             {file: "gateways: [" + asterisk + ", max_calls: 0}]", want: []string{"gateways[0].max_calls", "1 to"}},
		"max_cps":               {file: "gateways: [" + asterisk + ", max_cps: 10001}]", want: []string{"gateways[0].max_cps"}},
		"broken secret":         {file: "gateways:\n  - name: a\n    kind: asterisk\n    secret: |hidden\n", want: []string{"line 4"}},
		"alias for a secret":    {file: "gateways:\n  - name: a\n    kind: asterisk\n    secret: *hidden\n", want: []string{"line 4"}},
		"list for a text":       {file: "gateways:\n  - name: a\n    kind: asterisk\n    address: [hidden]\n", want: []string{"line 4", "must be text"}},
		"text for a number":     {file: "gateways: [" + asterisk + ", max_cps: hidden}]", want: []string{"line 1", "whole number"}},
		"huge number":           {file: "gateways: [" + asterisk + ", max_cps: 99999999999999999999}]", want: []string{"line 1", "too large"}},
		"no duration":           {file: "\ndrain_timeout: soon\n", want: []string{"line 2", "60s"}},
		"tls":                   {file: "gateways: [" + asterisk + ", tls: perhaps}]", want: []string{"line 1", "tls"}},
		"tls key":               {file: "gateways: [" + asterisk + ", tls: {cert: x}}]", want: []string{"line 1", "cert"}},
		"tls ca":                {file: "gateways: [" + asterisk + ", tls: {ca: /nowhere.pem}}]", want: []string{"gateways[0].tls.ca", "/nowhere.pem"}},
		"token name":            {file: "api: {tokens: [{role: admin, hash: '" + hash + "'}]}", want: []string{"api.tokens[0].name"}},
		"token role":            {file: "api: {tokens: [{name: x, role: root, hash: '" + hash + "'}]}", want: []string{"api.tokens[0].role", "viewer"}},
		"token hash":            {file: "api: {tokens: [{name: x, role: admin, hash: 'sha256:00'}]}", want: []string{"api.tokens[0].hash"}},
		"token name twice":      {file: "api: {tokens: [{name: x, role: admin, hash: '" + hash + "'}, {name: x, role: viewer, hash: '" + hash + "'}]}", want: []string{"api.tokens[1].name"}},
		"api tls":               {file: "api: {tls: {certificate: /nowhere.pem, key: /nowhere.pem}}", want: []string{"api.tls", "/nowhere.pem"}},
		"results size":          {file: "results: {max_size: 5}", want: []string{"results.max_size"}},
		"results keep":          {file: "results: {keep: -1}", want: []string{"results.keep"}},
		"listen":                {file: "listen: '8081'", want: []string{"listen", "HOST:PORT"}},
		"listen port":           {file: "listen: 'localhost:99999'", want: []string{"listen", "port"}},
		"database":              {file: "database: mysql://x", want: []string{"database", "sqlite:PATH"}},
		"database without path": {file: "database: 'sqlite:'", want: []string{"database"}},
		"drain":                 {file: "drain_timeout: -1s", want: []string{"drain_timeout"}},
		"log level":             {file: "log: {level: loud}", want: []string{"log level", "loud"}},
		"log format":            {file: "log: {format: xml}", want: []string{"log format"}},
		"half a gateway":        {env: []string{"OUTPACE_AMI_ADDRESS=h", "OUTPACE_AMI_USERNAME=u"}, want: []string{"OUTPACE_AMI_SECRET"}},
		"environment number":    {env: []string{"OUTPACE_AMI_MAX_CPS=many"}, want: []string{"OUTPACE_AMI_MAX_CPS", "many"}},
		"environment duration":  {env: []string{"OUTPACE_DRAIN_TIMEOUT=soon"}, want: []string{"OUTPACE_DRAIN_TIMEOUT", "soon"}},
		"open to all":           {file: "listen: 0.0.0.0:8081", want: []string{"listen", "OUTPACE_API_TOKEN"}},
		"open to all by name":   {file: "listen: ':8081'", want: []string{"listen", "OUTPACE_API_TOKEN"}},
		"file does not exist":   {file: "\x00", want: []string{"no such file"}},
	} {
		t.Run(name, func(t *testing.T) {
			path := ""
			switch c.file {
			case "":
			case "\x00":
				path = filepath.Join(t.TempDir(), "none.yaml")
			default:
				path = settingsFile(t, c.file)
			}
			_, err := loadSettings(layer{}, path, env(c.env...))
			if err == nil {
				t.Fatal("was accepted")
			}
			for _, part := range c.want {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("message %q does not say %q", err, part)
				}
			}
			if strings.Contains(err.Error(), "hidden") || strings.Contains(err.Error(), "12345") {
				t.Errorf("message %q shows a secret", err)
			}
			if strings.Contains(err.Error(), "\n") {
				t.Errorf("message %q has more than one line", err)
			}
		})
	}
}

func TestOpenToAllWithToken(t *testing.T) {
	hash := "sha256:" + strings.Repeat("0a", 32)
	if _, err := loadSettings(layer{}, "", env("OUTPACE_LISTEN=0.0.0.0:0", "OUTPACE_API_TOKEN=t")); err != nil {
		t.Errorf("with OUTPACE_API_TOKEN: %v", err)
	}
	path := settingsFile(t, "listen: ':8081'\napi: {tokens: [{name: x, role: viewer, hash: '"+hash+"'}]}")
	if _, err := loadSettings(layer{}, path, env()); err != nil {
		t.Errorf("with a token in the file: %v", err)
	}
}

func TestEmptyFile(t *testing.T) {
	for _, text := range []string{"", "\n", "# nothing\n", "pacing:\n", "gateways: []\n"} {
		if _, err := loadSettings(layer{}, settingsFile(t, text), env()); err != nil {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestSecretsAreNeverPrinted(t *testing.T) {
	const hidden = "hunter2"
	settings := Settings{
		API:      APISettings{Token: NewSecret(hidden)},
		Gateways: []GatewaySettings{{Name: "a", own: asteriskSettings{Address: "h:1", Secret: NewSecret(hidden)}}},
	}
	var out strings.Builder
	logger := slog.New(slog.NewJSONHandler(&out, nil))
	logger.Info("x", slog.Any("settings", settings), slog.Any("secret", NewSecret(hidden)))
	slog.New(slog.NewTextHandler(&out, nil)).Info("x", slog.Any("settings", settings))
	asJSON, err := json.Marshal(map[string]any{"token": settings.API.Token, "gateways": settings.Gateways})
	if err != nil {
		t.Fatal(err)
	}
	asYAML, err := yaml.Marshal(settings.API)
	if err != nil {
		t.Fatal(err)
	}
	out.Write(asJSON)
	out.Write(asYAML)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		fmt.Fprintf(&out, verb+verb+verb, settings, settings.API.Token, &settings)
	}
	text := out.String()
	if strings.Contains(text, hidden) || strings.Contains(text, fmt.Sprintf("%x", hidden)) {
		t.Errorf("the secret shows in %s", text)
	}
	if !strings.Contains(text, redacted) {
		t.Errorf("the test printed no secret at all: %s", text)
	}
}

func TestDatabaseNameHidesThePassword(t *testing.T) {
	got := databaseName("postgres://bob:pass@db:5432/outpace?password=pass&sslmode=disable")
	if want := "postgres://db:5432/outpace"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
