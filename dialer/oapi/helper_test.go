package oapi

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"sync"
	"testing"

	"github.com/outpace/outpace/dialer/hosted"
)

// asked is a request that the PBX has got.
type asked struct {
	*http.Request
	body string
}

// bench is a PBX that keeps what it is asked and answers as the test says.
type bench struct {
	pbx *pbx
	mu  sync.Mutex
	got []asked
}

func newBench(t *testing.T, answer http.HandlerFunc) *bench {
	t.Helper()
	b := &bench{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		b.mu.Lock()
		b.got = append(b.got, asked{r, string(body)})
		b.mu.Unlock()
		answer(w, r)
	}))
	t.Cleanup(server.Close)
	p, err := newPBX(config(server.URL))
	if err != nil {
		t.Fatal(err)
	}
	b.pbx = p
	return b
}

func config(url string) Config {
	return Config{
		Settings: hosted.Settings{Name: "viet", BaseURL: url},
		AppID:    "65446465436742018", AppSecret: "123456",
		Devices: []Device{{"thutranhtkbee", "s3cret"}, {"102", "other"}},
	}
}

// requests are what the PBX has been asked.
func (b *bench) requests() []asked {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]asked(nil), b.got...)
}

// section reads a section of the page.
func section(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func reply(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}
