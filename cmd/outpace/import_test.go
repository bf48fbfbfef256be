package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/outpace/outpace/dlma"
	"github.com/outpace/outpace/store/storetest"
)

// bare starts a server without any gateway.
func bare(t *testing.T, database string, more ...string) *running {
	t.Helper()
	s, err := loadSettings(layer{}, "", env(append([]string{"OUTPACE_LISTEN=127.0.0.1:0", "OUTPACE_DATABASE=" + database,
		"OUTPACE_RESULTS=" + filepath.Join(t.TempDir(), "outbound_result.json")}, more...)...))
	if err != nil {
		t.Fatal(err)
	}
	return place{s}.start(t)
}

func bothDatabases(t *testing.T, test func(t *testing.T, database string)) {
	t.Run("sqlite", func(t *testing.T) { test(t, storetest.SQLiteURL(t)) })
	t.Run("postgres", func(t *testing.T) { test(t, storetest.PostgresURL(t)) })
}

func csvFile(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "customers.csv")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// importing runs the command and returns its exit code and what it said.
func importing(ctx context.Context, signals chan os.Signal, args ...string) (code int, out, err string) {
	var said, complained bytes.Buffer
	w := world{out: &said, err: &complained, env: env(), signals: signals}
	code = run(ctx, append([]string{"import"}, args...), w)
	return code, said.String(), complained.String()
}

// entries reads a whole list from the server.
func (r *running) entries(list string) []map[string]any {
	r.t.Helper()
	var all []map[string]any
	for path := "/ob/dls?count=1000&dlma_uuid=" + list; ; {
		var page struct {
			List []map[string]any `json:"list"`
			Next string           `json:"next"`
		}
		r.get(path, &page)
		all = append(all, page.List...)
		if page.Next == "" {
			return all
		}
		path = "/ob/dls?count=1000&dlma_uuid=" + list + "&after=" + page.Next
	}
}

