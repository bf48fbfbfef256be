package sim

import (
	"bytes"
	"fmt"
	"maps"
	"time"

	"github.com/outpace/outpace/campaign"
	"github.com/outpace/outpace/dlma"
	"github.com/outpace/outpace/results"
)

// Originate is a request for a call that reached the PBX.
type Originate struct {
	Call, Number string
	At           time.Time
	Accepted     bool // false: answered with an error
	Answered     bool // somebody picked up
}

// Evidence is what is left when an ordeal is over.
type Evidence struct {
	Originates []Originate      // as the PBX has seen them, the oldest first
	Results    []results.Result // of the table, by seq
	Lines      [][]byte         // of the log and what was rotated away, in order
	Entries    []dlma.Entry
	Tally      results.Tally
	Open       int // calls without a result
	Campaign   campaign.Campaign
	Breaks     []time.Time // when engines have started, taken over from another, or gone on after a stop
}

// judge gathers what is wrong.
type judge struct {
	o     Ordeal
	e     Evidence
	by    map[string]results.Result // by call
	wrong []string
}

// Judge says, in a sentence each, what is not as it must be at the end.
func Judge(o Ordeal, e Evidence) []string {
	j := &judge{o: o, e: e, by: map[string]results.Result{}}
	j.results()
	j.calls()
	j.tries()
	j.unseen()
	j.entries()
	j.log()
	if e.Open > 0 {
		j.say("%d calls have no result", e.Open)
	}
	if e.Campaign.Status != campaign.Stopped {
		j.say("the campaign is at %d", e.Campaign.Status)
	}
	return j.wrong
}

func (j *judge) say(format string, args ...any) {
	j.wrong = append(j.wrong, fmt.Sprintf(format, args...))
}

// results: each call has one, and the sums are those of the rows.
func (j *judge) results() {
	var sum results.Tally
	sum.By = map[results.Disposition]int{}
	for i, r := range j.e.Results {
		if _, twice := j.by[r.UUID]; twice {
			j.say("call %s has two results", r.UUID)
		}
		if r.Seq != int64(i+1) {
			j.say("result %d has the number %d", i+1, r.Seq)
		}
		j.by[r.UUID] = r
		sum.By[r.Disposition]++
		if r.Abandoned != nil {
			sum.Live++
			if *r.Abandoned {
				sum.Abandoned++
			}
		}
	}
	maps.DeleteFunc(j.e.Tally.By, func(_ results.Disposition, n int) bool { return n == 0 })
	if !maps.Equal(sum.By, j.e.Tally.By) || sum.Live != j.e.Tally.Live || sum.Abandoned != j.e.Tally.Abandoned {
		j.say("the tally counts %v, the results %v", j.e.Tally, sum)
	}
}

// answered says whether a result fits a call that was picked up, and whether
// it fits one that was not.
func answered(d results.Disposition) (yes, no bool) {
	switch d {
	case results.Answered, results.Abandoned, results.HungUpEarly:
		return true, false
	case results.Unknown:
		return true, true
	}
	return false, true
}

// calls: what the PBX was asked for, and what came of it.
func (j *judge) calls() {
	asked := map[string]bool{}
	reached := map[string]string{} // entries of which somebody picked up
	for _, c := range j.e.Originates {
		if asked[c.Call] {
			j.say("the PBX was asked twice for the call %s", c.Call)
		}
		asked[c.Call] = true
		r, ok := j.by[c.Call]
		if !ok {
			j.say("the call %s has no result", c.Call)
			continue
		}
		if c.Number != r.DialAddr {
			j.say("the call %s went to %s, its result says %s", c.Call, c.Number, r.DialAddr)
		}
		if before := reached[r.Entry]; before != "" {
			j.say("the call %s went to somebody who had answered the call %s", c.Call, before)
		}
		// An answer that nobody saw may be followed by another call where the plan says so.
		if c.Answered && (r.Disposition != results.Unknown || !j.o.RedialUnknown) {
			reached[r.Entry] = c.Call
		}
		yes, no := answered(r.Disposition)
		if c.Answered && !yes || !c.Answered && !no {
			j.say("the call %s is %s; picked up: %v", c.Call, r.Disposition, c.Answered)
		}
		if c.Accepted && r.Disposition.TryGivenBack() {
			j.say("the call %s is %s, but the PBX took it", c.Call, r.Disposition)
		}
	}
	for _, r := range j.e.Results {
		if !asked[r.UUID] && r.Disposition != results.Unknown && !r.Disposition.TryGivenBack() {
			j.say("the call %s is %s, but the PBX was never asked for it", r.UUID, r.Disposition)
		}
	}
}

