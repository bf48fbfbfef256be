package oapi

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/outpace/outpace/dialer/hosted"
)

func TestCheckTellsWhichDeviceIsWrong(t *testing.T) {
	var b *bench
	b = newBench(t, func(w http.ResponseWriter, _ *http.Request) {
		all := b.requests()
		if strings.Contains(all[len(all)-1].body, "thutranhtkbee") {
			_, _ = io.WriteString(w, `{"value":"tok-1","expire":"2030-01-01"}`)
			return
		}
		w.WriteHeader(http.StatusBadRequest)
	})
	found := b.pbx.Check(t.Context())
	if len(found) != 2 || found[0].Err != nil || found[1].Err == nil {
		t.Fatalf("%+v", found)
	}
	for i, name := range []string{"device thutranhtkbee", "device 102"} {
		if found[i].Name != name || strings.Contains(found[i].Text, "tok-1") {
			t.Errorf("%+v", found[i])
		}
	}
	for _, r := range b.requests() {
		if strings.Contains(r.URL.Path, "click-to-call") {
			t.Error("a check places no call")
		}
	}
}

func TestTokenWithoutAValue(t *testing.T) {
	b := newBench(t, reply(200, `{"expire":1}`))
	if err := b.pbx.fetchToken(t.Context(), "102"); err == nil {
		t.Error("taken")
	}
}

func TestAgentsAreTheDevices(t *testing.T) {
	b := newBench(t, reply(200, `[]`))
	list, err := b.pbx.Agents(t.Context(), nil)
	if err != nil || len(list) != 2 || list[0].Exten != "thutranhtkbee" || list[1].Exten != "102" {
		t.Fatalf("%v, %v", list, err)
	}
	for _, a := range list {
		if a.State != hosted.Unseen || a.Pools != nil {
			t.Errorf("%+v", a)
		}
	}
	// There is nothing to ask for but whether the PBX is there.
	if all := b.requests(); len(all) != 1 || all[0].URL.Path != "/oapi/v1/call/histories" || all[0].URL.Query().Get("limit") != "1" {
		t.Errorf("the PBX was asked %v", all)
	}
	b = newBench(t, reply(401, ""))
	if list, err := b.pbx.Agents(t.Context(), nil); err == nil {
		t.Errorf("with a bad secret the agents are %v", list)
	}
}
