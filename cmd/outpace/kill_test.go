package main

import (
	"fmt"
	"testing"

	"github.com/outpace/outpace/store/storetest"
)

// killsEach is how often one server is killed at most; more kills are shared by
// several, side by side.
const killsEach = 15

// A server that is killed at any moment calls nobody twice for one try and
// nobody after an answer, and writes down each call once. Only calls that end
// while no server lives may be unknown: some people talk through all kills.

func TestKilledOnSQLite(t *testing.T) {
	t.Parallel()
	killed(t, storetest.SQLiteURL)
}

// On Postgres each kill waits for a lease to run out.
func TestKilledOnPostgres(t *testing.T) {
	t.Parallel()
	killed(t, storetest.PostgresURL)
}

func killed(t *testing.T, database func(testing.TB) string) {
	t.Helper()
	var rows []row
	for left := kills(); left > 0; left -= killsEach {
		n := min(left, killsEach)
		rows = append(rows, row{fmt.Sprint("server ", len(rows)+1), func(t *testing.T) {
			s := newSiege(t, database(t))
			const talkers = 5
			s.blind = []blind{}
			s.talkers(talkers)
			s.people(25*n+20, nil)
			s.harm(n, func() {
				s.die()
				s.rise()
			})
			s.flow()
			s.wait(surveyed) // by now it sees who talks
			s.hangUpTalkers()
			s.finish(n)
			tell(t, "%d calls were ringing or being dialed at the kills, and %d talked through all of them", s.ringing, talkers)
		}})
	}
	matrix(t, rows)
}
