package api

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/outpace/outpace/dlma"
)

func TestEntryKeepsWhatIsGiven(t *testing.T) {
	r := newRig(t, nil)
	list := r.make("dlmas", `{}`)
	got := r.ok(http.MethodPost, "/ob/dls", `{"dlma_uuid":"`+list+`","status":2,"email":"a@example.com","ukey":"k","resv_target":"t",
		"number_8":"+49*30#1._-x","trycnt_8":3,"res_dial":3,"res_dial_detail":"d","res_hangup":16,"res_hangup_detail":"h",
		"tm_last_dial":"2017-03-08T02:02:19.561972329Z","tm_last_hangup":"2017-03-08T03:02:38+01:00","variables":{"_a b":"1,2"}}`)
	for key, want := range map[string]any{
		"dlma_uuid": list, "status": 2.0, "email": "a@example.com", "ukey": "k", "resv_target": "t", "number_8": "+49*30#1._-x", "trycnt_8": 3.0,
		"res_dial": 3.0, "res_dial_detail": "d", "res_hangup": 16.0, "res_hangup_detail": "h",
		"tm_last_dial": "2017-03-08T02:02:19.561972329Z", "tm_last_hangup": "2017-03-08T02:02:38.000000000Z",
	} {
		if got[key] != want {
			t.Errorf("%s is %v, want %v", key, got[key], want)
		}
	}
	if v := got["variables"].(map[string]any); len(v) != 1 || v["_a b"] != "1,2" {
		t.Errorf("variables are %v", v)
	}
}

func TestEntryOnce(t *testing.T) {
	r := newRig(t, nil)
	list := r.make("dlmas", `{}`)
	body := `{"dlma_uuid":"` + list + `","ukey":"k"}`
	r.ok(http.MethodPost, "/ob/dls?once=1", body)
	r.refused(http.StatusConflict, "ukey is that of a dl", http.MethodPost, "/v1/ob/dls/?once=1", body)
	r.refused(http.StatusBadRequest, "ukey is needed", http.MethodPost, "/ob/dls?once=1", `{"dlma_uuid":"`+list+`"}`)
	r.refused(http.StatusBadRequest, "once must be", http.MethodPost, "/ob/dls?once=yes", body)
	r.ok(http.MethodPost, "/ob/dls", body) // who does not ask for it may have two
	r.ok(http.MethodPost, "/ob/dls?once=0", body)
	if n := len(r.ok(http.MethodGet, "/ob/dls?ukey=k&dlma_uuid="+list, "")["list"].([]any)); n != 3 {
		t.Errorf("%d entries, want 3", n)
	}
}

func TestEntryOfAnotherTimeIsAConflict(t *testing.T) {
	r := newRig(t, nil)
	uuid := r.make("dls", `{"dlma_uuid":"`+r.make("dlmas", `{}`)+`"}`)
	path := "/ob/dls/" + uuid
	first := r.ok(http.MethodPut, path, `{"name":"a","tm_update":null}`)["tm_update"].(string)
	r.refused(http.StatusConflict, "changed since", http.MethodPut, path, `{"name":"b","tm_update":null}`)
	r.clock.advance(time.Second)
	second := r.ok(http.MethodPut, path, `{"name":"b","tm_update":"`+first+`"}`)["tm_update"].(string)
	if first == second {
		t.Fatalf("tm_update stayed at %s", first)
	}
	r.refused(http.StatusConflict, "changed since", http.MethodPut, path, `{"name":"c","tm_update":"`+first+`"}`)
	r.refused(http.StatusBadRequest, "tm_update must be", http.MethodPut, path, `{"name":"c","tm_update":"now"}`)
	if got := r.ok(http.MethodPut, path, `{"detail":"no time given"}`); got["name"] != "b" {
		t.Errorf("name is %v, want b", got["name"])
	}
}

