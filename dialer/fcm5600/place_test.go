package fcm5600

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/outpace/outpace/dialer"
	"github.com/outpace/outpace/dialer/hosted"
)

func order() hosted.Order { return hosted.Order{Agent: "101", Number: "0909123456"} }

func TestAnswersToDial(t *testing.T) {
	refused := func(fault hosted.Fault, unusable bool) func(error) bool {
		return func(err error) bool {
			r, ok := errors.AsType[*hosted.Refusal](err)
			return ok && r.Fault == fault && errors.Is(err, dialer.ErrRefused) && errors.Is(err, dialer.ErrUnusable) == unusable &&
				!errors.Is(err, dialer.ErrOutcomeUnknown)
		}
	}
	unknown := func(err error) bool {
		return errors.Is(err, dialer.ErrOutcomeUnknown) && !errors.Is(err, dialer.ErrRefused) && !errors.Is(err, dialer.ErrNotSent)
	}
	other, agent, number := refused(hosted.Other, false), refused(hosted.AgentOffline, false), refused(hosted.Other, true)
	for _, c := range []struct {
		code    int
		message string
		fits    func(error) bool
	}{
		{400, "error", other},
		{400, "", other},
		{400, "The caller number does not exist", agent},
		{400, "Invalid src", agent},
		{400, "extension not found", agent},
		{400, "The callee number is invalid", number},
		{400, "dest error", number},
		{401, "token error", other},
		{403, "forbidden", other},
		{404, "not found", other},
		{429, "slowly", other},
		{1, "something", unknown},
		{500, "ami error", unknown},
		{503, "busy", unknown},
		{408, "too late", unknown},
	} {
		body := fmt.Sprintf(`{"code":%d,"message":%q,"data":null}`, c.code, c.message)
		inBand := newBench(t, reply(200, body))
		_, err := inBand.pbx.Place(t.Context(), order())
		if !c.fits(err) || len(inBand.requests()) != 1 {
			t.Errorf("%d %q inside an answer: %v, %d requests", c.code, c.message, err, len(inBand.requests()))
		}
		if c.code < 400 {
			continue
		}
		b := newBench(t, reply(c.code, body))
		_, err = b.pbx.Place(t.Context(), order())
		want := 1
		if c.code == 401 {
			want = 2 // once more with a new token: nothing was dialed
		}
		if !c.fits(err) || len(b.requests()) != want {
			t.Errorf("%d %q: %v, %d requests", c.code, c.message, err, len(b.requests()))
		}
		if strings.Contains(err.Error(), "0909123456") || c.message != "" && strings.Contains(err.Error(), c.message) {
			t.Errorf("the error tells too much: %v", err)
		}
	}
}

func TestAnswersToDialThatCannotBeRead(t *testing.T) {
	for _, body := range []string{``, `<html>`, `{"code":0`, `{"message":"OK"}`, `{"code":"zero"}`, `[]`, `null`} {
		b := newBench(t, reply(200, body))
		_, err := b.pbx.Place(t.Context(), order())
		if !errors.Is(err, dialer.ErrOutcomeUnknown) || errors.Is(err, dialer.ErrRefused) || len(b.requests()) != 1 {
			t.Errorf("%q: %v, %d requests", body, err, len(b.requests()))
		}
	}
}

func TestLostAnswerIsNotARefusal(t *testing.T) {
	b := newBench(t, func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		panic(http.ErrAbortHandler)
	})
	_, err := b.pbx.Place(t.Context(), order())
	if !errors.Is(err, dialer.ErrOutcomeUnknown) || len(b.requests()) != 1 {
		t.Errorf("%v, %d requests", err, len(b.requests()))
	}
}

func TestBeforeStandsBeforeTheRequest(t *testing.T) {
	b := newBench(t, reply(200, ""))
	o, stop := order(), errors.New("the lease is gone")
	o.Before = func() error { return stop }
	if _, err := b.pbx.Place(t.Context(), o); !errors.Is(err, dialer.ErrNotSent) || !errors.Is(err, stop) || len(b.requests()) > 0 {
		t.Errorf("%v, %d requests", err, len(b.requests()))
	}
}

func TestNothingToDial(t *testing.T) {
	for _, o := range []hosted.Order{{Agent: "101"}, {Number: "1"}} {
		b := newBench(t, reply(200, ""))
		if _, err := b.pbx.Place(t.Context(), o); !errors.Is(err, dialer.ErrNotSent) || len(b.requests()) > 0 {
			t.Errorf("%+v: %v", o, err)
		}
	}
}

// A 401 inside an answer to dial has dialed nothing: the try is given back,
// and the next call logs in first.
func TestExpiredInsideAnAnswerToDial(t *testing.T) {
	b := newBench(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") == "Bearer tok-1" {
			_, _ = io.WriteString(w, `{"code":401,"message":"login"}`)
			return
		}
		_, _ = io.WriteString(w, `{"code":0,"data":{"msg":"ami dial"}}`)
	})
	if _, err := b.pbx.Place(t.Context(), order()); !errors.Is(err, dialer.ErrRefused) {
		t.Errorf("first: %v", err)
	}
	if _, err := b.pbx.Place(t.Context(), order()); err != nil {
		t.Errorf("second: %v", err)
	}
	if b.loginCount() != 2 {
		t.Errorf("%d logins", b.loginCount())
	}
}

func TestHangup(t *testing.T) {
	b := newBench(t, reply(200, `{"code":500,"message":"no"}`))
	if err := b.pbx.Hangup(t.Context(), hosted.Live{Agent: "101"}); err == nil || errors.Is(err, dialer.ErrNoCall) {
		t.Errorf("an error of the PBX: %v", err)
	}
	if err := b.pbx.Hangup(t.Context(), hosted.Live{}); !errors.Is(err, dialer.ErrNoCall) || len(b.requests()) != 1 {
		t.Errorf("a call without an agent: %v, %d requests", err, len(b.requests()))
	}
}
