package api

import (
	"encoding/json"
	"maps"
	"net/http"
	"os"
	"regexp"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/outpace/outpace/campaign"
	"github.com/outpace/outpace/dlma"
	"github.com/outpace/outpace/plan"
	"github.com/outpace/outpace/results"
)

var stampForm = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z$`)

// example reads the result of an answer in testdata.
func example(t *testing.T, name string) map[string]any {
	t.Helper()
	text, err := os.ReadFile("testdata/" + name + ".json")
	if err != nil {
		t.Fatal(err)
	}
	var whole map[string]any
	if err := json.Unmarshal(text, &whole); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	result, _ := whole["result"].(map[string]any)
	return result
}

// plain replaces what differs from run to run by what it is.
func plain(result map[string]any) map[string]any {
	out := make(map[string]any, len(result))
	for key, value := range result {
		text, isText := value.(string)
		switch {
		case key == "uuid" && uuidForm.MatchString(text):
			value = "a uuid"
		case key == "dl_table" && len(text) == 36:
			value = "a table"
		case (key == "tm_create" || key == "tm_update" || key == "tm_delete") && isText:
			value = "a time"
		}
		out[key] = value
	}
	return out
}

// added are the fields that we have beside those of the examples.
var added = map[string]map[string]any{
	"plans": {
		"gateway": nil, "max_calls": nil, "max_cps": nil, "redial_unknown": 0.0, "pacing": "predictive", "ratio": nil,
		"abandon_target": 3.0, "abandon_patience": 2000.0, "abandon_window": 30.0, "abandon_destination": nil,
		"abandon_lock_hours": 72.0, "warnings": []any{},
	},
	"destinations": {"wrapup": 0.0},
	"campaigns":    {"sc_timezone": nil},
}

func with(result, more map[string]any) map[string]any {
	maps.Copy(result, more)
	return result
}

func TestCreateAnswersLikeTheExamples(t *testing.T) {
	r := newRig(t, nil)
	list := r.make("dlmas", `{}`)
	for _, tt := range []struct{ kind, body, example string }{
		{"plans", `{"name": "Test plan create", "variables": {"plan_key_1": "plean_val_1"}}`, "plan"},
		{"destinations", `{}`, "destination"},
		{"dlmas", `{"name": "test dlma"}`, "dlma"},
		{"dls", `{"dlma_uuid":"` + list + `", "name": "sample dial list", "detail": "dial list sample detail", "number_1": "300"}`, "dl"},
		{"campaigns", `{}`, "campaign"},
	} {
		want := with(plain(example(t, tt.example)), added[tt.kind])
		if tt.kind == "dls" {
			want["dlma_uuid"] = list
		}
		got := r.ok(http.MethodPost, "/ob/"+tt.kind, tt.body)
		if stamp, _ := got["tm_create"].(string); !stampForm.MatchString(stamp) {
			t.Errorf("POST /ob/%s: tm_create is %q", tt.kind, stamp)
		}
		if diff := cmp.Diff(want, plain(got)); diff != "" {
			t.Errorf("POST /ob/%s (-want +got):\n%s", tt.kind, diff)
		}
		read := r.ok(http.MethodGet, "/ob/"+tt.kind+"/"+got["uuid"].(string), "")
		if diff := cmp.Diff(got, read); diff != "" {
			t.Errorf("GET after POST /ob/%s (-want +got):\n%s", tt.kind, diff)
		}
	}
}

func TestUpdateAnswersLikeTheExample(t *testing.T) {
	r := newRig(t, nil)
	uuid := r.make("plans", `{"name": "Test plan create", "variables": {"plan_key_1": "plean_val_1"}}`)
	got := r.ok(http.MethodPut, "/ob/plans/"+uuid, `{"name": "update plan name"}`)
	want := with(plain(example(t, "plan_updated")), added["plans"])
	if diff := cmp.Diff(want, plain(got)); diff != "" {
		t.Errorf("PUT /ob/plans (-want +got):\n%s", diff)
	}
}

func TestDialTableIsTheUUIDWithUnderscores(t *testing.T) {
	r := newRig(t, nil)
	got := r.ok(http.MethodPost, "/ob/dlmas", `{}`)
	if got["uuid"] != "00000000-0000-4000-8000-000000000001" || got["dl_table"] != "00000000_0000_4000_8000_000000000001" {
		t.Errorf("uuid %v, dl_table %v", got["uuid"], got["dl_table"])
	}
}

func TestTimesHaveNineDecimals(t *testing.T) {
	r := newRig(t, nil)
	for _, at := range []time.Time{
		startOfTime, // its fraction starts with a zero
		startOfTime.Truncate(time.Second),
		startOfTime.In(time.FixedZone("east", 3*3600)),
	} {
		r.clock.at = at
		got := r.ok(http.MethodPost, "/ob/dlmas", `{}`)["tm_create"]
		if want := at.UTC().Format("2006-01-02T15:04:05.000000000") + "Z"; got != want {
			t.Errorf("tm_create is %v, want %s", got, want)
		}
	}
}

func mustJSON(t testing.TB, v any) json.RawMessage {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// exampleDialing is the call of the example, as the store keeps it.
func exampleDialing(t testing.TB) results.Dialing {
	at := func(text string) time.Time {
		parsed, err := time.Parse(time.RFC3339Nano, text)
		if err != nil {
			t.Fatal(err)
		}
		return parsed
	}
	const (
		camp  = "ab02b7ef-9c12-4d24-b944-9e853c9ce0f9"
		dest  = "78c8cfb5-2ca3-471f-a843-2a287842fef4"
		pl    = "e55e4655-6065-4e9a-bdcf-50363aa6f6d4"
		list  = "26f91049-469d-4437-8a42-0e00c7f4eaa3"
		entry = "7dc1b243-f6ea-4f45-bda5-dd478dac2fd5"
	)
	p := plan.Default()
	p.UUID, p.Name, p.Mode, p.EndHandle = pl, "Test plan 1", 1, 0
	p.TmCreate, p.TmUpdate = at("2017-03-11T05:27:38.778880388Z"), at("2017-03-11T05:51:44.923547573Z")
	p.Variables = map[string]string{"plan key 1": "plan value 1"}
	return results.Dialing{
		Attempt: results.Attempt{
			UUID: "4d78b20b-99e5-4449-977f-261204e11a26", ActionID: "0ab20783-50e5-40fc-8a22-c075f901722c", Gateway: "asterisk",
			Campaign: camp, Plan: pl, Destination: dest, List: list, Entry: entry,
			DialChannel: "SIP/300", DialAddr: "300", DialIndex: 1, DialTry: 2, DialTimeout: 30 * time.Second,
			DialType: 1, DialApplication: "queue", DialData: "sales_1",
			DialVariables: map[string]string{
				"campaign key 1": "campaign value 1", "destination key 1": "destination value 1",
				"dl key1": "dl val1", "dlma_key1": "dlma_val1", "plan key 1": "plan value 1",
			},
			TmCreate: at("2017-03-11T12:12:17.546144349Z"),
		},
		Status: 6, Channel: "SIP/300-0000002e", ResDial: 4, ResDialDetail: "Remote end has answered",
		TmUpdate: at("2017-03-11T13:13:02.933694875Z"),
		Info: results.Info{
			Campaign: mustJSON(t, campaign.Campaign{
				UUID: camp, Name: "Test campaign 1", Plan: pl, Destination: dest, List: list, Status: 1, InUse: true,
				Variables: map[string]string{"campaign key 1": "campaign value 1"},
				TmCreate:  at("2017-03-11T05:24:26.976688716Z"), TmUpdate: at("2017-03-11T05:52:24.817439382Z"),
			}),
			Plan: mustJSON(t, p),
			Destination: mustJSON(t, campaign.Destination{
				UUID: dest, Name: "Test destination 1", Type: 1, Application: "queue", Data: "sales_1", InUse: true,
				Variables: map[string]string{"destination key 1": "destination value 1"},
				TmCreate:  at("2017-03-11T05:28:20.20643710Z"), TmUpdate: at("2017-03-11T05:45:29.804143894Z"),
			}),
			List: mustJSON(t, dlma.List{
				UUID: list, InUse: true, Variables: map[string]string{"dlma_key1": "dlma_val1"},
				TmCreate: at("2017-03-11T05:29:26.927951044Z"),
			}),
			Entry: mustJSON(t, dlma.Entry{
				UUID: entry, List: list, InUse: true, Name: "normal call distribute test customer 3",
				Detail: "test customer for normal call distribute", Number: [8]string{"300"}, Tries: [8]int{1},
				Variables: map[string]string{"dl key1": "dl val1"},
				TmCreate:  at("2017-03-11T10:09:05.424657580Z"), TmLastDial: at("2017-03-11T11:38:08.568583019Z"),
				TmLastHangup: at("2017-03-11T11:38:29.151276033Z"),
			}),
		},
	}
}

func TestDialingAnswersLikeTheExample(t *testing.T) {
	r := newRig(t, nil)
	d := exampleDialing(t)
	r.store.dialings.rows = append(r.store.dialings.rows, d)
	got := r.ok(http.MethodGet, "/ob/dialings/"+d.UUID, "")

	want := example(t, "dialing")
	with(want["info_camp"].(map[string]any), added["campaigns"])
	with(want["info_plan"].(map[string]any), added["plans"])
	dest := with(want["info_dest"].(map[string]any), added["destinations"])
	dest["tm_create"] = "2017-03-11T05:28:20.206437100Z" // the example lacks a decimal
	dl := want["info_dl_list"].(map[string]any)
	dl["res_dial_detail"], dl["res_hangup_detail"] = nil, nil // "" is null here
	with(want["info_dial"].(map[string]any), map[string]any{  // objects here, their text in the example
		"otherchannelid": nil,
		"variables":      want["dial_variables"],
		"plan_variables": map[string]any{"plan key 1": "plan value 1"},
		"dest_variables": map[string]any{"destination key 1": "destination value 1"},
		"dl_variables":   map[string]any{"dl key1": "dl val1"},
	})
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("GET /ob/dialings/<uuid> (-want +got):\n%s", diff)
	}
	list := r.ok(http.MethodGet, "/ob/dialings", "")["list"].([]any)
	if diff := cmp.Diff([]any{got}, list); diff != "" {
		t.Errorf("GET /ob/dialings (-want +got):\n%s", diff)
	}
}

func TestDialingWithoutCapsulesIsShown(t *testing.T) {
	r := newRig(t, nil)
	d := exampleDialing(t)
	d.Info = results.Info{Plan: json.RawMessage(`{"UUID":7}`)}
	r.store.dialings.rows = append(r.store.dialings.rows, d)
	got := r.ok(http.MethodGet, "/ob/dialings/"+d.UUID, "")
	for _, key := range []string{"info_camp", "info_plan", "info_dest", "info_dlma", "info_dl_list"} {
		if got[key] != nil {
			t.Errorf("%s is %v, want null", key, got[key])
		}
	}
}
