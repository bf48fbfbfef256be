package api

import (
	"fmt"
	"net/http"
	"testing"
)

func TestListsArePaged(t *testing.T) {
	r := newRig(t, nil)
	bodies := map[string]string{"plans": `{}`, "destinations": `{}`, "dlmas": `{}`, "campaigns": `{}`}
	for kind, body := range bodies {
		var made []string
		for range 5 {
			made = append(made, r.make(kind, body))
		}
		var got []string
		query := "?count=2"
		for range 3 {
			result := r.ok(http.MethodGet, "/ob/"+kind+query, "")
			for _, o := range result["list"].([]any) {
				got = append(got, o.(map[string]any)["uuid"].(string))
			}
			next, more := result["next"].(string)
			if more != (len(got) < 5) {
				t.Errorf("/ob/%s after %d: next is %v", kind, len(got), result["next"])
			}
			query = "?count=2&after=" + next
		}
		if fmt.Sprint(got) != fmt.Sprint(made) {
			t.Errorf("/ob/%s: pages hold %v, want %v", kind, got, made)
		}
		whole := r.ok(http.MethodGet, "/ob/"+kind, "")
		if list := whole["list"].([]any); len(list) != 5 {
			t.Errorf("/ob/%s: %d objects, want 5", kind, len(list))
		}
		if _, more := whole["next"]; more {
			t.Errorf("/ob/%s: the whole list has next", kind)
		}
		for query, part := range map[string]string{
			"count=0": "count must", "count=10001": "count must", "count=-1": "count must", "count=1.5": "count must", "after=x": "after must",
		} {
			r.refused(http.StatusBadRequest, part, http.MethodGet, "/ob/"+kind+"?"+query, "")
		}
	}
	for query, part := range map[string]string{"count=0": "count must", "after=x": "after must"} {
		r.refused(http.StatusBadRequest, part, http.MethodGet, "/ob/dialings?"+query, "")
	}
}

func TestDialingsArePaged(t *testing.T) {
	r := newRig(t, nil)
	for _, uuid := range []string{"4d78b20b-99e5-4449-977f-261204e11a01", "4d78b20b-99e5-4449-977f-261204e11a02"} {
		d := exampleDialing(t)
		d.UUID = uuid
		r.store.dialings.rows = append(r.store.dialings.rows, d)
	}
	first := r.ok(http.MethodGet, "/ob/dialings?count=1", "")
	if first["next"] != "4d78b20b-99e5-4449-977f-261204e11a01" {
		t.Errorf("next is %v", first["next"])
	}
	rest := r.ok(http.MethodGet, "/ob/dialings?count=1&after="+first["next"].(string), "")
	if list := rest["list"].([]any); len(list) != 1 || list[0].(map[string]any)["uuid"] != "4d78b20b-99e5-4449-977f-261204e11a02" {
		t.Errorf("the second page holds %v", rest)
	}
}

func TestDeleteOptions(t *testing.T) {
	r := newRig(t, nil)
	c := r.set(r.startable(), 0)
	entry := r.make("dls", `{"dlma_uuid":"`+c.List+`"}`)
	uuid, plan, dest, list := c.UUID, c.Plan, c.Destination, c.List

	r.refused(http.StatusConflict, "in use", http.MethodDelete, "/ob/plans/"+plan, "")
	r.refused(http.StatusConflict, "in use", http.MethodDelete, "/ob/plans/"+plan+"?force=0", "")
	r.refused(http.StatusBadRequest, "force must", http.MethodDelete, "/ob/plans/"+plan+"?force=yes", "")
	r.refused(http.StatusBadRequest, "force must", http.MethodDelete, "/ob/plans/"+plan+"?force=2", "")
	r.refused(http.StatusConflict, "in use", http.MethodDelete, "/ob/destinations/"+dest, "")
	r.refused(http.StatusConflict, "has dls", http.MethodDelete, "/ob/dlmas/"+list+"?force=1", "")
	r.refused(http.StatusBadRequest, "delete_dls must", http.MethodDelete, "/ob/dlmas/"+list+"?delete_dls=", "")
	r.refused(http.StatusBadRequest, "force must", http.MethodDelete, "/ob/dls/"+entry+"?force=x", "")

	for _, path := range []string{"/ob/plans/" + plan + "?force=1", "/ob/destinations/" + dest + "?force=1", "/ob/dlmas/" + list + "?force=1&delete_dls=1"} {
		if got := r.ok(http.MethodDelete, path, ""); got["in_use"] != 0.0 || got["tm_delete"] == nil {
			t.Errorf("DELETE %s: %v", path, got)
		}
	}
	got := r.ok(http.MethodGet, "/ob/campaigns/"+uuid, "")
	if got["plan"] != nil || got["dest"] != nil || got["dlma"] != nil {
		t.Errorf("the campaign still names %v %v %v", got["plan"], got["dest"], got["dlma"])
	}
	r.refused(http.StatusNotFound, "no such dl.", http.MethodGet, "/ob/dls/"+entry, "")

	r.set(uuid, 1)
	r.refused(http.StatusConflict, "running", http.MethodDelete, "/ob/campaigns/"+uuid, "")
	if got := r.ok(http.MethodDelete, "/ob/campaigns/"+uuid+"?force=1", ""); got["in_use"] != 0.0 || got["status"] != 10.0 {
		t.Errorf("DELETE of a running campaign: %v", got)
	}
}

func TestUnknownObjects(t *testing.T) {
	r := newRig(t, nil)
	for kind, noun := range map[string]string{
		"plans": "plan", "destinations": "destination", "dlmas": "dlma", "dls": "dl", "campaigns": "campaign", "dialings": "dialing", "campaign": "campaign",
	} {
		for _, id := range []string{"42b72a18-a6c5-43bf-b9aa-6043ff32128d", "7", "42B72A18-A6C5-43BF-B9AA-6043FF32128D", "%00", "..%2f"} {
			path := "/ob/" + kind + "/" + id
			r.refused(http.StatusNotFound, "no such "+noun+".", http.MethodGet, path, "")
			r.refused(http.StatusNotFound, "no such "+noun+".", http.MethodDelete, path, "")
			if kind != "dialings" {
				r.refused(http.StatusNotFound, "no such "+noun+".", http.MethodPut, path, "{}")
			}
		}
	}
	r.refused(http.StatusNotFound, "no such campaign.", http.MethodGet, "/ob/campaigns/42b72a18-a6c5-43bf-b9aa-6043ff32128d/stats", "")
	r.refused(http.StatusNotFound, "no such campaign.", http.MethodGet, "/ob/campaigns/x/stats", "")
}
