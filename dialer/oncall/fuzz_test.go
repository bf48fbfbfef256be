package oncall

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/outpace/outpace/results"
)

// FuzzRow reads entries of the call log and targets: none may make an answer
// out of no talk, nor a result that lets a person be called again out of talk.
func FuzzRow(f *testing.F) {
	for _, name := range []string{"5.1-output", "5.2-output", "1.1-error"} {
		f.Add([]byte(example(f, name)))
	}
	f.Add([]byte(`{"details": [{"id": 1e400, "caller": "sip:", "callee": "<>", "start_time": "2020-02-30 25:00:00", "talk_duration": "NaN"}]}`))
	f.Add([]byte(`{"details": [{"id": 1, "caller": "1", "callee": "2", "start_time": "2020-02-29 23:00:00", "end_time": "2020-02-29 23:00:09", "talk_duration": 9, "status": "FAIL"}]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		var page logPage
		if json.Unmarshal(b, &page) != nil {
			return
		}
		for _, r := range page.Details {
			row, ok := r.row(saigon)
			if !ok {
				continue
			}
			if row.ID == "" || row.Start.IsZero() || row.End.IsZero() {
				t.Fatalf("row %+v", row)
			}
			o := row.Outcome
			if (o.Disposition == results.Answered) != (o.Talk > 0) || o.Disposition.TryGivenBack() {
				t.Fatalf("%+v is %+v", r, o)
			}
		}
	})
}

// FuzzEvent reads events.
func FuzzEvent(f *testing.F) {
	f.Add("application/json", []byte(`{"caller": "sip:101@x", "callee": "0909123456", "event_type": "call_ended", "time": "1584340956"}`))
	f.Add("application/x-www-form-urlencoded", []byte("caller=101&callee=1&event_type=call_ended"))
	f.Add("", []byte(`[{"time": -1}, null]`))
	f.Fuzz(func(t *testing.T, contentType string, b []byte) {
		list, err := readEvents(contentType, b)
		if err != nil && list != nil {
			t.Fatal("events and an error")
		}
		for _, e := range list {
			if n, ok := e.news(); ok && (n.Agent == "" || n.Number == "" || n.Stage == 0) {
				t.Fatalf("news %+v", n)
			}
		}
	})
}

// FuzzAuthorization reads what comes in the header of an event: without the
// password nothing is let in.
func FuzzAuthorization(f *testing.F) {
	f.Add(`Digest username="events", realm="outpace", nonce="x", uri="/hooks/oc", response="0", nc=1, qop=auth`)
	f.Add(`Digest a="\`)
	f.Add(basic("events", "s3cre"))
	f.Add(basic("events", "s3cret"))
	c := newChallenger("events", "s3cret")
	f.Fuzz(func(t *testing.T, header string) {
		r := post("")
		r.Header["Authorization"] = []string{header}
		if _, good, _ := c.check(r, time.Now()); !good {
			return
		}
		if user, password, _ := r.BasicAuth(); user != "events" || password != "s3cret" {
			t.Fatalf("%q is let in", header)
		}
		if offer, _ := c.offer(r); offer == "" {
			t.Fatalf("%q is let in, and would not count as a try", header)
		}
	})
}
