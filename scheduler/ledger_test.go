package scheduler

import (
	"context"
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

// pastStore is a database with many results of which this host's log has none:
// a new host, or one that stood by for long.
type pastStore struct {
	*memStore
	past int64
	took time.Duration // for reading and writing a batch
}

func (*pastStore) Number(context.Context, string, int) (int, error) { return 0, nil }

func (s *pastStore) Numbered(ctx context.Context, after int64, limit int) ([]results.Result, error) {
	var list []results.Result
	for seq := after + 1; seq <= s.past && len(list) < limit; seq++ {
		list = append(list, results.Result{Attempt: results.Attempt{UUID: fmt.Sprint("r", seq)}, Seq: seq})
	}
	if len(list) > 0 && !pause(ctx, s.took) {
		return nil, ctx.Err()
	}
	return list, nil
}

// TestALogFarBehindStopsNobody: catching up takes longer than a lease lasts,
// and calls are placed meanwhile.
func TestALogFarBehindStopsNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const batches = 40
		w := newWorld(t, 1, func(w *world) {
			w.via = &pastStore{memStore: w.store, past: batches * ledgerBatch, took: 500 * time.Millisecond}
		})
		for range 30 {
			pass(time.Second)
			if err := w.eng.ledger.health(); err != nil {
				t.Errorf("no call may be placed: %v", err)
			}
		}
		w.end()
		if n := len(w.log.lines); n != batches*ledgerBatch {
			t.Errorf("%d lines are in the log, want %d", n, batches*ledgerBatch)
		}
	})
}
