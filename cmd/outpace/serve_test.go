package main

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/outpace/outpace/api"
)

// command is a command line that runs until it is told to stop.
type command struct {
	lines   *bufio.Reader // standard output
	signals chan os.Signal
	code    chan int
}

func begin(t *testing.T, env lookup, args ...string) *command {
	t.Helper()
	out, in := io.Pipe()
	c := &command{lines: bufio.NewReader(out), signals: make(chan os.Signal, 2), code: make(chan int, 1)}
	log := &testLog{t: t}
	t.Cleanup(func() { log.mu.Lock(); log.done = true; log.mu.Unlock() })
	go func() {
		code := run(context.Background(), args, world{out: in, err: log, env: env, signals: c.signals})
		in.Close()
		c.code <- code
	}()
	return c
}

// end sends a signal and returns the rest of the output and the exit code.
func (c *command) end(t *testing.T) (rest string, code int) {
	t.Helper()
	c.signals <- syscall.SIGTERM
	all, err := io.ReadAll(c.lines)
	if err != nil {
		t.Fatal(err)
	}
	return string(all), <-c.code
}

func TestServePrintsOneLineAndEndsOnASignal(t *testing.T) {
	t.Chdir(t.TempDir())
	c := begin(t, env("OUTPACE_LISTEN=127.0.0.1:0"), "serve", "--log-level=warn")
	line, err := c.lines.ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	want := regexp.MustCompile(`^outpace listens on (http://127\.0\.0\.1:\d+), database sqlite:outpace\.db, results \./outbound_result\.json, no gateway\n$`)
	match := want.FindStringSubmatch(line)
	if match == nil {
		t.Fatalf("it printed %q", line)
	}
	client := newClient(match[1], "")
	defer client.Close()
	if !client.ready(t.Context()) {
		t.Error("without a gateway it is not ready")
	}
	if rest, code := c.end(t); rest != "" || code != exitOK {
		t.Errorf("it ended with %d and printed %q", code, rest)
	}
}

func TestPBXSimEndsOnASignal(t *testing.T) {
	c := begin(t, env(), "pbxsim", "--listen=127.0.0.1:0", "--queues=2", "--agents=3", "--fault=late-reply=0.5")
	line, err := c.lines.ReadString('\n')
	if err != nil || !strings.Contains(line, "2 queues of 3 agents") {
		t.Fatalf("it printed %q, %v", line, err)
	}
	address := regexp.MustCompile(`127\.0\.0\.1:\d+`).FindString(line)
	link, err := new(net.Dialer).DialContext(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer link.Close()
	if greeting, err := bufio.NewReader(link).ReadString('\n'); err != nil || !strings.HasPrefix(greeting, "Asterisk Call Manager/") {
		t.Errorf("it greets with %q, %v", greeting, err)
	}
	if _, code := c.end(t); code != exitOK {
		t.Errorf("it ended with %d", code)
	}
}

func TestMigrate(t *testing.T) {
	t.Chdir(t.TempDir())
	for range 2 { // the second time there is nothing to do
		code, out, err := outpace(t, env(), "migrate", "--database=sqlite:new.db")
		if code != exitOK || !strings.Contains(out, "sqlite:new.db is up to date") {
			t.Errorf("exit code %d, %q, %q", code, out, err)
		}
	}
	if !exists("new.db") {
		t.Error("there is no database")
	}
}

// TestTokensAndTLS: a served API asks for a token on an encrypted line.
func TestTokensAndTLS(t *testing.T) {
	dir := t.TempDir()
	certificate, key, pool := selfSigned(t, dir)
	path := settingsFile(t, `
listen: 127.0.0.1:0
database: sqlite:`+filepath.Join(dir, "o.db")+`
results: {path: `+filepath.Join(dir, "o.json")+`}
api:
  tokens: [{name: wall, role: viewer, hash: "`+api.HashToken("see")+`"}]
  tls: {certificate: `+certificate+`, key: `+key+`}
`)
	s, err := loadSettings(layer{}, path, env("OUTPACE_API_TOKEN=do"))
	if err != nil {
		t.Fatal(err)
	}
	app, err := New(t.Context(), s, testLogger(t))
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- app.Run(context.Background()) }()
	for _, c := range []struct {
		token        string
		read, create int
	}{{"", 401, 401}, {"nonsense", 401, 401}, {"see", 200, 403}, {"do", 200, 200}} {
		client := newClient(app.URL(), c.token)
		client.http.Transport = &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}}
		if got := statusOf(client.do(t.Context(), http.MethodGet, "/ob/plans", nil, nil)); got != c.read {
			t.Errorf("token %q reads with %d, want %d", c.token, got, c.read)
		}
		if got := statusOf(client.do(t.Context(), http.MethodPost, "/ob/plans", map[string]any{"name": "x"}, nil)); got != c.create {
			t.Errorf("token %q creates with %d, want %d", c.token, got, c.create)
		}
		client.Close()
	}
	app.Drain()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if err := app.Close(); err != nil {
		t.Error(err)
	}
}

// statusOf is the HTTP status that err tells of: 200 for nil, 0 if the API has
// not answered.
func statusOf(err error) int {
	if err == nil {
		return http.StatusOK
	}
	if e, ok := errors.AsType[refused](err); ok {
		return e.Status
	}
	return 0
}

// selfSigned writes a certificate for 127.0.0.1 and its key.
func selfSigned(t *testing.T, dir string) (certificate, key string, pool *x509.CertPool) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "outpace"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	certificate, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	for path, content := range map[string][]byte{
		certificate: text,
		key:         pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER}),
	} {
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	pool = x509.NewCertPool()
	pool.AppendCertsFromPEM(text)
	return certificate, key, pool
}
