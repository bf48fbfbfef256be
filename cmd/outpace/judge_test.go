package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/outpace/outpace/dialer/pbxsim"
)

// judged is a line of the result log as far as it is judged.
type judged struct {
	UUID        string `json:"uuid"`
	Disposition string `json:"disposition"`
	Entry       string `json:"uuid_dl_list"`
	Campaign    string `json:"uuid_camp"`
	Number      string `json:"dial_addr"`
	Index       int    `json:"dial_index"`
	Try         int    `json:"dial_trycnt"`

	Created time.Time `json:"tm_create"`
}

func (r judged) triedNothing() bool {
	return r.Disposition == "not_placed" || r.Disposition == "agent_no_answer"
}

// answered says whether the result fits a call that was picked up, and
// whether it fits one that was not.
func (r judged) answered() (yes, no bool) {
	switch r.Disposition {
	case "answered", "abandoned", "hung_up_early":
		return true, false
	case "unknown":
		return true, true
	}
	return false, true
}

// judge holds what the PBX was asked for, what the log says, what the table
// says and what has become of the entries against each other. It returns what
// was counted.
func (s *siege) judge() string {
	s.t.Helper()
	text := s.log()
	sum, _, err := sumUp(strings.NewReader(text)) // checks the numbers of the lines
	if err != nil {
		s.t.Error(err)
	}
	byCall := map[string]judged{}
	lines := map[string][]string{} // by campaign
	for line := range strings.Lines(text) {
		var r judged
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			s.t.Fatal(err)
		}
		byCall[r.UUID] = r
		lines[r.Campaign] = append(lines[r.Campaign], strings.TrimSuffix(line, "\n"))
	}
	asked := s.originates()
	s.judgeCalls(asked, byCall)
	unseen := s.judgeUnknown(asked, byCall)
	for _, b := range s.campaigns {
		s.judgeTable(b.uuid, lines[b.uuid])
		s.judgeEntries(b, byCall)
	}
	var open struct {
		List []json.RawMessage `json:"list"`
	}
	s.get("/ob/dialings", &open)
	if len(open.List) > 0 {
		s.t.Errorf("%d calls are still open", len(open.List))
	}
	return fmt.Sprintf("%d calls asked for, %s%d results: %v", len(asked), unseen, len(byCall), sum.by)
}

// log is all that was ever written to the log of results.
func (s *siege) log() string {
	s.t.Helper()
	rotated, err := filepath.Glob(s.results + ".[0-9]*")
	if err != nil {
		s.t.Fatal(err)
	}
	slices.Sort(rotated)
	var all strings.Builder
	for _, name := range slices.Concat(s.aside, rotated, []string{s.results}) {
		text, err := os.ReadFile(name)
		if err != nil {
			s.t.Fatal(err)
		}
		all.Write(text)
	}
	return all.String()
}

// judgeTable: the table and the statistics say what the log says.
func (s *siege) judgeTable(campaign string, lines []string) {
	var rows []string
	for after := ""; ; {
		var page struct {
			List []json.RawMessage `json:"list"`
			Next json.RawMessage   `json:"next"`
		}
		s.get("/ob/results?count=1000&campaign="+campaign+after, &page)
		for _, row := range page.List {
			rows = append(rows, string(row))
		}
		next := strings.Trim(string(page.Next), `"`)
		if next == "" || next == "null" {
			break
		}
		after = "&after=" + next
	}
	if len(rows) != len(lines) {
		s.t.Errorf("the table has %d results, the log %d", len(rows), len(lines))
	}
	for i := range min(len(rows), len(lines)) {
		if rows[i] != lines[i] {
			s.t.Fatalf("line %d of the log is not the row of the table:\n%s\n%s", i+1, lines[i], rows[i])
		}
	}
	by := map[string]int{}
	for _, line := range lines {
		var r judged
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			s.t.Fatal(err)
		}
		by[r.Disposition]++
	}
	var counts stats
	s.get("/ob/campaigns/"+campaign+"/stats", &counts)
	maps.DeleteFunc(counts.Results, func(_ string, n int) bool { return n == 0 })
	if !maps.Equal(counts.Results, by) {
		s.t.Errorf("the statistics count %v, the log %v", counts.Results, by)
	}
}

