package oapi

import (
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/outpace/outpace/dialer"
	"github.com/outpace/outpace/dialer/hosted"
)

func TestAnswersToClickToCall(t *testing.T) {
	refused := func(f hosted.Fault) func(error) bool {
		return func(err error) bool {
			r, ok := errors.AsType[*hosted.Refusal](err)
			return ok && r.Fault == f && errors.Is(err, dialer.ErrRefused) && !errors.Is(err, dialer.ErrOutcomeUnknown)
		}
	}
	unknown := func(err error) bool {
		return errors.Is(err, dialer.ErrOutcomeUnknown) && !errors.Is(err, dialer.ErrRefused) && !errors.Is(err, dialer.ErrNotSent)
	}
	taken := func(err error) bool { return err == nil }
	for status, fits := range map[int]func(error) bool{
		200: taken, 201: taken, 204: taken,
		400: refused(hosted.AgentOffline),
		401: refused(hosted.Other), 403: refused(hosted.Other), 404: refused(hosted.Other), 405: refused(hosted.Other),
		413: refused(hosted.Other), 415: refused(hosted.Other), 422: refused(hosted.Other), 429: refused(hosted.Other),
		302: unknown, 408: unknown, 409: unknown, 425: unknown, 499: unknown,
		500: unknown, 502: unknown, 503: unknown, 504: unknown,
	} {
		t.Run(strconv.Itoa(status), func(t *testing.T) {
			b := newBench(t, reply(status, "<html>not what the page says"))
			if status == 204 {
				b = newBench(t, reply(status, ""))
			}
			_, err := b.pbx.Place(t.Context(), hosted.Order{Agent: "102", Number: "0909123456"})
			if !fits(err) {
				t.Errorf("answer %d means %v", status, err)
			}
			if n := len(b.requests()); n != 1 {
				t.Errorf("asked %d times", n)
			}
			if err != nil && (strings.Contains(err.Error(), "0909123456") || strings.Contains(err.Error(), "other") || strings.Contains(err.Error(), "html")) {
				t.Errorf("the error tells too much: %v", err)
			}
		})
	}
}

func TestNumbersStayOneStepOfThePath(t *testing.T) {
	for _, number := range []string{"+84909123456", "*98#", "a.b", "%2e%2e", "1_2-3"} {
		b := newBench(t, reply(200, ""))
		if _, err := b.pbx.Place(t.Context(), hosted.Order{Agent: "102", Number: number}); err != nil {
			t.Errorf("%q: %v", number, err)
			continue
		}
		if r := b.requests()[0]; r.URL.Path != "/oapi/v1/call/click-to-call/"+number || r.URL.RawQuery != "" || r.URL.Fragment != "" {
			t.Errorf("%q went to %q", number, r.URL)
		}
	}
	for _, number := range []string{".", "..", ""} {
		b := newBench(t, reply(200, ""))
		_, err := b.pbx.Place(t.Context(), hosted.Order{Agent: "102", Number: number})
		if !errors.Is(err, dialer.ErrNotSent) || !errors.Is(err, dialer.ErrUnusable) || len(b.requests()) > 0 {
			t.Errorf("%q: %v, %d requests", number, err, len(b.requests()))
		}
	}
}

func TestDeviceThatTheSettingsDoNotHave(t *testing.T) {
	b := newBench(t, reply(200, ""))
	if _, err := b.pbx.Place(t.Context(), hosted.Order{Agent: "999", Number: "1"}); !errors.Is(err, dialer.ErrNotSent) {
		t.Errorf("placed: %v", err)
	}
	if len(b.requests()) > 0 {
		t.Error("the PBX was asked")
	}
}

func TestBeforeStandsBeforeTheRequest(t *testing.T) {
	b := newBench(t, reply(200, ""))
	stop := errors.New("the lease is gone")
	_, err := b.pbx.Place(t.Context(), hosted.Order{Agent: "102", Number: "1", Before: func() error { return stop }})
	if !errors.Is(err, dialer.ErrNotSent) || !errors.Is(err, stop) || len(b.requests()) > 0 {
		t.Errorf("%v, %d requests", err, len(b.requests()))
	}
}

func TestLostAnswerIsNotARefusal(t *testing.T) {
	b := newBench(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		panic(http.ErrAbortHandler)
	})
	_, err := b.pbx.Place(t.Context(), hosted.Order{Agent: "102", Number: "1"})
	if !errors.Is(err, dialer.ErrOutcomeUnknown) || len(b.requests()) != 1 {
		t.Errorf("%v, %d requests", err, len(b.requests()))
	}
}

func TestConfigIsChecked(t *testing.T) {
	good := config("http://pbx.example")
	if _, err := newPBX(good); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*Config){
		"no id":     func(c *Config) { c.AppID = "" },
		"no secret": func(c *Config) { c.AppSecret = "" },
		"no name":   func(c *Config) { c.Devices = []Device{{"", "x"}} },
		"twice":     func(c *Config) { c.Devices = []Device{{"1", "x"}, {"1", "y"}} },
		"no url":    func(c *Config) { c.BaseURL = "" },
	} {
		cfg := good
		change(&cfg)
		_, err := newPBX(cfg)
		if err == nil {
			t.Errorf("%s: taken", name)
		} else if strings.Contains(err.Error(), "123456") || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s: the error shows a secret", name)
		}
	}
}
