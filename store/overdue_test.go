package store_test

import (
	"slices"
	"testing"
	"time"

	"github.com/outpace/outpace/dlma"
	"github.com/outpace/outpace/results"
	"github.com/outpace/outpace/store"
)

// TestOverdue: which calls make a gateway look abandoned.
func TestOverdue(t *testing.T) {
	const (
		late  = 70 * time.Second
		talk  = time.Hour
		limit = 30 * time.Second // of the call
	)
	for name, tt := range map[string]struct {
		row      func(*results.Dialing)
		asked    bool
		age      time.Duration
		overdue  bool
		answered time.Duration // ago
	}{
		"young":                          {age: 90 * time.Second},
		"never answered":                 {age: 110 * time.Second, overdue: true},
		"answered":                       {age: 10 * time.Minute, answered: 9 * time.Minute},
		"answered long ago":              {age: 62 * time.Minute, answered: 61 * time.Minute, overdue: true},
		"answered, time not known":       {age: 10 * time.Minute, row: func(d *results.Dialing) { d.ResDial = results.DialAnswered }},
		"answered, hang-up asked":        {age: 10 * time.Minute, answered: 9 * time.Minute, asked: true, overdue: true},
		"answered, hang-up asked, young": {age: 90 * time.Second, answered: 80 * time.Second, asked: true},
	} {
		t.Run(name, func(t *testing.T) {
			both(t, func(t *testing.T, s *store.Store) {
				ctx, now, token := t.Context(), now(), lease(t, s, "gateway:gw")
				list := newList(t, s)
				newEntry(t, s, list, "100")
				pick := pickOf(list, 1, 1)
				pick.Now = now.Add(-tt.age)
				d := must[[]results.Dialing](t)(s.Claim(ctx, "gw", token, pick, func(e dlma.Entry, number, try int) results.Dialing {
					d := plain(e, number, try)
					d.DialTimeout = limit
					return d
				}))[0]
				if tt.answered > 0 {
					d.TmAnswer, d.ResDial = now.Add(-tt.answered), results.DialAnswered
				}
				if tt.row != nil {
					tt.row(&d)
				}
				if err := s.Record(ctx, token, []results.Dialing{d}, nil); err != nil {
					t.Fatal(err)
				}
				if tt.asked {
					if err := s.AskHangup(ctx, d.UUID); err != nil {
						t.Fatal(err)
					}
				}
				var want []string
				if tt.overdue {
					want = []string{"gw"}
				}
				for _, except := range [][]string{nil, {"other", "another"}} {
					if got := must[[]string](t)(s.Overdue(ctx, except, now, late, talk)); !slices.Equal(got, want) {
						t.Errorf("except %v: %v, want %v", except, got, want)
					}
				}
				if got := must[[]string](t)(s.Overdue(ctx, []string{"other", "gw"}, now, late, talk)); len(got) != 0 {
					t.Errorf("except the gateway itself: %v", got)
				}
			})
		})
	}
}
