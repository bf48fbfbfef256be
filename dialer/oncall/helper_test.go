package oncall

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/outpace/outpace/dialer/hosted"
)

// saigon is where the page's PBX is.
var saigon = func() *time.Location {
	zone, err := time.LoadLocation("Asia/Ho_Chi_Minh")
	if err != nil {
		panic(err)
	}
	return zone
}()

// quote reads an example of the page as it stands there.
func quote(t testing.TB, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name+".txt"))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

var lineNumbers = regexp.MustCompile(`(?m)^\d+[ \t]*`)

// example reads an example of JSON: without the page's line numbers, and closed
// where the page cuts it off.
func example(t testing.TB, name string) string {
	t.Helper()
	text := strings.TrimRight(lineNumbers.ReplaceAllString(quote(t, name), ""), ", \n")
	var open []byte
	in := false
	for i := range len(text) {
		switch c := text[i]; {
		case c == '"':
			in = !in
		case in:
		case c == '{':
			open = append(open, '}')
		case c == '[':
			open = append(open, ']')
		case c == '}' || c == ']':
			open = open[:len(open)-1]
		}
	}
	for i := len(open) - 1; i >= 0; i-- {
		text += string(open[i])
	}
	if !json.Valid([]byte(text)) {
		t.Fatalf("the example %s is no JSON:\n%s", name, text)
	}
	return text
}

// answer is one of a bench's.
type answer struct {
	status int
	body   string
}

func ok(body string) answer { return answer{http.StatusOK, body} }

func bad(body string) answer { return answer{http.StatusBadRequest, body} }

// request is one that the bench got.
type request struct {
	*http.Request

	body string
}

// bench is a PBX with fixed answers, and the adapter to it.
type bench struct {
	pbx *pbx

	mu      sync.Mutex
	answers map[string]func(r request) answer // by path
	got     []request
}

// config are settings that work.
func config(base string) Config {
	return Config{
		Settings: hosted.Settings{Name: "oc", BaseURL: base, Zone: saigon, Rate: 1000},
		Username: "test", Password: "123456", Domain: "test01.oncall",
		AuthExtension: "103", AuthPassword: "dOk25mk",
		HookUsername: "events", HookPassword: "s3cret",
	}
}

func newBench(t testing.TB, change func(*Config)) *bench {
	t.Helper()
	b := &bench{answers: map[string]func(request) answer{}}
	server := httptest.NewServer(http.HandlerFunc(b.serve))
	t.Cleanup(server.Close)
	cfg := config(server.URL)
	if change != nil {
		change(&cfg)
	}
	cfg, files, err := cfg.check()
	if err != nil {
		t.Fatal(err)
	}
	if b.pbx, err = newPBX(cfg, files); err != nil {
		t.Fatal(err)
	}
	b.on("/api/account/credentials/verify", ok(example(t, "1.1-output")))
	return b
}

// on sets the answers of a path, in their order; the last one stays.
func (b *bench) on(path string, list ...answer) {
	b.onRequest(path, func(request) answer {
		a := list[0]
		if len(list) > 1 {
			list = list[1:]
		}
		return a
	})
}

func (b *bench) onRequest(path string, f func(request) answer) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.answers[path] = f
}

func (b *bench) serve(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	b.mu.Lock()
	defer b.mu.Unlock()
	asked := request{r, string(body)}
	b.got = append(b.got, asked)
	f := b.answers[r.URL.Path]
	if f == nil {
		http.NotFound(w, r)
		return
	}
	a := f(asked)
	w.WriteHeader(a.status)
	_, _ = w.Write([]byte(a.body))
}

// asked are the requests for a path.
func (b *bench) asked(path string) []request {
	b.mu.Lock()
	defer b.mu.Unlock()
	var list []request
	for _, r := range b.got {
		if r.URL.Path == path {
			list = append(list, r)
		}
	}
	return list
}

// sameJSON compares two texts of JSON by what they say.
func sameJSON(t *testing.T, got, want string) {
	t.Helper()
	var a, b bytes.Buffer
	var x, y any
	if err := json.Unmarshal([]byte(got), &x); err != nil {
		t.Fatalf("%v: %s", err, got)
	}
	if err := json.Unmarshal([]byte(want), &y); err != nil {
		t.Fatalf("%v: %s", err, want)
	}
	_ = json.NewEncoder(&a).Encode(x)
	_ = json.NewEncoder(&b).Encode(y)
	if a.String() != b.String() {
		t.Errorf("got %s want %s", a.String(), b.String())
	}
}

// at is a local time of the PBX.
func at(text string) time.Time {
	t, err := time.ParseInLocation(timeLayout, text, saigon)
	if err != nil {
		panic(err)
	}
	return t
}
