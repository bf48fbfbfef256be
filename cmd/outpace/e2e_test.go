//go:build e2e

package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// These tests run the whole server on a real Asterisk: the lab of deploy/lab,
// whose README says how each number behaves.

// labPlace is a server's place whose gateway is the lab's Asterisk, with no
// more rights there than a dialer needs.
func labPlace(t *testing.T) place {
	t.Helper()
	address := os.Getenv("OUTPACE_E2E_AMI")
	if address == "" {
		t.Fatal("OUTPACE_E2E_AMI must be set, to the host:port of the lab's AMI")
	}
	dir := t.TempDir()
	s, err := loadSettings(layer{}, "", env("OUTPACE_LISTEN=127.0.0.1:0",
		"OUTPACE_DATABASE=sqlite:"+filepath.Join(dir, "outpace.db"),
		"OUTPACE_RESULTS="+filepath.Join(dir, "outbound_result.json"),
		"OUTPACE_AMI_ADDRESS="+address, "OUTPACE_AMI_USERNAME="+os.Getenv("OUTPACE_E2E_AMI_USER"),
		"OUTPACE_AMI_SECRET="+os.Getenv("OUTPACE_E2E_AMI_SECRET")))
	if err != nil {
		t.Fatal(err)
	}
	return place{s}
}

// outcome is a line of the result log, as far as these tests look at it.
type outcome struct {
	Seq         int64             `json:"seq"`
	UUID        string            `json:"uuid"`
	Disposition string            `json:"disposition"`
	ResDial     int               `json:"res_dial"`
	ResHangup   int               `json:"res_hangup"`
	Addr        string            `json:"dial_addr"`
	Index       int               `json:"dial_index"`
	Try         int               `json:"dial_trycnt"`
	Channel     string            `json:"dial_channel"`
	Agent       string            `json:"agent"`
	Abandoned   *bool             `json:"abandoned"`
	RingMs      int64             `json:"ring_ms"`
	TalkMs      int64             `json:"talk_ms"`
	Billsec     int               `json:"billsec"`
	Ukey        string            `json:"ukey"`
	Campaign    string            `json:"uuid_camp"`
	TmDial      *time.Time        `json:"tm_dial"`
	TmAnswer    *time.Time        `json:"tm_answer"`
	TmHangup    *time.Time        `json:"tm_hangup"`
	Variables   map[string]string `json:"dial_variables"`
}

// outcomes reads the result log; it fails where lines are not numbered from 1
// without a gap.
func (p place) outcomes(t *testing.T) []outcome {
	t.Helper()
	var list []outcome
	for i, line := range p.lines(t) {
		var o outcome
		if err := json.Unmarshal([]byte(line), &o); err != nil {
			t.Fatalf("line %d: %v\n%s", i+1, err, line)
		}
		if o.Seq != int64(i+1) {
			t.Fatalf("line %d has seq %d", i+1, o.Seq)
		}
		list = append(list, o)
	}
	return list
}

// parking sends answered calls to an application without agents.
var parking = map[string]any{"name": "d", "type": 1, "application": "park"}

func toQueue(name string) map[string]any {
	return map[string]any{"name": "d", "type": 1, "application": "Queue", "data": name}
}

// offer makes a campaign of entries; each has its numbers in order.
func (r *running) offer(plan, dest map[string]any, entries ...[]string) (campaign string) {
	r.t.Helper()
	fields := map[string]any{"name": "p", "dial_mode": 1, "tech_name": "PJSIP", "trunk_name": "trunk",
		"dial_timeout": 4000, "retry_delay": 0}
	for i := range 8 {
		fields[fmt.Sprintf("max_retry_cnt_%d", i+1)] = 1
	}
	maps.Copy(fields, plan)
	list := r.post("/ob/dlmas", map[string]any{"name": "l"})
	for _, numbers := range entries {
		entry := map[string]any{"dlma_uuid": list, "ukey": numbers[0]}
		for i, n := range numbers {
			entry[fmt.Sprintf("number_%d", i+1)] = n
		}
		r.post("/ob/dls", entry)
	}
	return r.post("/ob/campaigns", map[string]any{"name": "c", "dlma": list,
		"plan": r.post("/ob/plans", fields), "dest": r.post("/ob/destinations", dest)})
}

// dial runs a campaign of n calls to its end and returns its results.
func (r *running) dial(p place, campaign string, n int) []outcome {
	r.t.Helper()
	r.status(campaign, 1)
	r.awaitStatus(campaign, 0)
	return r.logged(p, n)
}

