package api

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/outpace/outpace/dlma"
	"github.com/outpace/outpace/results"
)

// BenchmarkPage answers with a page of 100, without a database.
func BenchmarkPage(b *testing.B) {
	r := newRig(b, nil)
	for i := range 100 {
		d := exampleDialing(b)
		d.UUID = fmt.Sprintf("4d78b20b-99e5-4449-977f-%012d", i)
		d.Info.Entry = mustJSON(b, dlma.Entry{
			UUID: d.Entry, List: d.List, InUse: true, Name: fmt.Sprint("customer ", i), Number: [8]string{fmt.Sprint(i)},
			Tries: [8]int{1}, Variables: map[string]string{"account": fmt.Sprint(i)}, TmCreate: d.TmCreate,
		})
		r.store.dialings.rows = append(r.store.dialings.rows, d)
		r.store.results = append(r.store.results, results.Result{Attempt: d.Attempt, Seq: int64(i + 1), Disposition: results.Busy})
	}
	for _, path := range []string{"/ob/dialings", "/ob/results"} {
		b.Run(path, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				recorder := httptest.NewRecorder()
				r.handler.ServeHTTP(recorder, r.request(http.MethodGet, path+"?count=100", ""))
				if recorder.Code != http.StatusOK {
					b.Fatal(recorder.Body)
				}
				b.SetBytes(int64(recorder.Body.Len()))
			}
		})
	}
}
