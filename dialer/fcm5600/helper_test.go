package fcm5600

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/outpace/outpace/dialer/hosted"
)

// asked is a request that the PBX has got.
type asked struct {
	*http.Request
	body string
}

// bench is a PBX that keeps what it is asked and answers as the test says. It
// takes every login.
type bench struct {
	pbx    *pbx
	mu     sync.Mutex
	got    []asked
	logins int
}

// saigon is the zone of the tests.
var saigon = time.FixedZone("Asia/Saigon", 7*3600)

func newBench(t *testing.T, answer http.HandlerFunc) *bench {
	t.Helper()
	b := &bench{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		b.mu.Lock()
		defer b.mu.Unlock()
		if r.URL.Path == DefaultLoginPath {
			b.logins++
			_, _ = io.WriteString(w, `{"code":0,"message":"OK","data":"Bearer tok-`+string(rune('0'+b.logins))+`"}`)
			return
		}
		b.got = append(b.got, asked{r, string(body)})
		b.mu.Unlock()
		defer b.mu.Lock()
		answer(w, r)
	}))
	t.Cleanup(server.Close)
	b.pbx = newTestPBX(t, server.URL)
	return b
}

func newTestPBX(t *testing.T, url string) *pbx {
	t.Helper()
	cfg := config(url)
	p, err := newPBX(&cfg)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func config(url string) Config {
	return Config{
		Settings: hosted.Settings{Name: "device", BaseURL: url, Zone: saigon},
		Username: "api", Password: "s3cret",
	}
}

// requests are what the PBX has been asked, but for logins.
func (b *bench) requests() []asked {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]asked(nil), b.got...)
}

func (b *bench) loginCount() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.logins
}

func reply(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

// section reads a section of the page.
func section(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile("testdata/" + name + ".txt")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// pair is a name and a value of an example; what stands between two pairs are
// remarks.
var pair = regexp.MustCompile(`"(\w+)"\s*:\s*("[^"]*"|-?\d+|true|false|null|\[|\{)`)

// broken is where printing has broken a value in two.
var broken = regexp.MustCompile(`\s*\n\s*`)

// pairs reads the example that stands after a label, up to the end of the next
// two code blocks, as flat names and values.
func pairs(t *testing.T, text, label string) map[string]json.RawMessage {
	t.Helper()
	_, rest, found := strings.Cut(text, label)
	if !found {
		t.Fatalf("the section has no %q", label)
	}
	rest, _, _ = strings.Cut(rest, "\n\nThe ")
	rest, _, _ = strings.Cut(rest, "\n\nResponse")
	list := map[string]json.RawMessage{}
	for _, m := range pair.FindAllStringSubmatch(rest, -1) {
		if value := broken.ReplaceAllString(m[2], ""); value != "[" && value != "{" {
			list[m[1]] = json.RawMessage(value)
		}
	}
	return list
}

func encoded(t *testing.T, value any) string {
	t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// envelopeOf is an answer with data in it.
func envelopeOf(t *testing.T, data any) string {
	t.Helper()
	return encoded(t, map[string]any{"code": 0, "message": "OK", "data": data})
}