// logged waits until the log has n lines, which it gets after the database.
func (r *running) logged(p place, n int) []outcome {
	r.t.Helper()
	eventually(r.t, func() string {
		if got := len(p.lines(r.t)); got < n {
			return fmt.Sprintf("%d lines in the log, want %d", got, n)
		}
		return ""
	})
	return p.outcomes(r.t)
}

func one(numbers ...string) [][]string {
	list := make([][]string, len(numbers))
	for i, n := range numbers {
		list[i] = []string{n}
	}
	return list
}

// awaitCalls waits until the campaign's calls are as a test wants them.
func (r *running) awaitCalls(campaign, what string, ok func(s stats) bool) {
	r.t.Helper()
	eventually(r.t, func() string {
		var s stats
		r.get("/ob/campaigns/"+campaign+"/stats", &s)
		if ok(s) {
			return ""
		}
		return fmt.Sprintf("not %s: %+v; why: %s", what, s.Calls, either(s.Why, "null"))
	})
}

// TestE2ETutorialPark is the seed's basic tutorial: a customer is called and
// parked.
func TestE2ETutorialPark(t *testing.T) {
	p := labPlace(t)
	r := p.start(t)
	got := r.dial(p, r.offer(nil, parking, []string{"1110000300"}), 1)
	if len(got) != 1 || got[0].Disposition != "answered" || got[0].ResDial != 4 || got[0].Abandoned != nil || got[0].Billsec < 4 {
		t.Errorf("results %+v", got)
	}
	var list struct {
		List []struct {
			ResDial int    `json:"res_dial"`
			Detail  string `json:"res_dial_detail"`
			Tries   int    `json:"trycnt_1"`
			Status  int    `json:"status"`
		} `json:"list"`
	}
	var c struct {
		DLMA string `json:"dlma"`
	}
	var all struct {
		List []struct {
			UUID string `json:"uuid"`
		} `json:"list"`
	}
	r.get("/ob/campaigns", &all)
	r.get("/ob/campaigns/"+all.List[0].UUID, &c)
	r.get("/ob/dls?dlma_uuid="+c.DLMA, &list)
	if e := list.List[0]; e.ResDial != 4 || e.Detail != "Remote end has answered" || e.Tries != 1 || e.Status != 0 {
		t.Errorf("entry %+v", e)
	}
}

// TestE2ETutorialQueue is the seed's second tutorial: customers are spread
// over the agents of a queue.
func TestE2ETutorialQueue(t *testing.T) {
	p := labPlace(t)
	r := p.start(t)
	var entries [][]string
	for i := range 12 {
		entries = append(entries, []string{fmt.Sprintf("11200%05d", i)})
	}
	got := r.dial(p, r.offer(nil, toQueue("sales_1"), entries...), len(entries))
	if len(got) != len(entries) {
		t.Fatalf("%d results of %d entries", len(got), len(entries))
	}
	for _, o := range got {
		// An agent of the lab takes up to 1.5 s to pick up; a little longer is abandoned by our definition.
		if (o.Disposition != "answered" && o.Disposition != "abandoned") || o.Abandoned == nil ||
			*o.Abandoned != (o.Disposition == "abandoned") || !strings.HasPrefix(o.Agent, "PJSIP/agent-") || o.TalkMs == 0 {
			t.Errorf("result %+v", o)
		}
	}
}

