package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/outpace/outpace/dialer/pbxsim"
)

// TestFaultyPBX: a PBX that loses replies, repeats and reorders events, cuts
// its link and refuses calls makes nobody be called twice for one try, and no
// result be lost or written twice.
func TestFaultyPBX(t *testing.T) {
	sim := simulate(t)
	if err := sim.SetFaults(pbxsim.Faults{
		DropBefore: 0.02, DropAfter: 0.02, LateReply: 0.05, LoseReply: 0.02, Refuse: 0.05,
		RepeatHangup: 0.2, RepeatResponse: 0.2, Reorder: 0.2, DelayEvents: 0.001, Late: 200 * time.Millisecond,
	}); err != nil {
		t.Fatal(err)
	}
	p := newPlace(t, sim, "")
	r := p.start(t)
	var numbers []string
	for i := range 60 {
		kind := []string{"111", "111", "200", "300", "500"}[i%5] // who answer, who are busy, who stay silent, who hang up at once
		numbers = append(numbers, fmt.Sprintf("%s%07d", kind, i))
	}
	campaign := r.campaign(map[string]any{"dial_timeout": 2000}, numbers...)
	r.status(campaign, 1)
	r.awaitStatus(campaign, 0)
	var counts stats
	r.get("/ob/campaigns/"+campaign+"/stats", &counts)
	r.Drain()
	if err := r.wait(); err != nil {
		t.Fatal(err)
	}

	asked := map[string]int{} // accepted originates by call, and in all by number
	for _, o := range sim.Originates() {
		asked[o.ChannelID]++
		if o.Accepted {
			asked[o.Number]++
		}
	}
	_, lines, err := sumUp(strings.NewReader(strings.Join(p.lines(t), "\n")))
	if err != nil {
		t.Fatal(err)
	}
	reached := map[string]bool{} // numbers whose one try is used up
	for i, text := range p.lines(t) {
		var line struct {
			Number string `json:"dial_addr"`
		}
		if err := json.Unmarshal([]byte(text), &line); err != nil {
			t.Fatal(err)
		}
		if lines[i].Disposition == "not_placed" {
			continue
		}
		if reached[line.Number] {
			t.Errorf("the number ending in %s used two tries", line.Number[7:])
		}
		reached[line.Number] = true
		if asked[lines[i].UUID] != 1 && lines[i].Disposition != "unknown" {
			t.Errorf("the PBX was asked %d times for a call that is %s", asked[lines[i].UUID], lines[i].Disposition)
		}
	}
	for _, number := range numbers {
		if !reached[number] {
			t.Errorf("the number ending in %s was never tried", number[7:])
		}
		if asked[number] > 1 {
			t.Errorf("the PBX called the number ending in %s %d times", number[7:], asked[number])
		}
	}
	if counts.dialed() != len(lines) {
		t.Errorf("the table counts %d results, the log %d", counts.dialed(), len(lines))
	}
	t.Logf("%d results: %v", len(lines), counts.Results)
}
