package main

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/outpace/outpace/store/storetest"
)

// TestLogFile: whatever others do to the log of results, each result stands in
// it once and in order.
func TestLogFile(t *testing.T) {
	t.Parallel()
	move := func(t *testing.T, from, to string) {
		t.Helper()
		if err := os.Rename(from, to); err != nil {
			t.Fatal(err)
		}
	}
	onLog := func(n int, harm func(t *testing.T, s *siege, i int)) func(*testing.T) {
		return func(t *testing.T) {
			s, i := newSiege(t, storetest.SQLiteURL(t)), 0
			s.blind = []blind{} // but for kills it sees all
			s.endure(crowd, n, func() {
				i++
				harm(t, s, i)
			})
		}
	}
	matrix(t, append(logRows(t), []row{
		{"rotated by somebody else", onLog(3*rounds(), func(t *testing.T, s *siege, i int) {
			move(t, s.results, fmt.Sprintf("%s.%04d", s.results, i))
			awaitFile(s, s.results)
			s.struck("rotations", 1)
		})},
		{"rotated while the server is killed", onLog(2*rounds(), func(t *testing.T, s *siege, i int) {
			s.die()
			move(t, s.results, fmt.Sprintf("%s.%04d", s.results, i))
			s.rise()
			awaitFile(s, s.results)
		})},
		{"folder gone for a while", onLog(rounds(), func(t *testing.T, s *siege, _ int) {
			folder := filepath.Dir(s.results)
			s.awaited("complaints of the log", s.said(cannotWrite), func() {
				move(t, folder, folder+".gone")
				s.wait(3 * time.Second)
			})
			move(t, folder+".gone", folder)
		})},
		{"folder gone, a new one made", onLog(rounds(), func(t *testing.T, s *siege, i int) {
			folder := filepath.Dir(s.results)
			gone := fmt.Sprint(folder, ".gone-", i)
			move(t, folder, gone)
			s.aside = append(s.aside, filepath.Join(gone, filepath.Base(s.results)))
			s.awaited("complaints of the log", s.said(cannotWrite), func() { s.wait(3 * time.Second) })
			if err := os.Mkdir(folder, 0o700); err != nil {
				t.Fatal(err)
			}
			awaitFile(s, s.results)
			s.struck("new folders", 1)
		})},
	}...))
}

// cannotWrite are the engine's words.
const cannotWrite = "the result log cannot be written"

// awaitFile waits until a file is there again: the log is opened with the next
// result.
func awaitFile(s *siege, name string) {
	s.t.Helper()
	eventually(s.t, func() string {
		if _, err := os.Stat(name); err != nil {
			return err.Error() + s.topUp()
		}
		return ""
	})
}
