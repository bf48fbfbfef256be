package oapi

import (
	"errors"
	"strings"
	"testing"

	"github.com/outpace/outpace/dialer/hosted"
)

func TestAnswersThatHoldAURL(t *testing.T) {
	const there = "https://media.example/r/x.mp3?sign=1%2F2"
	for body, want := range map[string]string{
		there:                     there,
		there + "\n":              there,
		`"` + there + `"`:         there,
		`{"url":"` + there + `"}`: there,
		`{"code":200,"message":"OK","link":"` + there + `"}`: there,
		`/media/x.mp3`: "HOST/media/x.mp3",
	} {
		b := newBench(t, reply(200, body))
		req, err := b.pbx.Recording(t.Context(), "x.mp3")
		if err != nil {
			t.Errorf("%s: %v", body, err)
			continue
		}
		if got := req.URL.String(); got != strings.Replace(want, "HOST", b.pbx.client.Location(), 1) {
			t.Errorf("%s: %s", body, got)
		}
		if len(req.Header) > 0 {
			t.Errorf("%s: the request for the file carries %v", body, req.Header)
		}
	}
}

func TestAnswersThatHoldNoURL(t *testing.T) {
	for _, body := range []string{
		``, `not found`, `{}`, `null`, `"x.mp3"`, `//elsewhere.example/x.mp3`, `file:///etc/passwd`,
		`{"a":"https://a.example","b":"https://b.example"}`, `["https://a.example"]`, `javascript:alert(1)`, `http://[::1`,
	} {
		b := newBench(t, reply(200, body))
		req, err := b.pbx.Recording(t.Context(), "x.mp3")
		if _, ok := errors.AsType[*hosted.MalformedError](err); !ok || req != nil {
			t.Errorf("%q: %v, %v", body, req, err)
		}
	}
	b := newBench(t, reply(404, "no"))
	if _, err := b.pbx.Recording(t.Context(), "x.mp3"); err == nil {
		t.Error("a file that does not exist was found")
	}
}

func FuzzMediaURL(f *testing.F) {
	f.Add(`"https://media.example/x"`)
	f.Add(`{"url":"/x"}`)
	f.Add(`http://a b`)
	f.Fuzz(func(t *testing.T, body string) {
		u, err := mediaURL([]byte(body))
		if err == nil && u.Scheme != "http" && u.Scheme != "https" && u.Scheme != "" {
			t.Errorf("%q is %v", body, u)
		}
		if err == nil && u.Scheme == "" && u.Host != "" {
			t.Errorf("%q names a host without a scheme: %v", body, u)
		}
	})
}
