package oncall

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/outpace/outpace/dialer"
	"github.com/outpace/outpace/dialer/hosted"
)

const (
	queuesPath  = "/api/call_queues/list"
	membersPath = "/api/call_queues/show"
	extensions  = "/api/extensions/list"
)

func memberJSON(exten string, in, registered, calling bool) string {
	return fmt.Sprintf(`{"extension_number": %q, "first_name": "F", "last_name": %q, "is_logged_in": %t, "is_registered": %t, "is_oncalling": %t}`,
		exten, exten, in, registered, calling)
}

// TestAgentStates takes two queues and two extensions together.
func TestAgentStates(t *testing.T) {
	b := newBench(t, nil)
	b.on(queuesPath, ok(`{"queues": [{"id": 1, "extension_number": "3000", "name": "sales"}, {"id": 2, "extension_number": "3001", "name": "night"}]}`))
	b.onRequest(membersPath, func(r request) answer {
		list := []string{
			memberJSON("101", true, true, false), memberJSON("102", true, true, true), memberJSON("103", true, false, false),
			memberJSON("104", false, true, false), memberJSON("105", false, true, false),
		}
		if r.URL.Query().Get("id") == "2" {
			list = []string{memberJSON("101", true, true, false), memberJSON("105", true, true, false)}
		}
		return ok(`{"members": [` + strings.Join(list, ",") + `]}`)
	})
	b.on(extensions, ok(`{"extensions": [
		{"extension_number": "102", "status": "OFFLINE"}, {"extension_number": "104", "status": "ONLINE"},
		{"extension_number": "201", "status": "OFFLINE"}, {"extension_number": "202", "status": "online"}]}`))
	got, err := b.pbx.Agents(t.Context(), []dialer.Pool{{Queue: "sales"}, {Queue: "2"}, {Exten: "104"}, {Exten: "102"}, {Exten: "201"}, {Exten: "202"}, {Queue: "none"}})
	want := []hosted.Agent{
		{Exten: "101", Name: "F 101", State: hosted.Free, Pools: []string{"sales", "2"}},
		{Exten: "102", Name: "F 102", State: hosted.Talking, Pools: []string{"sales"}},
		{Exten: "103", Name: "F 103", State: hosted.Away, Pools: []string{"sales"}},
		{Exten: "104", Name: "F 104", State: hosted.Away, Pools: []string{}},
		{Exten: "105", Name: "F 105", State: hosted.Free, Pools: []string{"2"}},
		{Exten: "201", State: hosted.Away, Pools: []string{}},
		{Exten: "202", State: hosted.Unseen, Pools: []string{}},
	}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v %s", err, diff)
	}
}

// TestAgentsOfNoQueue: a queue that the PBX does not know has no agents, and
// Pools must not be nil, which would mean all of them.
func TestAgentsOfNoQueue(t *testing.T) {
	b := newBench(t, nil)
	b.on(queuesPath, ok(`{"queues": []}`))
	if got, err := b.pbx.Agents(t.Context(), []dialer.Pool{{Queue: "none"}}); err != nil || len(got) != 0 {
		t.Errorf("%v, %v", got, err)
	}
	b.on(extensions, ok(`{"extensions": [{"extension_number": "101", "status": "ONLINE"}]}`))
	got, err := b.pbx.Agents(t.Context(), nil)
	if err != nil || len(got) != 1 || got[0].Pools == nil || got[0].State != hosted.Unseen {
		t.Errorf("%+v, %v", got, err)
	}
}

// TestPagesAreTurned reads a list of several pages, from a PBX whose pages are
// smaller than we ask for, and from one that does not turn pages.
func TestPagesAreTurned(t *testing.T) {
	b := newBench(t, nil)
	b.onRequest(extensions, func(r request) answer {
		n, _ := strconv.Atoi(r.URL.Query().Get("pagination"))
		var list []string
		for i := (n - 1) * 20; i < min(n*20, 45); i++ {
			list = append(list, fmt.Sprintf(`{"extension_number": "%d", "status": "ONLINE"}`, 100+i))
		}
		return ok(`{"pagesize": 20, "extensions": [` + strings.Join(list, ",") + `]}`)
	})
	got, err := b.pbx.Agents(t.Context(), nil)
	if err != nil || len(got) != 45 || len(b.asked(extensions)) != 3 {
		t.Errorf("%d agents in %d pages, %v", len(got), len(b.asked(extensions)), err)
	}

	b = newBench(t, nil)
	b.on(extensions, ok(`{"pagesize": 2, "extensions": [{"extension_number": "1"}, {"extension_number": "2"}]}`))
	got, err = b.pbx.Agents(t.Context(), nil)
	if err != nil || len(got) != 2 || len(b.asked(extensions)) != 2 {
		t.Errorf("%d agents in %d pages, %v", len(got), len(b.asked(extensions)), err)
	}
}

func TestQueueListGrowsOld(t *testing.T) {
	b := queueBook{list: []queue{{ID: "1", Name: "sales"}}}
	now := time.Now()
	if _, _, old := b.look("sales", now); !old {
		t.Error("a list that was never read is good")
	}
	b.read = now
	for _, tt := range []struct {
		name string
		age  time.Duration
		old  bool
	}{
		{"sales", 0, false}, {"sales", time.Minute, false}, {"sales", 61 * time.Second, true},
		{"new", 0, false}, {"new", 10 * time.Second, false}, {"new", 11 * time.Second, true},
	} {
		q, ok, old := b.look(tt.name, now.Add(tt.age))
		if ok != (tt.name == "sales") || ok != (q.ID == "1") || old != tt.old {
			t.Errorf("%s after %v: %+v, %t, old %t", tt.name, tt.age, q, ok, old)
		}
	}
	b.forget()
	if _, _, old := b.look("sales", now); !old {
		t.Error("the list was not forgotten")
	}
}

func TestTokenIsRenewed(t *testing.T) {
	for name, again := range map[string]answer{
		"401":               {http.StatusUnauthorized, ""},
		"403":               {http.StatusForbidden, ""},
		"permission denied": bad(`{"err_code": "1043001", "msg": "Permission denied"}`),
		"token in the text": bad(`{"err_code": "99", "msg": "Access token expired"}`),
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, nil)
			b.on(extensions, again, ok(`{"extensions": []}`))
			if _, err := b.pbx.Agents(t.Context(), nil); err != nil || len(b.asked("/api/account/credentials/verify")) != 2 {
				t.Errorf("error %v, %d logins", err, len(b.asked("/api/account/credentials/verify")))
			}
		})
	}
	b := newBench(t, nil)
	b.on(extensions, bad(`{"err_code": "1040001"}`))
	if _, err := b.pbx.Agents(t.Context(), nil); err == nil || len(b.asked("/api/account/credentials/verify")) != 1 {
		t.Errorf("error %v, %d logins", err, len(b.asked("/api/account/credentials/verify")))
	}
}
