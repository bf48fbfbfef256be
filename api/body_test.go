package api

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestBodiesAreRefused(t *testing.T) {
	r := newRig(t, nil)
	list := r.make("dlmas", `{}`)
	for _, tt := range []struct{ kind, body, part string }{
		{"plans", ``, "it is empty"},
		{"plans", `   `, "it is empty"},
		{"plans", `[]`, "not a JSON object"},
		{"plans", `null`, "not a JSON object"},
		{"plans", `7`, "not a JSON object"},
		{"plans", `{`, "ends too early"},
		{"plans", `{"name"`, "ends too early"},
		{"plans", `{"name":"x"`, "ends too early"},
		{"plans", `{"name":"x",}`, "invalid character"},
		{"plans", `{name:"x"}`, "invalid character"},
		{"plans", `{} {}`, "goes on after"},
		{"plans", `{}x`, "goes on after"},
		{"plans", "{\"name\":\"\xff\"}", "UTF-8"},
		{"plans", `{"name":"x","name":"y"}`, `"name" is given twice`},
		{"plans", `{"name":"x","n\u0061me":"y"}`, `"name" is given twice`},
		{"plans", `{"Name":"x"}`, `"Name" is not a field`},
		{"plans", `{"nmae":"x"}`, `"nmae" is not a field`},
		{"plans", `{"` + strings.Repeat("k", 500) + `":1}`, `..." is not a field`},

		{"plans", `{"name":7}`, "name must be a string"},
		{"plans", `{"name":true}`, "name must be a string"},
		{"plans", `{"name":{}}`, "name must be a string"},
		{"plans", `{"name":"a\ud800b"}`, "name must not hold half of a surrogate"},
		{"plans", `{"variables":{"a":"\udc00"}}`, "variables must hold"},
		{"plans", `{"name":"a\u0000b"}`, "name must not hold a NUL"},
		{"plans", `{"name":"` + strings.Repeat("x", 256) + `"}`, "name must not be longer"},
		{"plans", `{"dial_mode":"1"}`, "dial_mode must be an integer"},
		{"plans", `{"dial_mode":1.0}`, "dial_mode must be an integer"},
		{"plans", `{"dial_mode":1e0}`, "dial_mode must be an integer"},
		{"plans", `{"dial_mode":true}`, "dial_mode must be an integer"},
		{"plans", `{"dial_mode":2}`, "dial_mode must be"},
		{"plans", `{"dial_timeout":999}`, "dial_timeout must be"},
		{"plans", `{"dial_timeout":120001}`, "dial_timeout must be"},
		{"plans", `{"dial_timeout":99999999999999999999}`, "dial_timeout must be an integer from"},
		{"plans", `{"dial_timeout":9223372036854775}`, "dial_timeout must be an integer from"},
		{"plans", `{"retry_delay":-1}`, "retry_delay must be"},
		{"plans", `{"retry_delay":31536001}`, "retry_delay must be"},
		{"plans", `{"service_level":10001}`, "service_level must be"},
		{"plans", `{"max_retry_cnt_8":101}`, "max_retry_cnt_8 must be"},
		{"plans", `{"max_retry_cnt_9":1}`, `"max_retry_cnt_9" is not a field`},
		{"plans", `{"redial_unknown":2}`, "redial_unknown must be 0 or 1"},
		{"plans", `{"redial_unknown":true}`, "redial_unknown must be 0 or 1"},
		{"plans", `{"pacing":"fast"}`, `pacing must be "predictive", "formula" or "ratio"`},
		{"plans", `{"pacing":1}`, "pacing must be a string"},
		{"plans", `{"pacing":"ratio"}`, "ratio must be set"},
		{"plans", `{"pacing":"ratio","ratio":null}`, "ratio must be set"},
		{"plans", `{"ratio":"2"}`, "ratio must be a number"},
		{"plans", `{"ratio":0}`, "ratio must be 1 to 20, or null"},
		{"plans", `{"ratio":-0.0}`, "ratio must be 1 to 20, or null"},
		{"plans", `{"ratio":1e-400}`, "ratio must be 1 to 20, or null"},
		{"plans", `{"ratio":0.999}`, "ratio must be 1 to 20"},
		{"plans", `{"ratio":20.001}`, "ratio must be 1 to 20"},
		{"plans", `{"abandon_target":"3"}`, "abandon_target must be a number"},
		{"plans", `{"abandon_target":true}`, "abandon_target must be a number"},
		{"plans", `{"abandon_target":[3]}`, "abandon_target must be a number"},
		{"plans", `{"abandon_target":-0.01}`, "abandon_target must be 0 to 100"},
		{"plans", `{"abandon_target":100.01}`, "abandon_target must be 0 to 100"},
		{"plans", `{"abandon_target":1e999}`, "abandon_target must be a number that"},
		{"plans", `{"abandon_target":NaN}`, "invalid character"},
		{"plans", `{"abandon_patience":99}`, "abandon_patience must be 100 to 60000"},
		{"plans", `{"abandon_patience":60001}`, "abandon_patience must be 100 to 60000"},
		{"plans", `{"abandon_patience":2000.0}`, "abandon_patience must be an integer"},
		{"plans", `{"abandon_window":0}`, "abandon_window must be 1 to 366"},
		{"plans", `{"abandon_window":367}`, "abandon_window must be 1 to 366"},
		{"plans", `{"abandon_lock_hours":-1}`, "abandon_lock_hours must be 0 to 8760"},
		{"plans", `{"abandon_lock_hours":8761}`, "abandon_lock_hours must be 0 to 8760"},
		{"plans", `{"abandon_lock_hours":2147483647}`, "abandon_lock_hours must be 0 to 8760"},
		{"plans", `{"abandon_lock_hours":1.5}`, "abandon_lock_hours must be an integer"},
		{"plans", `{"abandon_destination":0}`, "abandon_destination must be a string"},
		{"plans", `{"abandon_destination":"lobby"}`, "abandon_destination must be a uuid"},
		{"plans", `{"abandon_destination":"42b72a18-a6c5-43bf-b9aa-6043ff32128d"}`, "abandon_destination names no live"},
		{"plans", `{"tech_name":"sip/../x"}`, "tech_name must"},
		{"plans", `{"early_media":true}`, "early_media must be a string"},
		{"plans", `{"variables":[]}`, "variables must be an object"},
		{"plans", `{"variables":"{}"}`, "variables must be an object"},
		{"plans", `{"variables":{"a":1}}`, `variables must hold strings without NUL only, "a"`},
		{"plans", `{"variables":{"a":null}}`, `variables must hold strings only, "a"`},
		{"plans", `{"variables":{"a":"1","a":"2"}}`, `variables must be an object with each name once: "a"`},
		{"plans", `{"variables":{"a=b":"1"}}`, "variables"},
		{"plans", `{"variables":{"a":"x\r\nAction: Logoff"}}`, "variables"},

		{"destinations", `{"type":2}`, "type must be"},
		{"destinations", `{"type":"1"}`, "type must be an integer"},
		{"destinations", `{"priority":1}`, "priority must be a string"},
		{"destinations", `{"wrapup":3601}`, "wrapup must be"},
		{"destinations", `{"application":"park\r\nAction: x"}`, "application must"},
		{"dlmas", `{"dl_tabel":""}`, `"dl_tabel" is not a field`},
		{"dlmas", `{"variables":{"PJSIP_HEADER(add,X-Y)":"1"}}`, "variables"},

		{"dls", `{}`, "dlma_uuid is needed"},
		{"dls", `{"dlma_uuid":null}`, "dlma_uuid is needed"},
		{"dls", `{"dlma_uuid":"42"}`, "dlma_uuid must be a uuid"},
		{"dls", `{"dlma_uuid":"` + strings.ToUpper("abcdefab-0000-4000-8000-000000000000") + `"}`, "dlma_uuid must be a uuid"},
		{"dls", `{"dlma_uuid":"42b72a18-a6c5-43bf-b9aa-6043ff32128d"}`, "dlma_uuid"},
		{"dls", `{"dlma_uuid":"` + list + `","number_1":"300&SIP/1"}`, "number_1 must"},
		{"dls", `{"dlma_uuid":"` + list + `","number_1":300}`, "number_1 must be a string"},
		{"dls", `{"dlma_uuid":"` + list + `","status":1}`, "status may be set to 0"},
		{"dls", `{"dlma_uuid":"` + list + `","status":3}`, "status may be set to 0"},
		{"dls", `{"dlma_uuid":"` + list + `","tm_last_dial":"yesterday"}`, "tm_last_dial must be a real time"},
		{"dls", `{"dlma_uuid":"` + list + `","tm_last_dial":"2017-02-30T00:00:00Z"}`, "tm_last_dial must be a real time"},
		{"dls", `{"dlma_uuid":"` + list + `","tm_last_dial":"0001-01-01T00:00:00Z"}`, "tm_last_dial must be a real time"},
		{"dls", `{"dlma_uuid":"` + list + `","trycnt_1":-1}`, "trycnt_1 must"},

		{"campaigns", `{"plan":"none"}`, "plan must be a uuid"},
		{"campaigns", `{"plan":"42b72a18-a6c5-43bf-b9aa-6043ff32128d"}`, "plan"},
		{"campaigns", `{"status":3}`, "status must be one of"},
		{"campaigns", `{"status":"1"}`, "status must be an integer"},
		{"campaigns", `{"sc_mode":2}`, "sc_mode must be"},
		{"campaigns", `{"sc_timezone":"Mars/Olympus"}`, "sc_timezone must"},
		{"campaigns", `{"sc_time_start":"24:00:00"}`, "sc_time_start must"},
		{"campaigns", `{"sc_date_start":"2026-02-29"}`, "sc_date_start must"},
		{"campaigns", `{"sc_day_list":"7"}`, "sc_day_list must"},
	} {
		r.refused(http.StatusBadRequest, tt.part, http.MethodPost, "/ob/"+tt.kind, tt.body)
	}
	for _, kind := range []string{"plans", "destinations", "campaigns"} {
		if list := r.ok(http.MethodGet, "/ob/"+kind, "")["list"].([]any); len(list) != 0 {
			t.Errorf("GET /ob/%s: refused bodies left %v", kind, list)
		}
	}
}

