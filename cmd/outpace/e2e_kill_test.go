//go:build e2e

package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/outpace/outpace/dialer/ami"
	"github.com/outpace/outpace/dialer/pbxsim"
	"github.com/outpace/outpace/store/storetest"
)

// observer notes what a real Asterisk says of the calls that it was asked for,
// by the ids that are ours. Others that use the Asterisk are told from ours by
// the time.
type observer struct {
	mu    sync.Mutex
	calls []pbxsim.OriginateRecord
	lost  bool
}

// observe follows the events of the lab's Asterisk until the test ends.
func observe(t *testing.T) *observer {
	t.Helper()
	client, err := ami.New(ami.Config{Address: os.Getenv("OUTPACE_E2E_AMI"), Username: os.Getenv("OUTPACE_E2E_AMI_ADMIN"),
		Secret: os.Getenv("OUTPACE_E2E_AMI_SECRET"), EventMask: "system,call"})
	if err != nil {
		t.Fatal(err)
	}
	o := &observer{}
	ctx, cancel := context.WithCancel(context.Background())
	sub := client.Subscribe(ami.Filter{Names: []string{"Newchannel", "DialBegin", "Newstate"}})
	var parts sync.WaitGroup
	parts.Go(func() { _ = client.Run(ctx) })
	parts.Go(func() {
		for e := range sub.C() {
			o.take(e)
		}
	})
	t.Cleanup(func() {
		cancel()
		sub.Close()
		parts.Wait()
	})
	if err := client.Ready(t.Context()); err != nil {
		t.Fatal(err)
	}
	return o
}

func (o *observer) take(e ami.Event) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if e.Kind != ami.KindEvent {
		o.lost = o.lost || e.Kind == ami.KindSessionEnded
		return
	}
	id := e.Get("Uniqueid")
	if e.Get("Event") == "DialBegin" {
		id = e.Get("DestUniqueid")
	}
	if len(id) != 36 || id[14] != '4' {
		return // not one of ours
	}
	if e.Get("Event") == "Newchannel" {
		o.calls = append(o.calls, pbxsim.OriginateRecord{ChannelID: id, At: e.Received, Accepted: true})
		return
	}
	i := slices.IndexFunc(o.calls, func(r pbxsim.OriginateRecord) bool { return r.ChannelID == id })
	switch {
	case i < 0:
		o.lost = true
	case e.Get("Event") == "DialBegin" && o.calls[i].Number != "": // dialed twice
		o.calls = append(o.calls, o.calls[i])
	case e.Get("Event") == "DialBegin":
		o.calls[i].Number, _, _ = strings.Cut(e.Get("DialString"), "@")
	case e.Get("ChannelState") == "6":
		o.calls[i].Answered = true
	}
}

func (o *observer) seen() []pbxsim.OriginateRecord {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Clone(o.calls)
}

// TestE2EKilled: a server that dials through a real Asterisk is killed again
// and again; what the Asterisk's own events show is held against the results.
func TestE2EKilled(t *testing.T) {
	for i, database := range []struct {
		name  string
		url   func(testing.TB) string
		kills int
	}{{"SQLite", storetest.SQLiteURL, labKills()}, {"Postgres", storetest.PostgresURL, (labKills() + 1) / 2}} {
		t.Run(database.name, func(t *testing.T) {
			o, seed := observe(t), rand.Uint64()
			t.Logf("the dice begin with %d", seed)
			s := &siege{t: t, dice: rand.New(rand.NewPCG(seed, 0)), seen: o.seen}
			s.serve(database.url(t), "OUTPACE_AMI_ADDRESS="+os.Getenv("OUTPACE_E2E_AMI"), "OUTPACE_AMI_USERNAME="+os.Getenv("OUTPACE_E2E_AMI_USER"),
				"OUTPACE_AMI_SECRET="+os.Getenv("OUTPACE_E2E_AMI_SECRET"), "OUTPACE_AMI_MAX_CALLS=20", "OUTPACE_AMI_MAX_CPS=10")
			s.more = func() { s.labPeople(i, 10) }
			s.labPeople(i, 10+5*database.kills)
			s.harmed(database.kills, s.restart)
			if o.lost {
				t.Error("the observer has missed events, so it shows nothing")
			}
		})
	}
}

// labPeople makes and starts a campaign of people of the lab.
func (s *siege) labPeople(place, n int) {
	s.t.Helper()
	var entries [][]string
	for i := range n {
		var numbers []string
		for k := range 2 {
			kind := []string{"111", "112", "121", "111", "200", "300", "400", "600", "500"}[s.dice.IntN(9)]
			numbers = append(numbers, fmt.Sprintf("%s%d%02d%04d%d", kind, place+5, len(s.campaigns), i, k))
		}
		entries = append(entries, numbers)
	}
	b := besieged{people: n, uuid: s.offer(map[string]any{"max_retry_cnt_1": 2, "retry_delay": 1, "dl_end_handle": 1, "dial_timeout": 3000},
		map[string]any{"name": "d", "type": 1, "application": "Wait", "data": "12"}, entries...)}
	var c struct {
		List string `json:"dlma"`
	}
	s.get("/ob/campaigns/"+b.uuid, &c)
	b.list = c.List
	s.campaigns = append(s.campaigns, b)
	s.status(b.uuid, 1)
}