// treacherous passes requests on and spoils a fifth of them: some before the
// server saw them, some after, so that only the answer is lost.
func treacherous(t *testing.T, to string) (address string, posts *atomic.Int64) {
	t.Helper()
	target, err := url.Parse(to)
	if err != nil {
		t.Fatal(err)
	}
	forward := httputil.NewSingleHostReverseProxy(target)
	var mu sync.Mutex
	dice := rand.New(rand.NewPCG(1, 2))
	posts = new(atomic.Int64)
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Host = target.Host
		mu.Lock()
		fate := dice.IntN(20)
		mu.Unlock()
		if r.Method == http.MethodPost {
			posts.Add(1)
		}
		switch fate {
		case 0:
			panic(http.ErrAbortHandler)
		case 1, 2:
			forward.ServeHTTP(httptest.NewRecorder(), r)
			panic(http.ErrAbortHandler)
		case 3:
			forward.ServeHTTP(httptest.NewRecorder(), r)
			http.Error(w, `{"error":{"code":503,"message":"Too slow."}}`, http.StatusServiceUnavailable)
		default:
			forward.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(proxy.Close)
	return proxy.URL, posts
}

// TestImportIsCutAndRunAgain loads a file through a bad line, in runs that are
// cut at any moment, until one ends by itself: each good row is there once, and
// each bad one in the report.
func TestImportIsCutAndRunAgain(t *testing.T) {
	bothDatabases(t, func(t *testing.T, database string) {
		const rows, cuts = 150, 4
		r := bare(t, database)
		address, posts := treacherous(t, r.URL())
		list := r.post("/ob/dlmas", map[string]any{"name": "l"})
		text := "number_1,name,ukey\n"
		for n := range rows {
			switch n % 50 {
			case 10: // no phone number
				text += fmt.Sprintf("+49 30 %d,bad,\n", n)
			case 11: // same as the row before the bad one
				text += fmt.Sprintf("%d,customer,\n", 7000+n-2)
			case 12: // with a key of its own
				text += fmt.Sprintf("%d,customer,key %d\n", 7000+n, n)
			default:
				text += fmt.Sprintf("%d,customer,\n", 7000+n)
			}
		}
		file := csvFile(t, text)
		args := []string{file, "--dlma", list, "--url", address, "--connections", "5"}
		for cut := range cuts {
			ctx, cancel := context.WithCancel(t.Context())
			signals := make(chan os.Signal, 1)
			goal := posts.Load() + int64(10+cut*5)
			watching := make(chan struct{})
			go func() {
				defer close(watching)
				tick := time.NewTicker(time.Millisecond)
				defer tick.Stop()
				for posts.Load() < goal && ctx.Err() == nil {
					<-tick.C
				}
				if cut%2 == 0 {
					signals <- syscall.SIGINT
				} else {
					cancel()
				}
			}()
			code, _, complaint := importing(ctx, signals, args...)
			cancel()
			<-watching
			if !strings.Contains(complaint, "Run it again") && !strings.Contains(complaint, "look for the dial list") && !strings.Contains(complaint, "were refused") {
				t.Fatalf("cut %d: exit %d: %s", cut, code, complaint)
			}
		}
		code, said, complaint := exitFailure, "", ""
		for range 20 { // finding the list is not tried again
			code, said, complaint = importing(t.Context(), nil, args...)
			if !strings.Contains(complaint, "look for the dial list") {
				break
			}
		}
		if code != exitFailure || !strings.Contains(complaint, "3 rows were refused") || !strings.Contains(said, "150 rows read: ") {
			t.Fatalf("exit %d: %s%s", code, said, complaint)
		}
		times := map[string]int{}
		for _, e := range r.entries(list) {
			times[e["number_1"].(string)]++
			if e["ukey"] == nil {
				t.Errorf("an entry has no ukey: %v", e)
			}
		}
		for number, n := range times {
			if n != 1 {
				t.Errorf("%s was loaded %d times", number, n)
			}
		}
		if len(times) != rows-2*rows/50 {
			t.Errorf("%d numbers are loaded, want %d", len(times), rows-2*rows/50)
		}

		// The whole once more adds nothing.
		code, said, _ = importing(t.Context(), nil, file, "--dlma", list, "--url", r.URL())
		if code != exitFailure || !strings.Contains(said, "150 rows read: 0 loaded, 147 there already, 3 refused") {
			t.Errorf("again: exit %d: %s", code, said)
		}
	})
}

// TestImportTakesAllFields: what the file says is what the API shows.
func TestImportTakesAllFields(t *testing.T) {
	r := bare(t, storetest.SQLiteURL(t))
	list := r.post("/ob/dlmas", map[string]any{"name": "l"})
	want := map[string]any{
		"name": "O'Brien, \"Bo\"\nLtd", "detail": "d \u2028 \U0001F600", "email": "a@example.com", "ukey": "k&1", "resv_target": "t",
		"res_dial_detail": "dd", "res_hangup_detail": "hd", "status": 2.0, "res_dial": 3.0, "res_hangup": 16.0,
		"tm_last_dial": "2017-03-08T02:02:19.000000000Z", "tm_last_hangup": "2018-03-08T02:02:19.000000000Z",
	}
	for i := range dlma.Numbers {
		want[fmt.Sprint("number_", i+1)] = fmt.Sprintf("+49*%d#._-x", i)
		want[fmt.Sprint("trycnt_", i+1)] = float64(i)
	}
	var names, cells []string
	for name, value := range want {
		names, cells = append(names, name), append(cells, fmt.Sprint(value))
	}
	names, cells = append(names, "variables.__A b"), append(cells, ` ${X},"\`)
	var text strings.Builder
	w := csv.NewWriter(&text)
	w.UseCRLF = false
	if err := w.WriteAll([][]string{names, cells}); err != nil {
		t.Fatal(err)
	}
	code, said, complaint := importing(t.Context(), nil, csvFile(t, "\ufeff"+text.String()), "--dlma", list, "--url", r.URL())
	if code != exitOK || !strings.Contains(said, "1 rows read: 1 loaded") {
		t.Fatalf("exit %d: %s%s", code, said, complaint)
	}
	got := r.entries(list)[0]
	for name, value := range want {
		if got[name] != value {
			t.Errorf("%s is %q, want %q", name, got[name], value)
		}
	}
	if v := got["variables"].(map[string]any)["__A b"]; v != ` ${X},"\` {
		t.Errorf("the variable is %q", v)
	}
}

// TestImportReportsRefusedRows: the report tells why, can be mended and loaded
// itself, and never takes the place of another file.
func TestImportReportsRefusedRows(t *testing.T) {
	r := bare(t, storetest.SQLiteURL(t))
	list := r.post("/ob/dlmas", map[string]any{"name": "l"})
	file := csvFile(t, "number_1,name,ukey,email\n300,Ann,a,\n30 1,Bo,b,\n302,Cy,a,\n303,\"D\"x,d,\n300,Ann,a,\n304,Eve\n")
	code, said, complaint := importing(t.Context(), nil, file, "--dlma", list, "--url", r.URL(), "--connections", "1")
	report := strings.TrimSuffix(file, ".csv") + ".refused.csv"
	if code != exitFailure || !strings.Contains(said, "6 rows read: 1 loaded, 1 there already, 4 refused; why stands in "+report) {
		t.Fatalf("exit %d: %s%s", code, said, complaint)
	}
	text, err := os.ReadFile(report)
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{
		"refused_line,refused_field,refused_reason,number_1,name,ukey,email\n",
		"3,number_1,must be 1 to 64 of the characters 0-9 A-Z a-z + * # . _ -,30 1,Bo,b,\n",
		"4,name,is another one than in the dl that the list has already with this ukey,302,Cy,a,\n",
		"5,row,\"has a quote out of place",
		"7,row,\"has 2 columns, the header has 4\",304,Eve,,\n",
	} {
		if !strings.Contains(string(text), part) {
			t.Errorf("the report lacks %q:\n%s", part, text)
		}
	}
	mended := strings.NewReplacer("30 1", "301", ",a,", ",c,").Replace(string(text))
	if err := os.WriteFile(report, []byte(mended), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, said, _ = importing(t.Context(), nil, report, "--dlma", list, "--url", r.URL()); !strings.Contains(said, "4 rows read: 3 loaded, 0 there already, 1 refused") {
		t.Errorf("the mended report: %s", said)
	}
	_, said, _ = importing(t.Context(), nil, file, "--dlma", list, "--url", r.URL())
	if !strings.Contains(said, ".refused-2.csv") {
		t.Errorf("the second report: %s", said)
	}
	if now, err := os.ReadFile(report); err != nil || string(now) != mended {
		t.Errorf("the first report was touched: %v", err)
	}
	_, _, complaint = importing(t.Context(), nil, file, "--dlma", list, "--url", r.URL(), "--refused", report)
	if !strings.Contains(complaint, "exists") {
		t.Errorf("over a file that is there: %s", complaint)
	}
}