func TestNullTakesTheDefault(t *testing.T) {
	r := newRig(t, nil)
	uuid := r.make("plans", `{"name":"n","dial_mode":1,"dial_timeout":1000,"retry_delay":0,"tech_name":"PJSIP",
		"max_retry_cnt_3":0,"max_calls":4,"max_cps":2,"redial_unknown":1,"variables":{"a":"b"},"gateway":"asterisk",
		"pacing":"ratio","ratio":1.25,"abandon_target":0,"abandon_patience":100,"abandon_window":366,"abandon_lock_hours":0,
		"abandon_destination":"`+r.make("destinations", `{}`)+`"}`)
	set := r.ok(http.MethodGet, "/ob/plans/"+uuid, "")
	for key, want := range map[string]any{
		"name": "n", "dial_mode": 1.0, "dial_timeout": 1000.0, "retry_delay": 0.0, "tech_name": "PJSIP", "max_retry_cnt_3": 0.0,
		"max_calls": 4.0, "max_cps": 2.0, "redial_unknown": 1.0, "gateway": "asterisk",
		"pacing": "ratio", "ratio": 1.25, "abandon_target": 0.0, "abandon_patience": 100.0, "abandon_window": 366.0, "abandon_lock_hours": 0.0,
	} {
		if set[key] != want {
			t.Errorf("%s is %v, want %v", key, set[key], want)
		}
	}
	got := r.ok(http.MethodPut, "/ob/plans/"+uuid, `{"name":null,"dial_mode":null,"dial_timeout":null,"retry_delay":null,
		"tech_name":null,"max_retry_cnt_3":null,"max_calls":null,"max_cps":null,"redial_unknown":null,"variables":null,"gateway":null,
		"pacing":null,"ratio":null,"abandon_target":null,"abandon_patience":null,"abandon_window":null,"abandon_lock_hours":null,"abandon_destination":null}`)
	fresh := r.ok(http.MethodPost, "/ob/plans", `{}`)
	for _, key := range []string{"uuid", "tm_create", "tm_update"} {
		delete(got, key)
		delete(fresh, key)
	}
	if diff := cmp.Diff(fresh, got); diff != "" {
		t.Errorf("after null (-default +got):\n%s", diff)
	}
}

