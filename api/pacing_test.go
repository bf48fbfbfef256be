package api

import (
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/outpace/outpace/campaign"
	"github.com/outpace/outpace/results"
)

const ringTooShort = "dial_timeout is below 15000 ms: a call that is not answered rings for a shorter time than the 15 s, " +
	"or four rings, that rules in the US (FTC, FCC) and the UK (Ofcom) ask for before it is given up."

// pacing asks for the pacing of a campaign.
func (r *rig) pacing(uuid string) map[string]any {
	r.t.Helper()
	return r.ok(http.MethodGet, "/ob/campaigns/"+uuid+"/pacing", "")
}

func TestPacing(t *testing.T) {
	r := newRig(t, nil)
	c := r.set(r.startable(), campaign.Started)
	r.ok(http.MethodPut, "/ob/plans/"+c.Plan, `{"pacing":"formula","abandon_target":5,"abandon_window":2,"dial_timeout":14999}`)
	r.store.days[c.UUID] = []results.Day{
		{Date: "2026-03-09", Live: 1000, Abandoned: 1000}, {Date: "2026-03-10", Live: 30, Abandoned: 2}, {Date: "2026-03-11", Live: 10, Abandoned: 1},
	}
	r.store.live[c.UUID] = campaign.Live{At: startOfTime, Pacing: &campaign.Pacing{
		Decisions: []campaign.Decision{
			{At: startOfTime.Add(-time.Second), Code: "entries", Reason: "No entry is ready."},
			{At: startOfTime, Place: 1},
			{At: startOfTime, Place: 3, Code: "agents", Reason: "2 agents are free.", Facts: map[string]float64{"free": 2, "chance": 0.25}},
		},
		Warnings: []string{ringTooShort, "The queue sees no agents.", "The queue sees no agents."},
	}}
	want := map[string]any{
		"campaign": c.UUID, "pacing": "formula",
		"windows": []any{
			map[string]any{"name": "day", "days": 1.0, "from": "2026-03-11", "live": 10.0, "abandoned": 1.0, "rate": 0.1, "target": 0.05},
			map[string]any{"name": "2 days", "days": 2.0, "from": "2026-03-10", "live": 40.0, "abandoned": 3.0, "rate": 0.075, "target": 0.05},
		},
		"decisions": []any{
			map[string]any{"at": "2026-03-11T12:29:47.054314000Z", "place": 0.0, "code": "entries", "reason": "No entry is ready.", "facts": map[string]any{}},
			map[string]any{"at": "2026-03-11T12:29:48.054314000Z", "place": 1.0, "code": nil, "reason": nil, "facts": map[string]any{}},
			map[string]any{"at": "2026-03-11T12:29:48.054314000Z", "place": 3.0, "code": "agents", "reason": "2 agents are free.", "facts": map[string]any{"free": 2.0, "chance": 0.25}},
		},
		"warnings": []any{ringTooShort, "The queue sees no agents."},
	}
	if diff := cmp.Diff(want, r.pacing(c.UUID)); diff != "" {
		t.Errorf("pacing (-want +got):\n%s", diff)
	}

	// What an engine decided long ago says nothing of now; the windows stay.
	r.clock.advance(staleAfter + time.Second)
	want["decisions"], want["warnings"] = []any{}, []any{ringTooShort}
	if diff := cmp.Diff(want, r.pacing(c.UUID)); diff != "" {
		t.Errorf("pacing later (-want +got):\n%s", diff)
	}
}

func TestPacingOfACampaignThatNeverRan(t *testing.T) {
	r := newRig(t, nil)
	nothing := map[string]any{"pacing": nil, "windows": []any{}, "decisions": []any{}, "warnings": []any{}}
	uuid := r.make("campaigns", `{}`)
	if diff := cmp.Diff(with(nothing, map[string]any{"campaign": uuid}), r.pacing(uuid)); diff != "" {
		t.Errorf("of an empty one (-want +got):\n%s", diff)
	}
	uuid = r.startable()
	want := map[string]any{
		"campaign": uuid, "pacing": "predictive", "decisions": []any{}, "warnings": []any{},
		"windows": []any{
			map[string]any{"name": "day", "days": 1.0, "from": "2026-03-11", "live": 0.0, "abandoned": 0.0, "rate": nil, "target": 0.03},
			map[string]any{"name": "30 days", "days": 30.0, "from": "2026-02-10", "live": 0.0, "abandoned": 0.0, "rate": nil, "target": 0.03},
		},
	}
	if diff := cmp.Diff(want, r.pacing(uuid)); diff != "" {
		t.Errorf("of a new one (-want +got):\n%s", diff)
	}
	r.refused(http.StatusNotFound, "no such campaign", http.MethodGet, "/ob/campaigns/42b72a18-a6c5-43bf-b9aa-6043ff32128d/pacing", "")
	r.refused(http.StatusNotFound, "no such campaign", http.MethodGet, "/ob/campaigns/all/pacing", "")
}

