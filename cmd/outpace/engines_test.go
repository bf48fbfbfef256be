//go:build unix

package main

import (
	"bytes"
	"database/sql"
	"fmt"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/outpace/outpace/store/storetest"
)

const (
	leaseLasts   = 10 * time.Second
	takeOverMost = 5 * time.Second // after the lease has run out
)

// TestTwoEngines: of two engines on one Postgres one dials; when it is killed,
// stands still for longer than its lease, or cannot reach the database, the
// other one takes over in time and follows the calls that are up. Back again,
// the first one originates nothing and writes nothing.
func TestTwoEngines(t *testing.T) {
	t.Parallel()
	matrix(t, []row{
		{"killed", duelled(func(victim *engine) func() {
			victim.kill()
			return func() {
				victim.begin()
				victim.awaitReady()
			}
		})},
		{"frozen", duelled(func(victim *engine) func() {
			victim.signal(syscall.SIGSTOP)
			return func() { victim.signal(syscall.SIGCONT) }
		})},
		{"cut off from the database", duelled(func(victim *engine) func() {
			victim.database.cut(true)
			return func() { victim.database.cut(false) }
		})},
		{"deaf to the database", duelled(func(victim *engine) func() {
			victim.database.flow.Lock()
			return func() { victim.database.flow.Unlock() }
		})},
	})
}

// engine is one of two servers, seen from outside: what it asks the PBX for
// passes a wire, what it writes is noted by the database under its name.
type engine struct {
	*siege
	name     string
	database *wire
	asked    atomic.Int64 // originates that have passed
	latest   atomic.Int64 // when the last one did, µs since 1970
}

func (e *engine) signal(what syscall.Signal) {
	e.t.Helper()
	if err := e.command.Process.Signal(what); err != nil {
		e.t.Fatal(err)
	}
}

// duel is two engines, a PBX and a database that takes notes.
type duel struct {
	t       *testing.T
	engines [2]*engine
	notes   *sql.DB
}

func newDuel(t *testing.T) *duel {
	t.Helper()
	base, common := storetest.PostgresURL(t), prepared(t)
	d := &duel{t: t}
	for i := range d.engines {
		e := &engine{name: fmt.Sprint("engine-", i)}
		var through string
		pbx := newAMIWire(t, common.sim.Addr())
		pbx.watch(func(up bool, piece []byte) {
			if up && bytes.Contains(piece, []byte("Action: Originate\r\n")) {
				e.asked.Add(1)
				e.latest.Store(time.Now().UnixMicro())
			}
		})
		e.database, through = newDatabaseWire(t, withQuery(t, base, "application_name", e.name))
		e.siege = &siege{t: t, sim: common.sim, sims: common.sims, dice: common.dice}
		e.serve(through, reachPBX(pbx.addr())...) // the first one has the lease before the second one begins
		d.engines[i] = e
	}
	var err error
	if d.notes, err = sql.Open("pgx", base); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.notes.Close() })
	d.exec(`CREATE TABLE noted_terms (until timestamptz, at timestamptz);
		CREATE FUNCTION note_term() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
			INSERT INTO noted_terms VALUES (OLD.expires_at, clock_timestamp()); RETURN NULL; END $$;
		CREATE TRIGGER note_term AFTER UPDATE ON leases FOR EACH ROW
			WHEN (NEW.token <> OLD.token AND NEW.name = 'gateway:asterisk') EXECUTE FUNCTION note_term();
		CREATE TABLE noted_writes (who text, what text, at timestamptz);
		CREATE FUNCTION note_write() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
			INSERT INTO noted_writes VALUES (current_setting('application_name'), TG_OP || ' ' || TG_TABLE_NAME, clock_timestamp()); RETURN NULL; END $$`)
	for _, table := range []string{"dls", "dialings", "results", "tallies", "counters", "logs", "campaigns", "live", "versions", "abandons"} {
		d.exec(fmt.Sprintf("CREATE TRIGGER note_write AFTER INSERT OR UPDATE OR DELETE ON %s FOR EACH ROW EXECUTE FUNCTION note_write()", table))
	}
	return d
}

func (d *duel) exec(query string) {
	d.t.Helper()
	if _, err := d.notes.ExecContext(d.t.Context(), query); err != nil {
		d.t.Fatal(err)
	}
}