// Numbers with decimals come back as they were given; -0 is 0.
func TestNumbersComeBackAsTheyWere(t *testing.T) {
	r := newRig(t, nil)
	uuid := r.make("plans", `{}`)
	for given, want := range map[string]string{
		"3.0000000001": "3.0000000001", "0.1": "0.1", "2.9": "2.9", "1e1": "10", "100.0": "100", "-0": "0", "-0.0e5": "0", "5e-324": "5e-324",
	} {
		a := r.do(http.MethodPut, "/ob/plans/"+uuid, `{"abandon_target":`+given+`}`)
		if part := `"abandon_target":` + want + `,`; !bytes.Contains(a.raw, []byte(part)) {
			t.Errorf("%s came back otherwise than in %s: %s", given, part, a.raw)
		}
	}
}

func TestWhatWasReadCanBeSentBack(t *testing.T) {
	r := newRig(t, nil)
	r.startable()
	list := r.make("dlmas", `{"name":"l"}`)
	r.make("dls", `{"dlma_uuid":"`+list+`","number_1":"300","ukey":"<k&>"}`)
	for _, kind := range []string{"plans", "destinations", "dlmas", "campaigns", "dls?dlma_uuid=" + list} {
		all := r.do(http.MethodGet, "/ob/"+kind, "")
		for _, read := range all.body["result"].(map[string]any)["list"].([]any) {
			body := mustJSON(t, read)
			kind, _, _ := strings.Cut(kind, "?")
			for _, method := range []string{http.MethodPut, http.MethodPost} {
				path := "/ob/" + kind
				if method == http.MethodPut {
					path += "/" + read.(map[string]any)["uuid"].(string)
				}
				back := r.ok(method, path, string(body))
				for key, want := range read.(map[string]any) {
					switch key {
					case "uuid", "tm_create", "tm_update", "dl_table":
					default:
						if !bytes.Equal(mustJSON(t, back[key]), mustJSON(t, want)) {
							t.Errorf("%s %s: %s is %v, want %v", method, path, key, back[key], want)
						}
					}
				}
			}
		}
	}
}