// TestE2EEveryKindOfCustomer: what each way of not answering comes out as, over
// a trunk and over Local channels.
func TestE2EEveryKindOfCustomer(t *testing.T) {
	type want struct {
		number      string
		disposition string
		resDial     int
		hangups     []int // any of them
	}
	noAnswer := []int{19, 0} // Asterisk 22, 16
	trunk := []want{
		{"1110000001", "answered", 4, []int{16, 0}}, {"2000000001", "busy", 5, []int{17}},
		{"3000000001", "no_answer", 3, noAnswer}, {"4000000001", "congestion", 8, []int{34}},
		{"5000000001", "answered", 4, []int{16, 0}}, {"6000000001", "unallocated", 0, []int{1}},
		{"9000000001", "no_answer", 3, noAnswer}, {"9100000001", "no_answer", 3, noAnswer},
		// A machine picks up like a person, and both wait for us.
		{"7000000001", "answered", 4, []int{16, 0}}, {"7100000001", "answered", 4, []int{16, 0}},
	}
	simulated := []want{
		{"1110000002", "answered", 4, []int{16, 0}}, {"2000000002", "busy", 5, []int{0, 17}},
		{"3000000002", "no_answer", 3, noAnswer}, {"4000000002", "congestion", 8, []int{0, 34}},
		{"6000000002", "unallocated", 0, []int{1}},
	}
	for _, way := range []struct {
		name string
		plan map[string]any
		want []want
	}{
		{"PJSIP", map[string]any{}, trunk},
		{"Local through Dial", map[string]any{"tech_name": "Local", "trunk_name": "outbound"}, trunk},
		{"Local", map[string]any{"tech_name": "Local", "trunk_name": "customers"}, simulated},
	} {
		t.Run(way.name, func(t *testing.T) {
			t.Parallel()
			p := labPlace(t)
			r := p.start(t)
			var entries [][]string
			for _, w := range way.want {
				// Different numbers, so that the ways do not meet.
				entries = append(entries, []string{w.number})
			}
			got := r.dial(p, r.offer(way.plan, map[string]any{"name": "d", "type": 1, "application": "Wait", "data": "8"}, entries...), len(entries))
			if len(got) != len(way.want) {
				t.Errorf("%d results of %d calls", len(got), len(way.want))
			}
			for _, w := range way.want {
				i := slices.IndexFunc(got, func(o outcome) bool { return o.Addr == w.number })
				if i < 0 {
					t.Errorf("%s: no result", w.number)
					continue
				}
				if o := got[i]; o.Disposition != w.disposition || o.ResDial != w.resDial || !slices.Contains(w.hangups, o.ResHangup) {
					t.Errorf("%s over %s: %s, res_dial %d, res_hangup %d; want %s, %d, one of %v",
						w.number, o.Channel, o.Disposition, o.ResDial, o.ResHangup, w.disposition, w.resDial, w.hangups)
				}
			}
		})
	}
}

// TestE2ENoSuchTechnology: the statistics say why nothing is dialed, and
// nothing is claimed for it.
func TestE2ENoSuchTechnology(t *testing.T) {
	p := labPlace(t)
	r := p.start(t)
	var entries [][]string
	for i := range 25 {
		entries = append(entries, []string{fmt.Sprintf("1110001%03d", i)})
	}
	c := r.offer(map[string]any{"tech_name": "SIP", "retry_delay": 3600}, parking, entries...)
	r.status(c, 1)
	eventually(t, func() string {
		var s stats
		r.get("/ob/campaigns/"+c+"/stats", &s)
		if s.Why != nil && strings.Contains(*s.Why, "no channel technology SIP") {
			return ""
		}
		return "why: " + either(s.Why, "null")
	})
	r.status(c, 0)
	r.awaitStatus(c, 0)
	if got := p.outcomes(t); len(got) != 0 {
		t.Errorf("%d calls were claimed that nothing can place", len(got))
	}
}

func TestE2ERetryAndSecondNumber(t *testing.T) {
	p := labPlace(t)
	r := p.start(t)
	c := r.offer(map[string]any{"max_retry_cnt_1": 2, "retry_delay": 1}, parking, []string{"2000000005", "1110000005"})
	var story []string
	for _, o := range r.dial(p, c, 3) {
		story = append(story, fmt.Sprintf("number %d try %d %s", o.Index, o.Try, o.Disposition))
	}
	want := []string{"number 1 try 1 busy", "number 1 try 2 busy", "number 2 try 1 answered"}
	if !slices.Equal(story, want) {
		t.Errorf("%q, want %q", story, want)
	}
}

func TestE2EForceStop(t *testing.T) {
	p := labPlace(t)
	r := p.start(t)
	c := r.offer(map[string]any{"dial_timeout": 60_000}, parking, one("1100000010", "1100000011", "3000000012")...)
	r.status(c, 1)
	r.awaitCalls(c, "two up and one ringing", func(s stats) bool { return s.Calls.Talking == 2 && s.Calls.Ringing == 1 })
	r.status(c, 30)
	r.awaitStatus(c, 0)
	got := r.logged(p, 3)
	slices.SortFunc(got, func(a, b outcome) int { return strings.Compare(a.Addr, b.Addr) })
	if len(got) != 3 || got[0].Disposition != "answered" || got[1].Disposition != "answered" || got[2].Disposition != "cancelled" {
		t.Errorf("results %+v", got)
	}
}

func TestE2EDeleteDialing(t *testing.T) {
	p := labPlace(t)
	r := p.start(t)
	c := r.offer(map[string]any{"dial_timeout": 60_000}, parking, []string{"3000000020"})
	r.status(c, 1)
	r.awaitCalls(c, "ringing", func(s stats) bool { return s.Calls.Ringing == 1 })
	var open struct {
		List []struct {
			UUID string `json:"uuid"`
		} `json:"list"`
	}
	r.get("/ob/dialings", &open)
	if err := r.do(t.Context(), http.MethodDelete, "/ob/dialings/"+open.List[0].UUID, nil, nil); err != nil {
		t.Fatal(err)
	}
	r.awaitStatus(c, 0)
	if got := r.logged(p, 1); len(got) != 1 || got[0].Disposition != "cancelled" || got[0].ResDial != 0 {
		t.Errorf("results %+v", got)
	}
}

