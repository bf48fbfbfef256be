package store_test

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/outpace/outpace/dlma"
	"github.com/outpace/outpace/results"
	"github.com/outpace/outpace/store"
)

// TestACallKeepsItsObjects: a call shows them as they were at its claim, though
// they were changed since, and what calls share is stored once.
func TestACallKeepsItsObjects(t *testing.T) {
	both(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		list, token := newList(t, s), lease(t, s, "gateway:gw")
		before, since := json.RawMessage(`{"name":"before"}`), json.RawMessage(`{"name":"since"}`)
		wanted := map[string]results.Info{}
		calls := func(n int, plan json.RawMessage) []results.Dialing {
			return must[[]results.Dialing](t)(s.Claim(ctx, "gw", token, pickOf(list, n, 1), func(e dlma.Entry, number, try int) results.Dialing {
				d := plain(e, number, try)
				d.Info = results.Info{
					Campaign: []byte(`{"name":"c"}`), Plan: plan, Destination: []byte(`{"name":"d"}`),
					List: []byte(`{"name":"l"}`), Entry: must[[]byte](t)(json.Marshal(e)),
				}
				wanted[e.UUID] = d.Info
				return d
			}))
		}
		for _, number := range []string{"100", "101", "102"} {
			newEntry(t, s, list, number)
		}
		all := append(calls(2, before), calls(1, since)...)
		if len(all) != 3 {
			t.Fatalf("%d calls, want 3", len(all))
		}
		for _, d := range all {
			if diff := cmp.Diff(wanted[d.Entry], must[results.Dialing](t)(s.Dialing(ctx, d.UUID)).Info); diff != "" {
				t.Errorf("call to %s: %s", d.DialAddr, diff)
			}
		}
		want := []string{`{"name":"c"}`, `{"name":"d"}`, `{"name":"l"}`, string(before), string(since)}
		slices.Sort(want)
		bodies := must[[]string](t)(store.Query[string](ctx, s, "SELECT body FROM versions"))
		if slices.Sort(bodies); !slices.Equal(bodies, want) {
			t.Errorf("stored are %q, want %q", bodies, want)
		}
	})
}

// TestObjectsOfALostClaimAreStoredAgain: a claim that was not committed has
// stored nothing, also not what later calls share with it.
func TestObjectsOfALostClaimAreStoredAgain(t *testing.T) {
	both(t, func(t *testing.T, s *store.Store) {
		ctx := t.Context()
		list, token := newList(t, s), lease(t, s, "gateway:gw")
		newEntry(t, s, list, "100")
		info := results.Info{Plan: json.RawMessage(`{"name":"p"}`)}
		take := func() ([]results.Dialing, error) {
			return s.Claim(ctx, "gw", token, pickOf(list, 1, 1), func(e dlma.Entry, number, try int) results.Dialing {
				d := plain(e, number, try)
				d.Info = info
				return d
			})
		}
		s.FailCommits(1, false)
		if _, err := take(); err == nil {
			t.Fatal("claimed over a commit that failed")
		}
		d := must[[]results.Dialing](t)(take())[0]
		if diff := cmp.Diff(info, must[results.Dialing](t)(s.Dialing(ctx, d.UUID)).Info); diff != "" {
			t.Error(diff)
		}
	})
}