func TestEntryBeingDialed(t *testing.T) {
	r := newRig(t, nil)
	uuid := r.make("dls", `{"dlma_uuid":"`+r.make("dlmas", `{}`)+`","number_1":"300"}`)
	r.store.entries.rows[0].Status = dlma.Dialing
	path := "/ob/dls/" + uuid
	r.refused(http.StatusConflict, "being dialed", http.MethodPut, path, `{"number_1":"301"}`)
	r.refused(http.StatusConflict, "being dialed", http.MethodPut, path, `{"status":0}`)
	if got := r.ok(http.MethodPut, path, `{"status":1,"number_1":"300","name":"n"}`); got["status"] != 1.0 || got["name"] != "n" {
		t.Errorf("sending back what is stored: %v", got)
	}
	if got := r.ok(http.MethodDelete, path, ""); got["in_use"] != 0.0 || got["tm_delete"] == nil {
		t.Errorf("deleted: %v", got)
	}
	r.refused(http.StatusNotFound, "no such dl.", http.MethodGet, path, "")
}

func TestEntriesAreFiltered(t *testing.T) {
	r := newRig(t, nil)
	list, other := r.make("dlmas", `{}`), r.make("dlmas", `{}`)
	a := r.make("dls", `{"dlma_uuid":"`+list+`","number_2":"+4930","ukey":"a b"}`)
	b := r.make("dls", `{"dlma_uuid":"`+list+`","status":2,"res_dial":4}`)
	r.make("dls", `{"dlma_uuid":"`+other+`"}`)
	for query, want := range map[string][]string{
		"":                          {a, b},
		"&status=0":                 {a},
		"&status=2":                 {b},
		"&status=1":                 {},
		"&res_dial=4":               {b},
		"&res_dial=0&status=0":      {a},
		"&number=%2B4930":           {a},
		"&ukey=a+b":                 {a},
		"&ukey=A+B":                 {},
		"&after=" + a:               {b},
		"&after=" + b:               {},
		"&colour=red":               {a, b},
		"&status=0&number=4930":     {},
		"&authtoken=not-looked-at&": {a, b},
	} {
		result := r.ok(http.MethodGet, "/ob/dls?dlma_uuid="+list+query, "")
		got := []string{}
		for _, e := range result["list"].([]any) {
			got = append(got, e.(map[string]any)["uuid"].(string))
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%q: %v, want %v", query, got, want)
		}
	}
	if q := r.store.entryQuery; q.Count != defaultCount {
		t.Errorf("count is %d, want %d", q.Count, defaultCount)
	}
	unknown := r.ok(http.MethodGet, "/ob/dls?dlma_uuid=42b72a18-a6c5-43bf-b9aa-6043ff32128d", "")
	if list, ok := unknown["list"].([]any); !ok || len(list) != 0 {
		t.Errorf("an unknown dlma has %v, want an empty list", unknown["list"])
	}
}

func TestEntryParametersAreChecked(t *testing.T) {
	r := newRig(t, nil)
	list := "dlma_uuid=" + r.make("dlmas", `{}`)
	for query, part := range map[string]string{
		"":                          "dlma_uuid is needed",
		"dlma_uuid=":                "dlma_uuid is needed",
		"dlma_uuid=7":               "dlma_uuid must be a uuid",
		list + "&" + list:           "dlma_uuid is given more than once",
		list + "&status=3":          "status must be",
		list + "&status=":           "status must be",
		list + "&status=idle":       "status must be",
		list + "&res_dial=-1":       "res_dial must be",
		list + "&number=1%262":      "number must be",
		list + "&count=0":           "count must be",
		list + "&count=10001":       "count must be",
		list + "&count=ten":         "count must be",
		list + "&count=":            "count must be",
		list + "&after=7":           "after must be a uuid",
		list + "&ukey=%zz":          "not well formed",
		list + "&count=1&count=100": "count is given more than once",
	} {
		r.refused(http.StatusBadRequest, part, http.MethodGet, "/ob/dls?"+query, "")
	}
}
