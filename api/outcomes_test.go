package api

import (
	"bytes"
	"math"
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/outpace/outpace/results"
)

// outcome is a result whose texts need care on the way out.
func outcome(t *testing.T, seq int64) results.Result {
	no := false
	d := exampleDialing(t)
	return results.Result{
		Attempt: d.Attempt, Seq: seq, Status: 7, Channel: d.Channel, Agent: "Local/<1>@x", Disposition: results.Answered, Abandoned: &no,
		ResDial: 4, ResDialDetail: "Remote end has answered", ResHangup: 16, ResHangupDetail: "Normal & \u2028 clearing",
		TmDial: startOfTime, TmAnswer: startOfTime.Add(time.Second), TmHangup: startOfTime.Add(time.Minute), Billsec: 59,
	}
}

func TestResultsAreTheLinesOfTheLog(t *testing.T) {
	r := newRig(t, nil)
	for seq := range int64(3) {
		r.store.results = append(r.store.results, outcome(t, seq+1))
	}
	a := r.do(http.MethodGet, "/ob/results", "")
	for _, stored := range r.store.results {
		line := bytes.TrimSuffix(stored.AppendLine(nil), []byte("\n"))
		if !bytes.Contains(a.raw, line) {
			t.Errorf("result %d is not the line of the log:\n%s\n%s", stored.Seq, line, a.raw)
		}
	}
	if _, more := a.body["result"].(map[string]any)["next"]; more {
		t.Errorf("the whole list has next: %s", a.raw)
	}

	var got []string
	query := "?count=2"
	for range 2 {
		result := r.ok(http.MethodGet, "/ob/results"+query, "")
		for _, line := range result["list"].([]any) {
			got = append(got, strconv.Itoa(int(line.(map[string]any)["seq"].(float64))))
		}
		next, _ := result["next"].(float64)
		query = "?count=2&after=" + strconv.Itoa(int(next))
	}
	if diff := cmp.Diff([]string{"1", "2", "3"}, got); diff != "" {
		t.Errorf("pages (-want +got):\n%s", diff)
	}
}

func TestResultParameters(t *testing.T) {
	r := newRig(t, nil)
	const camp = "ab02b7ef-9c12-4d24-b944-9e853c9ce0f9"
	for query, want := range map[string]results.Query{
		"":                                  {Count: 100},
		"?count=7&after=12":                 {Count: 7, After: 12},
		"?campaign=" + camp:                 {Count: 100, Campaign: camp},
		"?disposition=no_answer":            {Count: 100, Disposition: results.NoAnswer},
		"?after=9223372036854775807":        {Count: 100, After: math.MaxInt64},
		"?from=2026-03-11T00:00:00Z":        {Count: 100, From: time.Date(2026, 3, 11, 0, 0, 0, 0, time.UTC)},
		"?to=2026-03-11T02:00:00%2B02:00":   {Count: 100, To: time.Date(2026, 3, 11, 0, 0, 0, 0, time.UTC)},
		"?from=2026-03-11T00:00:00.5Z&x=no": {Count: 100, From: time.Date(2026, 3, 11, 0, 0, 0, 5e8, time.UTC)},
	} {
		result := r.ok(http.MethodGet, "/ob/results"+query, "")
		if list, ok := result["list"].([]any); !ok || len(list) != 0 {
			t.Errorf("%q: %v, want an empty list", query, result)
		}
		if diff := cmp.Diff(want, r.store.query); diff != "" {
			t.Errorf("%q (-want +got):\n%s", query, diff)
		}
	}
	for query, part := range map[string]string{
		"campaign=7": "campaign must be a uuid", "from=yesterday": "from must be a real time", "to=2026-02-30T00:00:00Z": "to must be a real time",
		"from=2026-03-11T00:00:01Z&to=2026-03-11T00:00:00Z": "to must not be before from",
		"disposition=happy": `disposition is not one that results have: "happy"`,
		"after=-1":          "after must", "after=9223372036854775808": "after must", "after=" + camp: "after must", "count=0": "count must",
	} {
		r.refused(http.StatusBadRequest, part, http.MethodGet, "/ob/results?"+query, "")
	}
}

func TestAllDispositionsAreKnown(t *testing.T) {
	// The list of the design, word by word.
	want := []results.Disposition{
		"answered", "abandoned", "hung_up_early", "busy", "no_answer", "congestion", "unallocated", "rejected", "failed",
		"cancelled", "agent_no_answer", "not_placed", "unknown",
	}
	if diff := cmp.Diff(want, dispositions); diff != "" {
		t.Errorf("dispositions (-want +got):\n%s", diff)
	}
}
