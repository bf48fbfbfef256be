package predictor

import (
	"fmt"
	"testing"
	"time"
)

// BenchmarkDecide is one decision with twice as many ringing calls as busy
// agents, tables made anew as often as in a shift with ten decisions a second.
func BenchmarkDecide(b *testing.B) {
	for _, agents := range []int{10, 30, 100, 300, 1000} {
		b.Run(fmt.Sprintf("agents=%d", agents), func(b *testing.B) {
			p := taught(coldTeam*agents + 3000)
			s := Snapshot{Now: noon, LoggedIn: agents, Busy: busyTeam(agents), Ready: 5000, Windows: day(4000, 60)}
			for i := range 2 * agents {
				s.Ringing = append(s.Ringing, Ringing{For: seconds(25 * float64(i) / float64(2*agents))})
			}
			for b.Loop() {
				s.Now = s.Now.Add(100 * time.Millisecond)
				p.Decide(s)
			}
		})
	}
}

// BenchmarkDecidePlacing is the dearest decision: the ringing calls are about
// to fail, so that many new ones are placed.
func BenchmarkDecidePlacing(b *testing.B) {
	for _, agents := range []int{100, 1000} {
		b.Run(fmt.Sprintf("agents=%d", agents), func(b *testing.B) {
			p := taught(2*coldTeam*agents + 1000)
			s := Snapshot{Now: noon, LoggedIn: 2 * agents, Idle: agents, Busy: busyTeam(agents), Ready: 5000, Windows: day(4000, 60)}
			for range 2 * agents {
				s.Ringing = append(s.Ringing, Ringing{For: 24 * time.Second})
			}
			for b.Loop() {
				s.Now = s.Now.Add(100 * time.Millisecond)
				p.Decide(s)
			}
		})
	}
}