// TestE2EEngineRestart: the engine is stopped while calls ring and talk; the
// one that comes after it follows them to their end.
func TestE2EEngineRestart(t *testing.T) {
	p := labPlace(t)
	r := p.start(t)
	c := r.offer(map[string]any{"dial_timeout": 30_000}, parking, one("1140000030", "1820000031")...)
	r.status(c, 1)
	r.awaitCalls(c, "one up and one ringing", func(s stats) bool { return s.Calls.Talking == 1 && s.Calls.Ringing == 1 })
	r.kill()
	r = p.start(t)
	r.awaitCalls(c, "both followed", func(s stats) bool { return s.Calls.Talking+s.Calls.Ringing == 2 })
	r.awaitStatus(c, 0)
	got := r.logged(p, 2)
	if len(got) != 2 {
		t.Fatalf("%d results of 2 calls", len(got))
	}
	for _, o := range got {
		if o.Disposition != "answered" || o.Try != 1 || o.TmHangup == nil || o.Billsec < 8 {
			t.Errorf("result %+v", o)
		}
	}
}

// TestE2EAsteriskRestart: the PBX dies under two calls. The one that was up is
// finished as answered, the one that rang as unknown, and nobody is called again.
func TestE2EAsteriskRestart(t *testing.T) {
	p := labPlace(t)
	r := p.start(t)
	c := r.offer(map[string]any{"dial_timeout": 60_000, "max_retry_cnt_1": 5}, parking, one("1100000040", "3000000041")...)
	r.status(c, 1)
	r.awaitCalls(c, "one up and one ringing", func(s stats) bool { return s.Calls.Talking == 1 && s.Calls.Ringing == 1 })
	command := os.Getenv("OUTPACE_E2E_RESTART")
	if command == "" {
		t.Fatal("OUTPACE_E2E_RESTART must be set")
	}
	if out, err := exec.CommandContext(t.Context(), "sh", "-c", command).CombinedOutput(); err != nil {
		t.Fatalf("restart: %v\n%s", err, out)
	}
	r.awaitStatus(c, 0)
	got := r.logged(p, 2)
	slices.SortFunc(got, func(a, b outcome) int { return strings.Compare(a.Addr, b.Addr) })
	if len(got) != 2 || got[0].Disposition != "answered" || got[1].Disposition != "unknown" || got[1].ResDial != 0 {
		t.Errorf("results %+v", got)
	}
}

// TestE2ETwoCampaignsOneQueue: they share its agents, and never ring more
// customers than there are.
func TestE2ETwoCampaignsOneQueue(t *testing.T) {
	p := labPlace(t)
	r := p.start(t)
	var a, b [][]string
	for i := range 15 {
		a = append(a, []string{fmt.Sprintf("12100%05d", i)})
		b = append(b, []string{fmt.Sprintf("12100%05d", 100+i)})
	}
	plan := map[string]any{"dial_timeout": 15_000}
	ca, cb := r.offer(plan, toQueue("sales_2"), a...), r.offer(plan, toQueue("sales_2"), b...)
	r.status(ca, 1)
	r.status(cb, 1)
	var got []outcome
	eventually(t, func() string {
		// What a busy machine could not place in time is placed again.
		got = slices.DeleteFunc(p.outcomes(t), func(o outcome) bool { return o.Disposition == "not_placed" })
		if len(got) < 30 {
			return fmt.Sprintf("%d of 30 customers were called", len(got))
		}
		return ""
	})
	for _, o := range got {
		// Agents of the lab need up to 1.5 s, and a caller may wait for one who has just come free.
		if o.Disposition != "answered" && o.Disposition != "abandoned" {
			t.Errorf("result %+v", o)
		}
	}
	r.awaitStatus(ca, 0)
	r.awaitStatus(cb, 0)
	if most, both := together(got); most > 10 || !both {
		t.Errorf("up to %d calls at once for ten agents; side by side: %v", most, both)
	}
}

// together is how many calls were out at once, and whether calls of two
// campaigns were. An agent is free a moment before the hang-up of his customer
// is told, so the last half second of a call does not count.
func together(calls []outcome) (most int, both bool) {
	for _, a := range calls {
		n := 0
		for _, b := range calls {
			if !b.TmDial.After(*a.TmDial) && b.TmHangup.Add(-time.Second/2).After(*a.TmDial) {
				n++
				both = both || a.Campaign != b.Campaign
			}
		}
		most = max(most, n)
	}
	return most, both
}
