package store_test

import (
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/outpace/outpace/campaign"
	"github.com/outpace/outpace/dlma"
	"github.com/outpace/outpace/results"
	"github.com/outpace/outpace/store"
	"github.com/outpace/outpace/store/storetest"
)

// guards are all statements that write what calls are made of and what
// campaigns are at, and why each changes nothing for one whose claim or lease
// it is not (any more). A new statement needs a line here.
var guards = map[string]string{
	"claim.go INSERT INTO dialings":    "the transaction has locked the lease (leaseHolds)",
	"claimsql.go UPDATE dls":           "the claim, as before; unclaim names the dialing's uuid",
	"dialings.go UPDATE dialings":      "TakeOver has locked the lease; the other one only leaves a user's word for a hang-up",
	"doubt.go DELETE FROM dialings":    "owner in its condition",
	"ledger.go UPDATE results":         "the transaction has locked the lease",
	"ledger.go UPDATE counters":        "as before",
	"live.go INSERT INTO live":         "the lease in its condition",
	"record.go UPDATE dialings":        "owner in its condition",
	"record.go DELETE FROM dialings":   "owner in its condition",
	"record.go INSERT INTO results":    "only for dialings that the statement before has removed",
	"record.go INSERT INTO tallies":    "only for results that were new",
	"abandons.go INSERT INTO abandons": "only for results that were new",
	"abandons.go DELETE FROM abandons": "no plan's lock is so long",
	"record.go UPDATE dls":             "only for dialings that were removed, and the dialing's uuid is in its condition",
	"capsule.go INSERT INTO versions":  "the body belongs to its hash, whoever writes it",
	"entries.go INSERT INTO dls":       "a user's",
	"lists.go UPDATE dls":              "a user's: the list is deleted",
	"reconcile.go UPDATE dls":          "of idle entries only, and only what their own row says",
	"ledger.go INSERT INTO logs":       "a host's own line: its log is locked by one process",

	"moves.go .Updates(":            "the status that it had, and the lease in Move, the edge that it had in MoveEdge",
	"moves.go UPDATE campaigns":     "the edge that it had in its condition: of all engines one acts on it",
	"campaigns.go UPDATE campaigns": "a user's: the campaign that follows is deleted",
	`campaigns.go "UPDATE "+table`:  "a user's: what it names is deleted",

	// Whole rows, by users, each read and locked in the same transaction.
	"object.go .Create(row":        "insert",
	"object.go .Updates(":          "save",
	"campaigns.go = insert(":       "a user's",
	"campaigns.go return save(":    "a user's",
	"destinations.go = insert(":    "a user's",
	"destinations.go return save(": "a user's",
	"entries.go = insert(":         "a user's",
	"entryedit.go return save(":    "a user's: refused where a call has the entry",
	"lists.go = insert(":           "a user's",
	"lists.go = save(":             "a user's",
	"lists.go return save(":        "a user's",
	"plans.go = insert(":           "a user's",
	"plans.go return save(":        "a user's",
}

// TestEveryWriteOfACallIsKnown finds the statements in the source.
func TestEveryWriteOfACallIsKnown(t *testing.T) {
	write := regexp.MustCompile(`(UPDATE|DELETE FROM|INSERT INTO) (dialings|results|tallies|live|dls|counters|versions|abandons|campaigns|logs)\b` +
		`|"UPDATE "\+table|\.Updates\(|\.Create\(row|(=|return) (insert|save)\(`)
	found := map[string]string{}
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range write.FindAllString(string(text), -1) {
			found[name+" "+m] = guards[name+" "+m]
		}
	}
	if !maps.Equal(found, guards) {
		t.Errorf("the statements are %q, known are %q", slices.Sorted(maps.Keys(found)), slices.Sorted(maps.Keys(guards)))
	}
}

// dump is all that is in the tables of calls.
func dump(t *testing.T, db *sql.DB) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, table := range []string{"dls", "dialings", "results", "tallies", "live", "counters", "versions", "logs", "abandons", "campaigns"} {
		var rows sql.NullString
		if err := db.QueryRowContext(t.Context(), fmt.Sprintf("SELECT string_agg(t::text, E'\\n' ORDER BY t::text) FROM %s t", table)).Scan(&rows); err != nil {
			t.Fatal(err)
		}
		all[table] = rows.String
	}
	return all
}