func TestTextsComeBackAsTheyWere(t *testing.T) {
	r := newRig(t, nil)
	const name = `O'Brien "<&>" \ 日本 ` + "\u2028 \U0001F600 \uFFFD"
	a := r.do(http.MethodPost, "/ob/dlmas", string(mustJSON(t, map[string]string{"name": name})))
	if got := a.body["result"].(map[string]any)["name"]; got != name {
		t.Errorf("name is %q, want %q", got, name)
	}
	if !bytes.Contains(a.raw, []byte("<&>")) {
		t.Errorf("the answer spells <&> in another way: %s", a.raw)
	}
}

func TestBodyLimit(t *testing.T) {
	r := newRig(t, func(c *Config) { c.BodyLimit = 64 })
	r.ok(http.MethodPost, "/ob/dlmas", `{"name":"`+strings.Repeat("x", 40)+`"}`)
	r.refused(http.StatusRequestEntityTooLarge, "64 bytes", http.MethodPost, "/ob/dlmas", `{"name":"`+strings.Repeat("x", 60)+`"}`)
	r.refused(http.StatusRequestEntityTooLarge, "64 bytes", http.MethodPut, "/ob/dlmas/42b72a18-a6c5-43bf-b9aa-6043ff32128d",
		`{"name":"`+strings.Repeat("x", 60)+`"}`)
}

// A client that says beforehand how much it has is not made to send it.
func TestBodyLimitIsSeenBeforehand(t *testing.T) {
	r := newRig(t, nil)
	req := r.request(http.MethodPost, "/ob/plans", "")
	req.ContentLength = DefaultBodyLimit + 1
	req.Body = io.NopCloser(stalled{func() error { t.Error("the body was read"); return io.EOF }})
	if a := r.send(req); a.status != http.StatusRequestEntityTooLarge {
		t.Errorf("%d %s", a.status, a.raw)
	}
}

// stalled is a body whose sender goes away in the middle of it.
type stalled struct{ then func() error }

func (s stalled) Read([]byte) (int, error) { return 0, s.then() }

func TestBodiesThatEndInTheMiddle(t *testing.T) {
	r := newRig(t, nil)
	req := r.request(http.MethodPost, "/ob/plans", "")
	req.Body = io.NopCloser(stalled{func() error { return io.ErrUnexpectedEOF }})
	if a := r.send(req); a.status != http.StatusBadRequest || !strings.Contains(a.message(), "could not be read to its end") {
		t.Errorf("a body that breaks off: %d %s", a.status, a.raw)
	}
	ctx, cancel := context.WithCancel(t.Context())
	req = r.request(http.MethodPut, "/ob/campaigns/42b72a18-a6c5-43bf-b9aa-6043ff32128d", "").WithContext(ctx)
	req.Body = io.NopCloser(stalled{func() error { cancel(); return io.ErrClosedPipe }})
	if a := r.send(req); a.status != http.StatusServiceUnavailable {
		t.Errorf("a client that went away: %d %s", a.status, a.raw)
	}
	if log := r.log.String(); strings.Contains(log, "level=ERROR") {
		t.Errorf("a client that went away is no fault of ours:\n%s", log)
	}
}

