package api

import (
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/outpace/outpace/campaign"
)

// set puts a campaign into a status behind the API's back.
func (r *rig) set(uuid string, status campaign.Status) *campaign.Campaign {
	r.t.Helper()
	i, err := r.store.camps.find(uuid)
	if err != nil {
		r.t.Fatal(err)
	}
	c := &r.store.camps.rows[i]
	c.Status = status
	return c
}

func TestStatusMoves(t *testing.T) {
	const refused = -1
	asks := []int{0, 1, 2, 10, 11, 12, 30}
	for from, want := range map[campaign.Status][]int{
		campaign.Stopped:       {0, 1, refused, 0, 1, refused, refused},
		campaign.Started:       {10, 1, 12, 10, 1, 12, 30},
		campaign.Paused:        {0, 1, 2, 0, 1, 2, 30},
		campaign.Stopping:      {10, 1, refused, 10, 1, refused, 30},
		campaign.Pausing:       {refused, 1, 12, refused, 1, 12, 30},
		campaign.ForceStopping: {refused, refused, refused, refused, refused, refused, 30},
	} {
		for i, ask := range asks {
			r := newRig(t, nil)
			uuid := r.startable()
			r.set(uuid, from)
			path, body := "/ob/campaigns/"+uuid, `{"status":`+strconv.Itoa(ask)+`}`
			if want[i] == refused {
				r.refused(http.StatusConflict, "status", http.MethodPut, path, body)
				if got := r.ok(http.MethodGet, path, "")["status"]; got != float64(from) {
					t.Errorf("from %d ask %d: a refused move left status %v", from, ask, got)
				}
				continue
			}
			if got := r.ok(http.MethodPut, path, body)["status"]; got != float64(want[i]) {
				t.Errorf("from %d ask %d: status %v, want %d", from, ask, got, want[i])
			}
		}
	}
}

func TestUnknownStatusIs400(t *testing.T) {
	r := newRig(t, nil)
	uuid := r.startable()
	for _, ask := range []string{"3", "-1", "13", "100"} {
		r.refused(http.StatusBadRequest, "status must be one of", http.MethodPut, "/ob/campaigns/"+uuid, `{"status":`+ask+`}`)
	}
}

func TestStartIsRefused(t *testing.T) {
	for _, tt := range []struct {
		name, plan, dest, camp, part string
		status                       int
	}{
		{"no plan", `{"dial_mode":1}`, `{"type":1,"application":"park"}`, `{"plan":null,"status":1}`, "plan is needed", 400},
		{"no destination", `{"dial_mode":1}`, `{"type":1,"application":"park"}`, `{"dest":null,"status":1}`, "dest is needed", 400},
		{"no list", `{"dial_mode":1}`, `{"type":1,"application":"park"}`, `{"dlma":null,"status":1}`, "dlma is needed", 400},
		{"no dial mode", `{}`, `{"type":1,"application":"park"}`, `{"status":1}`, "dial_mode", 400},
		{"no dial mode, 11", `{}`, `{"type":1,"application":"park"}`, `{"status":11}`, "dial_mode", 400},
		{"no context", `{"dial_mode":1}`, `{"exten":"1"}`, `{"status":1}`, "context", 400},
		{"no exten", `{"dial_mode":1}`, `{"context":"a"}`, `{"status":1}`, "exten", 400},
		{"no application", `{"dial_mode":1}`, `{"type":1}`, `{"status":1}`, "application", 400},
		{"unknown gateway", `{"dial_mode":1,"gateway":"mars"}`, `{"type":1,"application":"park"}`, `{"status":1}`, `unknown gateway: "mars"`, 400},
		{"early media", `{"dial_mode":1,"early_media":"true"}`, `{"type":1,"application":"park"}`, `{"status":1}`, "early_media", 400},
		{"closed", `{"dial_mode":1}`, `{"type":1,"application":"park"}`, `{"status":1,"sc_mode":1,"sc_time_start":"13:00:00"}`, "calendar is closed", 409},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t, nil)
			refs := `"plan":"` + r.make("plans", tt.plan) + `","dest":"` + r.make("destinations", tt.dest) +
				`","dlma":"` + r.make("dlmas", `{}`) + `"`
			uuid := r.make("campaigns", `{`+refs+`}`)
			path := "/ob/campaigns/" + uuid
			before := r.do(http.MethodGet, path, "").body["result"]
			r.refused(tt.status, tt.part, http.MethodPut, path, tt.camp)
			after := r.do(http.MethodGet, path, "").body["result"]
			if b, a := string(mustJSON(t, before)), string(mustJSON(t, after)); b != a {
				t.Errorf("a refused start changed the campaign:\n%s\n%s", b, a)
			}
			if !strings.Contains(tt.camp, "null") {
				r.refused(tt.status, tt.part, http.MethodPost, "/ob/campaigns", `{`+refs+`,`+tt.camp[1:])
				if n := len(r.store.camps.rows); n != 1 {
					t.Errorf("a refused POST left %d campaigns, want 1", n)
				}
			}
		})
	}
}

func TestStartNeedsAPlaceForAbandonedCustomers(t *testing.T) {
	r := newRig(t, nil)
	uuid := r.startable()
	sorry := r.make("destinations", `{"context":"sales"}`)
	r.ok(http.MethodPut, "/ob/plans/"+r.set(uuid, campaign.Stopped).Plan, `{"abandon_destination":"`+sorry+`"}`)
	r.refused(http.StatusBadRequest, "abandon_destination", http.MethodPut, "/ob/campaigns/"+uuid, `{"status":1}`)
	r.ok(http.MethodPut, "/ob/destinations/"+sorry, `{"exten":"sorry"}`)
	r.ok(http.MethodPut, "/ob/campaigns/"+uuid, `{"status":1}`)
}

