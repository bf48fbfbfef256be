package fcm5600

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/outpace/outpace/dialer/hosted"
)

func TestDoNotDisturb(t *testing.T) {
	for content, want := range map[string]hosted.State{
		`{"dnd":""}`: hosted.Free, `{"dnd":null}`: hosted.Free, `{}`: hosted.Free, `null`: hosted.Free, `"x"`: hosted.Free,
		`{"dnd":false}`: hosted.Free, `{"dnd":"no"}`: hosted.Free, `{"dnd":"OFF"}`: hosted.Free, `{"dnd":0}`: hosted.Free,
		`{"dnd":true}`: hosted.Away, `{"dnd":"yes"}`: hosted.Away, `{"dnd":"1"}`: hosted.Away, `{"dnd":1}`: hosted.Away, `{"dnd":["x"]}`: hosted.Away,
	} {
		b := newBench(t, reply(200, `{"code":0,"data":[{"exten":"101","statusText":"Idle","content":`+content+`}]}`))
		list, err := b.pbx.Agents(t.Context(), nil)
		if err != nil || len(list) != 1 || list[0].State != want {
			t.Errorf("%s: %+v, %v", content, list, err)
		}
	}
}

func TestWordsThatThePageDoesNotHave(t *testing.T) {
	for word, want := range map[string]hosted.State{
		"idle": hosted.Free, " InUse ": hosted.Talking, "": hosted.Away, "InUse&Ringing": hosted.Away, "Dancing": hosted.Away,
	} {
		if got := (extension{Status: word}).state(); got != want {
			t.Errorf("%q is %v", word, got)
		}
	}
}

func TestNoExtensions(t *testing.T) {
	for _, data := range []string{`[]`, `{}`, `null`} {
		b := newBench(t, reply(200, `{"code":0,"data":`+data+`}`))
		if list, err := b.pbx.Agents(t.Context(), nil); err != nil || len(list) != 0 {
			t.Errorf("%s: %v, %v", data, list, err)
		}
	}
	for _, body := range []string{`{"code":0,"data":"x"}`, `{"code":0}`, `{"code":0,"data":[1]}`, `{}`, ``} {
		b := newBench(t, reply(200, body))
		if list, err := b.pbx.Agents(t.Context(), nil); err == nil {
			t.Errorf("%s: %v", body, list)
		}
	}
}

func TestExtensionsOfTheSettings(t *testing.T) {
	b := newBench(t, reply(200, `{"code":0,"data":[{"exten":"101","statusText":"Idle"},{"exten":102,"statusText":"Idle"},
		{"exten":"103","statusText":"InUse"},{"exten":"103","statusText":"Idle"},{"exten":""}]}`))
	b.pbx.cfg.Extensions = []string{"102", "103", "104"}
	list, err := b.pbx.Agents(t.Context(), nil)
	if err != nil || len(list) != 3 || list[0].Exten != "102" || list[1].Exten != "103" || list[2].Exten != "103" {
		t.Errorf("%+v, %v", list, err)
	}
	if f := b.pbx.checkExtensions(t.Context()); f.Err == nil || !strings.Contains(f.Err.Error(), "104") || strings.Contains(f.Err.Error(), "102") {
		t.Errorf("%+v", f)
	}
}

// A wrong time zone would let every call end as unknown.
func TestTimeZoneHasToFit(t *testing.T) {
	local := func(by time.Duration) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			now := time.Now().Add(by)
			w.Header().Set("Date", now.UTC().Format(http.TimeFormat))
			_, _ = fmt.Fprintf(w, `{"code":0,"data":%q}`, now.In(saigon).Format(minute))
		}
	}
	for _, skew := range []time.Duration{0, 26 * time.Hour, -90 * time.Minute} {
		b := newBench(t, local(skew))
		if err := b.pbx.Connect(t.Context()); err != nil {
			t.Errorf("a clock that is %v ahead: %v", skew, err)
		}
		b = newBench(t, local(skew))
		b.pbx.cfg.Zone = time.UTC
		if err := b.pbx.Connect(t.Context()); err == nil || !strings.Contains(err.Error(), "timezone") {
			t.Errorf("a clock that is %v ahead, in another zone: %v", skew, err)
		}
	}
	for _, answer := range []http.HandlerFunc{reply(404, ""), reply(200, `{"code":400,"message":"x"}`)} {
		if err := newBench(t, answer).pbx.Connect(t.Context()); err != nil {
			t.Errorf("a PBX that does not tell the time: %v", err)
		}
	}
	for _, answer := range []http.HandlerFunc{reply(401, ""), reply(200, `{"code":0,"data":"noon"}`), reply(200, `[`)} {
		if err := newBench(t, answer).pbx.Connect(t.Context()); err == nil {
			t.Error("connected")
		}
	}
}

func TestCheckPlacesNoCall(t *testing.T) {
	b := newBench(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/pbx/systeminfo/system-current-time":
			_, _ = fmt.Fprintf(w, `{"code":0,"data":%q}`, time.Now().In(saigon).Format(minute))
		case "/pbx/systeminfo/calls":
			_, _ = fmt.Fprint(w, `{"code":0,"data":{"calls":3,"maxcalls":"60"}}`)
		default:
			w.WriteHeader(http.StatusNotFound)
		}
	})
	found := b.pbx.Check(t.Context())
	if len(found) != 3 || found[0].Err != nil || found[1].Err != nil || found[1].Text != "3 now, 60 at most" || found[2].Err != nil {
		t.Errorf("%+v", found)
	}
	for _, r := range b.requests() {
		if strings.Contains(r.URL.Path, "call-dial") {
			t.Error("a check places no call")
		}
	}
}
