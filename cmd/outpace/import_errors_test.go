package main

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/outpace/outpace/dlma"
	"github.com/outpace/outpace/store/storetest"
)

const noList = "42b72a18-a6c5-43bf-b9aa-6043ff32128d"

func TestImportNeedsWhatItNeeds(t *testing.T) {
	const secret = "outpace_the-token-of-a-test"
	r := bare(t, storetest.SQLiteURL(t), "OUTPACE_API_TOKEN="+secret)
	list := r.post("/ob/dlmas", map[string]any{"name": "l"})
	good := csvFile(t, "number_1\n300\n")
	for name, tt := range map[string]struct {
		code int
		part string
		args []string
	}{
		"no such file": {exitFailure, "no such file", []string{good + "x", "--dlma", list}},
		"no CSV":       {exitFailure, "column \"colour\"", []string{csvFile(t, "colour\n"), "--dlma", list}},
		"no uuid":      {exitUsage, "--dlma must", []string{good, "--dlma", "7"}},
		"connections":  {exitUsage, "--connections must", []string{good, "--dlma", list, "--connections", "0"}},
		"no URL":       {exitUsage, "--url must", []string{good, "--dlma", list, "--url", "ftp://x"}},
		"a user":       {exitUsage, "--url must", []string{good, "--dlma", list, "--url", "http://a:b@localhost"}},
		"no token":     {exitFailure, "answered 401", []string{good, "--dlma", list, "--url", r.URL()}},
		"wrong token":  {exitFailure, "answered 401", []string{good, "--dlma", list, "--url", r.URL(), "--token", "x" + secret}},
		"no such list": {exitFailure, "There is no such dlma", []string{good, "--dlma", noList, "--url", r.URL(), "--token", secret}},
		"good":         {exitOK, "", []string{good, "--dlma", list, "--url", r.URL(), "--token", secret}},
		"only checked": {exitOK, "", []string{good, "--dlma", noList, "--check"}},
	} {
		code, said, complaint := importing(t.Context(), nil, tt.args...)
		if code != tt.code || !strings.Contains(complaint, tt.part) {
			t.Errorf("%s: exit %d: %s%s", name, code, said, complaint)
		}
		if strings.Contains(said+complaint, secret) {
			t.Errorf("%s: the token is shown: %s%s", name, said, complaint)
		}
	}
}

// An import that is told to send its token elsewhere does not.
func TestImportFollowsNoRedirection(t *testing.T) {
	var asked atomic.Int64
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked.Add(1) }))
	defer elsewhere.Close()
	server := httptest.NewServer(http.RedirectHandler(elsewhere.URL, http.StatusTemporaryRedirect))
	defer server.Close()
	code, _, complaint := importing(t.Context(), nil, csvFile(t, "number_1\n300\n"), "--dlma", noList, "--url", server.URL, "--token", "t")
	if code != exitFailure || !strings.Contains(complaint, "307") || asked.Load() != 0 {
		t.Errorf("exit %d, %d requests elsewhere: %s", code, asked.Load(), complaint)
	}
}

// The list goes away in the middle: no row is to blame.
func TestImportEndsWhenTheListGoes(t *testing.T) {
	r := bare(t, storetest.SQLiteURL(t))
	list := r.post("/ob/dlmas", map[string]any{"name": "l"})
	var posts atomic.Int64
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		if q.Method == http.MethodPost && posts.Add(1) == 1 {
			if err := r.do(q.Context(), http.MethodDelete, "/ob/dlmas/"+list, nil, nil); err != nil {
				t.Error(err)
			}
		}
		q.Host = "localhost"
		r.server.Handler.ServeHTTP(w, q)
	}))
	defer proxy.Close()
	file := csvFile(t, "number_1\n300\n301\n302\n")
	code, said, complaint := importing(t.Context(), nil, file, "--dlma", list, "--url", proxy.URL, "--connections", "1")
	if code != exitFailure || !strings.Contains(complaint, "dlma_uuid does not exist") || !strings.Contains(said, "0 loaded, 0 there already, 0 refused") {
		t.Errorf("exit %d: %s%s", code, said, complaint)
	}
}

// A server that does not answer is waited for, and then the import ends.
func TestImportGivesUp(t *testing.T) {
	for name, status := range map[string]int{"dead": 0, "broken": http.StatusInternalServerError, "busy": http.StatusTooManyRequests} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			if status == 0 {
				panic(http.ErrAbortHandler)
			}
			w.WriteHeader(status)
			_, _ = fmt.Fprintf(w, `{"error":{"code":%d,"message":"Not now."}}`, status)
		}))
		rows, err := dlma.NewReader(strings.NewReader("number_1\n300\n"), noList)
		if err != nil {
			t.Fatal(err)
		}
		c := newClient(server.URL, "")
		i := &importer{rows: rows, client: c, list: noList, patience: 300 * time.Millisecond, report: newRefusals("x", "", nil),
			screen: newImportScreen(&bytes.Buffer{}, 0), stopping: make(chan struct{})}
		if err := i.run(t.Context(), 2, nil); err == nil || !strings.Contains(err.Error(), "Run it again") {
			t.Errorf("%s: %v", name, err)
		}
		c.Close()
		server.Close()
	}
}

func TestImportScreen(t *testing.T) {
	var out bytes.Buffer
	s := newImportScreen(&out, 1000)
	n := importCounts{read: 50, loaded: 40, already: 7, refused: 3, offset: 250}
	s.show(10*time.Second, n)
	if got, want := out.String(), "[#######.......................]  25 %  50 rows, 5/s, 40 loaded, 7 there already, 3 refused, 30s left\n"; got != want {
		t.Errorf("a line is\n%q, want\n%q", got, want)
	}
	out.Reset()
	s.size = 0
	s.screen.terminal, s.screen.width = true, func() int { return 20 }
	s.show(10*time.Second, n)
	if got, want := out.String(), "\r\x1b[2K50 rows, 5/s, 40 lo"; got != want {
		t.Errorf("on a narrow terminal it is %q, want %q", got, want)
	}
}

func TestImportReportThatCannotBeMade(t *testing.T) {
	r := newRefusals("x.csv", "/no/such/folder/x", nil)
	if err := r.add(dlma.Row{}, dlma.Invalid{}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%v", err)
	}
}
