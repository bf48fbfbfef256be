package hosted

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
)

func TestMayFetch(t *testing.T) {
	g := &Gateway{set: Settings{BaseURL: "https://pbx.example.com", RecordingHosts: []string{"files.example.com", "10.0.0.9:8443"}}}
	for text, want := range map[string]bool{
		"https://pbx.example.com/a.wav":           true,
		"https://PBX.example.com.:443/a.wav":      true,
		"https://files.example.com/a.wav":         true,
		"http://files.example.com/a.wav":          true,
		"https://10.0.0.9:8443/a.wav":             true,
		"http://pbx.example.com/a.wav":            false, // not the gateway's own scheme
		"https://pbx.example.com:8443/a.wav":      false,
		"https://10.0.0.9/a.wav":                  false,
		"https://files.example.com:22/a.wav":      false,
		"https://u:p@pbx.example.com/a.wav":       false,
		"https://pbx.example.com@evil.org/a.wav":  false,
		"https://pbx.example.com.evil.org/a.wav":  false,
		"https://evil.org/pbx.example.com":        false,
		"http://169.254.169.254/latest/meta-data": false,
		"http://localhost/a.wav":                  false,
		"file:///etc/passwd":                      false,
		"gopher://pbx.example.com/":               false,
		"//pbx.example.com/a.wav":                 false,
		"https:pbx.example.com":                   false,
		"":                                        false,
	} {
		u, err := url.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		if got := g.mayFetch(u) == nil; got != want {
			t.Errorf("%s: %t, want %t", text, got, want)
		}
	}
	for entry, ok := range map[string]bool{
		"h": true, "h:1": true, "[::1]:80": true, "": false, "http://h": false, "h/": false, "u@h": false, "h h": false,
	} {
		if (CheckHost(entry) == nil) != ok {
			t.Errorf("entry %q: %v", entry, CheckHost(entry))
		}
	}
}

type namedRecording struct{ PBX }

func (namedRecording) Recording(ctx context.Context, name string) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, name, nil)
	if err == nil {
		req.Header.Set("Authorization", "Bearer secret")
	}
	return req, err
}

// TestRecordingStaysHome: neither a name nor a redirect leads to another host,
// and no secret goes to an allowed one that is not the PBX's own.
func TestRecordingStaysHome(t *testing.T) {
	var foreign, files atomic.Int32
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { foreign.Add(1) }))
	defer elsewhere.Close()
	allowed := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		files.Add(1)
		if r.Header.Get("Authorization") != "" {
			t.Error("the PBX's secret went to another host")
		}
		_, _ = w.Write([]byte("sound"))
	}))
	defer allowed.Close()
	pbx := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/away":
			http.Redirect(w, r, elsewhere.URL+"/x", http.StatusFound)
		case "/files":
			http.Redirect(w, r, allowed.URL+"/x", http.StatusFound)
		case "/gone":
			w.WriteHeader(http.StatusNotFound)
		default:
			_, _ = w.Write([]byte(r.Header.Get("Range") + r.Header.Get("Authorization")))
		}
	}))
	defer pbx.Close()
	s := Settings{Name: "lab", BaseURL: pbx.URL, RecordingHosts: []string{strings.TrimPrefix(allowed.URL, "http://")}}
	client, err := NewClient(s)
	if err != nil {
		t.Fatal(err)
	}
	g, err := New(s, Kind{Name: "lab", Client: client, PBX: namedRecording{}})
	if err != nil {
		t.Fatal(err)
	}
	fetch := func(name string) (string, error) {
		resp, err := g.Recording(t.Context(), name, http.Header{"Range": {"bytes=1-2"}, "Cookie": {"x"}})
		if err != nil {
			return "", err
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		return string(body), err
	}
	if body, err := fetch(pbx.URL + "/a.wav"); body != "bytes=1-2Bearer secret" || err != nil {
		t.Errorf("%q, %v", body, err)
	}
	if body, err := fetch(pbx.URL + "/files"); body != "sound" || err != nil || files.Load() != 1 {
		t.Errorf("%q, %v", body, err)
	}
	for name, want := range map[string]error{
		elsewhere.URL + "/a.wav": ErrForeignHost, pbx.URL + "/away": ErrForeignHost, pbx.URL + "/gone": ErrNoRecording, "": ErrNoRecording,
	} {
		if _, err := fetch(name); !errors.Is(err, want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if foreign.Load() != 0 {
		t.Errorf("a foreign host was contacted %d times", foreign.Load())
	}
}