// terms counts the terms that the gateway's lease has had, and tells of the last.
func (d *duel) terms() (n int, until, at time.Time) {
	d.t.Helper()
	var u, a sql.NullTime
	if err := d.notes.QueryRowContext(d.t.Context(), "SELECT count(*), max(until), max(at) FROM noted_terms").Scan(&n, &u, &a); err != nil {
		d.t.Fatal(err)
	}
	return n, u.Time, a.Time
}

// now is the database's clock.
func (d *duel) now() (now time.Time) {
	d.t.Helper()
	if err := d.notes.QueryRowContext(d.t.Context(), "SELECT clock_timestamp()").Scan(&now); err != nil {
		d.t.Fatal(err)
	}
	return now
}

// duelled is a test in which one engine after the other is harmed by harm,
// which returns what mends it.
func duelled(harm func(victim *engine) (mend func())) func(*testing.T) {
	return func(t *testing.T) {
		d := newDuel(t)
		for i := range rounds() {
			victim, other := d.engines[i%2], d.engines[(i+1)%2]
			victim.people(crowd, nil)
			talkers := victim.talkers(5)
			other.campaigns = victim.campaigns
			victim.awaitCalls(10)
			victim.soon(time.Second)
			d.round(victim, other, talkers, harm)
			victim.campaigns = other.campaigns
		}
		last := d.engines[rounds()%2] // who has taken over last
		last.finish(rounds())
	}
}

func (d *duel) round(victim, other *engine, talkers string, harm func(*engine) func()) {
	d.t.Helper()
	before, _, _ := d.terms()
	began := d.now()
	mend := harm(victim)
	var until, at time.Time
	eventually(d.t, func() string {
		var n int
		if n, until, at = d.terms(); n == before {
			return "nobody has taken over"
		}
		return ""
	})
	tell(d.t, "taken over %.1f s after the harm, %.1f s after the lease had run out", at.Sub(began).Seconds(), at.Sub(until).Seconds())
	if late := at.Sub(until); late > takeOverMost || at.Sub(began) > leaseLasts+takeOverMost {
		d.t.Errorf("taken over %s after the lease had run out, %s after the harm", late, at.Sub(began))
	}
	if sent := time.UnixMicro(victim.latest.Load()); sent.After(until) {
		d.t.Errorf("an originate was sent %s after the lease had run out", sent.Sub(until))
	}

	other.struck("take-overs", 1)
	d.awaitOneHolder()
	other.awaitTalk(talkers, 5) // they are followed
	other.people(crowd, nil)    // whatever is left of the others
	other.awaitCalls(1)
	asked, woken := victim.asked.Load(), d.now()
	mend()
	other.hangUpTalkers()
	other.awaitEnd(talkers)
	other.wait(3 * time.Second)
	if n := victim.asked.Load() - asked; n > 0 {
		d.t.Errorf("back again, the first engine asked for %d calls", n)
	}
	if wrote := d.written(victim.name, woken); wrote != "" {
		d.t.Errorf("back again, the first engine wrote %s", wrote)
	}
	if wrote := d.written(other.name, woken); wrote == "" {
		d.t.Error("the second engine wrote nothing, so nothing was noted")
	}
}

// awaitOneHolder waits until all leases are the same engine's: that of the
// results runs out at a time of its own.
func (d *duel) awaitOneHolder() {
	d.t.Helper()
	eventually(d.t, func() string {
		var n int
		if err := d.notes.QueryRowContext(d.t.Context(), "SELECT count(DISTINCT holder) FROM leases WHERE name NOT LIKE 'engine:%'").Scan(&n); err != nil {
			d.t.Fatal(err)
		}
		if n != 1 {
			return fmt.Sprintf("%d engines hold leases", n)
		}
		return ""
	})
}

// written says what an engine has written since a moment, but for how far its
// own log file got, which it may tell at any time.
func (d *duel) written(name string, since time.Time) string {
	d.t.Helper()
	var all sql.NullString
	err := d.notes.QueryRowContext(d.t.Context(), `SELECT string_agg(n || ' x ' || what, ', ') FROM (
		SELECT what, count(*) AS n FROM noted_writes WHERE who = $1 AND at > $2
			AND what NOT LIKE '% logs' GROUP BY what) w`, name, since).Scan(&all)
	if err != nil {
		d.t.Fatal(err)
	}
	return all.String
}