// tries: no try was made twice, and each claim counted one.
func (j *judge) tries() {
	type try struct {
		entry      string
		index, try int
	}
	made := map[try]string{}
	for _, r := range j.e.Results {
		if r.Disposition.TryGivenBack() {
			continue
		}
		key := try{r.Entry, r.DialIndex, r.DialTry}
		if first, twice := made[key]; twice {
			j.say("try %d of number %d of the entry %s was made twice: %s and %s", r.DialTry, r.DialIndex, r.Entry, first, r.UUID)
		}
		made[key] = r.UUID
	}
}

// entries: they are free, their counts are those of the results, and nothing
// is left to do for them.
func (j *judge) entries() {
	counts := map[string][dlma.Numbers]int{}
	last := map[string]results.Result{}
	settled := map[string]bool{}
	for _, r := range j.e.Results {
		if !r.Disposition.TryGivenBack() {
			n := counts[r.Entry]
			n[r.DialIndex-1]++
			counts[r.Entry] = n
		}
		last[r.Entry] = r // numbers are given in the order of the ends
		if r.ResDial == results.DialAnswered || r.Disposition == results.Unknown && !j.o.RedialUnknown {
			settled[r.Entry] = true
		}
	}
	if len(j.e.Entries) != len(j.o.Entries) {
		j.say("there are %d entries, want %d", len(j.e.Entries), len(j.o.Entries))
	}
	for _, e := range j.e.Entries {
		if e.Status != dlma.Idle || e.Dialing != "" {
			j.say("the entry %s is stuck: status %d, dialing %q", e.UUID, e.Status, e.Dialing)
		}
		if e.Tries != counts[e.UUID] {
			j.say("the entry %s counts %v tries, its results %v", e.UUID, e.Tries, counts[e.UUID])
		}
		if l, ok := last[e.UUID]; ok && e.ResDial != l.ResDial {
			j.say("the entry %s has res_dial %d, its last result %d", e.UUID, e.ResDial, l.ResDial)
		}
		left := false
		for i, most := range j.o.MaxRetry {
			if e.Tries[i] > most {
				j.say("number %d of the entry %s was tried %d times, allowed are %d", i+1, e.UUID, e.Tries[i], most)
			}
			left = left || e.Number[i] != "" && e.Tries[i] < most
		}
		if left && !settled[e.UUID] {
			j.say("the entry %s has tries left: %v of %v", e.UUID, e.Tries, j.o.MaxRetry)
		}
	}
}

// log: it holds each number once and in order, and says what the table says.
func (j *judge) log() {
	if len(j.e.Lines) != len(j.e.Results) {
		j.say("the log has %d lines, the table %d results", len(j.e.Lines), len(j.e.Results))
	}
	for i := range min(len(j.e.Lines), len(j.e.Results)) {
		want := bytes.TrimSuffix(j.e.Results[i].AppendLine(nil), []byte("\n"))
		if !bytes.Equal(j.e.Lines[i], want) {
			seq, id, err := results.ParseLine(j.e.Lines[i])
			j.say("line %d of the log (number %d, call %s, error %v) is not result %d", i+1, seq, id, err, i+1)
			return
		}
	}
}
