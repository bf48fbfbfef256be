package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/outpace/outpace/api"
	"github.com/outpace/outpace/store/storetest"
)

// withPostgres is a test run that stops the Postgres that it has started.
type withPostgres struct{ *testing.M }

func (m withPostgres) Run() int {
	defer printTold()
	return storetest.Main(m.M)
}

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
	}
	goleak.VerifyTestMain(withPostgres{m})
}

// outpace runs a command line that needs no signals.
func outpace(t *testing.T, env lookup, args ...string) (code int, out, err string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	code = run(t.Context(), args, world{out: &stdout, err: &stderr, env: env, signals: make(chan os.Signal)})
	return code, stdout.String(), stderr.String()
}

func TestExitCodes(t *testing.T) {
	bad := settingsFile(t, "lissen: x\n")
	for name, c := range map[string]struct {
		args []string
		code int
		out  string // a part of what goes to standard output
		err  string // and to standard error
	}{
		"version":          {[]string{"version"}, exitOK, "outpace ", ""},
		"help":             {[]string{"--help"}, exitOK, "pbxsim", ""},
		"no command":       {nil, exitUsage, "", "outpace --help"},
		"unknown command":  {[]string{"simulat"}, exitUsage, "", "simulat"},
		"unknown flag":     {[]string{"serve", "--lissen=x"}, exitUsage, "", "lissen"},
		"bad file":         {[]string{"serve", "--config", bad}, exitUsage, "", "lissen"},
		"bad flag":         {[]string{"serve", "--listen=8081"}, exitUsage, "", "listen must be HOST:PORT"},
		"open to all":      {[]string{"serve", "--listen=0.0.0.0:0"}, exitUsage, "", "no API token is set"},
		"unknown fault":    {[]string{"pbxsim", "--fault", "tea=1"}, exitUsage, "", "drop-before"},
		"fault too likely": {[]string{"pbxsim", "--fault", "refuse=2"}, exitUsage, "", "probability"},
		"no agents":        {[]string{"demo", "--agents=0"}, exitUsage, "", "--agents"},
		"address taken":    {[]string{"pbxsim", "--listen=256.0.0.1:1"}, exitFailure, "", "256.0.0.1"},
	} {
		t.Run(name, func(t *testing.T) {
			code, out, err := outpace(t, env(), c.args...)
			if code != c.code {
				t.Errorf("exit code %d, want %d; standard error: %s", code, c.code, err)
			}
			if !strings.Contains(out, c.out) || !strings.Contains(err, c.err) {
				t.Errorf("standard output %q, standard error %q; want %q, %q in them", out, err, c.out, c.err)
			}
		})
	}
}

func TestTokenFitsTheSettings(t *testing.T) {
	code, out, _ := outpace(t, env(), "token", "--name=wall board", "--role=viewer")
	if code != exitOK {
		t.Fatalf("exit code %d", code)
	}
	secret, entry, _ := strings.Cut(strings.TrimSpace(out), "\n")
	s, err := loadSettings(layer{}, settingsFile(t, "api:\n  tokens:\n    "+entry+"\n"), env())
	if err != nil {
		t.Fatalf("its own line is refused: %v", err)
	}
	want := TokenSettings{Name: "wall board", Role: "viewer", Hash: api.HashToken(secret)}
	if len(s.API.Tokens) != 1 || s.API.Tokens[0] != want {
		t.Errorf("the settings have %v, want %v", s.API.Tokens, want)
	}
	if strings.Contains(entry, secret) {
		t.Error("the line for the file holds the token itself")
	}
	if _, again, _ := outpace(t, env(), "token"); strings.HasPrefix(again, secret) {
		t.Error("the same token twice")
	}
}

func TestSampleSettings(t *testing.T) {
	path := filepath.Join("..", "..", "deploy", "outpace.yaml")
	s, err := loadSettings(layer{}, path, env("OUTPACE_MAIN_SECRET=x"))
	if err != nil {
		t.Fatal(err)
	}
	if len(s.Gateways) == 0 || s.Gateways[0].Kind != "asterisk" {
		t.Errorf("the sample has the gateways %v", s.Gateways)
	}
}

func TestBuildFacts(t *testing.T) {
	info := &debug.BuildInfo{Settings: []debug.BuildSetting{
		{Key: "vcs.revision", Value: "abc"}, {Key: "vcs.time", Value: "2026-01-02T03:04:05Z"}, {Key: "vcs.modified", Value: "true"},
	}}
	info.Main.Version = "v1.2.3"
	if got, want := buildFacts(info, true), (facts{"v1.2.3", "abc", " (modified)", "2026-01-02T03:04:05Z"}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if got := buildFacts(nil, false); got.version != "development" {
		t.Errorf("without build facts the version is %q", got.version)
	}
}

func TestExitCodeOfErrors(t *testing.T) {
	for name, c := range map[string]struct {
		err  error
		code int
	}{
		"none":          {nil, exitOK},
		"a setting":     {fmt.Errorf("start: %w", wrong("listen", "is wrong")), exitUsage},
		"forced":        {errors.Join(errors.New("x"), errForced), exitForced},
		"anything else": {errors.New("x"), exitFailure},
		"interruption":  {errInterrupted, exitFailure},
	} {
		var said strings.Builder
		if got := exitCode(world{err: &said}, c.err); got != c.code {
			t.Errorf("%s: exit code %d, want %d", name, got, c.code)
		}
		if (c.err != nil) != strings.HasPrefix(said.String(), "outpace: ") {
			t.Errorf("%s: it said %q", name, said.String())
		}
	}
}