// A body that trickles in is given up when the request's time is over, and its
// connection with it.
func TestBodiesThatTrickle(t *testing.T) {
	r := newRig(t, func(c *Config) { c.Timeout = 20 * time.Millisecond })
	host := httptest.NewServer(r.handler)
	defer host.Close()
	conn, err := net.Dial("tcp", host.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if err := conn.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(conn, "POST /ob/plans HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{"); err != nil {
		t.Fatal(err)
	}
	answer, err := io.ReadAll(conn) // ends when the server closes it
	if err != nil {
		t.Fatalf("the connection stays open: %v", err)
	}
	if !bytes.HasPrefix(answer, []byte("HTTP/1.1 408 ")) || !bytes.Contains(answer, []byte("did not arrive in time")) {
		t.Errorf("the answer is %s", answer)
	}
	host.Close() // the handler has returned
	if log := r.log.String(); strings.Contains(log, "level=ERROR") {
		t.Errorf("a slow client is no fault of ours:\n%s", log)
	}
}

func TestReadOnlyFieldsAreIgnored(t *testing.T) {
	r := newRig(t, nil)
	list := r.make("dlmas", `{}`)
	const body = `"uuid":5,"in_use":"x","tm_create":[],"tm_delete":1,"dl_table":2,"dialing_uuid":{},"dialing_camp_uuid":true,"dialing_plan_uuid":"z"`
	for _, kind := range []string{"plans", "destinations", "dlmas", "campaigns", "dls"} {
		more := `"name":"n","tm_update":{},`
		if kind == "dls" {
			more = `"name":"n","dlma_uuid":"` + list + `",`
		}
		made := r.ok(http.MethodPost, "/ob/"+kind, "{"+more+body+"}")
		if made["name"] != "n" || made["in_use"] != 1.0 || made["tm_delete"] != nil {
			t.Errorf("POST /ob/%s: %v", kind, made)
		}
		changed := r.ok(http.MethodPut, "/ob/"+kind+"/"+made["uuid"].(string), "{"+body+"}")
		if changed["uuid"] != made["uuid"] || changed["tm_create"] != made["tm_create"] || changed["in_use"] != 1.0 {
			t.Errorf("PUT /ob/%s: %v", kind, changed)
		}
	}
}

// FuzzBody sends arbitrary bodies: the answer is always a proper one, and what
// is accepted keeps the limits, which the strict store checks.
func FuzzBody(f *testing.F) {
	for _, seed := range []string{
		`{}`, `{"name":"x"}`, `{"name":null,"variables":{"a":"b"}}`, `{"dial_timeout":1e9}`, `{"a":{"b":[1,2,{"c":null}]}}`,
		`{"status":1,"sc_mode":1,"sc_time_start":"10:00:00"}`, `{"number_1":"300","tm_last_dial":"2017-03-08T02:02:19Z"}`,
		`{"variables":{"a":"\ud800"}}`, `[`, `{"type":-0}`, "\x00", `{"name":"\u0000"}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		r := newRig(t, nil)
		list := r.make("dlmas", `{}`)
		paths := map[string]string{"dls": r.make("dls", `{"dlma_uuid":"`+list+`"}`), "dlmas": list}
		for _, kind := range []string{"plans", "destinations", "campaigns"} {
			paths[kind] = r.make(kind, `{}`)
		}
		for _, kind := range []string{"plans", "destinations", "dlmas", "dls", "campaigns"} {
			if a := r.do(http.MethodPost, "/ob/"+kind, string(body)); a.status != 200 && a.status != 400 && a.status != 409 {
				t.Errorf("POST /ob/%s %q: %d %s", kind, body, a.status, a.raw)
			}
		}
		for kind, uuid := range paths {
			path := "/ob/" + kind + "/" + uuid
			before := r.ok(http.MethodGet, path, "")
			a := r.do(http.MethodPut, path, string(body))
			if a.status != 200 && a.status != 400 && a.status != 409 {
				t.Errorf("PUT %s %q: %d %s", path, body, a.status, a.raw)
			}
			after := r.ok(http.MethodGet, path, "")
			if a.status != 200 && !reflect.DeepEqual(before, after) {
				t.Errorf("PUT %s %q was refused, and has changed %v to %v", path, body, before, after)
			}
			if a.status == 200 && !reflect.DeepEqual(a.body["result"], any(after)) {
				t.Errorf("PUT %s %q answers %s, GET %v", path, body, a.raw, after)
			}
		}
	})
}