// A day begins and ends in the campaign's zone.
func TestWindowsAreOfTheCampaignsZone(t *testing.T) {
	for _, tt := range []struct {
		zone, now  string
		day, month string // the first days
	}{
		{"", "2026-03-11T23:59:59Z", "2026-03-11", "2026-02-10"},
		{"Asia/Tokyo", "2026-03-11T14:59:59Z", "2026-03-11", "2026-02-10"},
		{"Asia/Tokyo", "2026-03-11T15:00:00Z", "2026-03-12", "2026-02-11"},
		{"America/New_York", "2026-03-11T03:59:59Z", "2026-03-10", "2026-02-09"},
		// On 2026-03-08 the clocks of Havana went from 23:59 on to 01:00: there was no 00:30.
		{"America/Havana", "2026-04-06T04:30:00Z", "2026-04-06", "2026-03-08"},
	} {
		r := newRig(t, nil)
		uuid := r.startable()
		if tt.zone != "" {
			r.ok(http.MethodPut, "/ob/campaigns/"+uuid, `{"sc_timezone":"`+tt.zone+`"}`)
		}
		now, err := time.Parse(time.RFC3339, tt.now)
		if err != nil {
			t.Fatal(err)
		}
		r.clock.at = now
		r.store.days[uuid] = []results.Day{{Date: tt.month, Live: 1}, {Date: tt.day, Live: 2}, {Date: "2026-05-01", Live: 4}}
		windows := r.pacing(uuid)["windows"].([]any)
		for i, want := range []map[string]any{{"from": tt.day, "live": 6.0}, {"from": tt.month, "live": 7.0}} {
			got := windows[i].(map[string]any)
			if got["from"] != want["from"] || got["live"] != want["live"] {
				t.Errorf("%s in %q: window %d is %v, want %v", tt.now, tt.zone, i, got, want)
			}
		}
	}
}

func TestWindowOfOneDay(t *testing.T) {
	r := newRig(t, nil)
	c := r.set(r.startable(), campaign.Started)
	r.ok(http.MethodPut, "/ob/plans/"+c.Plan, `{"abandon_window":1}`)
	windows := r.pacing(c.UUID)["windows"].([]any)
	if last := windows[1].(map[string]any); last["name"] != "1 day" || last["from"] != "2026-03-11" {
		t.Errorf("the window of one day is %v", last)
	}
}

func TestPlanWarnings(t *testing.T) {
	r := newRig(t, nil)
	uuid := r.make("plans", `{"dial_timeout":14999,"warnings":["this is read only"]}`)
	want := []any{ringTooShort}
	for what, got := range map[string]map[string]any{
		"GET": r.ok(http.MethodGet, "/ob/plans/"+uuid, ""), "PUT": r.ok(http.MethodPut, "/ob/plans/"+uuid, `{"warnings":null}`),
	} {
		if diff := cmp.Diff(want, got["warnings"]); diff != "" {
			t.Errorf("%s (-want +got):\n%s", what, diff)
		}
	}
	if diff := cmp.Diff([]any{}, r.ok(http.MethodPut, "/ob/plans/"+uuid, `{"dial_timeout":15000}`)["warnings"]); diff != "" {
		t.Errorf("at 15 s (-want +got):\n%s", diff)
	}
}

func TestAbandonDestination(t *testing.T) {
	r := newRig(t, nil)
	exten, queue := r.make("destinations", `{}`), r.make("destinations", `{"type":1}`)
	uuid := r.make("plans", `{"abandon_destination":"`+exten+`"}`)
	r.refused(http.StatusBadRequest, "abandon_destination", http.MethodPut, "/ob/plans/"+uuid, `{"abandon_destination":"`+queue+`"}`)
	r.refused(http.StatusConflict, "in use by a plan", http.MethodPut, "/ob/destinations/"+exten, `{"type":1}`)
	r.refused(http.StatusConflict, "in use by a plan", http.MethodDelete, "/ob/destinations/"+exten, "")
	r.ok(http.MethodDelete, "/ob/destinations/"+exten+"?force=1", "")
	if got := r.ok(http.MethodGet, "/ob/plans/"+uuid, "")["abandon_destination"]; got != nil {
		t.Errorf("abandon_destination is %v after its deletion, want null", got)
	}
}
