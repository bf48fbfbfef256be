package api

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/outpace/outpace/results"
)

// pbxFiles gives out recordings, or an error.
type pbxFiles struct {
	err   error
	asked []string
}

func (p *pbxFiles) Recording(_ context.Context, gateway, name string, header http.Header) (*http.Response, error) {
	p.asked = append(p.asked, gateway+" "+name+" "+header.Get("Range"))
	if p.err != nil {
		return nil, p.err
	}
	return &http.Response{
		StatusCode: http.StatusPartialContent, ContentLength: 4, Body: io.NopCloser(strings.NewReader("RIFF")),
		Header: http.Header{"Content-Type": {"text/html"}, "Content-Range": {"bytes 0-3/9"}, "Set-Cookie": {"x=y"}},
	}, nil
}

func TestRecording(t *testing.T) {
	files := &pbxFiles{}
	r := newRig(t, func(c *Config) { withTokens(c); c.Recordings = files })
	r.store.results = []results.Result{
		{Seq: 1, Attempt: results.Attempt{Gateway: "cloud"}, Recording: "https://pbx/a.wav?x=.exe"},
		{Seq: 2, Attempt: results.Attempt{Gateway: "cloud"}},
	}
	r.token = operatorSecret
	req := r.request(http.MethodGet, "/ob/results/1/recording", "")
	req.Header.Set("Range", "bytes=0-3")
	w := httptest.NewRecorder()
	r.handler.ServeHTTP(w, req)
	h := w.Result().Header
	switch {
	case w.Code != http.StatusPartialContent || w.Body.String() != "RIFF":
		t.Errorf("%d %q", w.Code, w.Body)
	case h.Get("Content-Type") != "application/octet-stream" || h.Get("X-Content-Type-Options") != "nosniff":
		t.Errorf("the PBX decides what a browser takes it for: %v", h)
	case h.Get("Content-Disposition") != `attachment; filename="recording-1.wav"` || h.Get("Content-Range") != "bytes 0-3/9" || h.Get("Set-Cookie") != "":
		t.Errorf("headers %v", h)
	}
	if fmt.Sprint(files.asked) != "[cloud https://pbx/a.wav?x=.exe bytes=0-3]" {
		t.Errorf("asked for %q", files.asked)
	}
	for _, path := range []string{"/ob/results/2/recording", "/ob/results/3/recording", "/ob/results/0/recording", "/ob/results/x/recording"} {
		if a := r.do(http.MethodGet, path, ""); a.status != http.StatusNotFound {
			t.Errorf("%s: %d", path, a.status)
		}
	}
	files.err = fmt.Errorf("%w: elsewhere", ErrNoRecording)
	r.refused(http.StatusNotFound, "cannot be had", http.MethodGet, "/v1/ob/results/1/recording/", "")
	files.err = errors.New("0901234567 is down")
	r.refused(http.StatusBadGateway, "did not give out", http.MethodGet, "/ob/results/1/recording", "")
	if log := r.log.String(); strings.Contains(log, "0901234567") || !strings.Contains(log, "********67 is down") {
		t.Errorf("log: %s", log)
	}
	if n := len(files.asked); n != 3 {
		t.Errorf("the PBX was asked %d times", n)
	}
}

type hookTable map[string]Hook

func (h hookTable) Hook(name string) (Hook, bool) {
	hook, ok := h[name]
	return hook, ok
}

// TestHooksAreTheGatewaysToJudge: no token of the API opens or closes them.
func TestHooksAreTheGatewaysToJudge(t *testing.T) {
	got := ""
	r := newRig(t, func(c *Config) {
		withTokens(c)
		c.BodyLimit = 10
		c.Hooks = hookTable{"cloud": func(w http.ResponseWriter, req *http.Request, _ Try) {
			body, err := io.ReadAll(req.Body)
			got = fmt.Sprint(req.Header.Get("Authorization"), " ", req.URL.Query().Get("apikey"), " ", string(body), " ", err)
			w.WriteHeader(http.StatusTeapot)
		}}
	})
	for _, path := range []string{"/hooks/cloud?apikey=s3cret", "/hooks/cloud/?apikey=s3cret"} {
		req := r.request(http.MethodPost, path, "{}")
		req.Header.Set("Authorization", "Basic eA==")
		w := httptest.NewRecorder()
		r.handler.ServeHTTP(w, req)
		if w.Code != http.StatusTeapot || got != "Basic eA== s3cret {} <nil>" {
			t.Errorf("%s: %d, the gateway got %q", path, w.Code, got)
		}
	}
	if strings.Contains(r.log.String(), "s3cret") {
		t.Error("the log shows the secret of a hook")
	}
	r.handler.ServeHTTP(httptest.NewRecorder(), r.request(http.MethodPost, "/hooks/cloud", strings.Repeat("x", 11)))
	if !strings.Contains(got, "too large") {
		t.Errorf("a large body: %q", got)
	}
	if a := r.do(http.MethodPost, "/hooks/other", "{}"); a.status != http.StatusNotFound {
		t.Errorf("an unknown gateway: %d", a.status)
	}
	if a := r.do(http.MethodGet, "/hooks/cloud", ""); a.status != http.StatusMethodNotAllowed && a.status != http.StatusUnauthorized {
		t.Errorf("GET: %d", a.status)
	}
}
