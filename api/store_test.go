package api_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/outpace/outpace/api"
	"github.com/outpace/outpace/store"
)

type oneGateway struct{}

func (oneGateway) Gateway(name string) (api.Gateway, bool) {
	return api.Gateway{Name: "asterisk", Kind: "asterisk", Hangup: true}, name == "" || name == "asterisk"
}

// TestOverARealStore walks through the tutorial, and what may go wrong in it,
// over a real database.
func TestOverARealStore(t *testing.T) {
	kept, err := store.Open(t.Context(), "sqlite:"+filepath.Join(t.TempDir(), "api.db"), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := kept.Close(); err != nil {
			t.Error(err)
		}
	}()
	handler, err := api.New(api.Config{Store: kept, Gateways: oneGateway{}})
	if err != nil {
		t.Fatal(err)
	}
	do := func(want int, method, path, body string) map[string]any {
		t.Helper()
		recorder := httptest.NewRecorder()
		handler.ServeHTTP(recorder, httptest.NewRequest(method, "http://localhost"+path, strings.NewReader(body)))
		var answer struct {
			Result map[string]any
			Error  struct{ Message string }
		}
		if err := json.Unmarshal(recorder.Body.Bytes(), &answer); err != nil {
			t.Fatalf("%s %s: %v", method, path, err)
		}
		if recorder.Code != want {
			t.Fatalf("%s %s %s: %d %s, want %d", method, path, body, recorder.Code, answer.Error.Message, want)
		}
		return answer.Result
	}
	create := func(kind, body string) string {
		t.Helper()
		return do(200, http.MethodPost, "/ob/"+kind, body)["uuid"].(string)
	}
	expect := func(got map[string]any, key string, want any) {
		t.Helper()
		if got[key] != want {
			t.Errorf("%s is %v, want %v", key, got[key], want)
		}
	}

	plan := create("plans", `{"name":"basic tutorial plan","tech_name":"sip","dial_mode":1,"variables":{"a b":"1,2;\"\\é日本"}}`)
	dest := create("destinations", `{"type":1,"application":"queue","data":"sales_1","wrapup":5}`)
	list := create("dlmas", `{"name":"O'Brien"}`)
	entry := create("dls", `{"dlma_uuid":"`+list+`","name":"c 1","number_1":"300","tm_last_hangup":"2017-03-08T02:02:38.294239Z"}`)
	second := create("dls", `{"dlma_uuid":"`+list+`","number_2":"301","ukey":"k","status":2}`)
	camp := create("campaigns", `{"plan":"`+plan+`","dest":"`+dest+`","dlma":"`+list+`","sc_timezone":"Europe/Berlin"}`)

	read := do(200, http.MethodGet, "/ob/plans/"+plan, "")
	expect(read, "tech_name", "sip")
	expect(read, "tm_update", nil)
	expect(read["variables"].(map[string]any), "a b", "1,2;\"\\é日本")
	expect(do(200, http.MethodGet, "/ob/dlmas/"+list, ""), "dl_table", strings.ReplaceAll(list, "-", "_"))

	// A dl that was read can be sent back, once.
	dl := do(200, http.MethodGet, "/ob/dls/"+entry, "")
	expect(dl, "tm_last_hangup", "2017-03-08T02:02:38.294239000Z")
	back, err := json.Marshal(dl)
	if err != nil {
		t.Fatal(err)
	}
	changed := do(200, http.MethodPut, "/ob/dls/"+entry, string(back))
	if changed["tm_update"] == nil {
		t.Error("tm_update is null after a PUT")
	}
	do(409, http.MethodPut, "/ob/dls/"+entry, string(back))
	do(200, http.MethodPut, "/ob/dls/"+entry, `{"tm_update":"`+changed["tm_update"].(string)+`","detail":"d"}`)

	page := do(200, http.MethodGet, "/ob/dls?count=1&dlma_uuid="+list, "")
	expect(page, "next", entry)
	page = do(200, http.MethodGet, "/ob/dls?count=1&dlma_uuid="+list+"&after="+entry, "")
	expect(page["list"].([]any)[0].(map[string]any), "uuid", second)
	expect(page, "next", nil)
	if found := do(200, http.MethodGet, "/ob/dls?status=2&number=301&ukey=k&res_dial=0&dlma_uuid="+list, "")["list"].([]any); len(found) != 1 {
		t.Errorf("the filters find %d dls, want 1", len(found))
	}
	do(400, http.MethodGet, "/ob/plans?after=42b72a18-a6c5-43bf-b9aa-6043ff32128d", "")

	// Statuses and statistics.
	expect(do(200, http.MethodPut, "/ob/campaigns/"+camp, `{"status":11}`), "status", 1.0)
	stats := do(200, http.MethodGet, "/ob/campaigns/"+camp+"/stats", "")
	expect(stats["entries"].(map[string]any), "total", 2.0)
	expect(stats["entries"].(map[string]any), "idle", 1.0)
	expect(stats, "why", "The campaign has just been started, and no engine has reported on it yet.")
	expect(do(200, http.MethodPut, "/ob/campaigns/"+camp, `{"status":2}`), "status", 12.0)
	do(409, http.MethodPut, "/ob/campaigns/"+camp, `{"status":0}`)
	do(409, http.MethodDelete, "/ob/campaigns/"+camp, "")
	do(400, http.MethodPut, "/ob/campaigns/"+camp, `{"next_campaign":"42b72a18-a6c5-43bf-b9aa-6043ff32128d"}`)

	// A message for those whom no agent takes in time.
	message := create("destinations", `{"context":"sales","exten":"sorry"}`)
	expect(do(200, http.MethodPut, "/ob/plans/"+plan, `{"abandon_target":2.9,"abandon_destination":"`+message+`"}`), "abandon_target", 2.9)
	do(400, http.MethodPut, "/ob/plans/"+plan, `{"abandon_destination":"`+dest+`"}`)
	do(409, http.MethodPut, "/ob/destinations/"+message, `{"type":1}`)
	do(409, http.MethodDelete, "/ob/destinations/"+message, "")
	do(200, http.MethodDelete, "/ob/destinations/"+message+"?force=1", "")
	expect(do(200, http.MethodGet, "/ob/plans/"+plan, ""), "abandon_destination", nil)
	pacing := do(200, http.MethodGet, "/ob/campaigns/"+camp+"/pacing", "")
	expect(pacing, "pacing", "predictive")
	expect(pacing["windows"].([]any)[1].(map[string]any), "live", 0.0)

	// Nothing is open and nothing has ended yet.
	if open := do(200, http.MethodGet, "/ob/dialings", "")["list"].([]any); len(open) != 0 {
		t.Errorf("dialings: %v", open)
	}
	do(404, http.MethodDelete, "/ob/dialings/42b72a18-a6c5-43bf-b9aa-6043ff32128d", "")
	if ended := do(200, http.MethodGet, "/ob/results?campaign="+camp+"&disposition=busy&from=2026-01-01T00:00:00Z", "")["list"].([]any); len(ended) != 0 {
		t.Errorf("results: %v", ended)
	}

	// What is in use is kept, unless it is forced.
	do(409, http.MethodDelete, "/ob/plans/"+plan, "")
	expect(do(200, http.MethodDelete, "/ob/plans/"+plan+"?force=1", ""), "in_use", 0.0)
	do(404, http.MethodGet, "/ob/plans/"+plan, "")
	expect(do(200, http.MethodGet, "/ob/campaigns/"+camp, ""), "plan", nil)
	do(409, http.MethodDelete, "/ob/dlmas/"+list+"?force=1", "")
	do(409, http.MethodDelete, "/ob/dlmas/"+list+"?delete_dls=1", "")
	do(200, http.MethodDelete, "/ob/dlmas/"+list+"?force=1&delete_dls=1", "")
	do(404, http.MethodGet, "/ob/dls/"+entry, "")
	expect(do(200, http.MethodDelete, "/ob/campaigns/"+camp+"?force=1", ""), "in_use", 0.0)
}
