package scheduler

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/outpace/outpace/results"
)

// TestLogGoesOnAfterTheLaterOfTwo: how far the log got is said by the database
// and by the log's last line. A crash between the two leaves the line ahead, and
// a newest file that is gone or cannot be read leaves it behind; neither may
// make a line twice.
func TestLogGoesOnAfterTheLaterOfTwo(t *testing.T) {
	for _, tt := range []struct {
		stored, found int64
		want          []int64 // the lines that are written
	}{{5, 3, []int64{6}}, {3, 5, []int64{6}}, {3, 3, []int64{4, 5, 6}}, {5, 0, []int64{6}}} {
		t.Run(fmt.Sprintf("stored %d, found %d", tt.stored, tt.found), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, 1, func(w *world) {
					for seq := int64(1); seq <= 5; seq++ {
						r := results.Result{Attempt: results.Attempt{UUID: fmt.Sprint("r", seq)}, Seq: seq}
						w.store.results = append(w.store.results, r)
						if seq <= tt.found {
							w.log.lines = append(w.log.lines, r)
						}
					}
					w.store.numbered, w.store.logged["h"] = 5, tt.stored
				})
				w.gw.setScript(answers)
				pass(time.Minute)
				w.end()
				var got []int64
				for _, r := range w.log.lines[tt.found:] {
					got = append(got, r.Seq)
				}
				if !slices.Equal(got, tt.want) || w.log.aside != 0 {
					t.Errorf("lines %v were written, want %v; moved aside %d times", got, tt.want, w.log.aside)
				}
			})
		})
	}
}