func TestStartWithoutAnyGateway(t *testing.T) {
	r := newRig(t, func(c *Config) { c.Gateways = nil })
	uuid := r.startable()
	r.refused(http.StatusBadRequest, "no default gateway", http.MethodPut, "/ob/campaigns/"+uuid, `{"status":1}`)
}

func TestStartOfWhatWasDeletedIsRefused(t *testing.T) {
	for kind, part := range map[string]string{"plans": "plan names", "dests": "dest names", "lists": "dlma names"} {
		r := newRig(t, nil)
		uuid := r.startable()
		switch kind { // gone behind the campaign's back
		case "plans":
			r.store.plans.rows[0].InUse = false
		case "dests":
			r.store.dests.rows[0].InUse = false
		case "lists":
			r.store.lists.rows[0].InUse = false
		}
		r.refused(http.StatusBadRequest, part, http.MethodPut, "/ob/campaigns/"+uuid, `{"status":1}`)
	}
}

func TestStartInsideTheCalendar(t *testing.T) {
	r := newRig(t, nil)
	uuid := r.startable()
	path := "/ob/campaigns/" + uuid
	got := r.ok(http.MethodPut, path, `{"sc_mode":1,"sc_time_start":"12:00:00","sc_time_end":"13:00:00","sc_timezone":"UTC"}`)
	if got["status"] != 0.0 || got["sc_timezone"] != "UTC" {
		t.Errorf("after setting a calendar: %v", got)
	}
	if c := r.set(uuid, campaign.Stopped); !c.Edge.Equal(campaign.EdgePending) {
		t.Errorf("a changed calendar left Edge %v, want EdgePending", c.Edge)
	}
	if got := r.ok(http.MethodPut, path, `{"status":1}`)["status"]; got != 1.0 {
		t.Errorf("status %v, want 1", got)
	}
	// A change that leaves the calendar alone is no edge.
	r.set(uuid, campaign.Started).Edge = startOfTime
	r.ok(http.MethodPut, path, `{"name":"n","sc_mode":1}`)
	if c := r.set(uuid, campaign.Stopped); !c.Edge.Equal(startOfTime) {
		t.Errorf("Edge moved to %v without a change of the calendar", c.Edge)
	}
	r.clock.advance(time.Hour)
	for _, from := range []campaign.Status{campaign.Stopped, campaign.Paused, campaign.Stopping, campaign.Pausing} {
		r.set(uuid, from)
		r.refused(http.StatusConflict, "calendar is closed", http.MethodPut, path, `{"status":1}`)
	}
	r.set(uuid, campaign.Started) // the present value is a no-op even then
	r.ok(http.MethodPut, path, `{"status":1}`)
}

func TestNewCalendarIsAnEdge(t *testing.T) {
	r := newRig(t, nil)
	with, without := r.make("campaigns", `{"sc_mode":1}`), r.make("campaigns", `{"sc_time_start":"10:00:00"}`)
	if c := r.set(with, 0); !c.Edge.Equal(campaign.EdgePending) {
		t.Errorf("a campaign with a calendar has Edge %v, want EdgePending", c.Edge)
	}
	if c := r.set(without, 0); !c.Edge.IsZero() {
		t.Errorf("a campaign without one has Edge %v, want none", c.Edge)
	}
}

func TestStartForgetsTheReason(t *testing.T) {
	r := newRig(t, nil)
	uuid := r.startable()
	r.set(uuid, campaign.Stopped).Reason = "Its plan was deleted."
	r.ok(http.MethodPut, "/ob/campaigns/"+uuid, `{"name":"n"}`)
	if c := r.set(uuid, campaign.Stopped); c.Reason == "" {
		t.Error("a change of the name took the reason away")
	}
	r.ok(http.MethodPut, "/ob/campaigns/"+uuid, `{"status":1}`)
	if c := r.set(uuid, campaign.Started); c.Reason != "" {
		t.Errorf("after the start the reason is still %q", c.Reason)
	}
}

func TestStartSeesWhatOthersChange(t *testing.T) {
	r := newRig(t, nil)
	uuid := r.startable()
	path := "/ob/campaigns/" + uuid
	idle := r.make("plans", `{"dial_mode":0}`)
	changed := false
	r.store.before = func(op string) {
		if op == "UpdateCampaign" && !changed {
			changed = true
			r.set(uuid, campaign.Stopped).Plan = idle
		}
	}
	r.refused(http.StatusBadRequest, "dial_mode", http.MethodPut, path, `{"status":1}`)
	if !changed {
		t.Fatal("nothing was changed in between")
	}
	flip := campaign.Stopped
	r.store.before = func(op string) {
		if op == "UpdateCampaign" { // somebody is always faster
			flip = campaign.Paused - flip
			r.set(uuid, flip)
		}
	}
	r.refused(http.StatusConflict, "changed by others", http.MethodPut, path, `{"name":"n"}`)
}

func TestPostWithStatusStarts(t *testing.T) {
	r := newRig(t, nil)
	first := r.set(r.startable(), campaign.Stopped)
	body := `{"plan":"` + first.Plan + `","dest":"` + first.Destination + `","dlma":"` + first.List + `","status":11}`
	if got := r.ok(http.MethodPost, "/ob/campaigns", body)["status"]; got != 1.0 {
		t.Errorf("status %v, want 1", got)
	}
	r.refused(http.StatusConflict, "cannot be paused", http.MethodPost, "/ob/campaigns", `{"status":2}`)
}