// judgeCalls: each call that the PBX was asked for has one result that fits,
// and nobody was called after he had answered.
func (s *siege) judgeCalls(originates []pbxsim.OriginateRecord, byCall map[string]judged) {
	asked := map[string]bool{}
	answered := map[string]bool{} // entries of which somebody picked up
	for _, o := range originates {
		if asked[o.ChannelID] {
			s.t.Errorf("the PBX was asked twice for the call %s", o.ChannelID)
		}
		asked[o.ChannelID] = true
		r, known := byCall[o.ChannelID]
		if !known {
			s.t.Errorf("the call %s has no result", o.ChannelID)
			continue
		}
		if o.Number != r.Number {
			s.t.Errorf("the call %s went to another number than its result says", o.ChannelID)
		}
		if answered[r.Entry] {
			s.t.Errorf("the call %s went to somebody who had answered before", o.ChannelID)
		}
		answered[r.Entry] = answered[r.Entry] || o.Answered
		yes, no := r.answered()
		if o.Answered && !yes || !o.Answered && !no {
			s.t.Errorf("the call %s is %s; picked up: %v", o.ChannelID, r.Disposition, o.Answered)
		}
		if o.Accepted && r.triedNothing() {
			s.t.Errorf("the call %s is %s, but the PBX took it", o.ChannelID, r.Disposition)
		}
	}
	for id, r := range byCall {
		if !asked[id] && !r.triedNothing() && r.Disposition != "unknown" {
			s.t.Errorf("the call %s is %s, but the PBX was never asked for it", id, r.Disposition)
		}
	}
}

// judgeEntries: no entry is stuck, none was tried more often than the plan
// allows, no try was made twice, and the counters tell of all that were made.
func (s *siege) judgeEntries(b besieged, byCall map[string]judged) {
	type try struct {
		entry      string
		index, try int
	}
	tries := map[try]int{}
	made := map[string][2]int{} // by entry and number
	ended := map[string]bool{}  // nothing may be left to do: answered, or perhaps
	for _, r := range byCall {
		if r.triedNothing() || r.Campaign != b.uuid {
			continue
		}
		if tries[try{r.Entry, r.Index, r.Try}]++; tries[try{r.Entry, r.Index, r.Try}] > 1 {
			s.t.Errorf("try %d of number %d of the entry %s was made twice", r.Try, r.Index, r.Entry)
		}
		n := made[r.Entry]
		n[r.Index-1]++
		made[r.Entry] = n
		if yes, _ := r.answered(); yes {
			ended[r.Entry] = true
		}
	}
	var page struct {
		List []entryView `json:"list"`
	}
	s.get("/ob/dls?count=10000&dlma_uuid="+b.list, &page)
	if len(page.List) != b.people {
		s.t.Fatalf("the list has %d entries, want %d", len(page.List), b.people)
	}
	for _, e := range page.List {
		if e.Status != 0 || e.Dialing != nil {
			s.t.Errorf("the entry %s is stuck: status %d", e.UUID, e.Status)
		}
		n := made[e.UUID]
		if n != [2]int{e.Tries1, e.Tries2} {
			s.t.Errorf("the entry %s counts %d and %d tries, its results are %v", e.UUID, e.Tries1, e.Tries2, n)
		}
		if n[0] > 2 || n[1] > 1 || n != [2]int{2, 1} && !ended[e.UUID] {
			s.t.Errorf("the entry %s was tried %v times; settled: %v", e.UUID, n, ended[e.UUID])
		}
	}
}

type entryView struct {
	UUID    string  `json:"uuid"`
	Status  int     `json:"status"`
	Dialing *string `json:"dialing_uuid"`
	Tries1  int     `json:"trycnt_1"`
	Tries2  int     `json:"trycnt_2"`
}