// TestEveryWriteNamesItsClaim goes through every write of a call with owners
// that are not, or not any more: nothing changes.
func TestEveryWriteNamesItsClaim(t *testing.T) {
	ctx, url := t.Context(), storetest.PostgresURL(t)
	s := storetest.Open(t, url, store.Options{})
	db, err := sql.Open("pgx", url)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	list := newList(t, s)
	for i := range 6 {
		newEntry(t, s, list, fmt.Sprint("100", i))
	}
	token, old := lease(t, s, "gateway:gw"), lease(t, s, "gateway:old")
	calls := claim(t, s, token, pickOf(list, 3, 1))
	ended := resultOf(calls[2], results.Busy, results.DialBusy, now())
	if err := s.Record(ctx, token, nil, []results.Result{ended}); err != nil { // not numbered yet
		t.Fatal(err)
	}
	if err := s.PutLive(ctx, token, []campaign.Live{{Campaign: "c", At: now()}}); err != nil {
		t.Fatal(err)
	}
	running := must[campaign.Campaign](t)(s.CreateCampaign(ctx, campaign.Campaign{Status: campaign.Started})).UUID
	stop := campaign.Move{From: []campaign.Status{campaign.Started}, To: campaign.Stopping, Reason: "The dial list has ended."}
	if _, err := db.ExecContext(ctx, "UPDATE leases SET expires_at = clock_timestamp() - interval '1 s' WHERE name = 'gateway:old'"); err != nil {
		t.Fatal(err)
	}
	if _, ok, err := s.Acquire(ctx, "gateway:old", "somebody else", time.Minute); err != nil || !ok {
		t.Fatal(ok, err)
	}
	owners := map[string]string{"nobody": "00000000-0000-4000-8000-000000000000", "empty": "", "of yesterday": old}
	before := dump(t, db)

	d := calls[0]
	d.Status, d.ResDial, d.TmAnswer = results.StatusResponded, results.DialAnswered, now()
	end := resultOf(calls[1], results.Abandoned, results.DialAnswered, now())
	abandoned := true
	end.Abandoned = &abandoned
	for who, owner := range owners {
		for what, write := range map[string]func() error{
			"Claim": func() error {
				_, err := s.Claim(ctx, "gw", owner, pickOf(list, 3, 1), plain)
				return err
			},
			"TakeOver":          func() error { _, err := s.TakeOver(ctx, "gw", owner); return err },
			"Record a row":      func() error { return s.Record(ctx, owner, []results.Dialing{d}, nil) },
			"Record a result":   func() error { return s.Record(ctx, owner, nil, []results.Result{end}) },
			"Record an old one": func() error { return s.Record(ctx, owner, nil, []results.Result{ended}) },
			"Number":            func() error { _, err := s.Number(ctx, owner, 10); return err },
			"PutLive": func() error {
				return s.PutLive(ctx, owner, []campaign.Live{{Campaign: "c", Why: "wrong"}, {Campaign: "d"}})
			},
			"Release": func() error { return s.Release(ctx, "gateway:gw", owner) },
			"Move": func() error {
				moved, err := s.Move(ctx, owner, running, stop)
				if moved {
					t.Errorf("a move by %s is said to be made", who)
				}
				return err
			},
		} {
			if err := write(); err != nil && !errors.Is(err, results.ErrLeaseLost) {
				t.Errorf("%s by %s: %v", what, who, err)
			}
			if after := dump(t, db); !maps.Equal(after, before) {
				t.Errorf("%s by an owner %s changed something", what, who)
				before = after
			}
		}
	}
	// The owner himself may do all of it, so the test can fail.
	if err := s.Record(ctx, token, []results.Dialing{d}, []results.Result{end}); err != nil {
		t.Fatal(err)
	}
	if got := claim(t, s, token, pickOf(list, 3, 1)); len(got) != 3 {
		t.Errorf("%d entries claimed, want 3", len(got))
	}
	if _, open := must2(s.Dialing(ctx, calls[1].UUID)); open {
		t.Error("the owner's result was not recorded")
	}
	if moved := must[bool](t)(s.Move(ctx, token, running, stop)); !moved {
		t.Error("the owner did not move the campaign")
	}
	after := dump(t, db)
	for _, table := range []string{"dls", "dialings", "results", "tallies", "abandons", "campaigns"} {
		if after[table] == before[table] {
			t.Errorf("the owner changed nothing in %s", table)
		}
	}
}

func must2(d results.Dialing, err error) (results.Dialing, bool) { return d, err == nil }

// TestRecordOnSQLiteNamesItsClaim: there the file's lock keeps others out, and
// what a call's owner is still counts.
func TestRecordOnSQLiteNamesItsClaim(t *testing.T) {
	s := storetest.NewSQLite(t)
	list := newList(t, s)
	newEntry(t, s, list, "100")
	d := claim(t, s, lease(t, s, "gateway:gw"), pickOf(list, 1, 1))[0]
	if err := s.Record(t.Context(), "nobody", []results.Dialing{d}, []results.Result{resultOf(d, results.Busy, results.DialBusy, now())}); err != nil {
		t.Fatal(err)
	}
	if e := must[dlma.Entry](t)(s.Entry(t.Context(), d.Entry)); e.Status != dlma.Dialing {
		t.Errorf("somebody else's result has freed the entry: %+v", e)
	}
}
