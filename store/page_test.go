package store_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/outpace/outpace/dlma"
	"github.com/outpace/outpace/results"
)

// BenchmarkPage reads a page of 100 of each kind that a page shows while
// dialing goes on.
func BenchmarkPage(b *testing.B) {
	const count = 100
	for name, open := range databases {
		s := open(b)
		list, token := newList(b, s), lease(b, s, "gw")
		fill(b, s, list, 40*count, now())
		analyze(b, s)
		body := json.RawMessage(`{"Name":"autumn","Variables":{"account":"4711"}}`)
		pick := benchPick(list, now(), count)
		claimed := must[[]results.Dialing](b)(s.Claim(b.Context(), "gw", token, pick, func(e dlma.Entry, index, try int) results.Dialing {
			d := plain(e, index, try)
			d.Campaign = list
			d.DialVariables = map[string]string{"account": "4711"}
			d.Info = results.Info{Campaign: body, Plan: body, Destination: body, List: body, Entry: body}
			return d
		}))
		for _, d := range claim(b, s, token, pick) {
			d.Campaign = list
			record(b, s, token, resultOf(d, results.Busy, 0, now().Add(-time.Hour)))
		}
		must[int](b)(s.Number(b.Context(), lease(b, s, "results"), count))
		pages := map[string]func() (int, error){
			"dialings": func() (int, error) {
				list, _, err := s.ListDialings(b.Context(), "", count)
				return len(list), err
			},
			"results": func() (int, error) {
				list, _, err := s.Results(b.Context(), results.Query{Campaign: list, Count: count})
				return len(list), err
			},
			"entries": func() (int, error) {
				list, _, err := s.ListEntries(b.Context(), dlma.Query{List: list, Count: count})
				return len(list), err
			},
		}
		if len(claimed) != count {
			b.Fatalf("claimed %d", len(claimed))
		}
		for kind, read := range pages {
			b.Run(name+"/"+kind, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if n, err := read(); n != count || err != nil {
						b.Fatalf("read %d, %v", n, err)
					}
				}
			})
		}
	}
}
